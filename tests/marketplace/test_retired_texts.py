"""Texts that buyers did not understand: none is left, and what replaced each is on its page."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.support.serving import Site

ROOT = Path(__file__).parents[2]
RETIRED = [
    r"also where it is unverified",
    r"several places",
    r"Whole answer\s+[\d{]",
    r"Where and under whose law",
    r"Every price, as stated and as compared",
    r"Nobody's statement about this provider",
    r"That question cannot be answered",
    r"Extra inputs are not permitted",
    r"no invoice,? (and )?no advice",
    r"(neither an|no) invoice n?or advice",
]
SOURCES = [
    path
    for folder, ending in (
        ("marketplace", "html"),
        ("marketplace", "py"),
        ("marketplace", "js"),
        ("cli", "py"),
        ("docs", "md"),
    )
    for path in (ROOT / folder).rglob(f"*.{ending}")
    if path.name != "sql.md"  # its dictionary is that of the relations
] + [ROOT / "README.md"]


@pytest.mark.parametrize("text", RETIRED)
def test_no_page_command_or_document_has_a_retired_text(text: str) -> None:
    found = [path.name for path in SOURCES if re.search(text, path.read_text("utf-8"), re.I)]
    assert found == []


def test_each_replacement_is_on_its_page(site: Site) -> None:
    ((offer_id,),) = site.sql(
        "SELECT offer_id FROM cards WHERE inference_provider = 'novita' AND rankable LIMIT 1"
    )
    pages = {
        "/": ["Include unverified locations", "Multiple regions", "not an invoice or advice"],
        "/?task=image&sort=request_latency_ms": ["Time per request"],
        f"/offers/{offer_id}": [
            "Location and jurisdiction",
            "Prices: original and normalised",
            "No published statement found",
        ],
        "/?region=germany": ["Invalid filter", "valid: eu, eea"],
        "/changes?since=monday": ["Invalid filter", "24h or 7d"],
    }
    for address, texts in pages.items():
        page = unescape(site.get(address).text)
        for text in texts:
            assert text in page, (address, text)
    unknown = site.get("/v1/offers?foo=1")
    assert unknown.status_code == 422
    assert "Unknown parameter “foo”. Valid: " in unknown.json()["detail"]
