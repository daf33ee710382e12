"""Pages that an earlier run parsed: the same rows, and never more than speed depends on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from samples.catalog import load
from samples.hub import serve
from tests.support.backends import WITHOUT_S3, replay
from tests.support.hours import Clock, chat_catalog, ingest
from tests.support.published import copy_landing, exported
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.router import parse_router
from warehouse.storage.kept_pages import KeptPages

MODELS = [model.json() for model in load(1).hub[:60]]
HUB = [f"[{','.join(part)}]".encode() for part in (MODELS[:40], MODELS[40:])]


def pages(folder: Path, *bodies: bytes, parser: str = "a") -> list[Page]:
    kept = KeptPages(folder, parser=parser)
    return [Page(body, f"{n}" * 64, kept=kept) for n, body in enumerate(bodies)]


def require_same(one: ParsedFeed, other: ParsedFeed) -> None:
    assert_frame_equal(one.offerings, other.offerings)
    assert_frame_equal(one.models, other.models)
    assert_frame_equal(one.summary.providers, other.summary.providers)
    assert (one.summary.records, one.summary.distinct) == (
        other.summary.records,
        other.summary.distinct,
    )


@pytest.mark.parametrize(
    ("parse", "bodies"),
    [(parse_hub, HUB), (parse_router, [load(1).router_answer])],
    ids=["hub", "router"],
)
def test_kept_rows_are_those_of_the_page(
    tmp_path: Path, parse: Callable[..., ParsedFeed], bodies: list[bytes]
) -> None:
    parsed = parse(pages(tmp_path, *bodies))
    assert len(list(tmp_path.iterdir())) == len(bodies)
    # bytes that no parser could read show that the kept rows are taken
    again = parse(pages(tmp_path, *(b"-" for _ in bodies)))
    require_same(again, parsed)
    assert parse(pages(tmp_path, *bodies), at_once=0).summary.records == parsed.summary.records


def test_a_page_with_an_odd_entry_or_a_repeat_is_parsed_each_time(tmp_path: Path) -> None:
    odd = HUB[1].replace(b'"task":', b'"added":1,"task":', 1)
    for _ in range(2):
        parsed = parse_hub(pages(tmp_path, HUB[0], odd, HUB[0]))
        assert parsed.summary.drift.height == 1
        assert parsed.summary.repeats == 40
    assert [path.name for path in tmp_path.iterdir()] == ["0" * 64]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\0" * 5_000),
        lambda path: path.unlink(),
        lambda path: path.rename(path.with_name("1" * 64)),
    ],
    ids=["shortened", "empty", "other bytes", "missing", "of another page"],
)
def test_a_damaged_page_is_parsed_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    wanted = parse_hub(pages(tmp_path, *HUB))
    (tmp_path / ("1" * 64)).unlink()
    damage(tmp_path / ("0" * 64))
    require_same(parse_hub(pages(tmp_path, *HUB)), wanted)
    require_same(parse_hub(pages(tmp_path, b"-", b"-")), wanted)  # kept anew


def test_rows_of_another_parser_are_not_taken(tmp_path: Path) -> None:
    parse_hub(pages(tmp_path, HUB[0], parser="a"))
    assert parse_hub(pages(tmp_path, HUB[1], parser="b")).offerings.height > 0
    assert KeptPages(tmp_path, parser="a").get("0" * 64) is None


def test_a_folder_that_cannot_be_written_costs_only_the_parse(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    parsed = parse_hub(pages(tmp_path / "file", HUB[0]))
    require_same(parse_hub(pages(tmp_path / "file", HUB[0])), parsed)


@pytest.mark.slow
@pytest.mark.usefixtures("backend")
@WITHOUT_S3
def test_hours_with_and_without_kept_pages_export_the_same(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        for price in ("0.2", "0.2", "0.2", "0.3"):
            hub.show(chat_catalog((price, "0.6")))
            clock.advance(timedelta(hours=1))
            ingest(home, hub, clock=clock)
            kept = {feed.name: len(list(feed.iterdir())) for feed in (home / "parsed").iterdir()}
            assert kept == {"hub": 1, "router": 1}  # no more than the pages of the last hour
    again = copy_landing(home, tmp_path / "again")
    replay(again)
    assert not (again / "parsed").exists()
    assert exported(again) == exported(home)
