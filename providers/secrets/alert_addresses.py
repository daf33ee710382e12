"""Find the addresses that alerts are sent to: in one environment variable, else in Vault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from providers.secrets import read_fields
from providers.secrets.settings import read_vault_settings
from schemas.errors import SecretError, SettingsError
from schemas.secrets import Secret

SETTING = "PRICEHOUSE_ALERT_URLS"
NAME, PATH = "alerts", "alerts/urls"
FIELDS = ("urls", "value")
"""The first of these that the secret in Vault has holds the addresses."""
_BETWEEN = re.compile(r"\s+|,\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_ABSENT = {"vault_missing", "vault_deleted"}


def find_alert_addresses(environment: Mapping[str, str]) -> list[Secret]:
    """Return the Apprise addresses, none where none is set; no error quotes one.

    They are separated by spaces, line breaks or commas. Vault is asked only where the variable is
    empty, and may lack them. SettingsError, or SecretError when Vault does not answer.
    """
    if text := environment.get(SETTING):
        return _split(text, SETTING)
    settings = read_vault_settings(environment, name=NAME)
    if settings is None:
        return []
    try:
        fields = read_fields(replace(settings, path=PATH))
    except SecretError as error:
        if error.code in _ABSENT:
            return []
        raise
    where = f"{settings.mount}/{PATH} in Vault"
    stored = next((fields[field] for field in FIELDS if field in fields), None)
    if not isinstance(stored, str):
        raise SettingsError(f"{where} has no text in a field {' or '.join(FIELDS)}")
    return _split(stored, where)


def _split(text: str, where: str) -> list[Secret]:
    parts = [part for part in _BETWEEN.split(text.strip()) if part]
    addresses = []
    for place, part in enumerate(parts, start=1):
        try:
            addresses.append(Secret(part))
            problem = None if "://" in part else "it has no ://"
        except ValueError as error:
            problem = str(error)
        if problem is not None:
            raise SettingsError(
                f"address {place} of {where} cannot be used: {problem}; each must be an address "
                "of Apprise, like mailto://… or slack://…"
            )
    return addresses
