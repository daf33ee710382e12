"""What readers see of providers that join and leave: changes, the feed, cards and the status."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from samples.hub import serve
from tests.support.hours import Clock
from tests.support.providers_over_hours import catalog_of, run_hour
from tests.support.serving import Site, serving

pytestmark = pytest.mark.slow

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A home in which nebius left and novita joined in the last hour."""
    home, clock = tmp_path_factory.mktemp("changing") / "home", Clock()
    later = catalog_of("groq", "novita")
    with serve(later) as hub:
        for catalog in (catalog_of("groq", "nebius"), catalog_of("groq"), later):
            run_hour(home, hub, clock, catalog)
    with serving(home) as running:
        yield running


def test_the_api_lists_changes_of_whole_providers_without_an_offer(site: Site) -> None:
    page = site.get_json("/v1/changes", ("event", "provider_left"), ("event", "provider_joined"))
    assert [(item["event"], item["inference_provider"]) for item in page["items"]] == [
        ("provider_joined", "novita"),
        ("provider_left", "nebius"),
    ]
    for item in page["items"]:
        assert (item["offer_id"], item["model_id"], item["task_group"]) == (None, None, None)
    of_nebius = site.get_json("/v1/changes", ("inference_provider", "nebius"))
    assert {item["event"] for item in of_nebius["items"]} == {"new", "gone", "provider_left"}
    of_model = site.get_json("/v1/changes", ("model_id", "acme/chat"))
    assert "provider_left" not in {item["event"] for item in of_model["items"]}


def test_the_page_of_changes_names_the_provider_and_no_model(site: Site) -> None:
    page = site.get("/changes?event=provider_left&event=provider_joined").text
    assert "Nebius: last offer at huggingface ended; it has none now" in page
    assert "Novita: first offer at huggingface; it had none before" in page
    assert "None" not in page.partition('<section id="results"')[2].partition("</section>")[0]


def test_the_feed_links_a_change_of_a_provider_to_its_offers(site: Site) -> None:
    answer = site.get("/v1/changes.atom?event=provider_left")
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 - our own response
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == (
        "nebius: last offer at huggingface ended; it has none now"
    )
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"{site.url}/?inference_provider=nebius"
