"""/metrics of a running server: routes as templates, the publication, and what runs kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.watch import HomeWatch
from samples.hub import serve
from telemetry.metric_families import GAUGES, HTTP, PREFIX
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.serving import Site, serving
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

REQUESTS = f"{PREFIX}http_requests_total"
Values = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def watched_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("watched")
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock(), watch=HomeWatch())
    with serving(home) as running:
        yield running


def scraped(site: Site) -> Values:
    """Return name and values of labels in the order of their names → value."""
    response = site.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_metrics_have_the_publication_and_the_last_run(watched_site: Site) -> None:
    found = scraped(watched_site)
    ((offers, rankable),) = watched_site.sql(
        "SELECT count(*), count(*) FILTER (rankable) FROM cards"
    )
    assert found[f"{PREFIX}offers",] == offers
    assert found[f"{PREFIX}rankable_offers",] == rankable
    assert found[f"{PREFIX}data_age_seconds",] > 0
    assert found[f"{PREFIX}run_success",] == 1
    assert found[f"{PREFIX}run_step_duration_seconds", "load_run"] >= 0
    assert found["process_resident_memory_bytes",] > 1e6


def test_requests_are_counted_by_template_and_status_never_by_path(watched_site: Site) -> None:
    before = scraped(watched_site)
    ((offer_id,),) = watched_site.sql("SELECT offer_id FROM cards ORDER BY 1 LIMIT 1")
    for path in (
        "/",
        "/v1/offers",
        "/v1/offers?sort=secret",
        f"/v1/offers/{offer_id}",
        "/v1/offers/0000000000000000",
        "/v1/models/acme/chat",
        "/static/app.css",
        "/static/none.css",
        "/../etc/passwd",
        "/hf_canary/one",
        "/hf_canary/two",
        "/mcp",
    ):
        watched_site.get(path)
    watched_site.client.head("/healthz")
    watched_site.client.request("PROPFIND", "/healthz")
    after = scraped(watched_site)
    counted = {
        key[1:]: value - before.get(key, 0)
        for key, value in after.items()
        if key[0] == REQUESTS and value != before.get(key, 0)
    }
    expected = {
        ("GET", "/", "200"): 1,
        ("GET", "/v1/offers", "200"): 1,
        ("GET", "/v1/offers", "422"): 1,
        ("GET", "/v1/offers/{offer_id}", "200"): 1,
        ("GET", "/v1/offers/{offer_id}", "404"): 1,
        ("GET", "/v1/models/{model_id:path}", "200"): 1,
        ("GET", "/static/{path}", "200"): 1,
        ("GET", "/static/{path}", "404"): 1,
        ("GET", "none", "404"): 3,
        ("GET", "/metrics", "200"): 1,
        ("GET", "/healthz", "200"): 1,
        ("other", "/healthz", "405"): 1,
    }
    assert {key: n for key, n in counted.items() if key[1] != "/mcp"} == expected
    assert sum(n for key, n in counted.items() if key[1] == "/mcp") == 1
    text = watched_site.get("/metrics").text
    assert "hf_canary" not in text
    assert offer_id not in text


def test_every_metric_of_the_server_is_listed(watched_site: Site) -> None:
    own = {key[0].removeprefix(PREFIX) for key in scraped(watched_site) if PREFIX in key[0]}
    histogram = {f"{HTTP[1].name}_{part}" for part in ("bucket", "count", "sum")}
    assert own - {HTTP[0].name} - histogram <= GAUGES.keys()


@pytest.mark.slow
def test_before_the_first_publication_requests_are_counted_and_damage_is_no_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "pricehouse.prom").write_bytes(b'pricehouse_offers{"\xff\n')
    with serving(tmp_path) as site:
        assert site.get("/readyz").status_code == 503
        found = scraped(site)
    assert found[REQUESTS, "GET", "/readyz", "503"] == 1
    assert (f"{PREFIX}offers",) not in found


@pytest.mark.slow
def test_a_publication_of_earlier_code_without_alerts_has_none_open(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock())
    with duckdb.connect(newest(Home(tmp_path)).resolve()) as published:
        published.execute("DROP VIEW alerts")
    with serving(tmp_path) as site:
        assert scraped(site)[f"{PREFIX}alerts_open",] == 0
        refused = site.get("/v1/exports/alerts.csv")
        assert refused.status_code == 404
        assert "no relation or format alerts" in refused.json()["detail"]
        assert site.get("/v1/exports/offers.csv").status_code == 200
