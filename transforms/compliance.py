"""Describe where a provider runs inference and what it promises, as far as its claims prove it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from schemas.compliance import CLAIM_TAGS, EU_HOSTED, EU_OPERATOR, ComplianceClaim
from schemas.load import COMPLIANCE_CLAIMS
from schemas.registry import Registry
from schemas.state import PROVIDERS

EU = frozenset(
    {
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    }
)
EEA_ONLY = frozenset({"IS", "LI", "NO"})
UNVERIFIED = "unverified"


def expires_on(claim: ComplianceClaim, registry: Registry) -> date:
    """Return the day from which a claim no longer counts, by our own policy."""
    return claim.checked_on + timedelta(days=registry.claim_expires_after_days)


def region_of(claims: Sequence[ComplianceClaim]) -> tuple[str, str | None, list[str] | None]:
    """Return (region, confidence, countries) of one provider's serving_region claims in force.

    A region counts only if every known default site lies in it.
    """
    claims = [c for c in claims if c.claim == "serving_region" and c.applies == "default"]
    if not claims:
        return UNVERIFIED, None, None
    confidence = "high" if all(c.confidence == "high" for c in claims) else "medium"
    countries = sorted(
        {place for c in claims for place in (c.value if isinstance(c.value, list) else [c.value])}
    )
    if "multi" in countries:
        return "multi", confidence, None
    return _smallest_region(countries), confidence, countries


def _smallest_region(countries: Sequence[str]) -> str:
    found = set(countries)
    if found <= EU | {"EU"}:
        return "eu"
    if found <= EU | EEA_ONLY | {"EU"}:
        return "eea"
    if found == {"US"}:
        return "us"
    return next(iter(found)) if len(found) == 1 else "multi"


def tags_of(claims: Sequence[ComplianceClaim], region: str, country: str | None) -> list[str]:
    """Return the compliance tags that default claims in force prove; sorted.

    A provider that states two different values of one claim gets no tag for it.
    """
    tags = set()
    if region == "eu":
        tags.add(EU_HOSTED)
    if country in EU:
        tags.add(EU_OPERATOR)
    by_kind: defaultdict[str, set[str]] = defaultdict(set)
    for claim in claims:
        if claim.applies == "default":
            by_kind[claim.claim].add(str(claim.value))
    for (kind, value), tag in CLAIM_TAGS.items():
        if by_kind[kind] == {value}:
            tags.add(tag)
    return sorted(tags)


def left_providers(registry: Registry, *, today: date) -> frozenset[str]:
    """Return the inference providers that have left Hugging Face by a day.

    What they promise their customers proves nothing of calls that are no longer routed to them, so
    that no claim about them is in force.
    """
    providers = registry.inference_providers
    return frozenset(p.inference_provider for p in providers if p.has_left(today))


def describe_providers(
    registry: Registry,
    claims: Sequence[ComplianceClaim],
    seen: Sequence[str],
    *,
    today: date,
    unavailable: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return PROVIDERS: every provider of the registry, and those seen that it does not know.

    `unavailable` maps a price list that has stated nothing so far to the reason: it is no price
    feed yet. Only claims in force count, and none of low confidence: those prove no place and no
    tag.
    """
    known = {p.inference_provider: p for p in registry.inference_providers}
    left = left_providers(registry, today=today)
    in_force = [
        c
        for c in claims
        if expires_on(c, registry) > today
        and c.confidence != "low"
        and c.inference_provider not in left
    ]
    columns: defaultdict[str, list[object]] = defaultdict(list)
    for name in sorted({*known, *seen}):
        own = [c for c in in_force if c.inference_provider == name]
        region, confidence, countries = region_of(own)
        country = _operator_country(own)
        entry = known.get(name)
        price_feed = entry.price_feed if entry else None
        why = (unavailable or {}).get(price_feed or "")
        row = {
            "inference_provider": name,
            "display_name": entry.display_name if entry else name,
            "operator": None,
            "operator_country": country,
            "serving_countries": countries,
            "region": region,
            "region_confidence": confidence,
            "compliance_tags": tags_of(own, region, country),
            "price_feed": None if why else price_feed,
            "price_feed_reason": why or (entry.price_feed_reason if entry else "not_in_registry"),
            "joined_on": entry.joined_on if entry else None,
            "left_on": entry.left_on if entry else None,
            "left_source": str(entry.left_source) if entry and entry.left_source else None,
        }
        for column, value in row.items():
            columns[column].append(value)
    return PROVIDERS.build(dict(columns))


def _operator_country(claims: Sequence[ComplianceClaim]) -> str | None:
    """Return the country that all claims about the operator name; None when none or several do."""
    stated = {str(c.value) for c in claims if c.claim == "operator_jurisdiction"}
    return stated.pop() if len(stated) == 1 else None


def claim_rows(
    registry: Registry, claims: Sequence[ComplianceClaim], *, today: date
) -> pl.DataFrame:
    """Return COMPLIANCE_CLAIMS; an id names provider and claim, and counts where there are more.

    A claim about a provider that left Hugging Face stays on record, and is not in force.
    """
    columns: defaultdict[str, list[object]] = defaultdict(list)
    counts: Counter[str] = Counter()
    left = left_providers(registry, today=today)
    for claim in claims:
        name = f"{claim.inference_provider}:{claim.claim}:{claim.applies}"
        counts[name] += 1
        until = expires_on(claim, registry)
        value = claim.value if isinstance(claim.value, str) else ", ".join(claim.value)
        row = {
            "claim_id": f"{name}:{counts[name]}",
            **claim.model_dump(
                include={
                    "inference_provider",
                    "claim",
                    "applies",
                    "paraphrase",
                    "checked_on",
                    "confidence",
                }
            ),
            "value": value,
            "source_url": str(claim.source_url),
            "expires_on": until,
            "in_force": until > today and claim.inference_provider not in left,
        }
        for column, stated in row.items():
            columns[column].append(stated)
    return COMPLIANCE_CLAIMS.build(dict(columns))
