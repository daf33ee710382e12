"""The token is found where the settings point, and nowhere else."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from providers.secrets import FIELDS, find_token, put_token
from schemas.errors import SecretError, SettingsError
from schemas.secrets import Secret, VariablePlace, VaultPlace
from tests.support.bao import CANARY, SECRET


def stored_fields(bao, fields):
    bao.admin().secrets.kv.v2.create_or_update_secret(SECRET, fields, mount_point="fields")


@pytest.fixture(scope="module")
def fields_mount(bao):
    bao.admin().sys.enable_secrets_engine("kv", path="fields", options={"version": "2"})
    return {"PRICEHOUSE_VAULT_MOUNT": "fields"}


def test_without_any_setting_there_is_no_token():
    assert find_token({}) is None
    assert find_token({"VAULT_ADDR": "", "HF_TOKEN": "", "VAULT_TOKEN": "unused"}) is None


def test_hf_token_counts_where_no_vault_is_set():
    found = find_token({"HF_TOKEN": f"  {CANARY}\n"})
    assert found is not None
    assert found.secret.reveal() == CANARY
    assert found.place == VariablePlace("HF_TOKEN")


@pytest.mark.parametrize(
    ("mount", "path", "kv_version"),
    [
        (None, SECRET, 2),
        ("secret", SECRET, 2),
        ("/one/", SECRET, 1),
        ("huggingface", "api_key", 2),
        ("team/huggingface", "api_key", 1),
    ],
)
def test_both_layouts_and_both_kv_versions_are_reached_by_the_mount_alone(
    bao, mount, path, kv_version
):
    setting = {} if mount is None else {"PRICEHOUSE_VAULT_MOUNT": mount}
    found = find_token(bao.environment(**setting))
    assert found is not None
    assert found.secret.reveal() == CANARY
    assert found.place == VaultPlace(
        address=bao.url,
        namespace=None,
        mount=(mount or "secret").strip("/"),
        path=path,
        field="api_key",
        kv_version=kv_version,
        auth="token",
    )


def test_a_mount_made_without_options_is_kv_1(bao):
    admin = bao.admin()
    admin.sys.enable_secrets_engine("kv", path="plain")
    admin.secrets.kv.v1.create_or_update_secret(
        SECRET, {"value": CANARY}, method="POST", mount_point="plain"
    )
    found = find_token(bao.environment(PRICEHOUSE_VAULT_MOUNT="plain"))
    assert found is not None
    assert (found.place.kv_version, found.place.field) == (1, "value")


@pytest.mark.parametrize(
    ("policy", "mount"),
    [
        ('path "secret/data/huggingface/api_key" { capabilities = ["read"] }', "secret"),
        ('path "one/huggingface/api_key" { capabilities = ["read"] }', "one"),
    ],
)
@pytest.mark.parametrize("bare", [False, True])
def test_the_right_to_read_the_one_secret_is_enough(bao, policy, mount, bare):
    token = bao.token(policy, no_default_policy=bare)
    found = find_token(bao.environment(VAULT_TOKEN=token, PRICEHOUSE_VAULT_MOUNT=mount))
    assert found is not None
    assert found.secret.reveal() == CANARY


def test_approle_logs_in_with_spaces_around_the_secret_id(bao):
    admin = bao.admin()
    admin.sys.create_or_update_policy(
        "reader", 'path "secret/data/huggingface/api_key" { capabilities = ["read"] }'
    )
    admin.auth.approle.create_or_update_approle("reader", token_policies=["reader"])
    login = {
        "VAULT_ROLE_ID": admin.auth.approle.read_role_id("reader")["data"]["role_id"],
        "VAULT_SECRET_ID": "  "
        + admin.auth.approle.generate_secret_id("reader")["data"]["secret_id"]
        + "\n",
    }
    found = find_token(bao.environment(**login))
    assert found is not None
    assert found.secret.reveal() == CANARY
    assert found.place.auth == "approle"


def test_a_namespace_is_a_vault_of_its_own(bao):
    admin = bao.admin()
    admin.adapter.post("/v1/sys/namespaces/people")
    inside = bao.admin(namespace="people")
    inside.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
    inside.secrets.kv.v2.create_or_update_secret(SECRET, {"token": CANARY}, mount_point="secret")
    found = find_token(bao.environment(VAULT_NAMESPACE="people"))
    assert found is not None
    assert (found.place.namespace, found.place.field) == ("people", "token")


def test_the_first_field_that_is_there_counts(bao, fields_mount):
    for number, field in enumerate(reversed(FIELDS)):
        stored_fields(bao, {later: f"hf_{later}" for later in FIELDS[len(FIELDS) - 1 - number :]})
        found = find_token(bao.environment(**fields_mount))
        assert found is not None
        assert (found.place.field, found.secret.reveal()) == (field, f"hf_{field}")


@pytest.mark.parametrize(
    "fields",
    [
        {"password": CANARY},
        {"api_key": "", "value": CANARY},
        {"api_key": {"nested": CANARY}, "value": CANARY},
        {"api_key": f"{CANARY}\n{CANARY}"},
        {"api_key": f"{CANARY}é"},
    ],
)
def test_unusable_field_is_an_error_and_no_other_field_replaces_it(bao, fields_mount, fields):
    stored_fields(bao, fields)
    with pytest.raises(SecretError) as caught:
        find_token(bao.environment(**fields_mount))
    assert caught.value.code == "vault_field"
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("mount", ["secret-put", "one-put"])
def test_put_stores_what_find_finds_and_keeps_the_other_fields(bao, mount):
    version = "2" if mount == "secret-put" else "1"
    admin = bao.admin()
    admin.sys.enable_secrets_engine("kv", path=mount, options={"version": version})
    environment = bao.environment(PRICEHOUSE_VAULT_MOUNT=mount)
    place = put_token(environment, Secret("hf_first"))
    assert (place.mount, place.path, place.field) == (mount, SECRET, "api_key")
    kv = admin.secrets.kv.v2 if version == "2" else admin.secrets.kv.v1
    write = {"method": "POST"} if version == "1" else {}
    kv.create_or_update_secret(SECRET, {"api_key": "x", "n": 1}, mount_point=mount, **write)
    put_token(environment, Secret(CANARY))
    found = find_token(environment)
    assert found is not None
    assert found.secret.reveal() == CANARY
    assert found.place == place
    read = kv.read_secret(SECRET, mount_point=mount, **({} if version == "1" else RAISE))
    data = read["data"]["data"] if version == "2" else read["data"]
    assert data == {"api_key": CANARY, "n": 1}


RAISE = {"raise_on_deleted_version": True}


def test_put_writes_over_a_deleted_newest_version(bao):
    admin = bao.admin()
    admin.sys.enable_secrets_engine("kv", path="again", options={"version": "2"})
    environment = bao.environment(PRICEHOUSE_VAULT_MOUNT="again")
    put_token(environment, Secret("hf_old"))
    admin.secrets.kv.v2.delete_latest_version_of_secret(SECRET, mount_point="again")
    put_token(environment, Secret(CANARY))
    found = find_token(environment)
    assert found is not None
    assert found.secret.reveal() == CANARY


def test_put_without_a_vault_names_the_setting():
    with pytest.raises(SettingsError, match="VAULT_ADDR is not set"):
        put_token({}, Secret(CANARY))


def test_secret_masks_itself_everywhere():
    secret = Secret(CANARY)
    renderings = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>9}",
        "%s" % secret,  # noqa: UP031 - this way of formatting must mask it too
        repr([secret]),
        json.dumps({"secret": secret}, default=str),
        msgspec.json.encode({"secret": secret}, enc_hook=str).decode(),
    ]
    assert not [text for text in renderings if "Canary" in text]
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    assert not hasattr(secret, "__dict__")
