"""The age of the data and the state of its feeds, runs and counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from marketplace.statements import statement
from schemas.clock import age_s
from schemas.feed_state import feed_state
from schemas.verdict import find_verdict
from warehouse.publication.reader_pool import Reading
from warehouse.publication.verdict_facts import gather_facts, unpublished_facts
from warehouse.storage.home import Home

_RUN = ("run_id", "started_at", "finished_at", "outcome", "changes", "holds", "rejected", "error")


def find_home_verdict(
    reading: Reading, home: Home, *, stale_after: timedelta, now: datetime
) -> dict[str, Any]:
    """Return the one verdict on the home that is served: state, reason and what to do."""
    facts = gather_facts(home, reading.rows, reading.publication, stale_after=stale_after, now=now)
    return structs.asdict(find_verdict(facts))


def find_unserved_verdict(home: Home, problem: str | None, *, now: datetime) -> dict[str, Any]:
    """Return the verdict on a home of which no publication is served, None of `problem` where
    there is none yet; else it is why the newest one cannot be."""
    facts = unpublished_facts(home, now=now)
    if problem is not None:
        facts = replace(facts, is_published=True, problem=facts.problem or problem)
    return structs.asdict(find_verdict(facts))


def find_status(
    reading: Reading, home: Home, *, stale_after: timedelta, now: datetime
) -> dict[str, Any]:
    """Return the verdict, the age at `now` in seconds, feeds, the last runs, gaps, held offers."""
    facts = reading.publication
    observed_to = facts["observed_to"]
    runs = reading.rows(statement("select_runs"))
    return {
        "now": now,
        **{name: facts[name] for name in ("published_at", "observed_from", "observed_to")},
        "verdict": find_home_verdict(reading, home, stale_after=stale_after, now=now),
        "age_s": age_s(observed_to, now) if observed_to else None,
        "licence": facts["licence"],
        "attribution": facts["attribution"],
        "counts": find_counts(reading),
        "feeds": find_feeds(reading),
        "runs": [{name: run[name] for name in _RUN} for run in runs],
        "gaps": reading.rows(statement("select_gaps")),
        "held": reading.rows(statement("select_held_offers")),
    }


def _with_state(feed: dict[str, Any]) -> dict[str, Any]:
    facts = ("enabled", "observed_at", "failures_in_a_row", "last_error", "skipped_because")
    state = feed_state(**{name: feed[name] for name in facts})
    return {**{k: v for k, v in feed.items() if k != "skipped_because"}, "state": state}


def find_feeds(reading: Reading) -> list[dict[str, Any]]:
    """Return the feeds, each with its state in plain text."""
    return [_with_state(row) for row in reading.rows(statement("select_feeds"))]


def find_counts(reading: Reading) -> dict[str, int]:
    """Return how many offers, adapters, models and providers there are, and offers by status."""
    return reading.keep("counts", lambda: reading.rows(statement("select_counts"))[0])
