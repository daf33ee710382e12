"""Carry out what an operator decides: a run of its own, that asks no feed and publishes at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from pipeline.pipeline import process_landed
from pipeline.report import Report
from pipeline.session import LOCK_WAIT_S, open_run
from pipeline.settings import recorded_settings
from pipeline.steps.load import publish_run
from providers.registry import load_registry
from schemas.clock import Clock, utc_now
from schemas.decisions import Correction, Decisions, Verdict
from schemas.errors import LandingError, UsageError
from transforms.money import read_amount
from warehouse.publication.interval import read_interval
from warehouse.publication.newest import open_newest
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing

Decision = Literal["accepted", "rejected"]
_COMMAND = {"accepted": "accept", "rejected": "reject"}
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
"""A number as JSON writes it: what is published as raw text is one."""


def decide(
    root: Path,
    check_ids: Sequence[str],
    decision: Decision,
    *,
    decided_by: str,
    reason: str,
    clock: Clock = utc_now,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Report:
    """Accept or reject findings that wait for a decision; UsageError names one that does not."""
    _require_words(decided_by, reason)
    home = Home.at(root)
    for check_id in check_ids:
        _require_waiting(home, check_id, decision)
    verdicts = [
        Verdict(check_id=check_id, decision=decision, decided_by=decided_by, reason=reason)
        for check_id in dict.fromkeys(check_ids)
    ]
    return _carry_out(
        home, Decisions(verdicts=verdicts), _COMMAND[decision], clock, lock_wait_s=lock_wait_s
    )


def correct(
    root: Path,
    *,
    offer_id: str,
    unit: str,
    tier: str,
    at: datetime | None,
    price: str | None,
    per: int,
    decided_by: str,
    reason: str,
    clock: Clock = utc_now,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Report:
    """Put another price in the place of one that cards showed; UsageError when that cannot be.

    `at` is a moment at which the wrong price was shown, None for the one shown now. `price` is per
    `per` units in the currency of the wrong one; None takes the number away.
    """
    _require_words(decided_by, reason)
    home, now = Home.at(root), clock()
    if at is not None and at > now:
        raise UsageError(f"--at {at:%Y-%m-%d %H:%M:%S} UTC is yet to come")
    correction = Correction(
        offer_id=offer_id,
        unit=unit,
        tier=tier,
        at=at or now,
        price=price,
        per=per,
        decided_by=decided_by,
        reason=reason,
    )
    # by its start: what is corrected is the price that was seen, though another one comes meanwhile
    begun = replace(correction, at=_require_correctable(home, correction))
    return _carry_out(
        home, Decisions(corrections=[begun]), "correct", clock, lock_wait_s=lock_wait_s
    )


def _carry_out(
    home: Home, decisions: Decisions, flow: str, clock: Clock, *, lock_wait_s: float
) -> Report:
    runs = Landing(home.landing).committed()
    if not runs:
        raise LandingError(
            f"{home.landing} has no committed run, so a decision could not be told again by "
            "replay; restore it from a backup. Nothing was changed"
        )
    last = runs[-1].record  # asks nobody, so nothing is read anew
    settings = recorded_settings(home.root, last.settings, load_registry())
    with open_run(
        settings,
        origin=last.origin,
        flow=flow,
        trigger="cli",
        clock=clock,
        decisions=decisions,
        lock_wait_s=lock_wait_s,
    ) as run:
        return publish_run(run, process_landed(run, []))


def _require_words(decided_by: str, reason: str) -> None:
    if not decided_by.strip() or not reason.strip():
        raise UsageError("a decision needs to say who decides and why: --by and --reason")
    try:
        f"{decided_by}{reason}".encode()
    except UnicodeEncodeError as error:
        raise UsageError("--by and --reason must be UTF-8 text") from error


def _require_waiting(home: Home, check_id: str, decision: Decision) -> None:
    with open_newest(home) as con:
        row = con.execute(statement("read_check"), {"check_id": check_id}).fetchone()
    if row is None:
        raise UsageError(
            f"there is no finding {check_id!r}; those that wait stand in the relation checks, with "
            "the decision `pending`"
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


def _require_correctable(home: Home, correction: Correction) -> datetime:
    """Return the start (UTC) of the interval that a correction speaks of."""
    with open_newest(home) as con:
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
            f"{correction.offer_id!r} at {correction.at:%Y-%m-%d %H:%M:%S} UTC; see price_history"
        )
    shown = interval["amount"].item()
    begun: datetime = interval["valid_from"].item()
    if correction.price is None:
        if shown is None:
            raise UsageError("that price shows no number already; there is nothing to take away")
        return begun
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
    if money.amount == shown:
        raise UsageError(f"cards show {correction.price} per {correction.per} already")
    return begun
