"""What the checks find of the offers of one part of a run, and what is counted of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields

import polars as pl

from pipeline.context import Run
from pipeline.report import first_changes
from schemas.delta import Delta, State
from schemas.load import COMPLIANCE_CLAIMS, Counts
from schemas.offerings import DRIFT
from transforms.checks import CheckInputs, count_pages, run_checks
from transforms.checks.price_keys import NO_MARKED, marked_claims
from transforms.reconcile.counts import no_entries, tally


@dataclass(frozen=True)
class PartSummary:
    """The counts of a part, its events by name, what its checks found (CHECKS), its first changes
    with the names of their offers, and the claims beside unknown keys, which all parts count.
    """

    counts: Counts
    events: dict[str, int]
    checks: pl.DataFrame
    changes: pl.DataFrame
    marked: pl.DataFrame = field(default_factory=NO_MARKED.clone)


def summarize_part(run: Run, before: State, delta: Delta, after: State) -> PartSummary:
    """Return the summary of a part; nothing that is counted over all parts is checked here."""
    marked = marked_claims(after.claims, after.offers)
    inputs = CheckInputs(
        before=before,
        after=after,
        findings=delta.found,
        drift=DRIFT.empty(),
        pages=count_pages([]),
        entries=no_entries(),
        compliance_claims=COMPLIANCE_CLAIMS.empty(),
        precedence=run.registry.precedence(),
        roles={feed.name: feed.spec.role for feed in run.feeds},
        marked=marked.clear(),
    )
    return PartSummary(
        counts=tally(delta, after, rejected=0),
        events=dict(delta.changes.group_by("event").len().iter_rows()),
        checks=run_checks(inputs, run.record.run_id),
        changes=first_changes(delta.changes, after.offers),
        marked=marked,
    )


def total_counts(parts: Iterable[Counts]) -> Counts:
    """Return the counts of all parts together; no model is in two of them."""
    rows = [asdict(part) for part in parts]
    return Counts(**{each.name: sum(row[each.name] for row in rows) for each in fields(Counts)})


def total_events(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return how many events of each name all parts have."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(sorted(total.items()))
