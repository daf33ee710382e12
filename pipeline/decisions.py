"""Apply what an operator decides: in a run of its own, which asks no feed and publishes at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

from msgspec.structs import replace

from pipeline.context import LOCK_WAIT_S, Dependencies, RunOptions
from pipeline.correction_limits import (
    CorrectionPreview,
    ReplacedPrice,
    preview_correction,
    require_plausible,
)
from pipeline.following import catch_up
from pipeline.home_metrics import refresh_metrics
from pipeline.pipeline import process_landed
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import recorded_settings
from pipeline.steps.publish import publish_run
from providers.registry import load_registry
from schemas.clock import Clock, utc_now
from schemas.decisions import Correction, Decisions, Verdict
from schemas.errors import LandingError, UsageError
from schemas.units import Unit
from transforms.money import read_amount
from warehouse.lake.lake_settings import LakeSettings
from warehouse.publication.interval import read_interval
from warehouse.publication.newest import open_newest
from warehouse.publication.proof import read_offer
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.objects import Store

Decision = Literal["accepted", "rejected"]
_COMMAND = {"accepted": "accept", "rejected": "reject"}
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
"""A number as JSON writes it: what is published as raw text is one."""


@dataclass(frozen=True)
class DecisionRequest:
    """What an operator decides about findings that wait: who, and why."""

    check_ids: Sequence[str]
    decision: Decision
    decided_by: str
    reason: str


@dataclass(frozen=True)
class CorrectionRequest:
    """A price that an operator puts in the place of one that cards showed.

    `price` is per `per` units in the currency of the wrong one; None takes the number away. `at` is
    a moment (UTC) at which the wrong price was shown, None for the one shown now. `force` lets an
    amount pass that is most likely a slip.
    """

    offer_id: str
    unit: str
    price: str | None
    per: int
    decided_by: str
    reason: str
    tier: str = "standard"
    at: datetime | None = None
    force: bool = False


def _announce_nothing(preview: CorrectionPreview) -> None:
    del preview


def decide(
    root: Path,
    request: DecisionRequest,
    *,
    clock: Clock = utc_now,
    lock_wait_s: float = LOCK_WAIT_S,
    store: Store | None = None,
    lake: LakeSettings | None = None,
) -> Report:
    """Accept or reject findings that wait for a decision; UsageError names one that does not."""
    _require_text(request.decided_by, request.reason)
    home = Home.at(root)
    catch_up(home, Dependencies(clock=clock, store=store, lake=lake), lock_wait_s=lock_wait_s)
    for check_id in request.check_ids:
        _require_waiting(home, check_id, request.decision)
    verdicts = [
        Verdict(
            check_id=check_id,
            decision=request.decision,
            decided_by=request.decided_by,
            reason=request.reason,
        )
        for check_id in dict.fromkeys(request.check_ids)
    ]
    dependencies = Dependencies(clock=clock, store=store, lake=lake)
    decisions, flow = Decisions(verdicts=verdicts), _COMMAND[request.decision]
    return _apply(home, decisions, flow, dependencies, lock_wait_s=lock_wait_s)


# Seven parameters: what to correct, and what only some callers have.
def correct(
    root: Path,
    request: CorrectionRequest,
    *,
    clock: Clock = utc_now,
    lock_wait_s: float = LOCK_WAIT_S,
    announce: Callable[[CorrectionPreview], None] = _announce_nothing,
    store: Store | None = None,
    lake: LakeSettings | None = None,
) -> Report:
    """Replace a price that cards showed by another one; UsageError when that cannot be.

    `announce` gets what changes, before anything is written.
    """
    _require_text(request.decided_by, request.reason)
    home, now = Home.at(root), clock()
    if request.at is not None and request.at > now:
        raise UsageError(f"--at {request.at:%Y-%m-%d %H:%M:%S} UTC is yet to come")
    catch_up(home, Dependencies(clock=clock, store=store, lake=lake), lock_wait_s=lock_wait_s)
    correction = Correction(
        offer_id=request.offer_id,
        unit=request.unit,
        tier=request.tier,
        at=request.at or now,
        price=request.price,
        per=request.per,
        decided_by=request.decided_by,
        reason=request.reason,
    )
    preview = _require_correctable(home, correction, force=request.force)
    announce(preview)
    # by its start: what is corrected is the price that was seen, though another one comes meanwhile
    dated = replace(correction, at=preview.valid_from)
    decisions, dependencies = (
        Decisions(corrections=[dated]),
        Dependencies(clock=clock, store=store, lake=lake),
    )
    return _apply(home, decisions, "correct", dependencies, lock_wait_s=lock_wait_s)


def _apply(
    home: Home,
    decisions: Decisions,
    flow: str,
    dependencies: Dependencies,
    *,
    lock_wait_s: float,
) -> Report:
    newest = Landing(home.landing).newest_committed()
    if newest is None:
        raise LandingError(
            f"{home.landing} has no committed run, so replay could not repeat a decision; "
            "restore it from a backup. Nothing was changed"
        )
    last = newest.record  # such a run asks no feed, so it needs no new settings
    settings = recorded_settings(home.root, last.settings, load_registry())
    options = RunOptions(
        origin=last.origin,
        flow=flow,
        trigger="cli",
        decisions=decisions,
        lock_wait_s=lock_wait_s,
    )
    with open_run(settings, options, dependencies) as run:
        report = publish_run(run, process_landed(run, []))
        refresh_metrics(home, now=run.clock())
        return report


def _require_text(decided_by: str, reason: str) -> None:
    if not decided_by.strip() or not reason.strip():
        raise UsageError("a decision needs a name and a reason: --by and --reason")
    try:
        f"{decided_by}{reason}".encode()
    except UnicodeEncodeError as error:
        raise UsageError("--by and --reason must be UTF-8 text") from error


def _require_waiting(home: Home, check_id: str, decision: Decision) -> None:
    with open_newest(home) as con:
        row = con.execute(statement("read_check"), {"check_id": check_id}).fetchone()
    if row is None:
        raise UsageError(
            f"there is no finding {check_id!r}; those that wait have the decision "
            "`pending` in the relation checks"
        )
    severity, name, found, by, at = row
    if severity != "hold":
        raise UsageError(
            f"finding {check_id} ({name}) is a {severity}: it holds nothing, so there is nothing "
            "to decide"
        )
    if found == "expired":
        raise UsageError(
            f"finding {check_id} ({name}) is out of date: its source states something else by now"
        )
    if found == "accepted":
        raise UsageError(
            f"finding {check_id} was accepted by {by} on {at:%Y-%m-%d %H:%M} UTC and is in force; "
            "if that was wrong, use `pricehouse correct`"
        )
    if found == decision:
        raise UsageError(f"finding {check_id} was rejected by {by} on {at:%Y-%m-%d %H:%M} UTC")


def _require_correctable(home: Home, correction: Correction, *, force: bool) -> CorrectionPreview:
    """Return what a correction replaces, with the start (UTC) of the interval."""
    if correction.unit not in (units := get_args(Unit)):
        raise UsageError(f"“{correction.unit}” is no unit; valid: {', '.join(units)}")
    with open_newest(home) as con:
        read_offer(con, correction.offer_id)
        interval = read_interval(
            con,
            offer_id=correction.offer_id,
            unit=correction.unit,
            tier=correction.tier,
            at=correction.at,
        )
        if interval.is_empty():
            raise UsageError(
                f"cards showed no {correction.unit} price (tier {correction.tier}) of offer "
                f"{correction.offer_id!r} at {correction.at:%Y-%m-%d %H:%M:%S} UTC; "
                "see price_history"
            )
        row = interval.row(0, named=True)
        replaced = ReplacedPrice(row["amount"], row["currency"], row["valid_from"])
        amount = _read_correction(correction, replaced.amount)
        preview = preview_correction(correction, replaced, amount)
        if amount is not None and not force:
            require_plausible(con, preview, replaced.amount, amount)
        return preview


def _read_correction(correction: Correction, current: Decimal | None) -> Decimal | None:
    """Return the right price per ONE unit, None where it is not known."""
    if correction.price is None:
        if current is None:
            raise UsageError("that price shows no number already; there is nothing to take away")
        return None
    if correction.per < 1 or str(correction.per).strip("0") != "1":
        raise UsageError(f"--per is {correction.per}; it must be a power of ten, like 1000000")
    written = NUMBER.fullmatch(
        correction.price
    )  # Decimal takes more: 3_0, and digits of any script
    money = read_amount(correction.price, reciprocal=Decimal(1) / correction.per)
    if money is None or not written:
        raise UsageError(f"--price {correction.price!r} is no number that a price can be")
    if money.amount == 0:
        raise UsageError(
            "a price is not corrected to 0: free is only what its source states as free. "
            "--unknown takes the number away"
        )
    if money.amount == current:
        raise UsageError(f"cards show {correction.price} per {correction.per} already")
    return money.amount
