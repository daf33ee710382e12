"""Files of a landing that are damaged or lost on a machine of a shared warehouse, or in its store.

What one side has whole is brought to the other, and nothing that is whole is replaced by damage.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import LandingError, StoreError
from tests.support.two_homes import TwoHomes
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder

pytestmark = pytest.mark.slow

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "torn": lambda data: data[:-9],
    "zeroed": lambda data: bytes(len(data)),
    "empty": lambda data: b"",
}


def newest(home: Path) -> RunFolder:
    return next(Landing(home / "landing").newest_first())


def largest_object(home: Path) -> Path:
    landing = Landing(home / "landing")
    sizes = landing.objects()
    return landing.path_of(max(sizes, key=lambda payload_hash: sizes[payload_hash]))


def name_of(home: Path, path: Path) -> str:
    return path.relative_to(home).as_posix()


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("router.json", "torn"),
        ("router.json", "zeroed"),
        ("run.json", "empty"),
        ("end.json", "torn"),
    ],
)
def test_a_damaged_record_of_the_newest_run_is_pulled_again(
    machines: TwoHomes, name: str, damage: str
) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    run = newest(first)
    path = run.path / name
    right = path.read_bytes()
    path.write_bytes(DAMAGES[damage](right))
    machines.hour(first, "0.4")
    assert path.read_bytes() == right
    assert (first / "landing/set-aside/damaged" / run.run_id / name).exists()
    machines.require_one_history(first, second)


def test_a_record_that_is_not_the_stores_or_is_lost_here_is_pulled(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    run = newest(first)
    other, lost = run.path / "router.json", run.path / "hub.json"
    right, left = other.read_bytes(), lost.read_bytes()
    other.write_bytes(right + b"\n")
    lost.unlink()
    machines.hour(first, "0.4")
    assert (other.read_bytes(), lost.read_bytes()) == (right, left)
    machines.require_one_history(first, second)


@pytest.mark.sampled
@pytest.mark.parametrize("damage", ["torn", "zeroed"])
def test_a_damaged_day_is_pulled_again(machines: TwoHomes, damage: str) -> None:
    first, second = machines.first, machines.second
    machines.pack_a_day()
    day = next((second / "landing/days").iterdir())
    right = day.read_bytes()
    day.write_bytes(DAMAGES[damage](right))
    machines.hour(second, "0.5")
    assert day.read_bytes() == right
    assert (second / "landing/set-aside/days" / day.name).exists()
    machines.require_one_history(first, second)


def test_records_that_the_store_lost_are_pushed_again(machines: TwoHomes) -> None:
    first, second, third = machines.first, machines.second, machines.first.with_name("third")
    record = newest(second).path / "router.json"
    right = record.read_bytes()
    lost_run = [each.name for each in machines.store.list(f"landing/runs/{newest(first).run_id}")]
    machines.store.delete([name_of(second, record), *lost_run])
    assert machines.failed(second).keys() == {"store_objects"}
    machines.hour(second, "0.4")
    machines.hour(first, "0.5")  # whose newest run is the lost one
    assert machines.store.read(name_of(second, record)) == right
    machines.require_one_history(first, second, third)
    assert not (second / "landing/set-aside").exists()


def test_a_run_that_the_store_lost_is_missed_and_pushed_from_where_it_is(
    machines: TwoHomes,
) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    lost = machines.hour(second, "0.4").run_id
    machines.hour(second, "0.5")
    machines.store.delete([each.name for each in machines.store.list(f"landing/runs/{lost}")])
    for _ in range(2):
        with pytest.raises(StoreError, match=f"does not list run {lost}"):
            machines.pull(first)
    assert machines.push(second) == "equal"
    machines.pull(first)
    machines.require_one_history(first, second)


def test_doctor_names_a_record_that_no_side_has(machines: TwoHomes) -> None:
    second, third = machines.second, machines.first.with_name("third")
    record = newest(second).path / "router.json"
    right = record.read_bytes()
    machines.store.delete([name_of(second, record)])
    machines.pull(third)
    assert "lacks router.json" in machines.failed(third)["landed"]
    assert machines.push(second) == "equal"
    machines.pull(third)
    (third / name_of(second, record)).write_bytes(right)
    machines.require_one_history(second, third)


@pytest.mark.sampled
@pytest.mark.parametrize(("kind", "damage"), [("object", "torn"), ("checkpoint", "empty")])
def test_a_push_brings_back_what_is_damaged_here_and_keeps_the_stores(
    machines: TwoHomes, kind: str, damage: str
) -> None:
    first, second = machines.first, machines.second
    machines.pack_a_day()
    path = next((second / "landing/checkpoints").iterdir())
    if kind == "object":
        path = largest_object(second)
    right = path.read_bytes()
    path.write_bytes(DAMAGES[damage](right))
    assert machines.failed(second).keys() == {f"{kind}s", "store_objects"}
    assert machines.push(second) == "equal"
    assert machines.store.read(name_of(second, path)) == right
    assert path.read_bytes() == right
    machines.require_one_history(first, second)


def test_what_is_damaged_here_and_lost_there_is_named_and_all_else_is_pushed(
    machines: TwoHomes,
) -> None:
    second = machines.second
    damaged, checked = largest_object(second), newest(second).path / "router.json"
    machines.store.delete([name_of(second, damaged), name_of(second, checked)])
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(LandingError, match=rf"{damaged.stem}.*All else is in the store"):
        machines.push(second)
    assert machines.store.head(name_of(second, damaged)) is None
    assert machines.store.read(name_of(second, checked)) == checked.read_bytes()
