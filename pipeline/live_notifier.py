"""The notifier of live homes: addresses from the environment or Vault, messages by Apprise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pipeline.notify import Notifier
from pipeline.settings import read_alert_rules
from pipeline.store import find_store
from providers.alert_sender import send_message
from providers.secrets.alert_addresses import find_alert_addresses
from warehouse.lake.lake_settings import lake_title
from warehouse.store.objects import Store


def live_notifier(environment: Mapping[str, str], report: Callable[[str], None]) -> Notifier:
    """Return a notifier of these settings; `report` gets a line for what fails, never an address.

    SettingsError for a rule that cannot be used.
    """
    return Notifier(
        find_addresses=partial(find_alert_addresses, environment),
        send=send_message,
        report=report,
        rules=read_alert_rules(environment),
        find_store=partial(_find_shared_store, environment),
        is_shared=lake_title(environment) is not None,
    )


def _find_shared_store(environment: Mapping[str, str]) -> Store | None:
    """Return the store where several machines run the hours of one home, else None."""
    return find_store(environment) if lake_title(environment) else None
