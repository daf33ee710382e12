"""Each failure of Vault is one error with advice, and never replaced by another token."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest

from providers.secrets import find_token, put_token
from providers.secrets.errors import FAILURES
from providers.secrets.settings import read_vault_settings
from providers.secrets.vault import Vault
from schemas.errors import PricehouseError, SecretError, SettingsError
from schemas.secrets import Secret
from tests.support.bao import CANARY, ROOT, SECRET, make_certificates
from tests.support.raw_server import RawReply, serving, unused_port

WRONG = "the-wrong-secret-of-the-tests"
PROVOKED: set[str] = set()


def failure_of(environment, *, kind=SecretError, call=find_token):
    """Return the one error, which has no exception of a library behind it."""
    with pytest.raises(PricehouseError) as caught:
        call(environment)
    error = caught.value
    assert type(error) is kind, error
    assert (error.__cause__, error.__context__) == (None, None)
    for secret in (ROOT, WRONG, CANARY, "hf_decoy"):
        assert secret not in str(error) + repr(error)
    return error


def code_of(environment, **more):
    error = failure_of(environment, **more)
    PROVOKED.add(error.code)
    assert environment["VAULT_ADDR"] in str(error)
    return error.code


@contextmanager
def unresponsive_port():
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_closed_port_is_unreachable(bao):
    address = f"http://127.0.0.1:{unused_port()}"
    assert code_of(bao.environment(VAULT_ADDR=address)) == "vault_unreachable"


def test_unknown_host_name_is_unreachable(bao):
    assert code_of(bao.environment(VAULT_ADDR="http://vault.invalid")) == "vault_unreachable"


def test_server_that_never_answers_is_a_timeout(bao):
    with unresponsive_port() as address:
        settings = read_vault_settings(bao.environment(VAULT_ADDR=address), name="huggingface")

        def read_slowly(_):
            with Vault(settings, timeout_s=0.2) as vault:
                vault.read()

        assert code_of({"VAULT_ADDR": address}, call=read_slowly) == "vault_timeout"


def test_a_certificate_of_another_ca(tls_bao, tmp_path):
    environment = tls_bao.environment(VAULT_CACERT=str(make_certificates(tmp_path)))
    assert code_of(environment) == "vault_tls"
    assert code_of(tls_bao.environment()) == "vault_tls"


def test_https_to_a_port_without_tls(bao):
    environment = bao.environment(VAULT_ADDR=bao.url.replace("http:", "https:"))
    assert code_of(environment) == "vault_tls"


def test_http_to_a_port_with_tls(tls_bao):
    environment = tls_bao.environment(VAULT_ADDR=tls_bao.url.replace("https:", "http:"))
    assert "https://" in str(failure_of(environment, kind=SettingsError))


def test_vault_over_tls_uninitialised_then_sealed_then_ready(tls_bao):
    environment = tls_bao.environment(VAULT_CACERT=tls_bao.ca)
    assert code_of(environment) == "vault_uninitialised"
    admin = tls_bao.admin(token="")
    keys = admin.sys.initialize(secret_shares=1, secret_threshold=1)
    environment["VAULT_TOKEN"] = keys["root_token"]
    assert code_of(environment) == "vault_sealed"
    admin.sys.submit_unseal_key(keys["keys"][0])
    admin.token = keys["root_token"]
    put_when_ready(admin, environment)
    found = find_token(environment)
    assert found is not None
    assert found.secret.reveal() == CANARY
    admin.sys.seal()
    assert code_of(environment) == "vault_sealed"


def put_when_ready(admin, environment):
    """Raft elects a leader within a few seconds after unsealing."""
    ready = threading.Event()
    for _ in range(1200):
        if isinstance(admin.sys.read_health_status(method="GET"), dict):  # its 200
            break
        ready.wait(0.1)
    admin.sys.enable_secrets_engine("kv", path="secret", options={"version": "1"})
    put_token(environment, Secret(CANARY))


def test_a_token_that_is_wrong(bao):
    assert code_of(bao.environment(VAULT_TOKEN=WRONG)) == "vault_token"


def test_a_token_that_has_expired(bao):
    token = bao.token('path "secret/*" { capabilities = ["read"] }', ttl="1h")
    bao.admin().auth.token.revoke(token)
    assert code_of(bao.environment(VAULT_TOKEN=token)) == "vault_token"


def test_wrong_approle_ids_and_a_locked_role_have_different_codes(bao):
    admin = bao.admin()
    admin.auth.approle.create_or_update_approle("locked", bind_secret_id=True)
    role_id = admin.auth.approle.read_role_id("locked")["data"]["role_id"]
    environment = bao.environment(VAULT_ROLE_ID=role_id, VAULT_SECRET_ID=WRONG)
    codes = [code_of(environment) for _ in range(6)]
    assert codes[:5] == ["vault_approle"] * 5
    assert codes[5] == "vault_approle_refused"


def test_approle_is_not_enabled(own_bao):
    environment = own_bao.environment(VAULT_ROLE_ID=WRONG, VAULT_SECRET_ID=WRONG)
    assert code_of(environment) == "vault_approle_refused"


def test_a_namespace_that_is_not_there(bao):
    assert code_of(bao.environment(VAULT_NAMESPACE="nowhere")) == "vault_namespace"
    login = {"VAULT_ROLE_ID": WRONG, "VAULT_SECRET_ID": WRONG}
    assert code_of(bao.environment(VAULT_NAMESPACE="nowhere", **login)) == "vault_namespace"


@pytest.mark.parametrize("mount", ["nowhere", "secret/huggingface"])
def test_a_mount_that_is_not_there(bao, mount):
    assert code_of(bao.environment(PRICEHOUSE_VAULT_MOUNT=mount)) == "vault_mount"


def test_missing_mount_is_hidden_from_a_token_with_few_rights(bao):
    token = bao.token('path "secret/data/huggingface/api_key" { capabilities = ["read"] }')
    environment = bao.environment(VAULT_TOKEN=token, PRICEHOUSE_VAULT_MOUNT="nowhere")
    assert code_of(environment) == "vault_mount_hidden"
    assert code_of(environment | {"PRICEHOUSE_VAULT_MOUNT": "one"}) == "vault_mount_hidden"


def test_a_mount_of_another_engine(bao):
    assert code_of(bao.environment(PRICEHOUSE_VAULT_MOUNT="transit")) == "vault_not_kv"


def test_policies_that_do_not_allow_to_read(bao):
    token = bao.token('path "secret/data/other" { capabilities = ["read"] }')
    assert code_of(bao.environment(VAULT_TOKEN=token)) == "vault_denied"


@pytest.mark.parametrize("path", ["secret/data/huggingface/api_key", "one/huggingface/api_key"])
def test_policies_that_do_not_allow_to_write(bao, path):
    token = bao.token(f'path "{path}" {{ capabilities = ["read"] }}')
    environment = bao.environment(VAULT_TOKEN=token, PRICEHOUSE_VAULT_MOUNT=path.split("/")[0])
    error = failure_of(environment, call=lambda env: put_token(env, Secret(CANARY)))
    assert error.code == "vault_denied"
    assert "to write" in str(error)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_secret_that_is_not_there(bao, version):
    mount = f"empty-{version}"
    bao.admin().sys.enable_secrets_engine("kv", path=mount, options={"version": version})
    assert code_of(bao.environment(PRICEHOUSE_VAULT_MOUNT=mount)) == "vault_missing"


@pytest.mark.parametrize("how", ["delete", "destroy"])
def test_a_secret_whose_newest_version_is_deleted(bao, how):
    mount = f"gone-{how}"
    admin = bao.admin()
    admin.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
    environment = bao.environment(PRICEHOUSE_VAULT_MOUNT=mount)
    put_token(environment, Secret(CANARY))
    if how == "delete":
        admin.secrets.kv.v2.delete_latest_version_of_secret(SECRET, mount_point=mount)
    else:
        admin.secrets.kv.v2.destroy_secret_versions(SECRET, [1], mount_point=mount)
    assert code_of(environment) == "vault_deleted"


def test_a_write_between_our_reading_and_writing_is_not_lost(bao):
    """The race itself, without luck: the other client writes just when our fields are read."""
    admin = bao.admin()
    admin.sys.enable_secrets_engine("kv", path="race", options={"version": "2"})
    kv = admin.secrets.kv.v2
    settings = read_vault_settings(
        bao.environment(PRICEHOUSE_VAULT_MOUNT="race"), name="huggingface"
    )

    def write_through_a_race(_):
        with Vault(settings) as vault:
            vault.write(
                RacingFields(
                    lambda: kv.create_or_update_secret(
                        SECRET, {"api_key": "theirs"}, mount_point="race"
                    )
                )
            )

    environment = {"VAULT_ADDR": bao.url}
    assert code_of(environment, call=write_through_a_race) == "vault_conflict"
    kept = kv.read_secret_version(SECRET, mount_point="race", raise_on_deleted_version=True)
    assert kept["data"]["data"] == {"api_key": "theirs"}


class RacingFields(dict):
    """Fields that let another client write just when they are read."""

    def __init__(self, meanwhile):
        super().__init__(api_key=Secret(CANARY))
        self._meanwhile = meanwhile

    def items(self):
        self._meanwhile()
        return super().items()


REDIRECTION = RawReply(307, headers={"Location": "http://127.0.0.1:9/v1/elsewhere"})
PAGE = RawReply(200, b"<html>Sign in</html>", headers={"Content-Type": "text/html"})
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (REDIRECTION, "vault_strange"),
        (PAGE, "vault_strange"),
        (RawReply(200, b"{}", headers=JSON), "vault_strange"),
        (RawReply(403, b"<html>Forbidden</html>"), "vault_strange"),
        (RawReply(404, b'{"errors": []}', headers=JSON), "vault_strange"),
        (RawReply(418, b"a teapot"), "vault_strange"),
        (RawReply(429, b'{"errors": ["slow down"]}', headers=JSON), "vault_down"),
        (RawReply(500, b'{"errors": ["broken"]}', headers=JSON), "vault_down"),
        (RawReply(502, b"<html>Bad gateway</html>"), "vault_down"),
        (RawReply(503, b"<html>Unavailable</html>"), "vault_down"),
    ],
)
def test_response_of_no_vault_or_a_failing_one_has_its_code(bao, reply, code):
    with serving(lambda _: reply) as server:
        environment = bao.environment(VAULT_ADDR=server.url)
        assert code_of(environment) == code
        login = {"VAULT_ROLE_ID": WRONG, "VAULT_SECRET_ID": WRONG}
        failure_of({"VAULT_ADDR": server.url, **login})
        assert all("elsewhere" not in request.target for request in server.requests)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"VAULT_ADDR": "vault:8200"}, "VAULT_ADDR"),
        ({"VAULT_ADDR": "127.0.0.1:8200"}, "VAULT_ADDR"),
        ({"VAULT_ADDR": " "}, "VAULT_ADDR"),
        ({"VAULT_ADDR": "ftp://vault"}, "VAULT_ADDR"),
        ({"VAULT_ADDR": f"https://u:{WRONG}@vault"}, "VAULT_ADDR"),
        ({"VAULT_ADDR": f"https://vault?token={WRONG}"}, "VAULT_ADDR"),
        ({"VAULT_TOKEN": f"{WRONG}\n{WRONG}"}, "VAULT_TOKEN"),
        ({"VAULT_TOKEN": f"{WRONG}\x00"}, "VAULT_TOKEN"),
        ({"VAULT_TOKEN": ""}, "VAULT_TOKEN"),
        ({"VAULT_TOKEN": "", "VAULT_ROLE_ID": WRONG}, "VAULT_SECRET_ID"),
        ({"VAULT_TOKEN": "", "VAULT_ROLE_ID": f"{WRONG}é", "VAULT_SECRET_ID": "x"}, "ROLE_ID"),
        ({"VAULT_CACERT": "/nowhere/ca.pem"}, "VAULT_CACERT"),
        ({"VAULT_CACERT": __file__}, "VAULT_CACERT"),
        ({"PRICEHOUSE_VAULT_MOUNT": "../sys"}, "PRICEHOUSE_VAULT_MOUNT"),
        ({"PRICEHOUSE_VAULT_MOUNT": "a b"}, "PRICEHOUSE_VAULT_MOUNT"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings, named):
    environment = {"VAULT_ADDR": "https://vault", "VAULT_TOKEN": ROOT, "HF_TOKEN": "hf_decoy"}
    assert named in str(failure_of(environment | settings, kind=SettingsError))


def test_unusable_hf_token_is_a_named_error():
    error = failure_of({"HF_TOKEN": f"{CANARY}\nAuthorization: x"}, kind=SettingsError)
    assert "HF_TOKEN" in str(error)


def test_every_code_was_provoked_above():
    """Runs last in this file; `vault_field` has its tests beside the fields."""
    assert set(FAILURES) - PROVOKED == {"vault_field"}
