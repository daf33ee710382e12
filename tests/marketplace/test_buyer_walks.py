"""The questions of a buyer, each answered in a real browser, with the clicks that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from marketplace.numbers import dollars, per_million
from tests.support.browsing import Opens, Window, needs_chromium
from tests.support.serving import Site

pytestmark = [needs_chromium, pytest.mark.slow]
GPT = "openai/gpt-oss-120b"
EU_CHAT = (
    "task_group = 'text' AND region = 'eu' AND supports_tools AND context_length >= 100000"
    " AND offer_type = 'model'"
)


@dataclass
class BuyerWalk:
    """A buyer who starts at the first page; every click and choice is counted."""

    window: Window
    clicks: int = 0

    @property
    def page(self) -> Any:
        return self.window.page

    def click(self, target: Any) -> None:
        """Click what leads to another page."""
        self.clicks += 1
        self.window.follow(target)

    def filter(self, label: str) -> None:
        """Click a filter of the first page."""
        self.clicks += 1
        with self.page.expect_response("**/?*"):
            self.page.locator("#filter-panel").get_by_text(label, exact=True).click()
        self.page.locator("#results:not([aria-busy])").wait_for()


@pytest.fixture
def walk(demo_site: Site, opens: Opens) -> Iterator[BuyerWalk]:
    with opens(demo_site, size=(1440, 900)) as window:
        window.page.goto("/")
        yield BuyerWalk(window)
        assert window.errors == []


def test_the_cheapest_eu_chat_model_with_tools_takes_four_clicks(
    demo_site: Site, walk: BuyerWalk
) -> None:
    for label in ("Text", "EU", "Tool calling"):
        walk.filter(label)
    walk.clicks += 1
    with walk.page.expect_response("**min_context_length=100000*"):
        walk.page.get_by_label("Context, minimum").select_option("100000")
    walk.page.locator("#results:not([aria-busy])").wait_for()
    ((model, cost, offers),) = demo_site.sql(
        "SELECT arg_min(model_id, (cost_per_token, model_id)) FILTER (rankable),"
        f" min(cost_per_token) FILTER (rankable), count(*) FROM cards WHERE {EU_CHAT}"
    )
    walk.page.locator("#found").get_by_text(f"{offers} offers").wait_for()
    card = walk.page.locator(".card").first.inner_text()
    assert model in card.replace("\n", "")
    assert f"{per_million(cost)} blended" in card
    chips = [" ".join(text.split()) for text in walk.page.locator(".chips a").all_text_contents()]
    named = ("Text", "EU", "Tool calling", "≥ 100k context")
    assert chips == [*(f"Remove filter {name} ×" for name in named), "Clear all"]
    assert walk.clicks == 4
    walk.window.screenshot("walk-eu-chat")


def test_the_cheapest_image_model_takes_one_click(demo_site: Site, walk: BuyerWalk) -> None:
    walk.filter("Images")
    ((cost,),) = demo_site.sql(
        "SELECT min(cost_per_image) FROM cards WHERE task_group = 'image' AND status = 'live'"
        " AND price_status = 'priced' AND offer_type = 'model'"
    )
    assert walk.page.locator(".card .price dd").first.inner_text() == dollars(cost)
    assert walk.clicks == 1
    walk.window.screenshot("walk-image")


def test_a_month_of_one_model_at_each_provider_takes_four_clicks(
    demo_site: Site, walk: BuyerWalk
) -> None:
    walk.page.goto("/?q=gpt-oss-120b")  # typed into the search
    walk.click(walk.page.locator(".card .model").filter(has_text="gpt-oss-120b").first)
    walk.click(walk.page.get_by_role("link", name="Cost of a month at each"))
    for label, number in (("Input tokens", "200000000"), ("Output tokens", "50000000")):
        walk.clicks += 1
        with walk.page.expect_response("**/calculator?*"):
            walk.page.get_by_label(label).fill(number)
    rows = demo_site.sql(
        "SELECT cost_per_input_token * 200000000 + cost_per_output_token * 50000000 AS cost,"
        " rankable FROM cards WHERE model_id = ? ORDER BY rankable DESC, cost",
        GPT,
    )
    ranked = [cost for cost, rankable in rows if rankable]
    walk.page.locator("#found").get_by_text(f"From {dollars(ranked[0])} a month").wait_for()
    costs = walk.page.locator(".months td.cost").all_inner_texts()
    assert costs == [dollars(cost) for cost in ranked]
    left_out = len(rows) - len(ranked)
    assert walk.page.get_by_text(f"{left_out} offers left out, and why").is_visible()
    reasons = walk.page.locator("details .offers tbody tr td:last-child").all_inner_texts()
    assert len(reasons) == left_out > 0
    assert all(len(reason) > 10 for reason in reasons)
    assert walk.clicks == 4
    walk.window.screenshot("walk-month", whole=True)


def test_the_fastest_per_dollar_takes_one_click(demo_site: Site, walk: BuyerWalk) -> None:
    walk.click(walk.page.get_by_role("link", name="Fastest per dollar"))
    best = demo_site.sql(
        "SELECT model_id, throughput_tps / (cost_per_token::DOUBLE * 1000000) AS worth FROM cards"
        " WHERE rankable AND throughput_tps IS NOT NULL AND cost_per_token IS NOT NULL"
        " ORDER BY worth DESC, model_id LIMIT 6"
    )
    cards = walk.page.locator(".card").all_inner_texts()[:6]
    for (model, worth), card in zip(best, cards, strict=True):
        assert model in card.replace("\n", "")
        assert f"{worth:,.0f} tokens/s per $" in card
    items = demo_site.get_json("/v1/offers", ("sort", "speed_per_dollar"), ("limit", 6))["items"]
    assert [item["model_id"] for item in items] == [model for model, _ in best]
    assert walk.clicks == 1
    walk.window.screenshot("walk-speed-per-dollar")


def test_what_changed_this_week_takes_one_click(demo_site: Site, walk: BuyerWalk) -> None:
    walk.click(walk.page.get_by_role("link", name="Changes", exact=True))
    ((number,),) = demo_site.sql(
        "SELECT count(*) FROM changes WHERE occurred_at >="
        " (SELECT observed_to FROM publication) - INTERVAL 7 DAY"
    )
    assert walk.window.count() == number > 0
    assert not walk.page.locator("details.kind[open]").count(), "what is new is folded"
    assert walk.clicks == 1


def test_whether_a_number_is_true_takes_one_click(demo_site: Site, walk: BuyerWalk) -> None:
    card = walk.page.locator(".card").first
    amount = card.locator(".price dd").first.inner_text()
    walk.click(card.get_by_role("link", name="Proof and details"))
    proof = walk.page.locator(".summary li").all_inner_texts()
    assert any(f"states {amount} per 1M input tokens; last read" in line for line in proof)
    assert walk.page.locator(".claims pre").count() > 0
    assert walk.clicks == 1
    walk.window.screenshot("walk-proof", whole=True)


def test_six_cards_are_above_the_fold_and_filters_stay_and_fold(walk: BuyerWalk) -> None:
    page = walk.page
    for address in ("/", "/?region=eu&tools=true"):
        page.goto(address)
        box = page.locator(".card").nth(5).bounding_box()
        assert box["y"] + box["height"] <= 900, address
    page.goto("/")
    assert page.locator(".card").first.get_by_text("location unverified").count() == 1
    page.mouse.move(900, 600)
    page.mouse.wheel(0, 4000)
    page.wait_for_function("window.scrollY > 2000")
    assert page.locator("#filter-panel").bounding_box()["y"] >= 0, "the panel stays in view"
    group = page.locator("details.group").filter(has_text="Region of inference")
    assert page.locator('input[value="eu"]').is_visible()
    group.locator("summary").first.click()
    assert not page.locator('input[value="eu"]').is_visible()


def test_pages_go_forward_and_back_without_scripts(demo_site: Site, opens: Opens) -> None:
    with opens(demo_site, java_script_enabled=False) as window:
        page = window.page
        pages = []
        page.goto("/?task=text&limit=60")
        for _ in range(3):
            pages.append(page.locator(".card").all_inner_texts())
            window.follow(page.get_by_role("link", name="Next 60"))
        assert page.locator(".found").get_by_text("181 to 240").count() == 1
        for texts in reversed(pages):
            window.follow(page.get_by_role("link", name="Previous 60"))
            assert page.locator(".card").all_inner_texts() == texts
        assert page.get_by_role("link", name="Previous 60").count() == 0


def test_an_offer_is_added_to_a_comparison_and_removed_from_it(
    demo_site: Site, walk: BuyerWalk
) -> None:
    ((one,), (two,)) = demo_site.sql(
        "SELECT offer_id FROM cards WHERE model_id = ? AND rankable"
        " ORDER BY cost_per_token LIMIT 2",
        GPT,
    )
    page = walk.page
    page.goto(f"/compare?offer={one}")
    assert page.locator("thead th").count() == 2
    walk.click(page.locator(".adds a").first)
    assert page.url.endswith(f"/compare?offer={one}&offer={two}")
    page.get_by_label("Model or provider").fill("mistral-7b")
    walk.click(page.get_by_role("button", name="Search"))
    walk.click(page.locator(".adds a").first)
    assert page.locator("thead th").count() == 4
    walk.click(page.get_by_role("link", name="Remove").first)
    assert page.locator("thead th").count() == 3
    assert f"offer={one}" not in page.url
    walk.window.screenshot("compare-changed", whole=True)
