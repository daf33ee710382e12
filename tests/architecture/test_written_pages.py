"""Pages that programs of scripts/docs write are equal to what the programs write now."""

from __future__ import annotations

import re

import pytest

from scripts.docs.agreement import page as agreement_page
from scripts.docs.checks import fill_page as fill_checks
from scripts.docs.compliance import compliance_page
from scripts.docs.coverage import coverage_page
from scripts.docs.peer_factors import peers_page
from scripts.docs.prices import page as prices_page
from scripts.docs.reliability import OTHERS
from scripts.docs.reliability import page as reliability_page
from scripts.docs.tasks import tasks_page
from tests.support.documents import CHECKOUT, PAGES

RECORDINGS = CHECKOUT.parent / "shared" / "recordings"


def test_tasks_page_matches_the_code() -> None:
    assert (CHECKOUT / "docs" / "tasks.md").read_text("utf-8") == tasks_page()


def test_table_of_checks_matches_the_code() -> None:
    page = (CHECKOUT / "docs" / "operating.md").read_text("utf-8")
    assert page == fill_checks(page), "python -m scripts.docs.checks"


def test_reliability_page_matches_the_tests_that_it_names() -> None:
    page = (CHECKOUT / "docs" / "reliability.md").read_text("utf-8")
    assert page == reliability_page()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) >= len(OTHERS)
    for path, name in named:
        assert f"def {name}(" in (CHECKOUT / path).read_text("utf-8"), f"{path}::{name}"


def test_prices_page_matches_the_output_of_explain() -> None:
    assert (CHECKOUT / "docs" / "prices.md").read_text("utf-8") == prices_page()


def test_agreement_page_matches_both_lists() -> None:
    page = (CHECKOUT / "docs" / "agreement.md").read_text("utf-8")
    assert page == agreement_page()
    assert "| equal |" in page


def test_compliance_page_matches_the_claims_and_promises_nothing() -> None:
    page = (CHECKOUT / "docs" / "compliance.md").read_text("utf-8")
    assert page == compliance_page()
    promised = re.compile(r"(?:gdpr|dsgvo)[ -](?:compliant|konform|ready)", re.IGNORECASE)
    for path in PAGES:
        assert not promised.search(path.read_text("utf-8")), path.name


@pytest.mark.slow
@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the checkout")
def test_coverage_page_matches_the_recordings() -> None:
    assert (CHECKOUT / "docs" / "coverage.md").read_text("utf-8") == coverage_page(RECORDINGS)


@pytest.mark.slow
@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the checkout")
def test_peers_page_matches_the_recordings_and_refuses_no_honest_price() -> None:
    page = (CHECKOUT / "docs" / "peers.md").read_text("utf-8")
    assert page == peers_page(RECORDINGS)
    assert "None is refused, so there is no exception to list." in page
