"""When the offers that a feed lacks are a drop of the feed, and when short pages are usual."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.gate.feed_drops import find_feed_drops
from transforms.reconcile.short_pages import absences_count


def listings(number: int, *, feed: str = "hub", name: str = "a") -> pl.DataFrame:
    return pl.DataFrame(
        [(feed, f"{name}{at}", "novita", f"org/m{at}", "conversational") for at in range(number)],
        schema=["feed", "offer_id", "inference_provider", "model_id", "task"],
        orient="row",
    )


@pytest.mark.parametrize(
    ("was", "lost", "drops"),
    [
        (1000, 30, 0),
        (1000, 31, 1),
        (1448, 230, 1),
        (100, 9, 0),
        (100, 10, 1),
        (9, 9, 0),
        (10, 10, 1),
        (1000, 0, 0),
    ],
)
def test_more_than_the_share_and_ten_offers_are_a_drop(was: int, lost: int, drops: int) -> None:
    before = listings(was)
    found = find_feed_drops(before, before.slice(lost), {"hub": 0.03})
    assert found.select("was", "is_now").rows() == [(was, was - lost)] * drops


def test_new_offers_hide_no_loss() -> None:
    before, new = listings(1000), listings(50, name="new").with_columns(task=pl.lit("other"))
    answered = pl.concat([before.slice(50), new])
    assert find_feed_drops(before, answered, {"hub": 0.03}).height == 1


def test_another_id_of_the_provider_is_no_loss() -> None:
    assert find_feed_drops(listings(500), listings(500, name="b"), {"hub": 0.03}).is_empty()


def test_a_feed_without_a_limit_has_no_drop() -> None:
    before = listings(500)
    assert find_feed_drops(before, before.clear(), {"router": 0.03}).is_empty()
    assert find_feed_drops(before, before.clear(), {}).is_empty()


@pytest.mark.parametrize(
    ("short", "earlier", "counts"),
    [
        (None, [], True),
        (0, [], True),
        (0, [5, 5], True),
        (1, [], False),
        (1, [0], False),
        (1, [1], True),
        (1, [1, 0], False),
        (1, [1, 1, 0], True),
        (2, [1, 1, 1], False),
        (2, [3, 2, 0], True),
        (1, [0] * 12 + [1] * 12, False),
        (1, [1] * 13 + [0] * 11, True),
    ],
)
def test_absences_count_where_short_pages_are_usual(
    short: int | None, earlier: list[int], counts: bool
) -> None:
    assert absences_count(short, earlier) is counts
