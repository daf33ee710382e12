"""Every page at the widths of a phone, a small and a large window, in light and dark, to be seen.

The pictures go to PRICEHOUSE_SCREENSHOTS. Prices are in view without sideways scrolling.
"""

from __future__ import annotations

import pytest

from tests.support.browsing import Opens, needs_chromium
from tests.support.serving import Site

pytestmark = [needs_chromium, pytest.mark.slow]
GPT, FLUX = "openai/gpt-oss-120b", "black-forest-labs/FLUX.1-dev"
WIDTHS = (390, 768, 1100, 1440, 1920)
PRICES = {
    "cards": ".card .price dd",
    "table": ".offers .cost strong",
    "image-model": ".offers .cost strong",
    "calculator": ".months .cost",
    "compare": '.compare td:has-text("$")',
    "offer": ".price dd, .dense td.n",
    "provider": ".offers .cost strong",
}
"""Page → what on it is a price."""


@pytest.fixture(scope="module")
def pages(demo_site: Site) -> dict[str, str]:
    """Name → address; offers are those of one model that can be compared."""
    offers = [
        offer
        for (offer,) in demo_site.sql(
            "SELECT offer_id FROM cards WHERE model_id = ? AND rankable"
            " ORDER BY cost_per_token LIMIT 3",
            GPT,
        )
    ]
    return {
        "cards": "/",
        "table": "/?view=table",
        "chart": "/?view=chart",
        "none-found": "/?q=nothing-like-it&region=eu",
        "model": f"/models/{GPT}?as_of=2026-09-21",
        "image-model": f"/models/{FLUX}",
        "offer": f"/offers/{offers[0]}",
        "provider": "/providers/novita",
        "compare": "/compare?" + "&".join(f"offer={offer}" for offer in offers),
        "calculator": f"/calculator?model_id={GPT}",
        "changes": "/changes?since=all",
        "status": "/status",
        "api": "/api",
        "invalid": "/?region=germany",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100, 1440])
def test_every_page_is_pictured_and_needs_no_sideways_scrolling(
    demo_site: Site, opens: Opens, pages: dict[str, str], width: int, scheme: str
) -> None:
    with opens(demo_site, size=(width, 900), color_scheme=scheme) as window:
        for name, address in pages.items():
            window.page.goto(address)
            assert window.page.evaluate("document.documentElement.scrollWidth") <= width, name
            window.screenshot(f"{name}-{width}-{scheme}")
        assert [line for line in window.errors if "422" not in line] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_prices_of_every_page_are_in_view_at_five_widths(
    demo_site: Site, opens: Opens, pages: dict[str, str], width: int
) -> None:
    with opens(demo_site, size=(width, 900)) as window:
        for name, prices in PRICES.items():
            window.page.goto(pages[name])
            found = window.page.locator(prices)
            assert found.count() > 0, name
            for number in {0, found.count() // 2, found.count() - 1}:
                box = found.nth(number).bounding_box()
                assert box, (name, number)
                assert box["x"] >= 0, (name, number)
                assert box["x"] + box["width"] <= width, (name, number, found.nth(number))
