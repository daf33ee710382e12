"""The cost of usage at the prices of its time: by brute force, and one example of each reason."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.cost_examples import (
    CALL,
    MODELS,
    PROVIDERS,
    cost_rows,
    costs,
    one,
    random_log,
    two_prices,
    usage,
)
from tests.support.cost_history import ROUTING_SUFFIXES, PriceLog, Row, hour
from warehouse.connect import Connection


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_costs_equal_a_search_through_every_logged_row(con: Connection, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the seed is hypothesis's
    log = random_log(random)
    routed = [f"org/a:{suffix}" for suffix in ROUTING_SUFFIXES]
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
    assert one(con, log, tier="flex")["why"] == "unit_not_priced"


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


def test_a_unit_of_an_offer_without_it_is_not_priced(con: Connection) -> None:
    log, _ = two_prices()
    images: Row = {"input_tokens": None, "output_tokens": None, "images": 1}
    assert one(con, log, **images)["why"] == "unit_not_priced"
    assert one(con, log, **images, at=-1)["why"] == "before_first_seen"
    log.offer("org/none", "novita")
    assert one(con, log, **images, model="org/none")["why"] == "unknown_price"
