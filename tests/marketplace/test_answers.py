"""The other responses of the API: each equals the SQL in the published file, or is a problem."""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64decode
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import polars as pl
import pytest
from starlette.testclient import TestClient

from marketplace.api import models
from marketplace.app import create_app
from marketplace.numbers import json_value
from schemas import proof
from schemas.amounts import amount_text
from tests.support.serving import Site, as_json, serving
from warehouse.publication.reader_pool import PublicationPool
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home

PROBLEM = "application/problem+json"
GPT = "openai/gpt-oss-120b"
ATOM = "{http://www.w3.org/2005/Atom}"
NO_OFFER = "0" * 16


def rows(site: Site, query: str, *values: object) -> list[dict[str, Any]]:
    """Return rows as a response would have them."""
    names = [row[0] for row in site.sql(f"DESCRIBE {query}", *values)]
    return [dict(zip(names, map(as_json, row), strict=True)) for row in site.sql(query, *values)]


@pytest.mark.parametrize(
    ("model", "relation"),
    [
        (models.Offer, "cards"),
        (models.Price, "prices"),
        (models.Change, "changes"),
        (models.Interval, "price_history"),
        (models.Model, "models"),
        (models.Gap, "gaps"),
    ],
)
def test_a_response_model_has_the_columns_of_its_relation(
    site: Site, model: type[models.ApiModel], relation: str
) -> None:
    assert list(model.model_fields) == [row[0] for row in site.sql(f"DESCRIBE {relation}")]


@pytest.mark.parametrize("name", ["Proof", "PriceProof", "ClaimProof", "CostProof", "CheckProof"])
def test_the_proof_models_have_the_fields_of_the_proof(name: str) -> None:
    assert tuple(getattr(models, name).model_fields) == getattr(proof, name).__struct_fields__


def test_an_offer_has_its_prices_and_the_proof_of_each(site: Site) -> None:
    ((offer_id,),) = site.sql(
        "SELECT offer_id FROM cards WHERE model_id = ? AND inference_provider = 'cerebras'", GPT
    )
    body = site.ask(f"/v1/offers/{offer_id}")
    assert body["offer"] == rows(site, "FROM cards WHERE offer_id = ?", offer_id)[0]
    assert body["prices"] == rows(site, "FROM prices WHERE offer_id = ? ORDER BY unit", offer_id)
    proofs = {price["unit"]: price["shown"] for price in body["proof"]["prices"]}
    assert set(proofs) == {"input_token", "output_token"}
    for unit, shown in proofs.items():
        ((evidence, payload, amount),) = site.sql(
            "SELECT evidence, payload_hash, amount FROM price_claims"
            " WHERE offer_id = ? AND unit = ? AND chosen AND valid_to IS NULL",
            offer_id,
            unit,
        )
        assert (shown["evidence"], shown["payload_hash"]) == (evidence, payload)
        assert shown["amount"] == amount_text(amount)
        assert list((site.home / "landing" / "objects").rglob(f"*{payload[:12]}*"))


def test_a_model_is_found_by_its_id_and_has_all_its_offers(site: Site) -> None:
    body = site.ask(f"/v1/models/{GPT}")
    assert body == site.ask(f"/v1/models/{quote(GPT, safe='')}")
    assert body["model"] == rows(site, "FROM models WHERE model_id = ?", GPT)[0]
    cards = rows(site, "FROM cards WHERE model_id = ?", GPT)
    assert sorted(o["offer_id"] for o in body["offers"]) == sorted(c["offer_id"] for c in cards)
    ranked = [c for c in cards if c["rankable"]]
    costs = [Decimal(c["cost_per_token"]) for c in ranked]
    (spread,) = body["spread"]
    assert (Decimal(spread["least"]), Decimal(spread["most"])) == (min(costs), max(costs))
    assert spread["rankable_offers"] == len(ranked) > 5
    assert body["offers"][0]["inference_provider"] == spread["cheapest"]


def test_a_spread_needs_two_rankable_offers(live_site: Site) -> None:
    assert live_site.ask("/v1/models/acme/hub-chat")["spread"] == []
    (spread,) = live_site.ask("/v1/models/acme/chat")["spread"]
    assert spread["rankable_offers"] >= 2


def test_a_history_includes_the_previous_ids_of_an_offer(site: Site) -> None:
    ((old, new),) = site.sql(
        "SELECT old_offer_id, new_offer_id FROM offer_links ORDER BY 1 LIMIT 1"
    )
    items = site.ask(f"/v1/prices/{new}/history")["items"]
    wanted = "FROM price_history WHERE offer_id IN (?, ?) ORDER BY unit, valid_from, recorded_at"
    assert items == rows(site, wanted, old, new)
    assert {item["offer_id"] for item in items} == {old, new}


def test_changes_come_in_order_and_next_after_continues_them(site: Site) -> None:
    found, after = [], 0
    while True:
        page = site.ask("/v1/changes", ("after", after), ("limit", 999))
        found += page["items"]
        after = page["next_after"]
        if not page["more"]:
            break
    assert found == rows(site, "FROM changes ORDER BY change_id")
    later = site.ask("/v1/changes", ("after", after))
    assert (later["items"], later["next_after"]) == ([], after)
    held = site.ask("/v1/changes", ("event", "held"))["items"]
    assert held == rows(site, "FROM changes WHERE event = 'held'")
    assert held


def test_the_changes_are_an_atom_feed_that_pages_link_to(site: Site) -> None:
    answer = site.get("/v1/changes.atom?limit=20&event=status")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 - our own response
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(rows(site, "FROM changes WHERE event = 'status'")) > 10
    for entry in entries:
        assert entry.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
        assert entry.findtext(f"{ATOM}updated")
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert site.client.get(link.attrib["href"]).status_code == 200
    assert "status was live, is error" in answer.text
    assert "a sample" in feed.findtext(f"{ATOM}title", "")
    assert '<link rel="alternate" type="application/atom+xml"' in site.get("/").text


def test_an_estimate_ranks_by_the_exact_cost_of_the_mix(site: Site) -> None:
    mix = (("input_tokens", 30_000_001), ("output_tokens", 10_000_003))
    body = site.ask("/v1/estimate", *mix, ("limit", 200))
    wanted = site.sql(
        "SELECT offer_id, cost_per_input_token * 30000001 + cost_per_output_token * 10000003 AS c"
        " FROM cards WHERE rankable AND cost_per_output_token IS NOT NULL"
        " ORDER BY c, model_id, inference_provider, offer_id"
    )
    (need,) = body["needs"]
    assert [(i["offer"]["offer_id"], i["cost_per_month"]) for i in need["items"]] == [
        (offer, amount_text(cost)) for offer, cost in wanted
    ]
    assert need["total"] == len(wanted) > 100
    first = need["items"][0]
    a, b = first["offer"]["cost_per_input_token"], first["offer"]["cost_per_output_token"]
    assert first["formula"] == (f"30,000,001 input tokens × {a} + 10,000,003 output tokens × {b}")
    assert body["least_per_month"] == first["cost_per_month"]


def test_an_estimate_names_the_unpriced_part_of_a_mix(site: Site) -> None:
    body = site.ask("/v1/estimate", ("input_tokens", 5), ("images", 5))
    assert body["unmet"] == ["images"]
    assert body["least_per_month"] is None
    narrowed = site.ask("/v1/estimate", ("input_tokens", 5), ("region", "eu"))["needs"][0]
    assert {item["offer"]["region"] for item in narrowed["items"]} == {"eu"}
    assert site.ask("/v1/estimate")["needs"] == []


def test_the_status_has_the_age_of_the_data_and_held_offers(site: Site) -> None:
    body = site.ask("/v1/status")
    ((held, gaps, rankable),) = site.sql(
        "SELECT count(*) FILTER (held), (SELECT count(*) FROM gaps), count(*) FILTER (rankable)"
        " FROM cards"
    )
    counts = body["counts"]
    assert (counts["held"], counts["gaps"], counts["rankable"]) == (held, gaps, rankable)
    assert body["age_s"] > 0
    assert len(body["held"]) == held == 1
    assert [run["outcome"] for run in body["runs"]] == ["published", "published"]
    assert {feed["feed"] for feed in body["feeds"]} == {
        f for (f,) in site.sql("SELECT feed FROM feeds")
    }


@pytest.mark.parametrize("kind", ["parquet", "csv", "ndjson"])
@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_is_exported_whole_with_its_checksum(
    site: Site, relation: str, kind: str, tmp_path: Path
) -> None:
    (listed,) = [i for i in site.ask("/v1/exports")["items"] if i["relation"] == relation]
    answer = site.client.get(listed[kind])
    digest = hashlib.sha256(answer.content).hexdigest()
    assert site.client.get(f"{listed[kind]}.sha256").text == f"{digest}  {relation}.{kind}\n"
    stated = answer.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")
    assert b64decode(stated).hex() == digest
    file = tmp_path / f"{relation}.{kind}"
    file.write_bytes(answer.content)
    ((count,),) = site.sql(f"SELECT count(*) FROM {relation}")
    read = {
        "parquet": "read_parquet(?)",
        "csv": "read_csv(?, all_varchar := true)",
        "ndjson": "read_ndjson_auto(?)",
    }[kind]
    if count:
        assert site.sql(f"SELECT count(*) FROM {read}", str(file)) == [(count,)]
        columns = [row[0] for row in site.sql(f"DESCRIBE FROM {read}", str(file))]
        assert columns == [row[0] for row in site.sql(f"DESCRIBE {relation}")]


def test_amounts_in_a_csv_export_are_exact(site: Site) -> None:
    data = site.get("/v1/exports/prices.csv").content
    found = pl.read_csv(data, infer_schema=False).get_column("amount").drop_nulls()
    wanted = site.sql("SELECT amount FROM prices WHERE amount IS NOT NULL")
    assert sorted(map(Decimal, found)) == sorted(row[0] for row in wanted)


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/v1/offers?nonsense=1", 422, "nonsense"),
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
    cursor = site.ask("/v1/offers", ("task", "text"), ("limit", 5))["next"]
    assert site.ask("/v1/offers", ("task", "text"), ("cursor", cursor))["items"]
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


def test_json_value_changes_decimals_only() -> None:
    assert json_value({"a": [Decimal("1.50"), None, "x"], "b": Decimal("0E-18")}) == {
        "a": ["1.5", None, "x"],
        "b": "0",
    }
