"""Providers that come and go, in whole runs: one event each, the same after a replay."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.explain import explanation_lines
from pipeline.decisions import DecisionRequest
from pipeline.explain import explain
from samples.hub import serve
from tests.support.backends import TOO_LONG_FOR_CI, decide, replay
from tests.support.hours import Clock
from tests.support.providers_over_hours import catalog_of, run_hour
from tests.support.published import copy_landing, exported, rows
from warehouse.storage.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

OF_PROVIDERS = "event IN ('provider_joined', 'provider_left')"


def provider_changes(home: Path) -> list[tuple[Any, ...]]:
    return rows(
        home,
        "SELECT event, inference_provider, old_value, new_value FROM changes "
        f"WHERE {OF_PROVIDERS} ORDER BY change_id",
    )


def test_a_provider_that_leaves_and_returns_has_one_event_each(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    both, alone = catalog_of("groq", "nebius"), catalog_of("groq")
    with serve(both) as hub:
        run_hour(home, hub, clock, both)
        assert provider_changes(home) == []  # a home begins with whoever serves then
        run_hour(home, hub, clock, alone)
        assert provider_changes(home) == []
        report = run_hour(home, hub, clock, alone)
        assert report.events["provider_left"] == 1
        assert report.counts.changes == sum(report.events.values())
        last = run_hour(home, hub, clock, alone)
        assert (last.outcome, last.events) == ("unchanged", {})
        run_hour(home, hub, clock, both)
        run_hour(home, hub, clock, catalog_of("groq", "nebius", routed=("hyperbolic",)))
    assert provider_changes(home) == [
        ("provider_left", "nebius", "huggingface", None),
        ("provider_joined", "nebius", None, "huggingface"),
        ("provider_joined", "hyperbolic", None, "huggingface"),
    ]
    columns = "offer_id, model_id, task_group, unit, tier, old_amount, new_amount, currency"
    assert rows(home, f"SELECT DISTINCT {columns} FROM changes WHERE {OF_PROVIDERS}") == [
        (None,) * 8
    ]
    assert rows(home, f"SELECT count(*) FROM price_changes WHERE {OF_PROVIDERS}") == [(0,)]
    assert rows(
        home,
        "SELECT count(*) FROM changes l JOIN changes g USING (run_id, occurred_at, not_before_at) "
        "WHERE l.event = 'provider_left' AND g.event = 'gone' AND g.unit IS NULL",
    ) == [(1,)]
    assert rows(home, "SELECT count(*) = max(change_id) FROM changes") == [(True,)]
    assert report.examples[0].event == "provider_left"
    assert (report.examples[0].model_id, report.examples[0].inference_provider) == (None, "nebius")
    again = copy_landing(home, tmp_path / "again")
    replay(again)
    assert exported(again) == exported(home)


def test_a_provider_that_drops_out_at_once_leaves_when_a_person_accepts(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    whole, rest = catalog_of("groq", many="nebius"), catalog_of("groq")
    with serve(whole) as hub:
        for catalog in (whole, rest, rest, rest):
            run_hour(home, hub, clock, catalog)
        assert provider_changes(home) == []
        (held,) = rows(
            home, "SELECT check_id FROM checks WHERE name = 'count_drop' AND decision = 'pending'"
        )
        decide(
            home,
            DecisionRequest(held, "accepted", decided_by="ada", reason="their page says so"),
            clock=clock,
        )
        run_hour(home, hub, clock, rest)
    assert provider_changes(home) == [("provider_left", "nebius", "huggingface", None)]
    assert rows(home, "SELECT count(*) FROM changes WHERE event = 'gone' AND unit IS NULL") == [
        (12,)
    ]
    assert rows(home, "SELECT offers, observed_at FROM providers WHERE offers = 0 LIMIT 1") == [
        (0, None)
    ]
    again = copy_landing(home, tmp_path / "again")
    replay(again)
    assert exported(again) == exported(home)


def test_providers_have_their_dates_and_those_that_left_no_claim_in_force(tmp_path: Path) -> None:
    home, catalog = tmp_path / "home", catalog_of("groq", "sambanova")
    columns = "joined_on::VARCHAR, left_on::VARCHAR, left_source"
    of_sambanova = "inference_provider = 'sambanova'"
    with serve(catalog) as hub:
        run_hour(home, hub, Clock(datetime(2026, 6, 28, 12, tzinfo=UTC)), catalog)
        assert rows(
            home, f"SELECT DISTINCT in_force FROM compliance_claims WHERE {of_sambanova}"
        ) == [(True,)]
        assert rows(home, f"SELECT operator_country FROM cards WHERE {of_sambanova}") == [("US",)]
        run_hour(home, hub, Clock(datetime(2026, 6, 29, 12, tzinfo=UTC)), catalog)
    assert rows(home, f"SELECT {columns} FROM providers WHERE {of_sambanova}") == [
        ("2025-01-28", "2026-06-29", "https://github.com/huggingface/hub-docs/pull/2605")
    ]
    assert rows(
        home,
        "SELECT inference_provider FROM providers WHERE left_on IS NOT NULL ORDER BY ALL",
    ) == [
        (name,)
        for name in (
            "black-forest-labs",
            "clarifai",
            "hyperbolic",
            "nebius",
            "nvidia",
            "sambanova",
        )
    ]
    assert rows(
        home, f"SELECT count(*), bool_or(in_force) FROM compliance_claims WHERE {of_sambanova}"
    ) == [(3, False)]
    assert rows(home, f"SELECT DISTINCT operator_country FROM cards WHERE {of_sambanova}") == [
        (None,)
    ]
    assert rows(home, "SELECT count(*) FROM checks WHERE name = 'claim_expired'") == [(0,)]
    ((offer_id,),) = rows(home, f"SELECT offer_id FROM cards WHERE {of_sambanova}")
    lines = explanation_lines(explain(Home.at(home), offer_id))
    assert (
        "  sambanova left Hugging Face on 2026-06-29 (https://github.com/huggingface/hub-docs/pull/"
        "2605); no statement about law, place or data of it is in force"
    ) in lines
    ((message,),) = rows(
        home,
        "SELECT message FROM checks WHERE name = 'provider_fact_changed' "
        f"AND {of_sambanova} AND expected LIKE 'operator%'",
    )
    assert message.endswith("; the provider left Hugging Face on 2026-06-29")
