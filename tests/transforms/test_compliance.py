"""Regions and tags follow from claims in force, and from nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from providers.registry import load_claims
from schemas.compliance import ComplianceClaim
from schemas.registry import Registry
from tests.support.histories import REGISTRY
from transforms.compliance import claim_rows, describe_providers

CLAIMS = load_claims().claims
CHECKED = date(2026, 11, 23)
LEFT = ("black-forest-labs", "clarifai", "hyperbolic", "nebius", "nvidia", "sambanova")
NAMES = sorted(provider.inference_provider for provider in REGISTRY.inference_providers)


def describe(
    claims: list[ComplianceClaim],
    *seen: str,
    today: date = CHECKED,
    registry: Registry = REGISTRY,
) -> dict[str, dict[str, Any]]:
    rows = describe_providers(registry, claims, list(seen), today=today).to_dicts()
    return {row["inference_provider"]: row for row in rows}


def claim(kind: str, value: str | list[str], **more: Any) -> ComplianceClaim:
    """Return a claim about a made-up provider, by default of high confidence and for everyone."""
    stated = {
        "inference_provider": "acme",
        "claim": kind,
        "value": value,
        "applies": "default",
        "source_url": "https://example.org/terms",
        "paraphrase": "They say so.",
        "confidence": "high",
        "checked_on": CHECKED,
        **more,
    }
    return ComplianceClaim.model_validate(stated)


def acme(*claims: ComplianceClaim, today: date = CHECKED) -> dict[str, Any]:
    return describe(list(claims), "acme", today=today)["acme"]


def expected_region(name: str) -> str:
    """Return the region that HF_API.md §6 comes to."""
    if name in {"ovhcloud", "scaleway"}:
        return "eu"
    return "multi" if name in {"fireworks-ai", "black-forest-labs", "publicai"} else "unverified"


def of_all_times() -> Registry:
    """Return the registry as if nobody had left Hugging Face."""
    stay = {"left_on": None, "left_source": None}
    providers = [p.model_copy(update=stay) for p in REGISTRY.inference_providers]
    return REGISTRY.model_copy(update={"inference_providers": providers})


@pytest.mark.parametrize("name", NAMES)
def test_each_provider_is_where_the_claims_prove_it_to_be(name: str) -> None:
    row = describe(CLAIMS, registry=of_all_times())[name]
    region = expected_region(name)
    assert row["region"] == region
    assert ("eu-hosted" in row["compliance_tags"]) == (region == "eu")
    assert (row["region_confidence"] is None) == (region == "unverified")


def test_every_provider_of_the_claims_is_in_the_registry() -> None:
    assert {c.inference_provider for c in CLAIMS} <= set(NAMES)
    assert len(CLAIMS) == 54
    assert {c.checked_on for c in CLAIMS} == {CHECKED}


def test_the_french_ones_serve_and_are_run_in_france() -> None:
    found = describe(CLAIMS)
    for name in ("ovhcloud", "scaleway"):
        assert found[name]["serving_countries"] == ["FR"]
        assert found[name]["operator_country"] == "FR"
        assert found[name]["region_confidence"] == "high"


def test_a_company_s_name_proves_no_country() -> None:
    found = describe(CLAIMS, registry=of_all_times())
    stated = {name: row["operator_country"] for name, row in found.items()}
    assert {name: country for name, country in stated.items() if country} == {
        "ovhcloud": "FR",
        "scaleway": "FR",
        "nebius": "NL",
        "deepinfra": "US",
        "sambanova": "US",
    }


def test_retention_tags_follow_the_default_claims() -> None:
    found = describe(CLAIMS)
    without_retention = {
        name for name, row in found.items() if "no-retention" in row["compliance_tags"]
    }
    assert without_retention == {
        "ovhcloud",
        "scaleway",
        "hf-inference",
        "groq",
        "cerebras",
        "fireworks-ai",
        "deepinfra",
        "baseten",
    }
    assert "no-retention" not in found["together"]["compliance_tags"]


def test_providers_without_claims_have_no_tags() -> None:
    found = describe(CLAIMS, "a-new-one")
    for name in ("novita", "nscale", "featherless-ai", "wavespeed", "hyperbolic", "a-new-one"):
        assert found[name]["compliance_tags"] == []
        assert found[name]["region"] == "unverified"
    assert found["a-new-one"]["price_feed_reason"] == "not_in_registry"


@pytest.mark.parametrize(
    ("sites", "region"),
    [
        (["FR"], "eu"),
        (["FR", "FI", "DE"], "eu"),
        ("EU", "eu"),
        (["EU", "FR"], "eu"),
        (["NO"], "eea"),
        (["NO", "FR"], "eea"),
        (["IS", "LI"], "eea"),
        (["US"], "us"),
        (["CH"], "CH"),
        (["GB"], "GB"),
        (["FR", "GB"], "multi"),
        (["US", "FR"], "multi"),
        (["JP", "SG"], "multi"),
        ("multi", "multi"),
        (["multi", "FR"], "multi"),
    ],
)
def test_a_region_counts_only_if_every_default_site_is_in_it(
    sites: str | list[str], region: str
) -> None:
    row = acme(claim("serving_region", sites))
    assert row["region"] == region
    assert ("eu-hosted" in row["compliance_tags"]) == (region == "eu")


def test_two_claims_about_places_count_together() -> None:
    places = (claim("serving_region", ["FR"]), claim("serving_region", ["US"]))
    assert acme(*places)["region"] == "multi"


def test_the_weakest_claim_gives_the_confidence() -> None:
    places = (
        claim("serving_region", ["FR"]),
        claim("serving_region", ["DE"], confidence="medium"),
    )
    assert acme(*places)["region_confidence"] == "medium"


KINDS = [
    ("serving_region", ["FR"]),
    ("retention", "none"),
    ("training_use", "no"),
    ("dpa", "available"),
]
TAGS = {
    "serving_region": "eu-hosted",
    "retention": "no-retention",
    "training_use": "no-training",
    "dpa": "dpa-available",
}


@pytest.mark.parametrize(("kind", "value"), KINDS)
def test_a_default_claim_in_force_proves_its_tag(kind: str, value: Any) -> None:
    assert acme(claim(kind, value))["compliance_tags"] == [TAGS[kind]]


@pytest.mark.parametrize(("kind", "value"), KINDS)
@pytest.mark.parametrize(
    "weak", [{"applies": "optional"}, {"applies": "enterprise"}, {"confidence": "low"}]
)
def test_optional_enterprise_and_low_claims_prove_nothing(
    kind: str, value: Any, weak: dict[str, str]
) -> None:
    row = acme(claim(kind, value, **weak))
    assert (row["compliance_tags"], row["region"]) == ([], "unverified")


@pytest.mark.parametrize(("kind", "value"), KINDS)
def test_a_claim_stops_proving_on_the_day_it_expires(kind: str, value: Any) -> None:
    last_day = CHECKED + timedelta(days=REGISTRY.claim_expires_after_days)
    stated = claim(kind, value)
    assert acme(stated, today=last_day - timedelta(days=1))["compliance_tags"] == [TAGS[kind]]
    gone = acme(stated, today=last_day)
    assert (gone["compliance_tags"], gone["region"]) == ([], "unverified")
    rows = claim_rows(REGISTRY, [stated], today=last_day)
    assert rows.select("expires_on", "in_force").row(0) == (last_day, False)


def test_a_provider_that_contradicts_itself_gets_no_tag() -> None:
    assert acme(claim("retention", "none"), claim("retention", "30d"))["compliance_tags"] == []


@pytest.mark.parametrize("value", ["opt-in", "opt-out", "yes"])
def test_only_a_plain_no_means_no_training(value: str) -> None:
    assert acme(claim("training_use", value))["compliance_tags"] == []


def test_an_eu_endpoint_of_a_us_operator_is_two_facts_and_no_eu_operator() -> None:
    row = acme(claim("serving_region", ["DE"]), claim("operator_jurisdiction", "US"))
    assert (row["region"], row["operator_country"]) == ("eu", "US")
    assert row["compliance_tags"] == ["eu-hosted"]


def test_no_tag_mentions_gdpr() -> None:
    tags = {tag for row in describe(CLAIMS).values() for tag in row["compliance_tags"]}
    assert not [tag for tag in tags if "gdpr" in tag]


def test_every_claim_keeps_its_source_and_its_paraphrase() -> None:
    rows = claim_rows(REGISTRY, CLAIMS, today=CHECKED)
    assert rows["claim_id"].is_unique().all()
    assert rows["source_url"].str.starts_with("https://").all()
    serving = rows.filter(~pl.col("inference_provider").is_in(LEFT))
    assert serving["in_force"].all()
    for row, stated in zip(rows.to_dicts(), CLAIMS, strict=True):
        assert (row["paraphrase"], row["confidence"]) == (stated.paraphrase, stated.confidence)


def test_six_providers_left_hugging_face_and_each_has_its_source() -> None:
    left = {p.inference_provider: p for p in REGISTRY.inference_providers if p.left_on}
    assert tuple(left) == LEFT
    for provider in left.values():
        assert provider.left_on is not None
        assert date(2026, 6, 29) <= provider.left_on <= date(2026, 7, 1)
        assert str(provider.left_source).startswith("https://github.com/huggingface/")


def test_a_claim_counts_until_its_provider_left() -> None:
    day = date(2026, 6, 28)
    stated = [c.model_copy(update={"checked_on": day}) for c in CLAIMS]
    for today, in_force in ((day, True), (date(2026, 7, 1), False), (date(2026, 7, 2), False)):
        rows = claim_rows(REGISTRY, stated, today=today)
        assert rows.height == 54
        found = rows.filter(pl.col("inference_provider").is_in(LEFT))
        assert set(found["in_force"]) == {in_force}
        rest = rows.filter(~pl.col("inference_provider").is_in(LEFT))
        assert set(rest["in_force"]) == {True}
        described = describe(stated, today=today)
        assert described["sambanova"]["operator_country"] == ("US" if in_force else None)
        assert described["black-forest-labs"]["region"] == ("multi" if in_force else "unverified")


def test_the_dates_of_a_provider_are_those_of_the_registry() -> None:
    found = describe(CLAIMS, "a-new-one")
    dates = ("joined_on", "left_on", "left_source")
    assert [found["nebius"][name] for name in dates] == [
        date(2025, 2, 18),
        date(2026, 7, 1),
        "https://github.com/huggingface/huggingface.js/pull/2258",
    ]
    assert [found["deepinfra"][name] for name in dates] == [date(2026, 4, 27), None, None]
    assert [found["baseten"][name] for name in dates] == [date(2026, 8, 6), None, None]
    for name in ("zai-org", "a-new-one"):
        assert [found[name][date_] for date_ in dates] == [None, None, None]
