"""What a run that commits states about alerts, each as one sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

import polars as pl

from schemas.alerts import Alert, AlertFacts, AlertFinding, Observed
from schemas.amounts import MILLION, amount_text
from schemas.unknown_keys import MARK, SEPARATOR
from transforms.checks.price_keys import PROVIDER_DRIFT
from transforms.gate.feed_drops import FEED_DROP

LOST_SHARE = 0.1
"""A tenth fewer priced cards than the most of the day before is a finding."""
LEAST_PRICED = 20
_DROPS = {"count_drop", "coverage_drop", FEED_DROP}
_DRIFT_CHECK, _FLIPS_CHECK = "schema_drift", "status_flips"


def observe(
    facts: AlertFacts,
    checks: pl.DataFrame,
    rejected: pl.DataFrame,
    *,
    move_pct: float,
    feeds: Collection[str],
) -> Observed:
    """Return the findings of a run; `checks` and `rejected` are its rows of them.

    `feeds` are those that gave a whole answer: a field that another one stated before may still be
    there. The failures of feeds and of runs are counted apart.
    """
    findings = [
        *_held(facts.held),
        *_coverage(facts),
        *_flips(checks),
        *_drift(checks),
        *_unknown_keys(facts.unknown_keys),
        *_rejected(rejected),
        *_events(facts.changes, move_pct),
    ]

    def covers(alert: Alert) -> bool:
        if alert.kind == "run_failing":
            return bool(feeds)
        if alert.kind == "schema_drift" and not alert.key.startswith(MARK):
            return alert.feed is None or alert.feed in feeds
        return True

    return Observed(findings, covers)


def _held(rows: list[dict[str, Any]]) -> Iterator[AlertFinding]:
    drifting: set[tuple[str, str | None]] = set()
    for row in rows:
        feed, provider = row["feed"], row["inference_provider"]
        if row["name"] == PROVIDER_DRIFT:  # one cause holds every price of the provider
            if (feed, provider) not in drifting:
                drifting.add((feed, provider))
                yield AlertFinding(
                    kind="schema_drift",
                    key=f"{MARK}{feed} {provider} unreadable",
                    subject=f"{provider} ({feed})",
                    message=f"too many price objects of {provider} in {feed} cannot be read, so "
                    "none of its prices moves",
                    feed=feed,
                )
            continue
        is_drop = row["name"] in _DROPS
        place = provider or ("the whole feed" if row["name"] == FEED_DROP else "small providers")
        subject = f"{place} ({feed})" if row["model_id"] is None else _offer(row)
        yield AlertFinding(
            kind="coverage_fell" if is_drop else "price_held",
            key=row["check_id"],
            subject=subject,
            message=f"{subject}: {row['message'] or row['name']} (check {row['check_id']}: "
            "accept or reject it)",
            feed=feed,
        )


def _coverage(facts: AlertFacts) -> Iterator[AlertFinding]:
    peak, priced = facts.priced_peak, facts.priced
    if peak >= LEAST_PRICED and priced <= (1 - LOST_SHARE) * peak:
        yield AlertFinding(
            kind="coverage_fell",
            key="priced",
            subject="all offers",
            message=f"{priced} offers have a price; {peak} had one within the last day",
        )


def _flips(checks: pl.DataFrame) -> Iterator[AlertFinding]:
    for row in _failed(checks, _FLIPS_CHECK):
        yield AlertFinding(
            kind="coverage_fell",
            key=f"{_FLIPS_CHECK} {row['inference_provider']}",
            subject=row["inference_provider"],
            message=row["message"],
            settles=True,
        )


def _drift(checks: pl.DataFrame) -> Iterator[AlertFinding]:
    for row in _failed(checks, _DRIFT_CHECK):
        field = str(row["observed"]).partition(":")[0]
        yield AlertFinding(
            kind="schema_drift",
            key=f"{row['feed']} {row['observed']}",
            subject=f"{row['feed']}: {field}",
            message=row["message"],
            feed=row["feed"],
        )


def _failed(checks: pl.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    rows = checks.filter((pl.col("name") == name) & ~pl.col("passed"))
    return rows.sort("check_id").iter_rows(named=True)


def _unknown_keys(rows: list[dict[str, Any]]) -> Iterator[AlertFinding]:
    for row in rows:
        feed, provider = row["feed"], row["inference_provider"]
        for name in row["keys"].split(SEPARATOR):
            yield AlertFinding(
                kind="schema_drift",
                key=f"{MARK}{feed} {provider} {name}",
                subject=f"{provider} ({feed}): {name}",
                message=f"{feed} states the key {name} in prices of {provider}, which the parser "
                "does not know; a price beside it counts only where it is confirmed",
                feed=feed,
            )


def _rejected(rows: pl.DataFrame) -> Iterator[AlertFinding]:
    reasons = rows.select("feed", reason="reasons").explode("reason").drop_nulls()
    counts = reasons.group_by("feed", "reason").len().sort("feed", "reason")
    for feed, reason, count in counts.iter_rows():
        yield AlertFinding(
            kind="schema_drift",
            key=f"{feed} rejected {reason}",
            subject=f"{feed}: rejected rows",
            message=f"{feed}: {count} rows are rejected: {reason}",
            feed=feed,
        )


def _events(rows: list[dict[str, Any]], move_pct: float) -> Iterator[AlertFinding]:
    for row in rows:
        event = row["event"]
        if event in {"up", "down"}:
            yield _move(row, move_pct)
        elif event in {"free_to_paid", "paid_to_free"}:
            yield _paid(row)
        else:
            yield _provider(row)


def _move(row: dict[str, Any], move_pct: float) -> AlertFinding:
    old: Decimal | None = row["old_amount"]
    new: Decimal | None = row["new_amount"]
    pct = 100 * (float(new) / float(old) - 1) if old and new is not None else None
    return AlertFinding(
        kind="price_moved",
        key=f"{row['offer_id']} {row['unit']}",
        subject=_offer(row),
        message=f"{_offer(row)}: {row['unit']} went from {_price(old, row)} to {_price(new, row)}"
        + ("" if pct is None else f" ({pct:+.1f} %)"),
        settles=True,
        opens=pct is not None and abs(pct) >= move_pct,
        before=_exact(old),
        after=_exact(new),
    )


def _paid(row: dict[str, Any]) -> AlertFinding:
    is_paid = row["event"] == "free_to_paid"
    now = f"was free and costs {_price(row['new_amount'], row)}" if is_paid else "is free again"
    return AlertFinding(
        kind="became_paid",
        key=f"{row['offer_id']} {row['unit']}",
        subject=_offer(row),
        message=f"{_offer(row)}: {row['unit']} {now}",
        settles=True,
        opens=is_paid,
        before="free" if is_paid else "paid",
        after="paid" if is_paid else "free",
    )


def _provider(row: dict[str, Any]) -> AlertFinding:
    provider = row["inference_provider"]
    has_left = row["event"] == "provider_left"
    return AlertFinding(
        kind="provider_left",
        key=provider,
        subject=provider,
        message=f"{provider} has left: none of its offers is listed any more"
        if has_left
        else f"{provider} lists offers again",
        settles=True,
        opens=has_left,
        before="listed" if has_left else "left",
        after="left" if has_left else "listed",
    )


def _offer(row: dict[str, Any]) -> str:
    return f"{row['model_id']} at {row['inference_provider']}"


def _exact(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_text(amount)


def _price(amount: Decimal | None, row: dict[str, Any]) -> str:
    if amount is None:
        return "no number"
    currency, unit = row["currency"] or "", str(row["unit"])
    if unit.endswith("token"):
        return f"{amount_text(amount * MILLION)} {currency} per 1M"
    return f"{amount_text(amount)} {currency}"
