"""Open the store that the environment names, with keys of the environment or of Vault."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from providers.secrets.store_keys import find_store_keys
from warehouse.storage.home import Home
from warehouse.store.objects import Store, open_store
from warehouse.store.store_settings import read_store_settings
from warehouse.store.stored_home import StoredHome


def find_store(environment: Mapping[str, str]) -> Store | None:
    """Return the store, None where none is set; SettingsError or SecretError where it cannot be.

    Nothing is sent to it yet. Without a store no further package is imported.
    """
    settings = read_store_settings(environment, partial(find_store_keys, environment))
    return None if settings is None else open_store(settings)


def stored_home(home: Home, store: Store | None, *, is_shared: bool = False) -> StoredHome | None:
    """Return a home and its store for the process that holds the lock, None without a store.

    `is_shared`: several homes write it, one at a time, because a shared warehouse records the runs.
    """
    return None if store is None else StoredHome(home, store, is_shared=is_shared)
