"""A claim that expires between two hours: the region falls, and the publication has a check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from providers.registry import load_claims, load_registry
from samples.hub import serve
from tests.support.backends import TOO_LONG_FOR_CI
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import rows

pytestmark = [pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

LAST_DAY = datetime(2027, 5, 21, 20, tzinfo=UTC)
"""The claims were checked on 2026-11-23 and count for 180 days."""
SERVING_CLAIMS = 54 - 13
"""13 are about providers that left Hugging Face: their pages need not be read again."""


def scaleway(home: Path) -> list[tuple[Any, ...]]:
    return rows(
        home,
        "SELECT DISTINCT region, region_confidence, operator_country, compliance_tags FROM cards "
        "WHERE inference_provider = 'scaleway'",
    )


@pytest.mark.slow
def test_an_expired_claim_unverifies_the_region_and_adds_a_check(
    tmp_path: Path,
) -> None:
    clock = Clock(LAST_DAY)
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        ((region, confidence, country, tags),) = scaleway(tmp_path)
        assert (region, confidence, country) == ("eu", "high", "FR")
        assert {"eu-hosted", "eu-operator"} <= set(tags)
        assert rows(tmp_path, "SELECT count(*) FROM checks WHERE name = 'claim_expired'") == [(0,)]
        clock.advance(timedelta(hours=5))  # past midnight
        ingest(tmp_path, hub, clock=clock)
        assert scaleway(tmp_path) == [("unverified", None, None, [])]
        expired = rows(
            tmp_path,
            "SELECT count(*), any_value(severity) FROM checks WHERE name = 'claim_expired'",
        )
        assert expired == [(SERVING_CLAIMS, "warn")]
        checks = rows(
            tmp_path,
            "SELECT expected, observed, message FROM checks WHERE name = 'provider_fact_changed' "
            "AND inference_provider = 'scaleway' ORDER BY expected",
        )
        assert [line[:2] for line in checks] == [
            ("compliance_tags: " + " ".join(tags), "compliance_tags: (none)"),
            ("operator_country: FR", "operator_country: (none)"),
            ("region: eu", "region: unverified"),
        ]
        assert checks[2][2] == "scaleway: cards now say region unverified, before eu"
        assert rows(tmp_path, "SELECT count(*) FROM cards_in('eu')") == [(0,)]
        clock.advance(timedelta(hours=1))
        ingest(tmp_path, hub, clock=clock)
    again = rows(tmp_path, "SELECT count(*) FROM checks WHERE name = 'claim_expired'")
    assert again == [(SERVING_CLAIMS,)]  # once, not each hour
    assert rows(tmp_path, "SELECT DISTINCT in_force FROM compliance_claims") == [(False,)]


def test_strict_region_needs_proof_and_lenient_region_no_disproof(
    tmp_path: Path,
) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock(LAST_DAY))

    def providers(place: str, lenient: str) -> set[str]:
        query = f"SELECT DISTINCT inference_provider FROM cards_in('{place}', lenient := {lenient})"
        return {name for (name,) in rows(tmp_path, query)}

    assert providers("eu", "false") == {"scaleway"}
    assert providers("eea", "false") == providers("FR", "false") == {"scaleway"}
    assert providers("us", "false") == set()
    everybody = {
        name for (name,) in rows(tmp_path, "SELECT DISTINCT inference_provider FROM cards")
    }
    assert providers("eu", "true") == everybody
    assert providers("us", "true") == everybody - {"scaleway"}


def test_optional_and_enterprise_claims_are_listed_and_on_no_card() -> None:
    apart = [c for c in load_claims().claims if c.applies != "default"]
    assert {c.applies for c in apart} == {"optional", "enterprise"}
    assert load_registry().claim_expires_after_days == 180


def test_no_tag_and_no_page_claims_compliance(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock(LAST_DAY))
    tags = rows(tmp_path, "SELECT DISTINCT unnest(compliance_tags) FROM cards")
    known = {"eu-hosted", "eu-operator", "no-retention", "no-training", "dpa-available"}
    assert {tag for (tag,) in tags} <= known
