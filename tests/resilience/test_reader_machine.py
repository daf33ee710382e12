"""A machine that only reads: a key that reads the bucket, a role that reads the catalogue."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.command import pricehouse
from tests.support.hours import small_catalog
from tests.support.lakes import SharedPlace, lake_in_bucket
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from tests.support.published import exported, rows
from tests.support.serving import Site, serving
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home

pytestmark = pytest.mark.slow
CANARY = "canary-of-the-role"
WAIT_S = 400.0


def reader_settings(
    postgres: Postgres, store: RunningObjectStore, place: SharedPlace, folder: Path
) -> dict[str, str]:
    """Make a role that reads, as docs/lake.md does; return the settings of a machine with it."""
    schema = place.settings.schema
    role = f"reader_{schema}"
    for grant in (
        f"CREATE ROLE {role} LOGIN PASSWORD '{CANARY}'",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}",
    ):
        postgres.run(grant)
    folder.mkdir()
    passwords = folder / "pgpass"
    passwords.write_text(f"{postgres.host}:{postgres.port}:*:{role}:{CANARY}\n")
    passwords.chmod(0o600)
    where = place.environment["PRICEHOUSE_WAREHOUSE"]
    return store.environment(
        reader=True,
        PRICEHOUSE_STORE=place.environment["PRICEHOUSE_STORE"],
        PRICEHOUSE_WAREHOUSE=where.replace(f"user={postgres.user} ", f"user={role} "),
        PGPASSFILE=str(passwords),
    )


def contents(postgres: Postgres, place: SharedPlace) -> tuple[list[tuple[str, int]], str]:
    """Return every object of the store with its size, and the newest snapshot of the catalogue."""
    objects = sorted((each.name, each.size) for each in place.store.list(""))
    snapshot = f"SELECT max(snapshot_id) FROM {place.settings.schema}.ducklake_snapshot"
    return objects, postgres.run(snapshot)


def wait_for(site: Site, look: Callable[[], bool]) -> None:
    give_up = time.monotonic() + WAIT_S
    while not look():
        assert time.monotonic() < give_up, f"not within {WAIT_S:.0f} s"
        assert site.process.poll() is None
        time.sleep(0.2)


def refused(*command: str, home: Path, url: str, settings: Mapping[str, str]) -> None:
    """Run a command that writes; it must end with status 1 and a sentence without a secret."""
    done = pricehouse(*command, home=home, url=url, **settings)
    text = done.stdout + done.stderr
    assert done.returncode == 1, f"{command}: {text}"
    assert "may only read" in text or "does not allow this key" in text, text
    assert "Traceback" not in text
    assert CANARY not in text
    assert settings["AWS_SECRET_ACCESS_KEY"] not in text


def test_a_machine_that_only_reads_pulls_and_serves_and_can_write_nothing(
    shared_postgres: Postgres, object_store: RunningObjectStore, tmp_path: Path
) -> None:
    place = lake_in_bucket(shared_postgres, object_store, tmp_path / "shared")
    home, reader, copy = tmp_path / "home", tmp_path / "reader", tmp_path / "copy"

    def sees(site: Site) -> bool:
        answer = site.get("/v1/status")
        found = answer.json().get("publication") if answer.status_code == 200 else None
        return found == published_id(Home(home))

    with serve(small_catalog()) as hub:

        def hour(price: str) -> None:
            hub.show(small_catalog(input_price=price))
            done = pricehouse("ingest", home=home, url=hub.url, **place.environment)
            assert done.returncode == 0, done.stderr

        hour("0.2")
        settings = reader_settings(
            shared_postgres, object_store, place, tmp_path / "settings of the reader"
        )
        with serving(reader, **settings) as site:
            wait_for(site, lambda: sees(site))
            hour("0.3")
            wait_for(site, lambda: sees(site))
            assert exported(reader) == exported(home)
            before = contents(shared_postgres, place)
            pulled = pricehouse("warehouse", "pull", home=copy, **settings)
            assert pulled.returncode == 0, pulled.stderr
            assert exported(copy) == exported(home)
            (offer_id,) = rows(
                home, "SELECT offer_id FROM prices WHERE price_status = 'priced' LIMIT 1"
            )[0]
            correction = ("--unit", "input_token", "--price", "0.25", "--reason", "none")
            for own in (reader, copy):
                for command in (
                    ("ingest",),
                    ("correct", offer_id, *correction),
                    ("maintain",),
                    ("warehouse", "push"),
                    ("warehouse", "push", "--rewrite"),
                ):
                    refused(*command, home=own, url=hub.url, settings=settings)
            assert contents(shared_postgres, place) == before
            assert not (reader / "landing").exists(), "else it would follow no more"
            hour("0.4")
            wait_for(site, lambda: sees(site))
            answer = pricehouse("sql", "SELECT count(*) FROM runs", home=reader, **settings)
            assert answer.returncode == 0, answer.stderr
            assert site.stop() == 0
    assert exported(reader) == exported(home)
