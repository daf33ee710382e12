"""What a buyer does on the pages, in a real browser: sort, go back, read prices, copy a call."""

from __future__ import annotations

import pytest

from tests.support.browsing import Opens, needs_chromium
from tests.support.serving import Site

pytestmark = needs_chromium
WIDTHS = (1920, 1440, 1100, 768, 390)
IMAGES = "black-forest-labs/FLUX.1-dev"
GPT = "openai/gpt-oss-120b"


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_a_price_needs_no_sideways_scrolling_at_any_width(
    demo_site: Site, opens: Opens, width: int
) -> None:
    with opens(demo_site, size=(width, 900)) as window:
        page = window.page
        for path in ("/?view=table", "/?view=table&task=image", f"/models/{GPT}"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            prices = page.locator(".offers .cost strong")
            assert prices.count() > 0, path
            for box in (
                prices.nth(0).bounding_box(),
                prices.nth(prices.count() - 1).bounding_box(),
            ):
                assert box["x"] >= 0, path
                assert box["x"] + box["width"] <= width, path
        page.goto("/?view=table")
        window.screenshot(f"table-{width}")
        assert window.errors == []


def test_every_unit_has_its_price_chart_and_history_on_a_models_page(
    demo_site: Site, opens: Opens
) -> None:
    ((cost,),) = demo_site.sql(
        "SELECT min(cost_per_image) FROM cards WHERE model_id = ? AND price_status = 'priced'",
        IMAGES,
    )
    with opens(demo_site) as window:
        page = window.page
        page.goto(f"/models/{IMAGES}")
        assert page.locator(".offers .cost strong").first.inner_text() == f"${cost.normalize():f}"
        captions = page.locator("figure figcaption").all_inner_texts()
        assert [text.partition(",")[0] for text in captions] == ["Image"]
        assert page.get_by_text("No price of this model is recorded").count() == 0
        ((providers,),) = demo_site.sql(
            "SELECT count(DISTINCT inference_provider) FROM price_history"
            " WHERE model_id = ? AND unit = 'input_token' AND tier = 'standard'"
            " AND amount IS NOT NULL",
            GPT,
        )
        page.goto(f"/models/{GPT}")
        drawn = page.locator("figure").first.locator(".role-legend-entry .role-legend-label text")
        assert drawn.count() == providers > 8, "every provider has a line"
        window.screenshot("units", whole=True)


def test_headers_sort_both_ways_and_back_undoes_each_step(demo_site: Site, opens: Opens) -> None:
    with opens(demo_site) as window:
        page = window.page
        page.goto("/?view=table&task=text")
        window.follow(page.get_by_role("link", name="Speed"))
        assert page.url.endswith("sort=throughput_tps")
        assert page.locator('[aria-sort="descending"]').inner_text().startswith("Speed")
        window.follow(page.get_by_role("link", name="Speed"))
        assert page.url.endswith("order=asc")
        assert page.locator('[aria-sort="ascending"]').inner_text().startswith("Speed")
        page.goto("/")
        found = page.locator("#found").inner_text()
        with page.expect_response("**/?*"):
            page.locator("#filter-panel").get_by_text("EU", exact=True).click()
        page.locator("#found").filter(has_not_text=found).wait_for()
        page.go_back()
        page.locator("#found").get_by_text(found, exact=True).wait_for()
        assert not page.locator('input[name="region"][value="eu"]').is_checked()
        assert window.errors == []


def test_what_changed_this_week_is_one_click_away(demo_site: Site, opens: Opens) -> None:
    ((number,),) = demo_site.sql(
        "SELECT count(*) FROM changes WHERE occurred_at >="
        " (SELECT observed_to FROM publication) - INTERVAL 7 DAY"
    )
    with opens(demo_site) as window:
        page = window.page
        page.goto("/")
        window.follow(page.get_by_role("link", name="Changes", exact=True))
        assert window.count() == number > 0
        with page.expect_response("**since=all*"):
            page.get_by_text("All", exact=True).click()
        ((every,),) = demo_site.sql("SELECT count(*) FROM changes")
        page.locator("#found").get_by_text(f"{every:,} changes").wait_for()
        minutes = page.locator(".log h3").all_inner_texts()
        assert len(minutes) >= len(set(minutes)) > 0
        window.screenshot("week")
        assert window.errors == []


def test_a_call_can_be_copied_and_is_plain_text_without_scripts(
    demo_site: Site, opens: Opens
) -> None:
    ((offer_id, router_model),) = demo_site.sql(
        "SELECT offer_id, router_model FROM cards WHERE model_id = ? AND rankable LIMIT 1", GPT
    )
    with opens(demo_site, permissions=["clipboard-read", "clipboard-write"]) as window:
        page = window.page
        page.goto(f"/offers/{offer_id}")
        page.get_by_role("button", name="Copy").first.click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("curl https://router.huggingface.co/v1/chat/completions")
        assert f'"model": "{router_model}"' in copied
        window.screenshot("call", whole=True)
        assert window.errors == []
    with opens(demo_site, java_script_enabled=False) as window:
        window.page.goto(f"/offers/{offer_id}")
        assert router_model in window.page.locator(".call pre").first.inner_text()
        assert window.page.get_by_role("button", name="Copy").count() == 0


def test_each_point_of_the_chart_links_to_its_offer(demo_site: Site, opens: Opens) -> None:
    with opens(demo_site) as window:
        page = window.page
        page.goto("/?view=chart")
        points = page.locator("details tbody tr").count()
        numbered = page.locator(".numbered li")
        best = page.locator("details tbody td", has_text="yes").count()
        assert numbered.count() == best > 1
        links = page.locator("figure svg a[href^='/offers/']")
        assert links.count() == points + best
        assert "per 1M tokens blended" in links.first.locator("title").text_content()


def test_a_sign_that_is_typed_first_does_not_leave_the_page(demo_site: Site, opens: Opens) -> None:
    with opens(demo_site) as window:
        window.page.goto("/")
        box = window.page.locator('input[name="q"]').first
        for text in ("“", " ", ":"):
            box.fill(text)
        with window.page.expect_response("**q=gpt-oss"):
            box.fill("gpt-oss")
        window.page.locator("#results:not([aria-busy])").wait_for()
        assert "q=gpt-oss" in window.page.url
        assert window.page.locator("#results .card").count() > 0
        assert not [url for url in window.requests if "q=%" in url or "q=+" in url]
        assert window.errors == []
