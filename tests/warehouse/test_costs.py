"""The cost of usage at the prices of its time: by brute force, and one example of each reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import UsageError
from tests.support.cost_history import ROUTING_WORDS, PriceLog, Row, hour
from warehouse.connect import Connection, open_writer
from warehouse.migrate import migrate
from warehouse.publication.billing import compare_routes, compare_rows
from warehouse.publication.costs import cost_rows

MODELS, PROVIDERS = ("org/a", "Org/B"), ("novita", "groq")


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path: Path = tmp_path_factory.mktemp("costs") / "warehouse.duckdb"
    with open_writer(path) as con:
        migrate(con, now=datetime(2026, 1, 1, tzinfo=UTC))
        yield con


def usage(row: Row) -> Row:
    """Return a row as it is sent: with a time instead of `at`."""
    return {**{k: v for k, v in row.items() if k != "at"}, "timestamp": hour(row["at"])}


def costs(con: Connection, log: PriceLog, *rows: Row, known: float | None = None) -> list[Row]:
    with log.loaded(con):
        moment = None if known is None else hour(known)
        return cost_rows(con, [usage(row) for row in rows], known_at=moment)


def random_log(random: Random) -> PriceLog:
    """Return offers, some with two tasks, of prices that change, end and are corrected."""
    log = PriceLog(answers=[random.choice([5.0, 9.0, 20.0])])
    for model in MODELS:
        for provider in PROVIDERS[: random.randint(1, 2)]:
            for task in ("conversational", "image-text-to-text")[: random.choice([1, 1, 1, 2])]:
                offer = log.offer(model, provider, task, first_seen=0.0)
                for unit in ("input_token", "output_token", "cached_input_token", "image"):
                    for start in sorted(random.sample(range(12), random.randint(0, 4))):
                        _random_price(log, random, offer, unit, start)
                for unit in ("input_token", "output_token", "cached_input_token"):
                    for size in random.sample((100, 400, 900), random.choice([0, 0, 1, 2])):
                        _random_price(log, random, offer, unit, 1, tier=f"context>{size}")
    if random.random() < 0.6:
        start = random.randint(0, 8)
        log.gaps.append((start, start + random.randint(2, 3), start + 3))
    return log


def _random_price(
    log: PriceLog, random: Random, offer: str, unit: str, start: int, tier: str = "standard"
) -> None:
    kind = random.choice(["seen", "seen", "seen", "seen", "gone"])
    amount = random.choice([None, "0.000001", "0.0000025", "0.3", "0"])
    more: Row = {"kind": kind, "tier": tier, "currency": random.choice(["USD"] * 9 + ["EUR"])}
    if unit == "cached_input_token" and random.random() < 0.4:
        amount, more = None, {"reason": "not_offered", "price_status": "not_published"}
    log.price(offer, unit, amount, start, **more)
    if random.random() < 0.25:
        kind = random.choice(["corrected", "void"])
        log.price(offer, unit, "0.000007", start, kind=kind, recorded_at=start + 4, tier=tier)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_costs_equal_a_search_through_every_logged_row(con: Connection, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the seed is hypothesis's
    log = random_log(random)
    routed = [f"org/a:{word}" for word in ROUTING_WORDS]
    rows = [
        {
            "model": random.choice([*MODELS, "ORG/a", "org/none", "org/a:groq", *routed]),
            "provider": random.choice([*PROVIDERS, *PROVIDERS, None, "auto"]),
            "at": random.choice([*range(13), 0.5, 2.25, 6.6, 10.51, 25.0]),
            "input_tokens": random.choice([0, 1, 90, 91, 390, 500, 1000]) + 10,
            "cached_input_tokens": random.choice([0, 0, 7]),
            "output_tokens": random.choice([0, 3]),
            "images": random.choice([None, None, 2]),
        }
        for _ in range(60)
    ]
    for known in (None, random.choice([2, 5, 8])):
        found = costs(con, log, *rows, known=known)
        wanted = [log.cost(row, known=known) for row in rows]
        for row, mine, (cost, why) in zip(rows, found, wanted, strict=True):
            assert (mine["cost"], mine["why"]) == (cost, why), (seed, known, row)


def two_prices() -> tuple[PriceLog, str]:
    log = PriceLog()
    offer = log.offer("org/a", "novita")
    log.price(offer, "input_token", "0.000001")
    log.price(offer, "output_token", "0.000002")
    return log, offer


CALL: Row = {
    "model": "org/a",
    "provider": "novita",
    "at": 1,
    "input_tokens": 1000,
    "output_tokens": 10,
}


def one(con: Connection, log: PriceLog, **more: Any) -> Row:
    (found,) = costs(con, log, {**CALL, **more})
    return found


def test_a_cost_has_interval_publication_and_proof_of_each_unit(con: Connection) -> None:
    log, offer = two_prices()
    log.price(offer, "output_token", "0.000004", at=3)
    found = one(con, log)
    assert (found["cost"], found["currency"], found["why"]) == (Decimal("0.00102"), "USD", None)
    assert (found["valid_from"], found["valid_to"]) == (hour(0), hour(3))
    assert found["offer_id"] == offer
    assert [(p["unit"], p["payload_hash"], p["json_path"]) for p in found["prices"]] == [
        ("input_token", "hash-1", "$[1]"),
        ("output_token", "hash-2", "$[2]"),
    ]
    assert one(con, log, at=3)["cost"] == Decimal("0.00104")


def test_each_reason_for_no_cost(con: Connection) -> None:
    log, offer = two_prices()
    log.answers = [10.0]
    log.gaps.append((4, 8, 8))
    log.price(offer, "image", None)
    log.price(offer, "character", None, price_status="unparsed")
    log.price(offer, "second_of_audio", "0.1", currency="EUR")
    late = log.offer("org/late", "novita", first_seen=5.0)
    log.price(late, "input_token", "0.000001", at=5)
    left = log.offer("org/left", "novita", gone=2.0)
    log.price(left, "input_token", "0.000001")
    log.price(left, "input_token", None, at=2, kind="gone")
    log.offer("org/unpriced", "novita")
    for task, amount in (("text-to-image", "0.01"), ("image-to-image", "0.02")):
        image = log.offer("org/image", "novita", task, task_group="image")
        log.price(image, "image", amount)
    rows: dict[str, Row] = {
        "gap": {"at": 6},
        "future": {"at": 12},
        "suspect": {"images": 1},
        "unparsed": {"characters": 5},
        "unit_not_priced": {"video_seconds": 1},
        "currency_mix": {"audio_seconds": 2},
        "unknown_model": {"model": "org/none"},
        "unknown_provider": {"provider": "groq"},
        "before_first_seen": {"model": "org/late"},
        "not_listed": {"model": "org/left", "at": 3},
        "unknown_price": {"model": "org/unpriced"},
        "ambiguous_offer": {
            "model": "org/image",
            "images": 1,
            "input_tokens": 0,
            "output_tokens": 0,
        },
        "unknown_offer": {"task": "text-to-video"},
        "no_provider": {"provider": None},
        "no_usage": {"input_tokens": 0, "output_tokens": 0},
        "two_providers": {"model": "org/a:groq"},
    }
    found = costs(con, log, *({**CALL, **more} for more in rows.values()))
    assert [row["why"] for row in found] == list(rows)
    assert [row["cost"] for row in found] == [None] * len(rows)
    known = {why: row["last_known_cost"] for why, row in zip(rows, found, strict=True)}
    assert {why for why, cost in known.items() if cost is not None} == {"gap", "future"}
    by_task = costs(con, log, {**CALL, **rows["ambiguous_offer"], "task": "image-to-image"})
    assert by_task[0]["cost"] == Decimal("0.02")


def test_the_ends_of_gaps_and_intervals_are_where_the_relations_have_them(con: Connection) -> None:
    log, _ = two_prices()
    log.gaps.append((4, 8, 8))
    assert [one(con, log, at=at)["why"] for at in (4, 4.001, 7.999, 8)] == [
        None,
        "gap",
        "gap",
        None,
    ]
    log.answers = [10.0]
    assert [one(con, log, at=at)["why"] for at in (11.5, 11.501)] == [None, "future"]


def test_cached_tokens_cost_the_input_price_only_where_a_source_states_so(con: Connection) -> None:
    log, offer = two_prices()
    assert one(con, log, cached_input_tokens=400)["why"] == "unit_not_priced"
    log.price(offer, "cached_input_token", "0.0000001", at=2)
    assert one(con, log, cached_input_tokens=400, at=2)["cost"] == Decimal("0.00066")
    log.price(
        offer, "cached_input_token", None, at=3, reason="not_offered", price_status="not_published"
    )
    found = one(con, log, cached_input_tokens=400, at=3)
    assert (found["cost"], found["flags"]) == (Decimal("0.00102"), ["at_input_price"])


def test_a_reasoning_token_is_an_output_token_unless_it_has_a_price(con: Connection) -> None:
    log, offer = two_prices()
    assert one(con, log, reasoning_tokens=4)["cost"] == Decimal("0.00102")
    log.price(offer, "reasoning_token", "0.00001", at=2)
    assert one(con, log, reasoning_tokens=4, at=2)["cost"] == Decimal("0.001052")


def test_only_the_standard_tier_is_used_unless_the_row_names_one(con: Connection) -> None:
    log, offer = two_prices()
    for unit in ("input_token", "output_token"):
        log.price(offer, unit, "0.0000005", tier="batch")
    assert one(con, log)["cost"] == Decimal("0.00102")
    assert one(con, log, tier="batch")["cost"] == Decimal("0.000505")
    assert one(con, log, tier="flex")["why"] == "unknown_price"


def test_a_long_prompt_has_the_price_of_the_largest_size_below_it(con: Connection) -> None:
    log, offer = two_prices()
    log.price(offer, "input_token", "0.000004", tier="context>100000")
    log.price(offer, "input_token", "0.000003", at=2, tier="context>32768")
    log.price(offer, "output_token", "0.000006", tier="context>32768")
    log.price(offer, "cached_input_token", None, reason="not_offered")
    log.price(offer, "input_token", "0.0000005", tier="flex")
    call: Row = {"output_tokens": 1000, "at": 3}

    def amounts(tokens: int, **more: Any) -> list[tuple[str, str]]:
        found = one(con, log, **{**call, "input_tokens": tokens, **more})
        return [(price["tier"], f"{price['amount'].normalize():f}") for price in found["prices"]]

    short = [("standard", "0.000001"), ("standard", "0.000002")]
    assert amounts(32768) == amounts(32768, tier="standard") == short
    assert amounts(32769) == [("context>32768", "0.000003"), ("context>32768", "0.000006")]
    assert amounts(100_001) == [("context>100000", "0.000004"), ("context>32768", "0.000006")]
    # before the size had a price, the next smaller one, here that of every prompt
    assert amounts(40_000, at=1) == [short[0], ("context>32768", "0.000006")]
    assert amounts(40_000, tier="flex", output_tokens=0) == [("flex", "0.0000005")]
    cached = one(con, log, **call, input_tokens=40_000, cached_input_tokens=40_000)
    assert (cached["cost"], cached["flags"]) == (Decimal("0.126"), ["at_input_price"])
    log.price(offer, "input_token", None, at=4, tier="context>32768")
    assert one(con, log, at=5, input_tokens=40_000)["why"] == "suspect"


@pytest.mark.parametrize("word", [*ROUTING_WORDS, "Fastest "])
def test_a_routing_word_names_no_provider(con: Connection, word: str) -> None:
    log, offer = two_prices()
    log.speeds = [(offer, 50, 0)]
    rows = [
        {**CALL, "model": f"org/a:{word}"},
        {**CALL, "model": "org/a:novita", "provider": word},
        {**CALL, "model": f"org/a:{word}", "provider": None},
        {**CALL, "provider": word},
    ]
    is_default = word.strip().lower() == "fastest"
    with log.loaded(con):
        for default_route in (False, True):
            found = cost_rows(con, [usage(row) for row in rows], default_route=default_route)
            reason = None if is_default and default_route else "no_provider"
            assert [row["why"] for row in found] == [None, None, reason, reason]
    stated = [{**usage(row), "stated_cost": "1"} for row in rows[2:]]
    with log.loaded(con):
        compared = compare_rows(con, pl.DataFrame(stated))
    assert compared["verdict"].to_list() == ["not_compared"] * 2


def test_a_held_price_is_the_last_good_one_and_flagged(con: Connection) -> None:
    log, offer = two_prices()
    log.events = [(offer, "held", 3), (offer, "released", 6)]
    found = [one(con, log, at=at) for at in (2, 3, 5, 6)]
    assert [row["flags"] for row in found] == [[], ["held"], ["held"], []]
    assert {row["cost"] for row in found} == {Decimal("0.00102")}


def test_a_model_is_found_by_the_names_that_it_had(con: Connection) -> None:
    log = PriceLog()
    old = log.offer("org/old", "novita", gone=5.0)
    new = log.offer("org/new", "novita", first_seen=5.0)
    log.price(old, "input_token", "0.000001")
    log.price(old, "input_token", None, at=5, kind="gone")
    log.price(new, "input_token", "0.000002", at=5)
    log.links = [(old, new, 5)]
    rows = [
        {**CALL, "model": m, "at": at, "output_tokens": 0}
        for m in ("org/old", "org/new")
        for at in (1, 6)
    ]
    assert [row["cost"] for row in costs(con, log, *rows)] == [
        Decimal("0.001"),
        Decimal("0.002"),
    ] * 2
    # another repository takes the name: from then on the name is its own
    again = log.offer("org/old", "novita", "text-generation", first_seen=8.0)
    log.price(again, "input_token", "0.000009", at=8)
    rows = [{**CALL, "model": "org/old", "at": at, "output_tokens": 0} for at in (1, 6, 9)]
    amounts = [Decimal("0.001"), Decimal("0.002"), Decimal("0.009")]
    assert [row["cost"] for row in costs(con, log, *rows)] == amounts


def test_the_default_route_is_used_only_on_request_and_by_recorded_speeds(con: Connection) -> None:
    log = PriceLog()
    for provider, amount in (("novita", "0.000001"), ("groq", "0.000002")):
        log.price(log.offer("org/a", provider), "input_token", amount)
    log.speeds = [
        ("o000000000000000", 50, 0),
        ("o000000000000001", 20, 0),
        ("o000000000000001", 90, 4),
    ]
    call = {**CALL, "provider": None, "output_tokens": 0}
    rows = [usage({**call, "at": at}) for at in (1, 5)]
    with log.loaded(con):
        assert [row["why"] for row in cost_rows(con, rows)] == ["no_provider"] * 2
        found = cost_rows(con, rows, default_route=True)
    assert [row["inference_provider"] for row in found] == ["novita", "groq"]
    assert [row["cost"] for row in found] == [Decimal("0.001"), Decimal("0.002")]
    assert all(row["flags"] == ["default_route"] for row in found)
    log.speeds = [(offer, 50, 0) for offer, _, _ in log.speeds[:2]]
    with log.loaded(con):
        assert cost_rows(con, rows, default_route=True)[0]["why"] == "default_route_tied"
    log.speeds = []
    with log.loaded(con):
        assert cost_rows(con, rows, default_route=True)[0]["why"] == "default_route_unknown"


def test_later_changes_keep_a_month_and_known_at_returns_what_a_correction_changed(
    con: Connection,
) -> None:
    log, offer = two_prices()
    month = [{**CALL, "at": at} for at in range(0, 700, 7)]
    before = costs(con, log, *month)
    log.price(offer, "input_token", "0.000003", at=800)
    assert [r["cost"] for r in costs(con, log, *month)] == [r["cost"] for r in before]
    assert costs(con, log, *month, known=1000) == costs(con, log, *month)
    log.price(offer, "output_token", "0.000009", at=0, kind="corrected", recorded_at=900)
    after = costs(con, log, *month)
    assert {row["cost"] for row in after} == {Decimal("0.00109")}
    assert {row["publication"] for row in after} == {"run-900"}
    log.answers = [750.0, 1000.0]
    assert costs(con, log, *month, known=750) == before


def test_too_large_a_sum_is_no_cost(con: Connection) -> None:
    log = PriceLog()
    log.price(log.offer("org/a", "novita"), "input_token", "90000000")
    assert one(con, log, input_tokens=10**15, output_tokens=0)["why"] == "too_large"


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_injected_discrepancies_are_all_found_and_none_is_invented(
    con: Connection, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - the seed is hypothesis's
    log = random_log(random)
    rows, wrong, right = [], set(), set()
    for number in range(1, 61):
        row = {**CALL, "model": random.choice(["org/a", "org/b"]), "at": random.uniform(0, 9)}
        row |= {"input_tokens": random.randint(1, 10**6), "provider": random.choice(PROVIDERS)}
        cost, _ = log.cost(row)
        digits = random.randint(2, 10)
        stated = round(cost or Decimal(1), digits)
        if random.random() < 0.3:
            stated += random.choice([-1, 1]) * random.randint(1, 5) * Decimal(1).scaleb(-digits)
        if cost is not None:
            apart, half = abs(stated - cost), Decimal(5).scaleb(-digits - 1)
            if apart <= min(half, cost * Decimal("0.005")):
                right.add(number)
            elif apart > half or apart >= cost:
                wrong.add(number)
        rows.append({**usage(row), "stated_cost": f"{stated:f}", "currency": "USD"})
    with log.loaded(con):
        compared = compare_rows(con, pl.DataFrame(rows, infer_schema_length=None))
    verdicts = dict(zip(compared["row"], compared["verdict"], strict=True))
    other = {n for n, row in enumerate(compared["cost"], 1) if row is None}
    assert {n for n, verdict in verdicts.items() if verdict == "contradicted"} == wrong - other
    assert {n for n, verdict in verdicts.items() if verdict == "confirmed"} == right - other
    routes = compare_routes(compared)
    assert routes["contradicted"].sum() == len(wrong - other)
    assert routes["rows"].sum() == len(rows)


@pytest.mark.parametrize(
    ("tokens", "stated", "currency", "verdict", "why"),
    [
        (50_000, "0.05", "USD", "confirmed", None),
        (50_000, "0.0", "USD", "contradicted", None),
        (50_000, "0", None, "contradicted", None),
        (50_000, "0", "EUR", "contradicted", None),
        (50_000, "1e-30", "USD", "contradicted", None),
        (50_000, "0.1", "USD", "contradicted", None),
        (50_000, "-0.05", "USD", "contradicted", None),
        (50_000, "0.05", "EUR", "not_compared", "other_currency"),
        (50_000, None, "USD", "not_compared", "no_stated_cost"),
        (54_000, "0.05", "USD", "not_compared", "too_few_digits"),
        (54_000, "0.054", "usd", "confirmed", None),
        (54_000, "0.07", "USD", "contradicted", None),
        (1_000_499, "1", "USD", "confirmed", None),
        (0, "5.00", "USD", "contradicted", "no_usage"),
        (0, "0", "USD", "confirmed", "no_usage"),
        (None, "5.00", "USD", "not_compared", "no_usage"),
    ],
)
def test_few_digits_confirm_no_other_cost_and_nothing_is_no_cost(
    con: Connection, tokens: int | None, stated: str, currency: str, verdict: str, why: str
) -> None:
    log, _ = two_prices()
    row = usage({**CALL, "input_tokens": tokens, "output_tokens": None})
    rows = [{**row, "stated_cost": stated, "currency": currency}]
    with log.loaded(con):
        compared = compare_rows(
            con, pl.DataFrame(rows, schema_overrides={"stated_cost": pl.String})
        )
    assert (compared["verdict"].item(), compared["why"].item()) == (verdict, why)
    (route,) = compare_routes(compared).to_dicts()
    has_sum = verdict in ("confirmed", "contradicted")
    assert all((route[name] is not None) == has_sum for name in ("stated", "cost", "difference"))
    assert not has_sum or route["stated"] - route["cost"] == route["difference"]


def test_a_stated_cost_beyond_every_bill_is_refused(con: Connection) -> None:
    row = {**usage(CALL), "stated_cost": "1e30"}
    with pytest.raises(UsageError, match="row 1, column stated_cost: 1e30"):
        compare_rows(con, pl.DataFrame([row]))
