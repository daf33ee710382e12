"""HTTP behaviour: problems, ETags, compression, caching, HEAD, CORS and the time limit."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from marketplace.app import create_app
from marketplace.pages import forms
from tests.support.serving import Site, serving
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

PROBLEM = "application/problem+json"
GPT = "openai/gpt-oss-120b"
NO_OFFER = "0" * 16


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/v1/offers?nonsense=1", 422, "nonsense"),
        ("/v1/offers?nonsense=1", 422, "inference_provider"),  # the valid ones are listed
        ("/v1/offers?region=germany", 422, "a country's two letters"),
        ("/v1/offers?task=chat", 422, "conversational"),
        ("/v1/offers?provider=novita", 422, "huggingface"),
        ("/v1/offers?inference_provider=nobody", 422, "novita"),
        ("/v1/offers?tag=private", 422, "no-retention"),
        ("/v1/estimate?region=Europe&images=1", 422, "eea"),
        ("/v1/changes?event=moved", 422, "free_to_paid"),
        ("/v1/changes?since=abc", 422, "since: “abc” is no period"),
        ("/v1/changes?task_group=chat", 422, "embedding"),
        ("/v1/changes.atom?inference_provider=nobody", 422, "novita"),
        ("/v1/offers?limit=201", 422, "limit"),
        ("/v1/offers?limit=0", 422, "limit"),
        ("/v1/offers?sort=price", 422, "sort"),
        ("/v1/offers?region_mode=loose", 422, "region_mode"),
        ("/v1/offers?max_cost_per_million_tokens=NaN", 422, "max_cost"),
        ("/v1/offers?min_throughput_tps=inf", 422, "min_throughput"),
        ("/v1/offers?q=a%00b", 422, "q"),
        ("/v1/offers?cursor=none", 422, "cursor"),
        ("/v1/estimate?input_tokens=-1", 422, "input_tokens"),
        ("/v1/offers/xyz", 422, "offer_id"),
        (f"/v1/offers/{NO_OFFER}", 404, NO_OFFER),
        (f"/v1/prices/{NO_OFFER}/history", 404, NO_OFFER),
        ("/v1/models/nobody/nothing", 404, "nobody/nothing"),
        ("/v1/exports/_ph_price_log.csv", 404, "_ph_price_log"),
        ("/v1/exports/cards.exe", 422, "kind"),
        ("/v1/nothing", 404, "nothing is at this address"),
    ],
)
def test_an_error_is_a_problem_that_names_its_cause(
    site: Site, path: str, status: int, detail: str
) -> None:
    answer = site.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= set(body)
    assert body["status"] == status
    assert detail in body["detail"]
    assert "Traceback" not in answer.text


def test_a_wrong_method_is_a_problem_with_an_allow_header(site: Site) -> None:
    answer = site.client.post("/v1/offers")
    assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM)
    assert "GET" in answer.headers["allow"]


def test_a_cursor_is_refused_with_other_filters(site: Site) -> None:
    cursor = site.get_json("/v1/offers", ("task", "text"), ("limit", 5))["next"]
    assert site.get_json("/v1/offers", ("task", "text"), ("cursor", cursor))["items"]
    answer = site.get(f"/v1/offers?task=image&cursor={cursor}")
    assert answer.status_code == 422
    assert "other filters" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/offers?task=text",
        f"/v1/models/{GPT}",
        "/v1/changes",
        "/v1/changes.atom",
        "/v1/exports",
        "/v1/estimate?images=1",
        "/v1/exports/cards.parquet",
    ],
)
def test_a_matching_etag_returns_304(site: Site, path: str) -> None:
    first = site.get(path)
    assert first.headers["etag"].startswith('W/"')
    again = site.get(path, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert site.get(path, **{"If-None-Match": '"other"'}).status_code == 200


def test_responses_are_compressed_if_the_client_accepts_it(site: Site) -> None:
    with site.client.stream("GET", "/v1/offers", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        raw = b"".join(answer.iter_raw())
    plain = site.get("/v1/offers", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert len(raw) * 5 < len(plain.content)


def test_the_first_page_takes_few_bytes_of_a_slow_line(demo_site: Site) -> None:
    with demo_site.client.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as answer:
        compressed = sum(map(len, answer.iter_raw()))
    assert compressed <= 8_700


def test_static_files_are_cached_by_their_content_hash(site: Site) -> None:
    found = set(re.findall(r'"(/static/[^"]+)"', site.get("/").text))
    assert {path.partition("?")[0] for path in found} == {
        "/static/app.css",
        "/static/app.js",
        "/static/icon.svg",
    }
    for path in found:
        assert "immutable" in site.get(path).headers["cache-control"]
    assert "max-age=3600" in site.get("/static/inter.woff2").headers["cache-control"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "nonsense", "2026-09-21T00:30+02:00"])
def test_a_model_page_accepts_any_date(site: Site, day: str) -> None:
    assert site.client.get(f"/models/{GPT}", params={"as_of": day}).status_code == 200


def test_a_query_over_the_time_limit_returns_503(sample_home: Path) -> None:
    with TestClient(create_app(PublicationPool(Home(sample_home), limit_s=0.0001))) as client:
        for path in ("/v1/offers", "/"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "ask for less" in answer.text
        assert client.get("/healthz").status_code == 200


def test_head_is_get_without_a_body(site: Site) -> None:
    for path in ("/v1/offers", "/", "/healthz"):
        answer = site.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


def test_cors_headers_are_sent_for_configured_origins_only(site: Site, sample_home: Path) -> None:
    shop = {"Origin": "https://shop.example"}
    assert "access-control-allow-origin" not in site.get("/v1/offers", **shop).headers
    with serving(sample_home, PRICEHOUSE_CORS_ORIGINS="https://shop.example") as open_site:
        answer = open_site.get("/v1/offers", **shop)
        assert answer.headers["access-control-allow-origin"] == shop["Origin"]
        other = open_site.get("/v1/offers", Origin="https://other.example")
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("text", ["abc", "7", "7d ", "All", "2026-09-21T00:00:00", "9" * 41])
def test_a_period_of_the_page_that_is_none_has_one_message(text: str) -> None:
    """The names of types by which the query is read are no part of it."""
    with pytest.raises(ValidationError) as refused:
        forms.parse_query(forms.LogQuery, [("since", text)])
    (error,) = refused.value.errors()
    assert error["loc"] == ("since",)
    assert "no period" in error["msg"] or "at most 40" in error["msg"]
    for known in ("all", "24h", "2026-09-21T00:00:00Z"):
        assert forms.parse_query(forms.LogQuery, [("since", known)]).since == known
