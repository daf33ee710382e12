"""`pricehouse accept`, `reject` and `correct`: what a person decides about a price."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from cli.console import say_report
from pipeline.decisions import CorrectionRequest, Decision, DecisionRequest, decide
from pipeline.decisions import correct as correct_price
from pipeline.report import Report
from pipeline.settings import read_settings
from providers.registry import load_registry

Command = TypeVar("Command", bound=Callable[..., Any])
PER_TOKENS = 1_000_000


def _deciding(command: Command) -> Command:
    """Add what every decision takes: who, why, and how to print."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read."),
        click.option("--by", default=_user, show_default="this user", help="Who decides."),
        click.option("--reason", required=True, help="Why; it stays on record."),
    ):
        command = option(command)
    return command


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in the system's table
        return ""


@click.command()
@click.argument("check_ids", metavar="CHECK_ID…", nargs=-1, required=True)
@_deciding
def accept(*, check_ids: tuple[str, ...], reason: str, by: str, as_json: bool) -> None:
    """Let a held value pass: it becomes what cards show, and that is published at once.

    CHECK_ID is printed by the run that held the value, and stands in `checks`. An offer with
    several held units is released when each of them is accepted. The decision holds until the
    source states something else.
    """
    _decide(check_ids, "accepted", by=by, reason=reason, as_json=as_json)


@click.command()
@click.argument("check_ids", metavar="CHECK_ID…", nargs=-1, required=True)
@_deciding
def reject(*, check_ids: tuple[str, ...], reason: str, by: str, as_json: bool) -> None:
    """Refuse a held value for as long as its source states it: cards keep the last good one.

    It then waits for nobody any more. A rejected value can still be accepted later.
    """
    _decide(check_ids, "rejected", by=by, reason=reason, as_json=as_json)


@click.command()
@click.argument("offer_id")
@click.option("--unit", required=True, help="Unit of the wrong price, like input_token.")
@click.option("--tier", default="standard", show_default=True, help="Its tier.")
@click.option("--price", help="What it should have been, in the currency of the wrong one.")
@click.option("--unknown", is_flag=True, help="It was wrong, and what is right is not known.")
@click.option(
    "--per",
    type=click.IntRange(min=1, max=10**18),
    help="Units that --price is for.  [default: 1000000 for tokens, else 1]",
)
@click.option("--at", help="A time (ISO 8601, UTC) when it was shown.  [default: now]")
@_deciding
def correct(
    *,
    offer_id: str,
    unit: str,
    tier: str,
    price: str | None,
    unknown: bool,
    per: int | None,
    at: str | None,
    reason: str,
    by: str,
    as_json: bool,
) -> None:
    """Correct a price that cards of OFFER_ID showed, from when it was first shown until it ended.

    The wrong value stays on record: `price_as_of(…, known_at := …)` and `price_claims` show what
    was said before. A price that still stands stays corrected until its source states another one.
    """
    if (price is None) is not unknown:
        raise click.UsageError("give --price, or --unknown")
    report = correct_price(
        _home(),
        CorrectionRequest(
            offer_id=offer_id,
            unit=unit,
            tier=tier,
            at=_moment(at),
            price=price,
            per=per or (PER_TOKENS if unit.endswith("token") else 1),
            decided_by=by,
            reason=reason,
        ),
    )
    _say(report, as_json=as_json)


def _decide(
    check_ids: tuple[str, ...], decision: Decision, *, by: str, reason: str, as_json: bool
) -> None:
    report = decide(_home(), DecisionRequest(check_ids, decision, by, reason))
    _say(report, as_json=as_json)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"--at {text!r} is no time like 2026-03-01T12:00:00Z") from error


def _home() -> Path:
    return read_settings(os.environ, load_registry()).home


def _say(report: Report, *, as_json: bool) -> None:
    if as_json:
        text = msgspec.json.encode(report, enc_hook=str)
        click.echo(msgspec.json.format(text, indent=2).decode())
    else:
        say_report(report)
