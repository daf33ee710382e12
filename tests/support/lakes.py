"""Shared warehouses for tests: a schema of a running PostgreSQL, data in a folder or a bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pipeline.lake_access import find_lake
from pipeline.store import find_store
from tests.support.object_store import RunningObjectStore, running_object_store
from tests.support.postgres import Postgres, postgres
from warehouse.lake.lake_settings import LakeSettings
from warehouse.store.objects import Store

CONNECT_S = 240
_SCHEMAS = count(1)


@dataclass(frozen=True)
class SharedPlace:
    """One empty shared warehouse: the settings that name it, and what a process needs for it."""

    environment: Mapping[str, str]

    @property
    def settings(self) -> LakeSettings:
        """Where the shared warehouse is, as the code is given it."""
        found = find_lake(self.environment)
        assert found is not None
        return found

    @property
    def store(self) -> Store:
        """The store beside it."""
        found = find_store(self.environment)
        assert found is not None
        return found


@dataclass(frozen=True)
class Places:
    """The servers of a program that makes shared warehouses, each in a folder of its own."""

    database: Postgres
    store: RunningObjectStore | None
    folder: Path

    def make(self, name: str) -> SharedPlace:
        """Return an empty shared warehouse, in a bucket where there is an object store."""
        if self.store is None:
            return lake_in_folder(self.database, self.folder / name)
        return lake_in_bucket(self.database, self.store, self.folder / name)


@contextmanager
def running_places(kind: str) -> Iterator[Places]:
    """Run PostgreSQL, and for `s3` an object store, until the block ends."""
    with tempfile.TemporaryDirectory() as name, postgres() as database:
        folder = Path(name)
        if kind != "s3":
            yield Places(database, None, folder)
            return
        with running_object_store(folder) as store:
            yield Places(database, store, folder)


def lake_in_folder(postgres: Postgres, folder: Path) -> SharedPlace:
    """Return an empty shared warehouse whose data lies in a folder.

    The password is in a file, which PostgreSQL's library reads where PGPASSFILE names it.
    """
    (folder / "store").mkdir(parents=True)
    return SharedPlace(_environment(postgres, folder, PRICEHOUSE_STORE=str(folder / "store")))


def lake_in_bucket(postgres: Postgres, store: RunningObjectStore, folder: Path) -> SharedPlace:
    """Return an empty shared warehouse whose data lies in a bucket of its own."""
    bucket = store.bucket()
    more = store.environment(PRICEHOUSE_STORE=f"s3://{bucket}/home")
    return SharedPlace(_environment(postgres, folder, **more))


def _environment(postgres: Postgres, folder: Path, **more: str) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    passwords = folder / "pgpass"
    passwords.write_text(f"{postgres.host}:{postgres.port}:*:{postgres.user}:{postgres.password}\n")
    passwords.chmod(0o600)
    # a machine at its limit may take more than the ten seconds that a run gives PostgreSQL
    place = f"{postgres.libpq()} connect_timeout={CONNECT_S} schema=home{next(_SCHEMAS)}"
    where = f"ducklake:postgres:{place}"
    return {"PRICEHOUSE_WAREHOUSE": where, "PGPASSFILE": str(passwords), **more}
