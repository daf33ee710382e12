"""The independent count of the Hub's walk: asked once a day, compared, and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.replay import replay
from pipeline.report import FeedReport, Report
from pipeline.settings import read_settings, recorded_settings
from providers.registry import load_registry
from samples.catalog import Catalog
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest, error, json_reply, respond
from tests.support.hours import Clock, ingest, mapped_model, mapping, small_catalog
from tests.support.published import copy_landing, exported, rows

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
FEEDS = ("hub", "router", "partners")
CHECKS = (
    "SELECT inference_provider, severity, expected, observed FROM checks "
    "WHERE name = 'partners_agree' ORDER BY run_id, inference_provider"
)

AGES = (
    "SELECT max(c.observed_at) <= any_value(p.observed_to), "
    "any_value(p.observed_to - p.observed_from) < INTERVAL 1 HOUR FROM cards c, publication p"
)
"""Whether no card is newer than the publication, and its oldest answer is of the same hour."""


def catalog(**counts: int) -> Catalog:
    """Return so many chat models at each provider."""
    hub = [
        mapped_model(f"acme/m{n}", *(mapping(name) for name, count in counts.items() if n < count))
        for n in range(max(counts.values()))
    ]
    return Catalog(hub, router=small_catalog().router)


class Server:
    """Answers partners from `whole`, and can refuse or replace an answer; keeps the requests."""

    def __init__(self, whole: Catalog | None = None) -> None:
        self.whole = whole
        self.refused: dict[str, int] = {}
        self.answers: dict[str, Any] = {}
        self.targets: list[str] = []

    def __call__(self, request: ServerRequest) -> ServerReply | None:
        for path, status in self.refused.items():
            if request.path.startswith(path):
                return error(status, "not now")
        if not request.path.startswith("/api/partners/"):
            return None
        self.targets.append(request.target)
        if request.path in self.answers:
            return json_reply(200, json.dumps(self.answers[request.path]).encode(), {})
        return respond(request, self.whole, base_url="") if self.whole else None


def partners(report: Report) -> FeedReport:
    return next(feed for feed in report.feeds if feed.feed == "partners")


def test_a_day_is_counted_once_and_shows_in_nothing_but_checks(tmp_path: Path) -> None:
    answers, clock, home = Server(), Clock(), tmp_path / "home"
    codes: list[str | None] = []

    def hour(*, after: int) -> FeedReport:
        clock.advance(after * HOUR)
        return partners(ingest(home, hub, clock=clock, feeds=FEEDS))

    with serve(small_catalog(), on_request=answers) as hub:
        answers.refused = {"/api/partners/publicai": 404}
        feed = hour(after=0)
        assert (feed.outcome, feed.records, feed.rejected) == ("complete", 5, 0)
        found, requests = rows(home, CHECKS), len(answers.targets)
        before = rows(home, "SELECT count(*) FROM offers")
        codes.append(hour(after=22).error_code)
        assert rows(home, AGES) == [(True, True)]
        answers.refused = {"/api/models": 403}
        codes.append(hour(after=1).error_code)
        assert len(answers.targets) == requests
        answers.refused = {}
        codes.append(hour(after=1).error_code)
    assert codes == ["not_due", "nothing_to_compare", None]

    assert {row[1] for row in found} == {"info"}
    assert ("fal-ai", "info", "1 mappings and 1 tag-filter rules", "2 of them, and 0 others") in (
        found
    )
    assert ("together", "info", "0 mappings", "0 of them, and 0 others") in found  # it is staging
    assert "publicai" not in {row[0] for row in found}

    assert rows(home, "SELECT count(*) FROM offers") == before
    assert rows(home, "FROM price_claims WHERE feed = 'partners'") == []
    listed = "SELECT kind, required, expected_every FROM feeds WHERE feed = 'partners'"
    assert rows(home, listed) == [("catalog", False, timedelta(days=1))]
    assert rows(home, "FROM gaps WHERE feed = 'partners'") == []

    again = copy_landing(home, tmp_path / "again")
    assert replay(again)
    original, replayed = exported(home), exported(again)
    assert [name for name in original if original[name] != replayed.get(name)] == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "https://huggingface.co"),
        ({"PRICEHOUSE_HUB_URL": "http://gate.test/hf/"}, "http://gate.test/hf"),
        ({"PRICEHOUSE_PARTNERS_URL": "http://other.test"}, "http://other.test"),
        (
            {"PRICEHOUSE_HUB_URL": "http://gate.test", "PRICEHOUSE_PARTNERS_URL": "http://o.test"},
            "http://o.test",
        ),
    ],
)
def test_its_address_is_the_hub_s_unless_a_setting_names_it(
    environment: dict[str, str], expected: str
) -> None:
    settings = read_settings(environment, load_registry())
    assert settings.base_urls["partners"] == expected
    earlier = {feed: url for feed, url in settings.base_urls.items() if feed != "partners"}
    again = recorded_settings(settings.home, earlier, load_registry())
    assert again.base_urls["partners"] == settings.base_urls["hub"]


def test_an_incomplete_walk_is_a_warning_and_a_small_difference_none(tmp_path: Path) -> None:
    answers = Server(catalog(novita=20, groq=20, cohere=20))
    with serve(catalog(novita=14, groq=18), on_request=answers) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS)
    assert report.exit_status == 0
    assert rows(tmp_path, CHECKS) == [
        ("cohere", "warn", "20 mappings", "0 of them, and 0 others"),
        ("groq", "info", "20 mappings", "18 of them, and 0 others"),
        ("novita", "warn", "20 mappings", "14 of them, and 0 others"),
    ]


def test_a_count_that_fails_is_repeated_in_the_next_hour(tmp_path: Path) -> None:
    answers, clock = Server(), Clock()
    codes = []
    with serve(catalog(novita=2), on_request=answers) as hub:
        for answer in ({"error": "moved"}, {}, None):
            answers.answers = {} if answer is None else {"/api/partners/novita/models": answer}
            report = ingest(tmp_path, hub, clock=clock, feeds=FEEDS)
            assert (report.exit_status, report.outcome != "failed") == (0, True)
            codes.append(partners(report).error_code)
            clock.advance(HOUR)
    assert codes == ["nothing_accepted", "empty", None]
    assert rows(tmp_path, CHECKS) == [("novita", "info", "2 mappings", "2 of them, and 0 others")]
