"""An estimate ranks an offer that passes its filters, or names it with the reason why not."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from marketplace.api import models
from tests.support.serving import Site

GPT = "openai/gpt-oss-120b"
Fields = tuple[tuple[str, object], ...]


def offers_of(need: dict[str, Any]) -> list[str]:
    """Return the offers that a need ranks, lists with an unknown cost, or leaves out."""
    items = [*need["items"], *need["unranked"], *need["left_out"]]
    return [item["offer"]["offer_id"] for item in items]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        (
            (("input_tokens", 200_000_000), ("output_tokens", 50_000_000), ("model_id", GPT)),
            f"model_id = '{GPT}'",
        ),
        (
            (("input_tokens", 1000), ("cached_share", "0.5"), ("model_id", GPT)),
            f"model_id = '{GPT}'",
        ),
        ((("images", 100), ("task", "image")), "task_group = 'image'"),
        ((("video_seconds", 9), ("task", "video")), "task_group = 'video'"),
        (
            (("audio_minutes", 9), ("task", "audio"), ("task", "video")),
            "task_group IN ('audio', 'video')",
        ),
        (
            (("input_tokens", 5), ("region", "eu"), ("tools", "true")),
            "region = 'eu' AND supports_tools",
        ),
    ],
)
def test_every_offer_that_passes_the_filters_is_ranked_or_named(
    site: Site, fields: Fields, where: str
) -> None:
    body = site.get_json("/v1/estimate", *fields, ("limit", 200), ("left_out_limit", 1000))
    models.Estimate.model_validate(body)
    (need,) = body["needs"]
    wanted = site.sql(f"SELECT offer_id FROM cards WHERE offer_type = 'model' AND {where}")
    assert sorted(offers_of(need)) == sorted(offer for (offer,) in wanted)
    total = need["total"] + need["unranked_total"] + need["left_out_total"]
    assert total == len(wanted) > 0
    assert need["left_out_total"] == len(need["left_out"])
    for item in need["left_out"]:
        assert item["reasons"], item["route"]
        assert all(reason["text"] for reason in item["reasons"])
        assert item["cost_per_month"] is None or not item["offer"]["rankable"]
    counted = [reason["reason"] for item in need["left_out"] for reason in item["reasons"]]
    assert need["left_out_counts"] == {name: counted.count(name) for name in set(counted)}


def test_held_and_unpriced_offers_are_named_with_their_reason(site: Site) -> None:
    held = "mistralai/Mistral-7B-Instruct-v0.2"
    body = site.get_json("/v1/estimate", ("input_tokens", 10), ("model_id", held))
    reasons = {
        item["offer"]["inference_provider"]: [reason["reason"] for reason in item["reasons"]]
        for item in body["needs"][0]["left_out"]
    }
    assert "held" in reasons["together"]
    page = unescape(site.get(f"/calculator?input_tokens=10&model_id={held}").text)
    assert f"{len(reasons)} offers left out, and why" in page
    assert "A check refused its newer price" in page or "a check refused its newer price" in page
    few = site.get_json("/v1/estimate", ("input_tokens", 1), ("left_out_limit", 2))["needs"][0]
    assert len(few["left_out"]) == 2 < few["left_out_total"]
