"""A store for a test: in a folder, or in a bucket of its own of the running object store."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pipeline.store import find_store
from tests.support.object_store import RunningObjectStore
from warehouse.store.objects import Store

_FOLDERS = count(1)


@dataclass(frozen=True)
class StorePlace:
    """The settings of a store, and of one who may only read it."""

    environment: dict[str, str]
    reader_environment: dict[str, str]

    def open(self) -> Store:
        """Open it as a command does."""
        store = find_store(self.environment)
        assert store is not None
        return store

    def open_to_read(self) -> Store:
        """Open it with the key that only reads."""
        store = find_store(self.reader_environment)
        assert store is not None
        return store


def folder_place(root: Path) -> StorePlace:
    """Return a store in a folder; who reads it may write there, as the system lets them."""
    folder = root / f"store-{next(_FOLDERS)}"
    folder.mkdir()
    settings = {"PRICEHOUSE_STORE": str(folder)}
    return StorePlace(settings, settings)


def s3_place(running: RunningObjectStore) -> StorePlace:
    """Return a store in a bucket of its own."""
    address = {"PRICEHOUSE_STORE": f"s3://{running.bucket()}/homes/one"}
    return StorePlace(running.environment(**address), running.environment(reader=True, **address))
