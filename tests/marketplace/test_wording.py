"""The display rules that keep a buyer from being misled, on pages of real hours."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from marketplace.numbers import dollars, per_million, short
from marketplace.pages import wording
from marketplace.queries.filters import OffersQuery
from schemas.amounts import amount_text
from tests.support.publication_copies import altered
from tests.support.serving import Site, serving

REASONS = (
    "not_stated",
    "compute_time_only",
    "list_not_read",
    "listed_without_price",
    "no_list_published",
    "none_seen",
    "not_in_registry",
)


def card(site: Site, query: str) -> str:
    """Return the text of the first card of a page."""
    html = site.get(f"/?{query}").text
    found = re.search(r"<article.*?</article>", html, re.DOTALL)
    assert found, query
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


def test_cards_show_input_and_output_and_a_blend_with_its_mix(site: Site) -> None:
    text = card(site, "model_id=openai/gpt-oss-120b&inference_provider=cerebras")
    assert "input $0.35 output $0.75 USD per 1M tokens · $0.45 blended 3 in : 1 out" in text
    assert "openai/ gpt-oss-120b" in text
    for page in ("/", "/?view=table"):
        text = site.get(page).text
        assert text.count("blended") <= text.count("3 in") + text.count("Blended 3:1")


def test_free_needs_a_statement_and_a_bare_zero_is_under_review(live_site: Site) -> None:
    free = card(live_site, "model_id=acme/gift")
    assert "free (stated by the source)" in free
    assert "$" not in free
    suspect = card(live_site, "model_id=acme/chat&inference_provider=together&status=staging")
    assert "under review, the source states 0" in suspect
    assert "$" not in suspect
    assert "staging since 1 Mar 2026" in suspect


def test_a_held_price_has_its_date_and_what_the_source_states_now(site: Site) -> None:
    text = card(site, "model_id=mistralai/Mistral-7B-Instruct-v0.2&inference_provider=together")
    assert "unconfirmed since 26 Feb 2026, the source now states 0" in text
    assert "input $0.20 output $0.20" in text
    assert "error since 26 Feb 2026" in text


def test_adapters_are_counted_separately_and_never_the_cheapest(site: Site) -> None:
    assert "1,065 offers + 592 adapters" in site.get("/").text
    adapters = site.get("/?offer_type=adapter&view=table&limit=200").text
    assert "592 adapters" in adapters
    assert "cheapest of" not in adapters
    assert "an adapter runs on another model" in adapters


def test_the_cheapest_has_at_least_one_rankable_rival(site: Site) -> None:
    alone = site.sql(
        "SELECT model_id FROM cards WHERE rankable GROUP BY model_id, task HAVING count(*) = 1"
        " ORDER BY 1 LIMIT 5"
    )
    for (model_id,) in alone:
        assert "cheapest of" not in site.get(f"/models/{model_id}").text
    page = site.get("/models/openai/gpt-oss-120b").text
    ((rivals, least),) = site.sql(
        "SELECT count(*), arg_min(inference_provider, cost_per_token) FROM cards"
        " WHERE rankable AND model_id = 'openai/gpt-oss-120b'"
    )
    assert page.count("cheapest of") == 1
    row = next(row for row in page.split("<tr") if "cheapest of" in row)
    assert f"cheapest of {rivals}" in row
    assert least.lower() in row.lower()


def test_a_place_shows_what_is_verified_and_that_routing_is_not(site: Site) -> None:
    ((checked,),) = site.sql(
        "SELECT min(checked_on) FROM compliance_claims WHERE inference_provider = 'scaleway'"
        " AND claim = 'serving_region' AND applies = 'default'"
    )
    text = card(site, "inference_provider=scaleway")
    assert f"Inference: FR (verified {wording.day(checked)}). Operator: FR." in text
    page = site.get("/?inference_provider=novita").text
    assert "Routed through Hugging Face, location unverified." in page
    assert card(site, "inference_provider=novita").count("location unverified") == 1, "a short chip"


def test_a_provider_that_left_is_marked_with_the_day_and_its_source(site: Site) -> None:
    assert "SambaNova left Hugging Face on 29 Jun 2026" in card(
        site, "inference_provider=sambanova"
    )
    assert "left Hugging Face" not in card(site, "inference_provider=scaleway")
    ((offer_id,),) = site.sql(
        "SELECT offer_id FROM cards WHERE inference_provider = 'sambanova' ORDER BY 1 LIMIT 1"
    )
    page = site.get(f"/offers/{offer_id}").text
    assert "what was stated about it is not in force" in page
    assert 'href="https://github.com/huggingface/hub-docs/pull/2605"' in page
    proof = site.get_json(f"/v1/offers/{offer_id}")["proof"]
    assert (proof["provider_left_on"], proof["provider_left_source"]) == (
        "2026-06-29",
        "https://github.com/huggingface/hub-docs/pull/2605",
    )
    status = site.get("/status").text
    assert "Providers that left Hugging Face: Black Forest Labs on 1 Jul 2026" in status
    table = site.get("/?view=table&inference_provider=sambanova").text
    assert "left Hugging Face on 29 Jun 2026" in table


@pytest.mark.parametrize(
    ("provider", "note"),
    [
        (None, None),
        ({"left_on": None}, None),
        ({}, None),  # a publication of earlier code
        ({"left_on": date(2026, 7, 2)}, None),
        ({"left_on": date(2026, 7, 1)}, "left Hugging Face on 1 Jul 2026"),
    ],
)
def test_a_provider_left_from_its_day_on(provider: Any, note: str | None) -> None:
    assert wording.left_note(provider, datetime(2026, 7, 1, 0, 30, tzinfo=UTC)) == note


def test_speed_has_its_own_date_and_is_on_text_cards_only(site: Site) -> None:
    measured = card(site, "inference_provider=cerebras&model_id=openai/gpt-oss-120b")
    assert "Speed measured 21 Sep 2026 900 tokens/s" in measured
    assert "Speed not measured" in card(site, "inference_provider=featherless-ai&task=text")
    for group in ("image", "audio", "video", "embedding", "other"):
        assert "tokens/s" not in card(site, f"task={group}")
    assert ">0 tokens/s" not in site.get("/?task=text&limit=200").text


def test_offers_that_look_the_same_show_the_providers_model_id(
    site: Site,
) -> None:
    rows = site.sql(
        "SELECT model_id, list(provider_model_id) FROM cards WHERE provider_model_id IS NOT NULL"
        " GROUP BY model_id, inference_provider, task HAVING count(*) > 1"
    )
    assert rows
    for model_id, names in rows:
        page = unescape(site.get(f"/?offer_type=all&model_id={model_id}").text)
        assert all(f'<span class="pid">{name}</span>' in page for name in names)


def test_image_prices_and_estimates_are_labelled_as_such(site: Site, tmp_path: Path) -> None:
    """No feed states these prices yet, so the test writes them into a copy."""
    image = site.sql(
        "SELECT offer_id, model_id FROM cards WHERE task = 'text-to-image' AND offer_type = 'model'"
        " AND status = 'live' ORDER BY 1 LIMIT 4"
    )
    priced = (
        "UPDATE internal._ph_card_facts"
        " SET cost_per_image = ?, currency = 'USD', price_status = 'priced',"
        " price_reason = NULL, can_rank = true, price_fixed_at = h.ranked_from, model_id = ?,"
        " task = 'text-to-image'"
        " FROM internal._ph_hour h WHERE offer_id = ?"
    )
    guess = """
        UPDATE internal._ph_card_facts SET estimated_cost = 0.0021, estimated_unit = 'image'
        WHERE offer_id = ?
    """
    changes: list[tuple[str, list[object]]] = [
        (priced, [cost, image[0][1], offer])
        for cost, (offer, _) in zip(("0.02", "0.003", "0.003"), image, strict=False)
    ]
    home = altered(site.home, tmp_path / "home", *changes, (guess, [image[3][0]]))
    with serving(home) as copy:
        page = copy.get_json("/v1/offers", ("task", "text-to-image"), ("limit", 200))
        assert [item["cost_per_image"] for item in page["items"][:3]] == ["0.003", "0.003", "0.02"]
        assert page["items"][3]["estimated_cost"] == "0.0021", "behind every price"
        text = card(copy, "task=text-to-image")
        assert "per image (1024×1024) $0.003" in text
        assert "tied cheapest of 3" in text
        guessed = next(
            a for a in copy.get("/?task=text-to-image").text.split("<article") if "≈" in a
        )
        assert '<p class="estimate">≈ $0.0021 per image, an estimate, not a price</p>' in guessed
        assert "cheapest" not in guessed
        body = copy.get_json("/v1/estimate", ("images", 1000))
        (need,) = body["needs"]
        assert [item["cost_per_month"] for item in need["items"]] == ["3", "3", "20"]
        assert "From $3.00 a month" in copy.get("/calculator?images=1000&input_tokens=0").text
        spread = copy.get_json(f"/v1/models/{image[0][1]}")["spread"]
        assert [s["unit"] for s in spread] == ["image"]
        under = copy.get_json("/v1/offers", ("max_cost_per_image", "0.003"))
        assert under["total"] == 2


def test_the_status_page_marks_feeds_that_are_off_or_not_read_yet(site: Site) -> None:
    page = site.get("/status").text
    feeds = {feed["feed"]: feed for feed in site.get_json("/v1/status")["feeds"]}
    for feed, last in site.sql("SELECT feed, last_success_at FROM feeds"):
        row = next(row for row in page.split("<tr") if f'scope="row">{feed}<' in row)
        assert (feeds[feed]["state"] == "ok") is (last is not None)
        assert f"<td>{escape(feeds[feed]['state'])}</td>" in row
        assert f"<td>{wording.interval(feeds[feed]['expected_every_s'])}</td>" in row
        assert ("<td>none yet</td>" in row) is (last is None)


def test_only_sources_that_were_read_are_credited(site: Site) -> None:
    read = {
        source
        for (source,) in site.sql("SELECT source FROM feeds WHERE last_success_at IS NOT NULL")
    }
    credited = site.get_json("/v1/status")["attribution"]
    assert ("Hugging Face" in credited) is ("huggingface" in read) is True
    assert ("fal" in credited.replace("Not affiliated", "")) is ("fal" in read) is False


def test_the_api_page_shows_names_as_code(site: Site) -> None:
    page = site.get("/api").text
    assert "The id is <code>org/name</code>" in page
    assert "`" not in page


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_a_text(code: str) -> None:
    assert wording.reason(code) != code


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("0.01", "$0.01"),
        ("0.5", "$0.50"),
        ("12", "$12.00"),
        ("0.07025", "$0.07025"),
        ("0.0000123456", "$0.00001235"),
        ("1234.5", "$1,234"),
        ("0.299250", "$0.2992"),
        ("99.999", "$100.00"),
    ],
)
def test_a_price_for_people_keeps_cents_and_four_digits(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text


def test_per_million_is_exact_where_it_is_short() -> None:
    assert per_million(Decimal("0.000000250000000000")) == "$0.25"
    assert amount_text(Decimal("2.5E-7")) == "0.00000025"
    assert [short(n) for n in (512, 8192, 131072, 1_000_000, 1_048_576)] == [
        "512",
        "8k",
        "131k",
        "1M",
        "1M",
    ]


def test_an_age_and_an_interval_name_their_units() -> None:
    now = datetime(2026, 9, 1, 1, 5, tzinfo=UTC)
    assert wording.age_of(now - timedelta(hours=24), now) == "1 day"
    assert wording.age_of(now + timedelta(days=1), now) == "an unknown time"
    assert [wording.interval(seconds) for seconds in (3600, 86_400)] == ["1 hour", "1 day"]


def test_times_are_in_utc_and_a_missing_one_is_unknown() -> None:
    assert wording.minute(datetime(2026, 9, 1, 1, 5, tzinfo=UTC)) == "1 Sep 2026, 01:05 UTC"
    assert wording.day(None) == wording.minute(None) == "unknown"


def test_a_region_filter_is_strict_by_default() -> None:
    assert OffersQuery(region=["ch"]).values()["region"] == ["CH"]
    assert OffersQuery(region=["US"], region_mode="lenient").values()["region"] == [
        "us",
        "multi",
        "unverified",
    ]
