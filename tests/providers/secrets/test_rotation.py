"""A new key counts from the next run on, in a process that keeps running."""

from __future__ import annotations

from functools import partial

import pytest

from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import recorded_settings
from providers.registry import load_registry
from providers.secrets import VARIABLES, find_token
from samples.hub import serve
from schemas.errors import SecretError, SettingsError
from schemas.secrets import VariablePlace
from tests.support.bao import CANARY, SECRET
from tests.support.hours import Clock, small_catalog

NEW = "hf_TheKeyAfterTheRotation0123456789"
READ_ONE = 'path "secret/data/huggingface/api_key" { capabilities = ["read"] }'


def token_of(environment):
    found = find_token(environment)
    return found and found.secret.reveal()


@pytest.mark.slow
def test_a_key_that_is_rotated_in_vault_is_sent_by_the_next_run(own_bao, tmp_path):
    store, sent = own_bao.admin().secrets.kv.v2, []
    environment = own_bao.environment()
    clock = Clock()

    def note(request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.path in {"/api/models", "/v1/models"}:
            sent.append(headers["authorization"])

    with serve(small_catalog(), on_request=note) as hub:
        urls = {"hub": hub.url, "router": hub.url}
        settings = recorded_settings(tmp_path / "home", urls, load_registry())
        for key in (CANARY, NEW):
            store.create_or_update_secret(SECRET, {"api_key": key}, mount_point="secret")
            options = RunOptions(
                origin="live", flow="ingest", trigger="test", feeds=frozenset(urls)
            )
            dependencies = Dependencies(clock=clock, find_token=partial(find_token, environment))
            with open_run(settings, options, dependencies) as run:
                assert run_pipeline(run).outcome in {"published", "unchanged"}
    assert sent == [f"Bearer {CANARY}"] * 2 + [f"Bearer {NEW}"] * 2


def test_a_new_secret_id_of_an_approle_is_read_from_its_file(own_bao, tmp_path):
    admin = own_bao.admin()
    admin.secrets.kv.v2.create_or_update_secret(SECRET, {"api_key": CANARY}, mount_point="secret")
    admin.sys.create_or_update_policy("read-one", READ_ONE)
    admin.sys.enable_auth_method("approle")
    admin.auth.approle.create_or_update_approle("hourly", token_policies=["read-one"])
    file = tmp_path / "secret_id"

    def rotate():
        made = admin.auth.approle.generate_secret_id("hourly")["data"]
        file.write_text(f"{made['secret_id']}\n")
        return made["secret_id_accessor"]

    role = tmp_path / "role_id"
    role.write_text(admin.auth.approle.read_role_id("hourly")["data"]["role_id"])
    environment = {
        "VAULT_ADDR": own_bao.url,
        "VAULT_ROLE_ID_FILE": str(role),
        "VAULT_SECRET_ID_FILE": str(file),
    }
    first = rotate()
    assert token_of(environment) == CANARY
    admin.auth.approle.destroy_secret_id_accessor("hourly", first)
    with pytest.raises(SecretError):
        find_token(environment)
    rotate()
    assert token_of(environment) == CANARY


@pytest.mark.parametrize("name", VARIABLES)
def test_a_key_in_a_file_is_read_anew_each_time(tmp_path, name):
    variable = VARIABLES[name]
    file = tmp_path / "key"
    environment = {f"{variable}_FILE": str(file)}
    for key in (CANARY, NEW):
        file.write_text(f" {key}\n")
        found = find_token(environment, name=name)
        assert found.secret.reveal() == key
        assert found.place == VariablePlace(f"{variable}_FILE")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (f"{CANARY}\n{NEW}\n".encode(), "line break"),
        (b"\xff\xfe", "no text"),
    ],
)
def test_a_file_that_holds_no_key_is_never_read_as_none(tmp_path, content, why):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=f"HF_TOKEN_FILE.*{why}") as raised:
        find_token({"HF_TOKEN_FILE": str(file)})
    assert CANARY not in str(raised.value)


def test_a_variable_beside_its_file_is_refused(tmp_path):
    (tmp_path / "key").write_text(CANARY)
    with pytest.raises(SettingsError, match="both set"):
        find_token({"HF_TOKEN": NEW, "HF_TOKEN_FILE": str(tmp_path / "key")})
