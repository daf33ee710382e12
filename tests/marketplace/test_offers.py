"""`/v1/offers`: every filter, count, order and page equals the SQL in the published file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.serving import Site, as_json

MODEL = "offer_type = 'model'"
IN_FRANCE = "SELECT inference_provider FROM providers WHERE serving_countries = ['FR']"
FILTERS: list[tuple[list[tuple[str, object]], str]] = [
    ([], MODEL),
    ([("provider", "huggingface")], MODEL),
    ([("inference_provider", "Together AI")], f"{MODEL} AND inference_provider = 'together'"),
    ([("inference_provider", "WaveSpeedAI")], f"{MODEL} AND inference_provider = 'wavespeed'"),
    ([("tag", "NO-RETENTION")], f"{MODEL} AND list_contains(compliance_tags, 'no-retention')"),
    ([("region", "de")], f"{MODEL} AND region = 'DE'"),
    (
        [("inference_provider", "novita"), ("inference_provider", "groq")],
        f"{MODEL} AND inference_provider IN ('novita', 'groq')",
    ),
    ([("task", "image")], f"{MODEL} AND task_group = 'image'"),
    ([("task", "text-to-image")], f"{MODEL} AND task = 'text-to-image'"),
    (
        [("task", "audio"), ("task", "fill-mask")],
        f"{MODEL} AND (task_group = 'audio' OR task = 'fill-mask')",
    ),
    ([("region", "eu")], f"{MODEL} AND region = 'eu'"),
    ([("region", "EU")], f"{MODEL} AND region = 'eu'"),
    ([("region", "eea")], f"{MODEL} AND region IN ('eu', 'eea')"),
    ([("region", "us")], f"{MODEL} AND region = 'us'"),
    ([("region", "fr")], f"{MODEL} AND inference_provider IN ({IN_FRANCE})"),
    (
        [("region", "FR"), ("region_mode", "lenient")],
        f"{MODEL} AND (region IN ('multi', 'unverified') OR inference_provider IN ({IN_FRANCE}))",
    ),
    (
        [("region", "eu"), ("region_mode", "lenient")],
        f"{MODEL} AND region IN ('eu', 'multi', 'unverified')",
    ),
    ([("status", "error"), ("status", "staging")], f"{MODEL} AND status IN ('error', 'staging')"),
    ([("offer_type", "adapter")], "offer_type = 'adapter'"),
    ([("offer_type", "all")], "true"),
    (
        [("tag", "no-retention"), ("tag", "eu-hosted")],
        f"{MODEL} AND list_has_all(compliance_tags, ['no-retention', 'eu-hosted'])",
    ),
    ([("tools", "true")], f"{MODEL} AND supports_tools"),
    ([("tools", "false")], f"{MODEL} AND supports_tools = false"),
    ([("structured_output", "true")], f"{MODEL} AND supports_structured_output"),
    ([("min_context_length", 131072)], f"{MODEL} AND context_length >= 131072"),
    ([("max_cost_per_million_tokens", "0.30")], f"{MODEL} AND cost_per_token <= 0.0000003"),
    ([("max_cost_per_image", "1")], f"{MODEL} AND cost_per_image <= 1"),
    ([("min_throughput_tps", "100.5")], f"{MODEL} AND throughput_tps >= 100.5"),
    ([("max_first_token_latency_ms", 300)], f"{MODEL} AND first_token_latency_ms <= 300"),
    ([("priced_only", "true")], f"{MODEL} AND price_status IN ('priced', 'free')"),
    ([("rankable_only", "true")], "rankable"),
    ([("model_id", "openai/gpt-oss-120b")], "model_id = 'openai/gpt-oss-120b'"),
    (
        [("q", "GPT  groq")],
        f"{MODEL} AND model_id || ' ' || inference_provider ILIKE '%gpt%'"
        " AND model_id || ' ' || inference_provider ILIKE '%groq%'",
    ),
    (
        [("task", "text"), ("region", "eu"), ("tools", "true"), ("q", "qwen")],
        f"{MODEL} AND task_group = 'text' AND region = 'eu' AND supports_tools"
        " AND model_id || ' ' || inference_provider ILIKE '%qwen%'",
    ),
]
SORTS = {
    "cost_per_token": "cost_per_token",
    "cost_per_input_token": "cost_per_input_token",
    "throughput_tps": "-throughput_tps",
    "first_token_latency_ms": "first_token_latency_ms",
    "context_length": "-context_length",
    "price_changed_at": "-epoch_us(price_changed_at)",
}


def walk(site: Site, *pairs: tuple[str, object]) -> list[dict[str, Any]]:
    """Return the items of all pages."""
    found, cursor = [], None
    while True:
        page = site.get_json("/v1/offers", *pairs, *([("cursor", cursor)] if cursor else []))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(("pairs", "where"), FILTERS, ids=lambda value: str(value)[:60])
def test_a_filter_returns_the_offers_of_the_same_sql(
    site: Site, pairs: list[tuple[str, object]], where: str
) -> None:
    wanted = {row[0] for row in site.sql(f"SELECT offer_id FROM cards WHERE {where}")}
    first = site.get_json("/v1/offers", *pairs)
    found = walk(site, *pairs, ("limit", 200))
    assert first["total"] == len(found) == len(wanted)
    assert {item["offer_id"] for item in found} == wanted
    models = site.sql(f"SELECT count(DISTINCT model_id) FROM cards WHERE {where}")
    assert first["models"] == models[0][0]


NAMES = (
    "lower(concat_ws(' ', model_id, inference_provider, (SELECT any_value(display_name)"
    " FROM providers p WHERE p.inference_provider = c.inference_provider)))"
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Together AI", "%together ai%"),
        ("OVHcloud AI Endpoints", "%ovhcloud ai endpoints%"),
        ("Z.ai", "%z.ai%"),
        ("wavespeedai", "%wavespeedai%"),
        ("gptoss", "%gpt-oss%"),
        ("gpt oss 120b", "%gpt-oss-120b%"),
        ("openai/gpt-oss-120b:groq", "openai/gpt-oss-120b groq%"),
        ("gpt-oss-120b:cheapest", "%gpt-oss-120b%"),
        ("deepseekv3", "%deepseek-v3%"),
        ("llama70b", "%llama%70b%"),
    ],
)
def test_a_search_finds_names_as_people_type_them(site: Site, text: str, plain: str) -> None:
    wanted = site.sql(f"SELECT offer_id FROM cards c WHERE {MODEL} AND {NAMES} LIKE ?", plain)
    found = {item["offer_id"] for item in walk(site, ("q", text), ("limit", 200))}
    assert found >= {row[0] for row in wanted}
    assert found


@pytest.mark.parametrize(
    ("typed", "name"),
    [("qwem3", "Qwen3"), ("deepsek-r1", "DeepSeek-R1"), ("togehter", "Together AI")],
)
def test_a_search_without_a_result_names_what_it_may_mean(
    site: Site, typed: str, name: str
) -> None:
    page = site.get(f"/?q={typed}").text
    assert "Did you mean" in page
    assert name in page.partition("Did you mean")[2].partition("</p>")[0]
    assert "Did you mean" not in site.get("/?q=xqzzyvwk").text


def test_every_field_of_every_offer_equals_its_column(site: Site) -> None:
    rows = site.sql("SELECT * FROM cards ORDER BY offer_id")
    names = [row[0] for row in site.sql("DESCRIBE cards")]
    found = sorted(
        walk(site, ("offer_type", "all"), ("limit", 200)), key=lambda item: item["offer_id"]
    )
    assert len(found) == len(rows) > 1600
    for item, row in zip(found, rows, strict=True):
        assert list(item) == [*names, "display"]
        for name, column in zip(names, row, strict=True):
            assert item[name] == as_json(column), (item["offer_id"], name)


def test_amounts_are_plain_text_without_an_exponent(site: Site) -> None:
    costs = [
        value
        for item in walk(site, ("priced_only", "true"), ("limit", 200))
        for name, value in item.items()
        if name.startswith("cost_per_") and value is not None
    ]
    assert len(costs) > 900
    assert all(isinstance(cost, str) and "e" not in cost.lower() for cost in costs)
    assert min(map(Decimal, costs)) < Decimal("0.0000001")


@pytest.mark.parametrize("sort", SORTS)
def test_rankable_offers_come_first_and_each_part_is_sorted(site: Site, sort: str) -> None:
    found = [item["offer_id"] for item in walk(site, ("sort", sort), ("limit", 200))]
    key = SORTS[sort]
    wanted = site.sql(
        f"SELECT offer_id FROM cards WHERE {MODEL} ORDER BY {key} IS NULL,"
        f" CASE WHEN {key} IS NULL THEN (estimated_cost IS NULL)::INT"  # an estimate, then nothing
        " WHEN rankable THEN 0 WHEN status = 'live' THEN 1 ELSE 2"
        f" END, {key}, model_id, inference_provider, offer_id"
    )
    assert found == [row[0] for row in wanted]


def test_a_descending_order_keeps_unknown_values_last(site: Site) -> None:
    rankable = ("rankable_only", "true")
    up = walk(site, ("sort", "cost_per_token"), rankable, ("limit", 200))
    down = walk(site, ("sort", "cost_per_token"), ("order", "desc"), rankable, ("limit", 200))
    costs = [Decimal(item["cost_per_token"]) for item in up]
    assert costs == sorted(costs)
    assert [Decimal(item["cost_per_token"]) for item in down] == costs[::-1]
    last = walk(site, ("sort", "throughput_tps"), ("order", "asc"), ("limit", 200))[-1]
    assert last["throughput_tps"] is None


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_pages_of_any_size_have_each_offer_once(site: Site, limit: int) -> None:
    pairs = [("task", "text"), ("region", "eu"), ("limit", limit)]
    found = [item["offer_id"] for item in walk(site, *pairs)]
    assert found == [item["offer_id"] for item in walk(site, *pairs[:2], ("limit", 200))]
    assert len(found) == len(set(found)) > 20


def test_a_facet_count_is_the_total_with_that_filter(site: Site) -> None:
    filters: list[tuple[str, object]] = [("task", "text"), ("tools", "true")]
    facets = site.get_json("/v1/offers", *filters)["facets"]
    for facet, others in (
        ("region", filters),
        ("inference_provider", filters),
        ("status", filters),
        ("tag", filters),
        ("task", filters[1:]),
    ):
        assert facets[facet]
        for each in facets[facet]:
            chosen = site.get_json("/v1/offers", *others, (facet, each["value"]), ("limit", 1))
            assert chosen["total"] == each["count"], (facet, each)
    for facet in ("structured_output", "priced_only", "rankable_only"):
        chosen = site.get_json("/v1/offers", *filters, (facet, "true"), ("limit", 1))
        assert facets[facet] == [{"value": "true", "count": chosen["total"]}]


def test_a_response_names_its_publication_and_origin(site: Site, live_site: Site) -> None:
    for where, origin in ((site, "sample"), (live_site, "live")):
        ((published,),) = where.sql("SELECT publication_id FROM publication")
        body = where.get_json("/v1/offers")
        assert list(body)[:2] == ["publication", "origin"]
        assert (body["publication"], body["origin"]) == (published, origin)
