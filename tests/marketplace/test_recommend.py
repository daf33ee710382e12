"""Recommendations equal brute force over cards: over HTTP, by the command, and by the macro."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.api import models
from marketplace.numbers import json_value
from marketplace.queries.filters import RecommendQuery
from schemas.amounts import amount_text
from tests.support.best_routes import UNITS, CardSet, read_market
from tests.support.best_routes_equal import ALL, QUERIES, require_equal
from tests.support.command import answered, pricehouse
from tests.support.serving import Site
from tests.support.tiered_offers import tiered_home
from warehouse.connect import Connection, open_writer
from warehouse.publication.newest import newest
from warehouse.publication.reader_pool import OpenPublication, PublicationPool, Reading
from warehouse.storage.home import Home


@pytest.fixture(scope="module")
def tiered_reading(
    sample_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reading]:
    """A reading of the sample with cached prices that are stated, declined, held and in euros."""
    home, _ = tiered_home(sample_home, tmp_path_factory.mktemp("tiered") / "home")
    pool = PublicationPool(Home(home))
    with pool.reading(limited=False) as reading:
        yield reading
    pool.close()


@pytest.mark.parametrize("fields", QUERIES, ids=str)
def test_a_recommendation_equals_brute_force_over_cards(
    tiered_reading: Reading, fields: dict[str, Any]
) -> None:
    query = RecommendQuery.model_validate({**fields, **ALL})
    priced = require_equal(tiered_reading, read_market(tiered_reading), query)
    assert priced or "task" not in fields or fields["task"] != ["text"]


def test_the_route_and_the_command_return_the_same(site: Site, sample_home: Path) -> None:
    body = site.get_json(
        "/v1/recommend", ("task", "text"), ("region", "eu"), ("input_tokens", 1000), ("limit", 3)
    )
    models.Recommendation.model_validate(body)
    assert body["mix"] == {**dict.fromkeys(UNITS, 0), "input_tokens": 1000}
    assert body["mix_is_default"] is False
    done = pricehouse(
        *("recommend", "--task", "text", "--region", "eu", "--input-tokens", "1000"),
        *("--limit", "3", "--json"),
        home=sample_home,
    )
    assert answered(done) == body
    printed = pricehouse("recommend", "--model", "openai/GPT-oss-120b", home=sample_home)
    assert printed.returncode == 0
    assert "an example, because no quantity was given" in printed.stdout
    assert "openai/gpt-oss-120b:" in printed.stdout


@pytest.mark.parametrize(
    ("task", "mix"),
    [
        ("conversational", {"input_tokens": 750_000, "output_tokens": 250_000}),
        ("embedding", {"input_tokens": 1_000_000}),
        ("text-to-image", {"images": 1_000}),
    ],
)
def test_without_a_quantity_the_mix_is_an_example(
    site: Site, task: str, mix: dict[str, int]
) -> None:
    body = site.get_json("/v1/recommend", ("task", task), ("limit", 1), ("left_out_limit", 0))
    assert (body["mix"], body["mix_is_default"]) == ({**dict.fromkeys(UNITS, 0), **mix}, True)
    assert body["left_out"] == []


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("task", "tex", "conversational"),
        ("region", "france", "eu, eea, us, multi, unverified"),
        ("tag", "gdpr", "no-training"),
        ("inference_provider", "novit", "novita"),
        ("provider", "github", "huggingface"),
        ("model_id", "openai/gpt-oss-120", "openai/gpt-oss-120b"),
        ("region_mode", "loose", "lenient"),
        ("status", "up", "live"),
        ("nothing", "1", "no_training"),
    ],
)
def test_an_unknown_parameter_or_value_is_refused_with_the_valid_ones(
    site: Site, sample_home: Path, name: str, value: str, valid: str
) -> None:
    response = site.client.get(f"/v1/recommend?{name}={value}")
    assert response.status_code == 422
    problem = response.json()
    assert valid in problem["detail"]
    assert [error["field"].split(".")[0] for error in problem["errors"]] == [name]
    if name == "task":
        done = pricehouse("recommend", "--task", value, "--limit", "3", home=sample_home)
        assert (done.returncode, done.stdout) == (2, "")
        assert valid in done.stderr


def money(most: int) -> st.SearchStrategy[Decimal]:
    """Return amounts of at most 12 significant digits, as prices have them."""
    return st.integers(0, most).map(lambda n: Decimal(n).scaleb(-9))


COLUMNS = {
    "status": st.sampled_from(["live", "live", "live", "error", "staging"]),
    "offer_type": st.sampled_from(["model", "model", "model", "adapter"]),
    "region": st.sampled_from(["eu", "eea", "us", "multi", "unverified"]),
    "compliance_tags": st.lists(st.sampled_from(["no-training", "no-retention"]), unique=True),
    "supports_tools": st.sampled_from([True, True, False, None]),
    "supports_structured_output": st.sampled_from([True, False, None]),
    "context_length": st.sampled_from([None, 8_192, 131_072]),
    "throughput_tps": st.sampled_from([None, 0.5, 80.0, 80.0]),
    "first_token_latency_ms": st.sampled_from([None, 200.0, 900.0]),
    "price_status": st.sampled_from(["priced"] * 5 + ["free", "suspect", "not_published"]),
    "price_reason": st.sampled_from([None, None, None, "ambiguous_attachment"]),
    "held": st.sampled_from([False, False, False, True]),
    "currency": st.sampled_from(["USD", "USD", "USD", "EUR"]),
    "router_default": st.sampled_from([True, False, None]),
    "router_cheapest": st.sampled_from([True, False, None]),
    "is_stale": st.sampled_from([False, False, False, True]),
    "is_declined": st.booleans(),
    **{column: st.none() | money(3_000) for column in UNITS.values()},
    "cost_per_cached_input_token": st.none() | money(300),
}
"""What varies between cards: amounts are few, so that costs are often equal."""
CARD = st.fixed_dictionaries(COLUMNS)
MIX = st.fixed_dictionaries(
    {
        "input_tokens": st.sampled_from([0, 1, 3, 10**9]),
        "output_tokens": st.sampled_from([0, 0, 7]),
        "characters": st.sampled_from([0, 0, 3]),
        "images": st.sampled_from([0, 0, 2]),
        "cached_share": st.sampled_from([Decimal(0), Decimal("0.5"), Decimal("0.3333")]),
        "tools": st.sampled_from([None, None, True]),
        "no_training": st.sampled_from([False, False, True]),
        "region": st.sampled_from([[], [], ["eu"], ["eea"]]),
        "region_mode": st.sampled_from(["strict", "lenient"]),
        "min_throughput_tps": st.sampled_from([None, None, 10.0]),
        "max_cost_per_month": st.sampled_from([None, None, Decimal("0.000001")]),
    }
)


@pytest.fixture(scope="module")
def writable(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A copy of the sample's publication whose cards a test replaces."""
    path = tmp_path_factory.mktemp("random") / "copy.duckdb"
    shutil.copy(newest(Home(sample_home)), path)
    with open_writer(path) as con:
        con.execute("CREATE TEMP TABLE one_price AS FROM internal._ph_price LIMIT 1")
        con.execute("CREATE TEMP TABLE drawn AS FROM internal._ph_cards")
        con.execute("DROP VIEW internal._ph_cards")
        con.execute("CREATE TABLE internal._ph_cards AS FROM drawn")
        yield con


def as_card(
    number: int, offer_id: str, drawn: dict[str, Any], observed_to: datetime
) -> dict[str, Any]:
    """Return a card of one of two models with what was drawn, rankable by the contract's rule."""
    is_stale = drawn["is_stale"]
    card = {
        **drawn,
        "offer_id": offer_id,
        "source": "huggingface",
        "model_id": f"acme/m{number % 2}",
        "inference_provider": f"p{number // 2}",
        "task": "conversational",
        "task_group": "text",
        "price_observed_at": observed_to - timedelta(hours=25 if is_stale else 24),
    }
    if card["price_status"] not in ("priced", "free"):
        card |= dict.fromkeys([*UNITS.values(), "cost_per_cached_input_token"])
    has_cost = any(card[column] is not None for column in UNITS.values())
    is_plain = (card["status"], card["price_status"], card["currency"]) == ("live", "priced", "USD")
    card["rankable"] = (
        is_plain
        and has_cost
        and card["offer_type"] == "model"
        and not card["held"]
        and not is_stale
        and card["price_reason"] is None
    )
    return card


def write_cards(con: Connection, cards: list[dict[str, Any]]) -> None:
    """Replace the cards of a publication, and what is stated of their cached tokens."""
    con.execute("DELETE FROM internal._ph_cards")
    con.execute("DELETE FROM internal._ph_price")
    columns = {
        name: kind
        for name, kind in con.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '_ph_cards'"
        ).fetchall()
        if name in cards[0]
    }
    shape = json.dumps([columns])
    con.execute(
        "INSERT INTO internal._ph_cards BY NAME SELECT unnest(from_json(?, ?), max_depth := 2)",
        [json.dumps(json_value(cards), default=str), shape],
    )
    con.execute(
        "INSERT INTO internal._ph_price SELECT o.* REPLACE (c.offer_id AS offer_id,"
        " 'cached_input_token' AS unit, 'standard' AS tier, NULL AS amount,"
        " 'not_published' AS price_status, 'not_offered' AS reason)"
        " FROM one_price o, (SELECT unnest(?::VARCHAR[]) AS offer_id) c",
        [[card["offer_id"] for card in cards if card["is_declined"]]],
    )


@settings(max_examples=20)
@given(st.lists(CARD, min_size=1, max_size=8), MIX)
def test_random_cards_give_what_brute_force_gives(
    writable: Connection, drawn: list[dict[str, Any]], mix: dict[str, Any]
) -> None:
    ((observed_to,),) = writable.execute("SELECT observed_to FROM publication").fetchall()
    known = "SELECT offer_id FROM internal._ph_card ORDER BY 1 LIMIT 8"
    offers = writable.execute(known).fetchall()
    cards = [
        as_card(number, offer, each, observed_to)
        for number, (each, (offer,)) in enumerate(zip(drawn, offers, strict=False))
    ]
    write_cards(writable, cards)
    opened = SimpleNamespace(facts={"observed_to": observed_to}, kept={})
    reading = Reading(cast("OpenPublication", opened), writable)
    declined = {card["offer_id"] for card in cards if card["is_declined"]}
    market = CardSet(cards, declined, set(), observed_to)
    query = RecommendQuery.model_validate({**mix, **ALL})
    if not any(query.mix().values()):
        query = query.model_copy(update={"input_tokens": 750_000, "output_tokens": 250_000})
    require_equal(reading, market, query)


def test_amounts_are_plain_text_without_exponent(site: Site) -> None:
    body = site.get_json("/v1/recommend", ("task", "text"), ("input_tokens", 1), ("limit", 1))
    (item,) = body["items"]
    assert item["cost_per_month"] == amount_text(Decimal(item["offer"]["cost_per_input_token"]))
    assert "E" not in item["cost_per_month"].upper()
