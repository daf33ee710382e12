"""One server for all tests that only read or use mounts of their own."""

from __future__ import annotations

import logging

import pytest

from tests.support.bao import CANARY, ROOT, SECRET, dev_server, tls_server


@pytest.fixture(autouse=True)
def _nothing_secret_is_logged(caplog):
    """Every test here also looks through what all libraries logged at their finest level."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = [record.getMessage() for record in caplog.get_records("call")]
    assert not [line for line in logged if CANARY in line or ROOT in line]


@pytest.fixture(scope="session")
def bao(tmp_path_factory):
    """A server with the token in KV 2 and KV 1, in both layouts."""
    with dev_server(tmp_path_factory.mktemp("bao")) as server:
        admin = server.admin()
        for mount, version in (("one", "1"), ("huggingface", "2"), ("team/huggingface", "1")):
            admin.sys.enable_secrets_engine("kv", path=mount, options={"version": version})
        admin.sys.enable_secrets_engine("transit", path="transit")
        admin.sys.enable_auth_method("approle")
        v1, v2 = admin.secrets.kv.v1, admin.secrets.kv.v2
        stored = {"api_key": CANARY, "owner": "somebody"}
        v2.create_or_update_secret(SECRET, stored, mount_point="secret")
        v1.create_or_update_secret(SECRET, stored, method="POST", mount_point="one")
        v2.create_or_update_secret("api_key", stored, mount_point="huggingface")
        v1.create_or_update_secret("api_key", stored, method="POST", mount_point="team/huggingface")
        yield server


@pytest.fixture
def own_bao(tmp_path):
    """A server that this test may break."""
    with dev_server(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def tls_bao(tmp_path_factory):
    """A server with TLS, which is not initialised."""
    with tls_server(tmp_path_factory.mktemp("tls")) as server:
        yield server
