"""Every amount on cards, tables, details, comparisons and calculations equals SQL, in each unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from marketplace.numbers import dollars, per_million
from marketplace.pages.wording import unit_price
from pipeline.report import Report
from tests.support.publication_copies import altered
from tests.support.serving import Site, serving

Shows = Callable[[Decimal], str]
COSTS: dict[str, tuple[Shows, str]] = {
    "cost_per_input_token": (per_million, "input"),
    "cost_per_output_token": (per_million, "output"),
    "cost_per_image": (dollars, "per image (1024×1024)"),
    "cost_per_audio_minute": (dollars, "per minute of audio"),
    "cost_per_video_second": (dollars, "per second of video"),
    "cost_per_million_characters": (dollars, "per 1M characters"),
}
NEEDS = {
    "image": ("images", "cost_per_image"),
    "audio": ("audio_minutes", "cost_per_audio_minute"),
    "video": ("video_seconds", "cost_per_video_second"),
}
# No list of the sample prices audio, and its lists are days older than the router's answer.
AUDIO = (
    "UPDATE internal._ph_card_facts SET price_status = 'priced', price_reason = NULL,"
    " currency = 'USD', cost_per_audio_minute = 0.0042 + 0.0001 * length(model_id),"
    " cost_per_million_characters = 3.25 WHERE task_group = 'audio'"
)
SEEN_TODAY = (
    "UPDATE internal._ph_card_facts SET can_rank = true, price_fixed_at = h.ranked_from,"
    " price_feeds = NULL FROM internal._ph_hour h"
    " WHERE task_group IN ('image', 'audio', 'video') AND offer_type = 'model'"
    " AND price_status = 'priced' AND status = 'live'"
)


@pytest.fixture(scope="module")
def site(
    sample: tuple[Path, list[Report]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A server over the demo's data, in which offers of images, audio and video are ranked."""
    home = tmp_path_factory.mktemp("units") / "home"
    with serving(altered(sample[0] / "data", home, (AUDIO, []), (SEEN_TODAY, []))) as running:
        yield running


def text_of(html: str) -> str:
    """Return the text of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def costs_of(site: Site) -> dict[str, list[tuple[str, str]]]:
    """Return offer → (amount, unit) of its row, as a buyer reads it."""
    return {
        offer: [
            (shows(cost), unit)
            for (shows, unit), cost in zip(COSTS.values(), row, strict=True)
            if cost is not None
        ]
        for offer, *row in site.sql(f"SELECT offer_id, {', '.join(COSTS)} FROM cards")
    }


@pytest.mark.parametrize("group", ["text", *NEEDS])
def test_cards_and_tables_have_the_amounts_of_their_rows(site: Site, group: str) -> None:
    costs = costs_of(site)
    query = f"task={group}&limit=200&priced_only=true"
    cards = re.findall(r"<article.*?</article>", site.get(f"/?{query}").text, re.DOTALL)
    for card in cards:
        offer_id = re.findall(r'href="/offers/([0-9a-f]{16})"', card)[0]
        found = re.findall(r"<dt>([^<]*)</dt><dd>(\$[^<]*)</dd>", card)
        assert [(amount, unescape(unit)) for unit, amount in found] == costs[offer_id]
    rows = site.get(f"/?{query}&view=table").text.split('<tr role="row"')[2:]
    for row in rows:
        offer_id = re.findall(r'href="/offers/([0-9a-f]{16})"', row)[0]
        text = text_of(row)
        for amount, unit in costs[offer_id]:
            assert f"{amount} {unit}" in text
    ((number,),) = site.sql(
        "SELECT least(count(*), 200) FROM cards WHERE task_group = ? AND offer_type = 'model'"
        " AND price_status IN ('priced', 'free')",
        group,
    )
    assert len(cards) == len(rows) == number > 0


@pytest.mark.parametrize("group", NEEDS)
def test_the_calculator_and_the_comparison_equal_sql(site: Site, group: str) -> None:
    need, column = NEEDS[group]
    wanted = site.sql(
        f"SELECT offer_id, {column} FROM cards WHERE rankable AND {column} IS NOT NULL"
        f" ORDER BY {column}, model_id, inference_provider, offer_id LIMIT 20"
    )
    page = site.get(f"/calculator?{need}=1234").text
    costs = re.findall(r'class="cost strong">(\$[^<]*)<', page)
    assert costs == [dollars(1234 * cost) for _, cost in wanted]
    chosen = wanted[:3]
    page = site.get("/compare?" + "&".join(f"offer={offer}" for offer, _ in chosen)).text
    unit = COSTS[column][1]
    row = next(r for r in page.split("<tr") if f">{unit[0].upper()}{unit[1:]}".lower() in r.lower())
    assert re.findall(r"\$[0-9.,]+", text_of(row)) == [dollars(cost) for _, cost in chosen]


@pytest.mark.parametrize("group", ["text", "image", "video"])
def test_the_pages_of_offer_and_model_have_every_amount_of_sql(site: Site, group: str) -> None:
    ((offer_id, model_id),) = site.sql(
        "SELECT offer_id, model_id FROM cards WHERE task_group = ? AND price_status = 'priced'"
        " AND offer_type = 'model' ORDER BY offer_id LIMIT 1",
        group,
    )
    page, model = site.get(f"/offers/{offer_id}").text, site.get(f"/models/{model_id}").text
    text, costs = text_of(page), costs_of(site)
    for amount, unit in costs[offer_id]:
        assert f"{unit} {amount}" in text
        assert f"{amount} {unit}" in text_of(model)
    prices: list[Any] = site.sql(
        "SELECT unit, amount, currency FROM prices WHERE offer_id = ? AND amount IS NOT NULL",
        offer_id,
    )
    assert prices
    for unit, amount, currency in prices:
        assert unit_price(amount, unit, currency) in text
    for amount, unit, currency in site.sql(
        "SELECT h.amount, h.unit, h.currency FROM price_history h JOIN cards c USING (offer_id)"
        " WHERE c.model_id = ? AND h.tier = 'standard' AND h.amount IS NOT NULL",
        model_id,
    ):
        assert unit_price(amount, unit, currency) in text_of(model)
