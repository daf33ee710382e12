"""Every recorded price, read by the real line and recomputed here from the recorded text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from tests.support.documents import CHECKOUT
from tests.support.histories import (
    History,
    events,
    hub_statements,
    nothing_mapped,
    per_million,
    router_statements,
)
from transforms.gate.bounds import BOUNDS
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.resolve.catalog import identified

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
HUB = ("2026-02-23T14-23", "2026-02-26T03-08", "2026-02-26T12-27")
ROUTER = ("a", "b")
EARLIER, LATER = HUB[1:]

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recordings are not beside this checkout"
)


class RecordedEntry(NamedTuple):
    """One recorded entry and its model; numbers are the text that was recorded."""

    model_id: str
    stated: dict[str, Any]

    @property
    def pricing(self) -> dict[str, str] | None:
        """The price object of either feed."""
        return (self.stated.get("providerDetails") or self.stated).get("pricing")


class Line(NamedTuple):
    """What the real line makes of a recorded file."""

    parsed: ParsedFeed
    rows: pl.DataFrame
    claims: pl.DataFrame
    rejected: int


def landed(feed: str, name: str) -> Page:
    body = (RECORDINGS / feed / f"{name}.json").read_bytes()
    return Page(body, sha256(body).hexdigest())


def recorded(feed: str, name: str) -> Iterator[RecordedEntry]:
    """Read a file without any of our code; no number becomes a float."""
    value = json.loads(landed(feed, name).body, parse_float=str, parse_int=str)
    for model in value if feed == "hub" else value["data"]:
        for stated in (model.get("inferenceProviderMapping") or model.get("providers")) or []:
            yield RecordedEntry(model["id"], stated)


def read(feed: str, name: str) -> Line:
    """Take a file through parse, split, conform and claim."""
    if feed == "hub":
        parsed = parse_hub([landed(feed, name)])
        statements = hub_statements(parsed)
    else:
        parsed = parse_router([landed(feed, name)])
        statements = router_statements(parsed, nothing_mapped())
    rows = identified(statements.rows)
    claims = price_tokens(rows, run_id="run")
    return Line(parsed, rows, claims, parsed.rejected.height + statements.rejected.height)


def expected(entry: RecordedEntry, text: str) -> tuple[str, Decimal | None]:
    """Return status and amount per token, by the contract: 12 digits half even, then an exact
    reciprocal, then 18 decimals."""
    stated = Decimal(text)
    if stated == 0:
        return ("free", Decimal(0)) if entry.stated.get("is_free") is True else ("suspect", None)
    twelfth = Decimal(1).scaleb(stated.adjusted() - 11)
    rounded = stated if twelfth < Decimal("1e-30") else stated.quantize(twelfth, ROUND_HALF_EVEN)
    exact = Fraction(rounded) / 1_000_000
    assert (exact * 10**18).denominator == 1, "needs rounding to 18 decimals: extend this test"
    return "priced", Decimal(int(exact * 10**18)).scaleb(-18)


def key_of(feed: str, entry: RecordedEntry) -> tuple[str, ...]:
    stated = entry.stated
    if feed == "router":
        return (entry.model_id, stated["provider"], "conversational", "")
    return (entry.model_id, stated["provider"], stated["task"], stated["providerId"])


NAMES = ("model_id", "inference_provider", "task", pl.col("provider_model_id").fill_null(""))
FILES = [("hub", name) for name in HUB] + [("router", name) for name in ROUTER]


@pytest.mark.parametrize(("feed", "name"), FILES)
def test_every_recorded_price_is_there_with_its_status_and_its_number(feed: str, name: str) -> None:
    units = {"input": "input_token", "output": "output_token"}
    wanted = {
        (*key_of(feed, entry), units[side]): (text, *expected(entry, text))
        for entry in recorded(feed, name)
        for side, text in (entry.pricing or {}).items()
    }
    line = read(feed, name)
    names = line.rows.select(
        "offer_id",
        "model_id",
        "inference_provider",
        "task",
        pl.col("provider_model_id").fill_null(""),
    )
    found = {
        row[:5]: row[5:]
        for row in line.claims.join(names, on="offer_id")
        .select(
            "model_id",
            "inference_provider",
            "task",
            "provider_model_id",
            "unit",
            "raw_text",
            "price_status",
            "amount",
        )
        .rows()
    }
    assert len(wanted) > 300
    assert found == wanted


@pytest.mark.parametrize(("feed", "name"), FILES)
def test_an_entry_without_a_price_object_claims_nothing(feed: str, name: str) -> None:
    unpriced = {key_of(feed, entry) for entry in recorded(feed, name) if entry.pricing is None}
    line = read(feed, name)
    claimed = line.rows.join(line.claims, on="offer_id", how="semi").select(*NAMES)
    assert unpriced
    assert unpriced.isdisjoint(claimed.rows())


@pytest.mark.parametrize("name", HUB)
def test_no_offer_has_a_price_that_is_not_conversational(name: str) -> None:
    line = read("hub", name)
    claimed = line.rows.join(line.claims, on="offer_id", how="semi")
    assert set(claimed["task"]) == {"conversational"}
    assert set(claimed["task_group"]) == {"text"}
    assert line.rows.filter(pl.col("task_group") == "image").height > 500


@pytest.mark.parametrize(
    ("feed", "name", "models", "entries", "priced"),
    [
        ("hub", "2026-02-23T14-23", 828, 1440, 230),
        ("hub", "2026-02-26T03-08", 829, 1441, 230),
        ("hub", "2026-02-26T12-27", 836, 1448, 233),
        ("router", "a", 127, 293, 190),
        ("router", "b", 128, 295, 191),
    ],
)
def test_every_entry_is_counted_and_none_is_rejected(
    feed: str, name: str, models: int, entries: int, priced: int
) -> None:
    line = read(feed, name)
    assert (line.parsed.summary.records, line.rows.height, line.rejected) == (entries, entries, 0)
    assert line.rows["offer_id"].n_unique() == entries
    assert line.rows["model_id"].n_unique() == models
    assert line.claims["offer_id"].n_unique() == priced
    assert sum(1 for _ in recorded(feed, name)) == entries


@pytest.mark.parametrize("name", HUB)
def test_tag_filter_rows_are_adapters_and_no_others(name: str) -> None:
    rules = {
        key_of("hub", e): e.stated["_id"]
        for e in recorded("hub", name)
        if e.stated["type"] == "tag-filter"
    }
    rows = read("hub", name).rows
    adapters = rows.filter(pl.col("offer_type") == "adapter").select(
        "model_id", "inference_provider", "task", "provider_model_id", "adapter_rule_id"
    )
    assert {row[:4]: row[4] for row in adapters.rows()} == rules
    assert set(rows["offer_type"]) == {"adapter", "model"}


def test_the_adapters_go_back_to_few_rules() -> None:
    adapters = read("hub", LATER).rows.filter(pl.col("offer_type") == "adapter")
    assert adapters.height == 592
    assert adapters["provider_model_id"].n_unique() == 15


def test_only_what_the_recorder_added_is_drift() -> None:
    drift = {(f, field) for f, n in FILES for field in read(f, n).parsed.summary.drift["field"]}
    assert drift == {("hub", "is_moe")}


def test_the_pair_of_hub_answers_changes_what_really_changed() -> None:
    history = History()
    history.hour_of_pages(hub=landed("hub", EARLIER))
    delta = history.hour_of_pages(hub=landed("hub", LATER))
    counts = {name: sum(e == (name, None) for e in events(delta)) for name in ("new", "status")}
    assert counts == {"new": 19, "status": 13}
    held = delta.changes.filter(pl.col("event") == "held").to_dicts()
    assert [per_million(row["old_amount"]) for row in held] == ["0.2"]
    kept = history.state.prices.filter(pl.col("offer_id") == held[0]["offer_id"])
    assert {per_million(amount) for amount in kept["amount"]} == {"0.2"}
    priced = {"up", "down", "paid_to_free", "free_to_paid", "unit_changed", "became_suspect"}
    assert not priced & set(delta.changes["event"])
    assert history.state.listings.filter(pl.col("missed") == 1).height == 12
    assert not {"gone", "relabelled", "back"} & set(delta.changes["event"])


def test_both_feeds_together_attach_and_no_price_is_lost() -> None:
    history = History()
    history.hour_of_pages(hub=landed("hub", LATER), router=landed("router", "b"))
    cards = history.offers()
    mapped = {key_of("hub", entry)[:3] for entry in recorded("hub", LATER)}
    offered = {key_of("router", entry)[:3] for entry in recorded("router", "b")}
    assert cards.height == 1448 + len(offered - mapped)
    chosen = history.state.prices.join(history.state.offers, on="offer_id")
    for entry in recorded("router", "b"):
        if entry.pricing is None:
            continue
        rows = chosen.filter(
            (pl.col("model_id") == entry.model_id)
            & (pl.col("inference_provider") == entry.stated["provider"])
            & (pl.col("feed") == "router")
        )
        texts = dict(rows.select("unit", "raw_text").rows())
        assert texts == {f"{side}_token": text for side, text in entry.pricing.items()}
    assert set(cards.filter(pl.col("price_status") != "not_published")["task"]) == {
        "conversational"
    }
    assert cards.filter(pl.col("price_status") == "free").is_empty()
    found = cards.filter(pl.col("price_status") == "suspect")
    zero = {
        key_of(feed, entry)[:3]
        for feed, name in (("hub", LATER), ("router", "b"))
        for entry in recorded(feed, name)
        if entry.pricing and {Decimal(text) for text in entry.pricing.values()} == {Decimal(0)}
    }
    assert set(found.select("model_id", "inference_provider", "task").rows()) <= zero


@pytest.mark.parametrize(("feed", "name"), FILES)
def test_the_bounds_of_a_first_price_lie_far_from_every_recorded_one(feed: str, name: str) -> None:
    amounts = read(feed, name).claims.filter(pl.col("price_status") == "priced")
    assert amounts.height > 300
    for unit, amount in amounts.select("unit", "amount").rows():
        low, high = (Decimal(bound) for bound in BOUNDS[unit])
        assert low * 10 < amount < high / 5


STEPS = ((HUB[0], "a"), (HUB[1], "a"), (HUB[2], "b"))
SEQUENCES = {
    "Hub of 2026-02-23 14:23, router a": STEPS[:1],
    "Hub of 2026-02-26 03:08, router a": STEPS[1:2],
    "Hub of 2026-02-26 12:27, router b": STEPS[2:],
    "these three, one after the other": STEPS,
}


def gate_figures(history: History) -> tuple[int, ...]:
    """Return the cards, those priced, held and suspect, and those that rank."""
    priced_units = history.state.prices.filter(tier="standard", currency="USD").select("offer_id")
    models = history.state.offers.filter(offer_type="model").select("offer_id")
    cards = history.state.cards
    priced = cards.filter(price_status="priced")
    ranked = priced.filter(pl.col("status") == "live", ~pl.col("held")).filter(
        pl.col("price_reason").ne_missing("ambiguous_attachment")
    )
    for frame in (models, priced_units):
        ranked = ranked.join(frame.unique(), on="offer_id", how="semi")
    suspect = cards.filter(price_status="suspect")
    return (
        cards.height,
        priced.height,
        int(cards["held"].sum()),
        suspect.height,
        ranked.height,
    )


@pytest.mark.parametrize("answers", SEQUENCES)
def test_the_gate_holds_no_honest_price_of_the_recordings(answers: str) -> None:
    history = History()
    for hub, router in SEQUENCES[answers]:
        history.hour_of_pages(hub=landed("hub", hub), router=landed("router", router))
    row = "| " + " | ".join([answers, *map(str, gate_figures(history))]) + " |"
    assert row in (CHECKOUT / "docs" / "operating.md").read_text("utf-8")
