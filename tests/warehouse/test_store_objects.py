"""What a store answers, whether it is a folder or a bucket."""

from __future__ import annotations

import pytest

from tests.support.stores import StorePlace

pytestmark = pytest.mark.slow

NAMES = [
    *("a", "runs/1/end.json", "runs/1/run.json", "runs/10", "runs/2/end.json", "runs/2/run.json"),
    *("runs/20/end.json", "runs/3"),
]


@pytest.mark.parametrize("after", ["0", "1", "10", "15", "2", "20", "3", "4"])
def test_a_listing_after_a_name_has_all_names_that_follow(
    store_place: StorePlace, after: str
) -> None:
    store = store_place.open()
    for name in NAMES:
        store.put(name, b"1")
    found = [each.name for each in store.list("runs", after=f"runs/{after}")]
    assert found == [name for name in NAMES if name > f"runs/{after}"]
