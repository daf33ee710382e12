"""Cached and tiered prices on cards, in macros, in the API, in the calculator and on pages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from marketplace.api import models
from marketplace.queries.call_cost import CallUsage, find_call_cost
from schemas.amounts import amount_text
from tests.support.serving import Site, serving
from tests.support.tiered_offers import KINDS, MODEL, TIERS, tiered_home
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

USE = (("input_tokens", 10_000_001), ("output_tokens", 1_000_000), ("q", "gpt-oss-120b"))


@pytest.fixture(scope="module")
def tiered(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home, _ = tiered_home(sample_home, tmp_path_factory.mktemp("tiered") / "home")
    with serving(home) as running:
        yield running


@pytest.fixture(scope="module")
def offers(tiered: Site) -> dict[str, str]:
    """Kind of statement → offer_id."""
    found = tiered.sql(
        "SELECT offer_id FROM cards WHERE model_id = ? AND rankable"
        " AND cost_per_output_token IS NOT NULL ORDER BY inference_provider LIMIT 5",
        MODEL,
    )
    return dict(zip(KINDS, (row[0] for row in found), strict=True))


def test_a_card_has_the_cached_price_that_is_sure_and_stays_as_it_was(
    tiered: Site, site: Site, offers: dict[str, str]
) -> None:
    now = tiered.sql("SELECT * EXCLUDE cost_per_cached_input_token FROM cards ORDER BY offer_id")
    assert now == site.sql(
        "SELECT * EXCLUDE cost_per_cached_input_token FROM cards ORDER BY offer_id"
    )
    found = tiered.sql(
        "SELECT offer_id, cost_per_cached_input_token / cost_per_input_token FROM cards"
        " WHERE cost_per_cached_input_token IS NOT NULL"
    )
    assert [(offer, round(share, 6)) for offer, share in found] == [(offers["priced"], 0.1)]
    held = tiered.sql(
        "SELECT offer_id, unit, hold_reason FROM prices WHERE held AND tier = ? AND offer_id = ?",
        "standard",
        offers["held"],
    )
    assert held == [(offers["held"], "cached_input_token", "unit_magnitude")]


def test_the_api_keeps_the_answers_about_cached_tokens_apart(
    tiered: Site, offers: dict[str, str]
) -> None:
    listed = tiered.get_json("/v1/offers", ("model_id", MODEL), ("limit", 200))
    models.Offers.model_validate(listed)
    model = tiered.get_json(f"/v1/models/{MODEL}")
    wanted = {
        "priced": "priced",
        "not_offered": "not_offered",
        "held": "under_review",
        "other_currency": "priced",
        "not_stated": "not_stated",
    }
    for kind, offer in offers.items():
        body = tiered.get_json(f"/v1/offers/{offer}")
        models.OfferDetail.model_validate(body)
        stated = body["cached_input"]
        assert stated["status"] == wanted[kind], kind
        assert stated == listed["cached_input"][offer] == model["cached_input"][offer]
        assert (stated["amount"] is None) is (stated["status"] != "priced")
    assert set(listed["cached_input"]) == {item["offer_id"] for item in listed["items"]}
    by_cost = tiered.get_json("/v1/offers", ("sort", "cost_per_cached_input_token"), ("limit", 1))
    assert by_cost["items"][0]["offer_id"] == offers["priced"]


def test_a_blend_without_cached_tokens_is_what_it_was(tiered: Site) -> None:
    plain = (
        "SELECT offer_id, model_id, inference_provider, task, region, cost_per_input_token,"
        " cost_per_output_token, (cost_per_input_token * {0}::DECIMAL(5,4)"
        " + cost_per_output_token * (1 - {0})::DECIMAL(5,4))::DECIMAL(38,18), currency, rankable"
        " FROM cards WHERE cost_per_input_token IS NOT NULL AND cost_per_output_token IS NOT NULL"
        " ORDER BY offer_id"
    )
    for call, share in (("", "0.75"), ("0.9", "0.9"), ("0.3, cached_share := 0", "0.3")):
        macro = tiered.sql(f"SELECT * FROM blended({call}) ORDER BY offer_id")
        assert macro == tiered.sql(plain.format(share))


def test_a_blend_with_cached_tokens_is_null_where_their_price_is_not_known(
    tiered: Site, offers: dict[str, str]
) -> None:
    found = dict(
        tiered.sql(
            "SELECT offer_id, (blended_cost_per_token, cost_per_input_token,"
            " cost_per_output_token) FROM blended(0.8, cached_share := 0.25)"
        )
    )
    for kind, offer in offers.items():
        blend, price_in, price_out = found[offer]
        cached = {"priced": price_in / 10, "not_offered": price_in}.get(kind)
        if cached is None:
            assert blend is None, kind
            continue
        shares = Decimal("0.6") * price_in + Decimal("0.2") * cached + Decimal("0.2") * price_out
        assert blend == shares


def test_the_cheapest_with_cached_tokens_are_those_of_which_the_cost_is_known(
    tiered: Site, offers: dict[str, str]
) -> None:
    def found(more: str) -> list[tuple[Any, ...]]:
        return tiered.sql(f"SELECT offer_id, cost_per_token FROM cheapest('text', n := 99{more})")

    assert found("") == found(", cached_share := 0")
    assert found("") == tiered.sql(
        "SELECT offer_id, cost_per_token FROM cards WHERE rankable AND task_group = 'text'"
        " AND cost_per_token IS NOT NULL"
        " ORDER BY cost_per_token, model_id, inference_provider, offer_id LIMIT 99"
    )
    with_cache = dict(found(", cached_share := 0.5"))
    assert set(with_cache) == {offers["priced"], offers["not_offered"]}
    blended = dict(
        tiered.sql("SELECT offer_id, blended_cost_per_token FROM blended(cached_share := 0.5)")
    )
    assert with_cache == {offer: blended[offer] for offer in with_cache}


def test_the_estimate_ranks_only_what_is_known_of_cached_tokens(
    tiered: Site, offers: dict[str, str]
) -> None:
    body = tiered.get_json("/v1/estimate", *USE, ("cached_share", "0.5"), ("limit", 200))
    models.Estimate.model_validate(body)
    assert (body["cached_share"], body["cached_input_tokens"]) == ("0.5", 5_000_000)
    (need,) = body["needs"]
    costs = {
        offer: (price_in, price_out)
        for offer, price_in, price_out in tiered.sql(
            "SELECT offer_id, cost_per_input_token, cost_per_output_token FROM cards"
        )
    }
    ranked = {item["offer"]["offer_id"]: item for item in need["items"]}
    assert set(ranked) == {offers["priced"], offers["not_offered"]}
    assert need["total"] == 2
    for kind, cached in (("priced", Decimal("0.1")), ("not_offered", Decimal(1))):
        price_in, price_out = costs[offers[kind]]
        cost = 5_000_001 * price_in + 5_000_000 * price_in * cached + 1_000_000 * price_out
        assert ranked[offers[kind]]["cost_per_month"] == amount_text(cost)
    formula = ranked[offers["not_offered"]]["formula"]
    assert "5,000,001 input tokens" in formula
    assert "(not offered cached, so at the input price)" in formula
    others = {item["offer"]["offer_id"]: item for item in need["unranked"]}
    assert need["unranked_total"] == len(others)
    assert {offers[kind] for kind in ("held", "other_currency", "not_stated")} <= set(others)
    for offer, item in others.items():
        price_in, price_out = costs[offer]
        whole = 10_000_001 * price_in + 1_000_000 * price_out
        assert item["cost_at_input_price"] == amount_text(whole)
        assert "rank" not in item
        assert "here at the input price)" in item["formula"]
    least = min(Decimal(item["cost_per_month"]) for item in need["items"])
    assert body["least_per_month"] == amount_text(least)


def test_a_mix_of_which_nothing_is_known_is_unmet_and_still_listed(tiered: Site) -> None:
    body = tiered.get_json(
        "/v1/estimate", ("input_tokens", 10), ("cached_share", "1"), ("q", "llama")
    )
    (need,) = body["needs"]
    assert (need["total"], need["items"], body["unmet"]) == (0, [], ["tokens"])
    assert need["unranked"]
    assert body["least_per_month"] is None
    for share in ("-0.1", "1.1", "0.12345", "x"):
        assert tiered.client.get(f"/v1/estimate?cached_share={share}").status_code == 422


def test_the_calculator_marks_what_is_not_known_of_cached_tokens(tiered: Site) -> None:
    page = unescape(
        tiered.get("/calculator?input_tokens=1000&q=gpt-oss-120b&cached_share=0.5").text
    )
    known, unknown = page.split("Not ranked: the price of cached tokens is not known")
    assert '<option value="0.5" selected>50 %</option>' in known
    assert known.count("500 cached input tokens") == 2
    assert "cached price not stated, here at the input price" in unknown
    assert "Not ranked" not in tiered.get("/calculator?input_tokens=1000&q=gpt-oss-120b").text
    odd = unescape(tiered.get("/calculator?input_tokens=1000&cached_share=0.125").text)
    assert '<option value="0.125" selected>12.5 %</option>' in odd


def test_the_page_of_an_offer_has_every_tier_and_what_is_not_offered(
    tiered: Site, offers: dict[str, str]
) -> None:
    page = unescape(tiered.get(f"/offers/{offers['priced']}").text)
    for text in ("flex (slower)", "batch (later)", "over 32,768 tokens of context", "priority"):
        assert text in page
    assert "Only standard prices are compared and shown on cards." in page
    assert "cached input</p>" in page
    declined = unescape(tiered.get(f"/offers/{offers['not_offered']}").text)
    assert "Cached input: not offered." in declined
    assert "stated as not offered" in declined
    assert "None" not in declined
    assert "Cached input: not stated." in tiered.get(f"/offers/{offers['not_stated']}").text
    assert "Cached input: under review." in tiered.get(f"/offers/{offers['held']}").text


def test_model_and_comparison_pages_show_cached_input_and_no_other_tier(
    tiered: Site, offers: dict[str, str]
) -> None:
    page = unescape(tiered.get(f"/models/{MODEL}").text)
    for text in ("cached input", "not offered", "not stated", "under review", "in EUR"):
        assert text in page
    assert not any(tier in page for tier in (*TIERS, "flex (slower)"))
    address = "/compare?" + "&".join(f"offer={offer}" for offer in offers.values())
    compared = unescape(tiered.get(address).text)
    assert "not offered" in compared
    assert "not stated" in compared


def test_a_call_with_a_long_prompt_costs_the_price_of_its_size(
    tiered: Site, offers: dict[str, str]
) -> None:
    provider, per_input, per_output = tiered.sql(
        "SELECT inference_provider, cost_per_input_token, cost_per_output_token FROM cards"
        " WHERE offer_id = ?",
        offers["priced"],
    )[0]
    with PublicationPool(Home(tiered.home)).reading() as reading:
        costs = [
            find_call_cost(reading, MODEL, provider, CallUsage(size, 10, cached)).amount
            for size, cached in ((32_768, 0), (32_769, 0), (40_000, 10_000))
        ]
    half, cached = per_input / 2, per_input / 10
    assert costs == [
        32_768 * per_input + 10 * per_output,
        32_769 * half + 10 * per_output,
        30_000 * half + 10_000 * cached + 10 * per_output,
    ]
