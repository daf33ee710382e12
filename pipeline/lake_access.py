"""The shared warehouse of the settings, with where its password comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial

from providers.secrets import find_token
from providers.secrets.settings import read_vault_settings
from providers.secrets.store_keys import find_store_keys
from schemas.errors import SecretError
from schemas.secrets import Secret
from warehouse.lake.lake_settings import LakeSettings, read_lake_settings
from warehouse.store.store_settings import read_store_settings

SECRET = "postgres"  # noqa: S105 - its name
_ABSENT = {"vault_missing", "vault_deleted"}


def find_lake(environment: Mapping[str, str]) -> LakeSettings | None:
    """Return the shared warehouse, None where the home's file is the warehouse.

    SettingsError or SecretError where it cannot be used. Nothing is sent to it yet.
    """
    keys = partial(find_store_keys, environment)
    found = read_lake_settings(environment, partial(read_store_settings, environment, keys))
    if found is None:
        return None
    return replace(found, find_password=cache(partial(_find_password, environment)))


def _find_password(environment: Mapping[str, str]) -> Secret | None:
    """Return the password that Vault has as postgres/api_key, None where it has none.

    Then, and where PGPASSFILE or PGPASSWORD is set, PostgreSQL's own library finds it.
    """
    if environment.get("PGPASSFILE") or environment.get("PGPASSWORD"):
        return None
    if read_vault_settings(environment, name=SECRET) is None:
        return None
    try:
        found = find_token(environment, name=SECRET)
    except SecretError as error:
        if error.code in _ABSENT:
            return None
        raise
    return found.secret if found else None
