"""The responses of the API but `/v1/offers`: each equals the SQL in the published file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from marketplace.api import models
from marketplace.numbers import json_value
from schemas import proof
from schemas.amounts import amount_text
from tests.support.serving import Site, as_json, without_texts

GPT = "openai/gpt-oss-120b"
ATOM = "{http://www.w3.org/2005/Atom}"


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
        (models.Provider, "providers"),
        (models.ComplianceClaim, "compliance_claims"),
    ],
)
def test_a_response_model_has_the_columns_of_its_relation(
    site: Site, model: type[models.ApiModel], relation: str
) -> None:
    fields = [name for name in model.model_fields if name != "display"]
    assert fields == [row[0] for row in site.sql(f"DESCRIBE {relation}")]


@pytest.mark.parametrize("name", ["Proof", "PriceProof", "ClaimProof", "CostProof", "CheckProof"])
def test_the_proof_models_have_the_fields_of_the_proof(name: str) -> None:
    assert (
        tuple(getattr(models, name).model_fields) == getattr(proof, name).__struct_encode_fields__
    )


def test_an_offer_has_its_prices_and_the_proof_of_each(site: Site) -> None:
    ((offer_id,),) = site.sql(
        "SELECT offer_id FROM cards WHERE model_id = ? AND inference_provider = 'cerebras'", GPT
    )
    body = without_texts(site.get_json(f"/v1/offers/{offer_id}"))
    assert body["offer"] == rows(site, "FROM cards WHERE offer_id = ?", offer_id)[0]
    assert body["prices"] == rows(site, "FROM prices WHERE offer_id = ? ORDER BY unit", offer_id)
    proofs = {price["unit"]: price["shown"] for price in body["proof"]["prices"]}
    assert set(proofs) == {"input_token", "output_token"}
    for unit, claim in proofs.items():
        ((evidence, payload, amount),) = site.sql(
            "SELECT evidence, payload_hash, amount FROM price_claims"
            " WHERE offer_id = ? AND unit = ? AND chosen AND valid_to IS NULL",
            offer_id,
            unit,
        )
        assert (claim["evidence"], claim["payload_hash"]) == (evidence, payload)
        assert claim["amount"] == amount_text(amount)
        assert list((site.home / "landing" / "objects").rglob(f"*{payload[:12]}*"))


def test_a_provider_is_found_by_its_id_or_name_with_its_claims(site: Site) -> None:
    assert site.get_json("/v1/providers")["items"] == rows(
        site, "FROM providers ORDER BY inference_provider"
    )
    body = site.get_json("/v1/providers/ovhcloud")
    assert body == site.get_json("/v1/providers/OVHcloud%20AI%20Endpoints")
    query = "FROM compliance_claims WHERE inference_provider = 'ovhcloud' AND in_force"
    assert body["claims"] == rows(site, f"{query} ORDER BY claim, applies, claim_id") != []
    assert site.get("/v1/providers/nobody").status_code == 404
    moved = site.get("/providers/OVHcloud AI Endpoints")
    assert (moved.status_code, moved.headers["location"]) == (307, "/providers/ovhcloud")
    page = site.get("/providers/ovhcloud")
    ((offers,),) = site.sql("SELECT offers FROM providers WHERE inference_provider = 'ovhcloud'")
    assert f"{offers} offers" in page.text
    assert "Source" in page.text
    assert site.get("/providers/nobody").status_code == 404


def test_a_model_is_found_by_its_id_and_has_all_its_offers(site: Site) -> None:
    body = site.get_json(f"/v1/models/{GPT}")
    assert body == site.get_json(f"/v1/models/{quote(GPT, safe='')}")
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
    assert live_site.get_json("/v1/models/acme/hub-chat")["spread"] == []
    (spread,) = live_site.get_json("/v1/models/acme/chat")["spread"]
    assert spread["rankable_offers"] >= 2


def test_a_history_includes_the_previous_ids_of_an_offer(site: Site) -> None:
    ((old, new),) = site.sql(
        "SELECT old_offer_id, new_offer_id FROM offer_links ORDER BY 1 LIMIT 1"
    )
    items = without_texts(site.get_json(f"/v1/prices/{new}/history"))["items"]
    wanted = "FROM price_history WHERE offer_id IN (?, ?) ORDER BY unit, valid_from, recorded_at"
    assert items == rows(site, wanted, old, new)
    assert {item["offer_id"] for item in items} == {old, new}


def test_changes_come_in_order_and_next_after_continues_them(site: Site) -> None:
    found, after = [], 0
    while True:
        page = site.get_json("/v1/changes", ("after", after), ("limit", 999))
        found += without_texts(page["items"])
        after = page["next_after"]
        if not page["more"]:
            break
    assert found == rows(site, "FROM changes ORDER BY change_id")
    later = site.get_json("/v1/changes", ("after", after))
    assert (later["items"], later["next_after"]) == ([], after)
    held = without_texts(site.get_json("/v1/changes", ("event", "held"))["items"])
    assert held == rows(site, "FROM changes WHERE event = 'held'")
    assert held


@pytest.mark.slow
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
    body = site.get_json("/v1/estimate", *mix, ("limit", 200))
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
    body = site.get_json("/v1/estimate", ("input_tokens", 5), ("images", 5))
    assert body["unmet"] == ["images"]
    assert body["least_per_month"] is None
    narrowed = site.get_json("/v1/estimate", ("input_tokens", 5), ("region", "eu"))["needs"][0]
    assert {item["offer"]["region"] for item in narrowed["items"]} == {"eu"}
    assert site.get_json("/v1/estimate")["needs"] == []


def test_the_status_has_the_age_of_the_data_and_held_offers(site: Site) -> None:
    body = site.get_json("/v1/status")
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


def test_json_value_changes_decimals_only() -> None:
    assert json_value({"a": [Decimal("1.50"), None, "x"], "b": Decimal("0E-18")}) == {
        "a": ["1.5", None, "x"],
        "b": "0",
    }
