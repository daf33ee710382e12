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
_DATABASES = count(1)


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
        return lake_in(self.database, self.store, self.folder / name)


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
    """Return an empty shared warehouse whose data lies in a folder."""
    return lake_in(postgres, None, folder)


def lake_in_bucket(postgres: Postgres, store: RunningObjectStore, folder: Path) -> SharedPlace:
    """Return an empty shared warehouse whose data lies in a bucket of its own."""
    return lake_in(postgres, store, folder)


def lake_in(
    postgres: Postgres,
    store: RunningObjectStore | None,
    folder: Path,
    *,
    database: str | None = None,
    schema: str | None = None,
) -> SharedPlace:
    """Return an empty shared warehouse, in a bucket of its own where there is an object store.

    The password is in a file, which PostgreSQL's library reads where PGPASSFILE names it.
    """
    folder.mkdir(parents=True)
    if store is None:
        (folder / "store").mkdir()
        more = {"PRICEHOUSE_STORE": str(folder / "store")}
    else:
        more = store.environment(PRICEHOUSE_STORE=f"s3://{store.bucket()}/home")
    passwords = folder / "pgpass"
    passwords.write_text(f"{postgres.host}:{postgres.port}:*:{postgres.user}:{postgres.password}\n")
    passwords.chmod(0o600)
    # a machine at its limit may take more than the ten seconds that a run gives PostgreSQL
    place = f"{postgres.libpq(database)} connect_timeout={CONNECT_S}"
    where = f"ducklake:postgres:{place} schema={schema or f'home{next(_SCHEMAS)}'}"
    return SharedPlace({"PRICEHOUSE_WAREHOUSE": where, "PGPASSFILE": str(passwords), **more})


def copy_place(
    place: SharedPlace, postgres: Postgres, store: RunningObjectStore | None, folder: Path
) -> SharedPlace:
    """Return a copy, with a database and a store of its own, of a shared warehouse that nobody uses
    and that has a database to itself.
    """
    settings = place.settings
    database, schema = settings.connection["dbname"], settings.schema
    copied = f"{database}_{next(_DATABASES)}"
    postgres.run(f"CREATE DATABASE {copied} TEMPLATE {database}")
    made = lake_in(postgres, store, folder, database=copied, schema=schema)
    for each in place.store.list(""):
        made.store.put(each.name, place.store.read(each.name))
    # of a file the catalogue knows the name, and where all lie
    where = f"{schema}.ducklake_metadata SET value = '{made.settings.data}' WHERE key = 'data_path'"
    postgres.run(f"UPDATE {where}", database=copied)
    return made
