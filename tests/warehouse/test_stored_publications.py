"""Which objects of a store are publications."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pipeline.maintenance import Upkeep, maintain
from samples.hub import serve
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import exported
from tests.support.stores import folder_place
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.store.follower import pull_publication
from warehouse.store.stored_publications import stored_publications


def test_files_of_others_beside_the_publications_are_none_and_stay(tmp_path: Path) -> None:
    home, clock, store = tmp_path / "home", Clock(), folder_place(tmp_path).open()
    others = [
        "published/zzz.json",
        "published/index.html",
        "published/marketplace-latest.json",
        "published/marketplace-latest.duckdb",
        "published/copies/marketplace-20991231T000000000000Z-abcdef.json",
    ]
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=clock, store=store)
        for name in others:
            store.put(name, b"of another program")
        assert [p.publication_id for p in stored_publications(store)] == [published_id(Home(home))]
        for hour in range(4):
            clock.advance(timedelta(hours=1))
            hub.show(small_catalog(input_price=f"0.{hour + 3}"))
            ingest(home, hub, clock=clock, store=store)
    clock.advance(timedelta(days=3))
    maintain(home, Upkeep(keep_hourly_days=1), clock=clock, store=store)
    reader = Home(tmp_path / "reader")
    assert pull_publication(reader, store) == published_id(Home(home))
    assert exported(reader.root) == exported(home)
    assert [name for name in others if store.head(name) is None] == []
