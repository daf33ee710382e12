"""The pages in a real browser: search, filter, open, compare, calculate, read, share."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from samples.catalog import Catalog
from samples.hub import serve
from tests.support.browsing import PHONE, Opens, needs_chromium
from tests.support.hours import (
    Clock,
    ingest,
    mapped_model,
    mapping,
    offering,
    routed_model,
    small_catalog,
)
from tests.support.publication_copies import altered
from tests.support.serving import Site, serving

pytestmark = needs_chromium
GPT = "openai/gpt-oss-120b"
PAGES = [
    "/",
    "/?view=table",
    "/?view=chart",
    f"/models/{GPT}?as_of=2026-09-21",
    "/calculator",
    "/changes",
    "/providers/ovhcloud",
    "/status",
    "/api",
    "/?q=nothing-like-it",
    "/compare",
]


def test_filters_apply_at_once_and_the_address_can_be_shared(site: Site, opens: Opens) -> None:
    with opens(site) as window:
        page = window.page
        page.goto("/")
        page.get_by_role("note").get_by_text("Captured 26 Feb 2026 to 21 Sep 2026").wait_for()
        ((offers, adapters),) = site.sql(
            "SELECT count(*) FILTER (offer_type = 'model'), count(*) FILTER (offer_type <> 'model')"
            " FROM cards"
        )
        assert window.count() == offers
        page.get_by_text(f"+ {adapters} adapters · ").first.wait_for()
        window.screenshot("cards")
        loads = len([url for url in window.requests if "app.css" in url])
        for label in ("Text", "EU", "Tool calling"):
            with page.expect_response("**/?*"):
                page.locator("#filter-panel").get_by_text(label, exact=True).click()
        page.wait_for_url("**/?task=text&region=eu&tools=true")
        where = "task_group = 'text' AND region = 'eu' AND supports_tools"
        ((wanted, deepest),) = site.sql(
            f"SELECT count(*), max(context_length) FROM cards WHERE {where}"
        )
        page.locator("#found").get_by_text(f"{wanted} offers").wait_for()
        chosen = page.locator(".opt:has([value=ovhcloud]) .n").inner_text()
        assert site.sql(
            f"SELECT count(*) FROM cards WHERE {where} AND inference_provider = 'ovhcloud'"
        ) == [(int(chosen),)]
        with page.expect_response("**/?*"):
            page.locator("#filter-panel").get_by_text("OVHcloud AI Endpoints", exact=True).click()
        page.locator("#found").get_by_text(f"{chosen} offers").wait_for()
        with page.expect_response("**sort=context_length*"):
            page.get_by_label("Sort").select_option("context_length")
        page.locator(".card").first.get_by_text(f"{deepest // 1000}k").wait_for()
        window.screenshot("filtered")
        assert len([url for url in window.requests if "app.css" in url]) == loads, (
            "it never reloaded"
        )
        shared = page.url
        names = page.locator(".card .model").all_inner_texts()
        assert window.errors == []
    with opens(site) as other:
        other.page.goto(shared)
        assert other.page.locator(".card .model").all_inner_texts() == names
        assert other.page.locator('input[value="ovhcloud"]').is_checked()
        assert other.page.get_by_label("Sort").input_value() == "context_length"


@pytest.mark.slow
def test_a_model_page_shows_history_and_prices_as_of_a_date(site: Site, opens: Opens) -> None:
    with opens(site) as window:
        page = window.page
        page.goto("/?q=gpt-oss-120b&region=eu")
        window.follow(page.locator(".card .model").get_by_text("gpt-oss-120b").first)
        assert page.url.endswith(f"/models/{GPT}")
        ((least, most, count),) = site.sql(
            "SELECT min(cost_per_token) * 1000000, max(cost_per_token) * 1000000, count(*)"
            " FROM cards WHERE rankable AND model_id = ?",
            GPT,
        )
        tile = page.locator(".tiles").inner_text()
        assert f"{count} comparable offers" in tile
        low, high = page.locator(".tiles .big").inner_text().replace("$", "").split(" – ")
        assert (float(low), float(high)) == (float(least), float(most))
        assert page.locator("figure svg").count() == 3, "two of prices, one of speeds"
        window.screenshot("model", whole=True)
        page.get_by_text("The history as a table").click()
        page.locator("details tbody").get_by_text("hyperbolic").first.wait_for()
        page.get_by_label("Date (UTC)").fill("2026-03-01")
        window.follow(page.get_by_role("button", name="Show"))
        then = page.get_by_role("region", name="Prices as of")
        ((known,),) = site.sql(
            "SELECT count(*) FROM price_as_of(TIMESTAMPTZ '2026-03-01 23:59:59+00')"
            " WHERE model_id = ?",
            GPT,
        )
        assert then.locator("tbody tr").count() == known > 0
        window.follow(page.get_by_role("link", name="Cerebras").first)
        page.get_by_text("The source's entry, verbatim").first.click()
        assert '"cerebras"' in page.locator(".claims pre").first.inner_text()
        window.screenshot("offer", whole=True)
        assert window.errors == []


def test_the_calculator_costs_equal_sql_for_a_changed_mix(site: Site, opens: Opens) -> None:
    with opens(site) as window:
        page = window.page
        page.goto("/calculator")
        for label, value in (("Input tokens", "9000000"), ("Output tokens", "2000000")):
            with page.expect_response("**/calculator?*"):
                page.get_by_label(label).fill(value)
        with page.expect_response("**q=gpt-oss-120b*"):
            page.get_by_label("Model or provider").fill("gpt-oss-120b")
        page.wait_for_url("**input_tokens=9000000&output_tokens=2000000*q=gpt-oss-120b*")
        wanted = site.sql(
            "SELECT cost_per_input_token * 9000000 + cost_per_output_token * 2000000 AS cost"
            " FROM cards WHERE rankable AND model_id ILIKE '%gpt-oss-120b%' ORDER BY cost"
        )
        page.locator("tbody tr").nth(len(wanted) - 1).wait_for()
        costs = page.locator("td.strong").all_inner_texts()
        assert [float(text.removeprefix("$")) for text in costs] == [
            pytest.approx(float(cost), rel=1e-3) for (cost,) in wanted
        ]
        window.screenshot("calculator")
        assert window.errors == []


def test_a_selection_to_compare_survives_filters_and_has_a_url(site: Site, opens: Opens) -> None:
    with opens(site) as window:
        page = window.page
        page.goto("/?model_id=" + GPT)
        for place in (0, 1):
            page.get_by_role("checkbox", name="Compare").nth(place).check()
        page.goto("/?q=mistral-7b")
        page.get_by_role("checkbox", name="Compare").first.check()
        window.follow(page.get_by_role("button", name="Compare 3 offers"))
        assert "/compare?offer=" in page.url
        assert page.locator("thead th").count() == 4
        assert page.get_by_text("lowest here").count() > 0
        window.screenshot("compare")
        shared = page.url
        assert window.errors == []
    with opens(site, java_script_enabled=False) as other:
        other.page.goto(shared)
        assert other.page.locator("thead th").count() == 4


@pytest.mark.slow
def test_the_pages_work_without_scripts(site: Site, opens: Opens) -> None:
    with opens(site, java_script_enabled=False) as window:
        page = window.page
        page.goto("/")
        page.locator('input[name="task"][value="text"]').check()
        page.locator('input[name="region"][value="eu"]').check()
        window.follow(page.get_by_role("button", name="Show offers"))
        ((wanted,),) = site.sql(
            "SELECT count(*) FROM cards WHERE task_group = 'text' AND region = 'eu'"
            " AND offer_type = 'model'"
        )
        assert window.count() == wanted
        window.follow(page.get_by_role("link", name="Remove filter EU"))
        first = page.locator(".card .model").first.inner_text()
        window.follow(page.get_by_role("link", name="Next 48"))
        assert page.locator(".card .model").first.inner_text() != first
        window.follow(page.get_by_role("link", name="first page"))
        page.get_by_role("checkbox", name="Compare").nth(0).check()
        page.get_by_role("checkbox", name="Compare").nth(1).check()
        window.follow(page.get_by_role("button", name="Compare selected"))
        assert page.locator("thead th").count() == 3
        window.follow(page.get_by_role("link", name="Dark"))
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert "offer=" in page.url, "the colour choice returns to its page"
        window.screenshot("no-script")


@pytest.mark.slow
def test_a_phone_shows_every_page_without_sideways_scrolling(site: Site, opens: Opens) -> None:
    with opens(site, size=PHONE, has_touch=True, is_mobile=True) as window:
        page = window.page
        for path in PAGES:
            page.goto(path)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE[0], path
        page.goto("/")
        window.screenshot("phone")
        page.get_by_role("link", name="Filters", exact=True).click()
        with page.expect_response("**/?*"):
            page.locator("#filter-panel").get_by_text("EU", exact=True).click()
        window.screenshot("phone-filters")
        page.get_by_role("link", name="Show offers").click()
        assert not page.locator("#filter-panel").is_visible()
        page.locator("#found").get_by_text("34 offers").wait_for()
        assert window.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_serious_fault(site: Site, opens: Opens, path: str, scheme: str) -> None:
    with opens(site, color_scheme=scheme) as window:
        window.page.goto(path)
        window.screenshot(f"{scheme}-{PAGES.index(path)}")
        assert window.accessibility_faults() == []
        assert window.errors == []


def test_a_keyboard_reaches_the_results(site: Site, opens: Opens) -> None:
    with opens(site) as window:
        page = window.page
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "q"
        with page.expect_response("**q=qwen*"):
            page.keyboard.type("qwen")
        page.get_by_role("status").get_by_text("offers").wait_for(state="attached")
        assert page.evaluate("document.activeElement.name") == "q", "the focus stays"


@pytest.mark.slow
def test_pages_load_from_this_server_only_and_have_no_inline_code(site: Site, opens: Opens) -> None:
    with opens(site) as window:
        for path in PAGES:
            answer = window.page.goto(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            html = answer.text()
            assert "<style" not in html
            assert " style=" not in html
            assert " onclick" not in html
        assert [url for url in window.requests if not url.startswith(site.url)] == []
        assert window.errors == []


@pytest.mark.slow
def test_an_open_page_announces_a_publication_and_stays_as_it_is(
    tmp_path: Path, opens: Opens
) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=clock)
        with serving(home) as site, opens(site) as window:
            page = window.page
            page.goto("/?model_id=acme/hub-chat")
            assert page.get_by_role("note").count() == 0, "live data has no banner"
            page.get_by_text("$0.20").wait_for()
            clock.advance(timedelta(hours=1))
            hub.show(small_catalog(input_price="0.35"))
            ingest(home, hub, clock=clock)
            page.evaluate("window.dispatchEvent(new Event('focus'))")
            page.get_by_text("New prices were published.").wait_for()
            assert page.get_by_text("$0.20").is_visible()
            window.screenshot("news")
            window.follow(page.get_by_role("link", name="Show them"))
            page.get_by_text("$0.35").wait_for()
            window.follow(page.get_by_role("link", name="Changes", exact=True))
            page.get_by_text(
                "input token price up from $0.20 to $0.35 per 1M input tokens"
            ).first.wait_for()
            assert window.errors == []


HOSTILE = [
    "evil/<script>alert(1)</script>",
    'evil/"><img src=x onerror=alert(2)>',
    "evil/{{7*7}}'--",
    "evil/javascript:alert(3)",
    "evil/" + "a" * 180,
]


@pytest.mark.slow
def test_a_hostile_provider_model_id_is_rendered_as_text(tmp_path: Path, opens: Opens) -> None:
    price = ("0.1", "0.2")
    entries = [
        mapping("novita", price=price, providerId=name, _id=f"entry-{number}")
        for number, name in enumerate(HOSTILE)
    ]
    home = tmp_path / "home"
    routed = routed_model("acme/chat", offering("novita", price=price))
    with serve(Catalog([mapped_model("acme/chat", *entries)], router=[routed])) as hub:
        ingest(home, hub, clock=Clock())
    with serving(home) as site, opens(site) as window:
        for path in ("/", "/?view=table", "/models/acme/chat"):
            window.page.goto(path)
            for name in HOSTILE:  # rows differ only by them, so they are shown
                window.page.get_by_text(name, exact=True).first.wait_for()
        for (offer_id,) in site.sql("SELECT offer_id FROM cards"):
            window.page.goto(f"/offers/{offer_id}")
            window.page.get_by_text("The source's entry, verbatim").first.click()
        assert [c for c in window.errors if "favicon" not in c] == []


@pytest.mark.slow
def test_a_hostile_model_id_is_rendered_as_text(
    live_site: Site, tmp_path: Path, opens: Opens
) -> None:
    """The contract refuses such an id; this tests the pages' escaping on a copy."""
    models = [m for (m,) in live_site.sql("SELECT DISTINCT model_id FROM cards ORDER BY 1")]
    renamed: list[tuple[str, list[object]]] = []
    for old, new in zip(models, HOSTILE, strict=False):
        for table in ("_ph_card_facts", "_ph_offer", "_ph_model"):
            renamed.append(
                (f"UPDATE internal.{table} SET model_id = ? WHERE model_id = ?", [new, old])
            )
    split = (
        "UPDATE internal._ph_card_facts SET model_name = substr(model_id, 6), author = 'evil'"
        " WHERE starts_with(model_id, 'evil/')"
    )
    home = altered(live_site.home, tmp_path / "home", *renamed, (split, []))
    with serving(home) as site, opens(site) as window:
        page = window.page
        known = {name for (name,) in site.sql("SELECT model_id FROM cards")}
        assert set(HOSTILE) <= known
        for path in ("/", "/?view=table", "/changes", "/status", "/calculator"):
            page.goto(path)
            assert page.locator("main script, main img").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= 1400, path
        for name in HOSTILE:
            page.goto("/?offer_type=all&view=table")
            window.follow(page.locator("a.model").filter(has_text=name.removeprefix("evil/")).first)
            assert page.locator("h1").inner_text() == name
            window.follow(page.locator("tbody a[href^='/offers/']").first)
            assert name in page.locator("h1").inner_text()
        page.goto("/?q=%3Cscript%3Ealert(4)%3C/script%3Ex")
        page.get_by_text("No offer matches all filters.").wait_for()
        window.screenshot("empty")
        page.goto("/?offer_type=all")
        window.screenshot("hostile")
        assert window.errors == []
