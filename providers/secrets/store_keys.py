"""Find the keys of an object store: in the standard variables of AWS, else in Vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.secrets import read_fields
from providers.secrets.settings import read_secret, read_vault_settings
from schemas.errors import SecretError, SettingsError
from schemas.secrets import Secret, StoreKeys

NAME, PATH = "store", "store/keys"
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
FIELDS = ("access_key_id", "secret_access_key", "session_token")
"""The fields of the secret in Vault; the last one may be missing."""
_ABSENT = {"vault_missing", "vault_deleted"}


def find_store_keys(environment: Mapping[str, str]) -> StoreKeys | None:
    """Return the keys, None where there are none; no error quotes one.

    Vault is asked only where the variables are empty, and may lack them. SettingsError for half a
    pair, SecretError when Vault does not answer.
    """
    key, secret, token = (read_secret(environment, name) for name in VARIABLES)
    if key and secret:
        return StoreKeys(key, secret, token)
    if key or secret:
        given, missing = VARIABLES[:2] if key else VARIABLES[1::-1]
        raise SettingsError(f"{given} is set without {missing}; set both, or neither")
    settings = read_vault_settings(environment, name=NAME)
    if settings is None:
        return None
    try:
        fields = read_fields(replace(settings, path=PATH))
    except SecretError as error:
        if error.code in _ABSENT:
            return None
        raise
    where = f"{settings.mount}/{PATH} in Vault"
    session = FIELDS[2]
    return StoreKeys(
        _field(fields, FIELDS[0], where),
        _field(fields, FIELDS[1], where),
        _field(fields, session, where) if session in fields else None,
    )


def _field(fields: Mapping[str, object], name: str, where: str) -> Secret:
    text = fields.get(name)
    try:
        if isinstance(text, str):
            return Secret(text)
        problem = "there is no text in it"
    except ValueError as error:
        problem = str(error)
    raise SettingsError(f"the field {name} of {where} cannot be used: {problem}")
