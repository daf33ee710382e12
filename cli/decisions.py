"""`pricehouse accept`, `reject` and `correct`: what a person decides about a price."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from msgspec import to_builtins

from cli.options import (
    current_home,
    current_lake,
    current_store,
    home_option,
    json_option,
    print_json,
)
from cli.render import print_report
from pipeline.correction_limits import CorrectionPreview, change_text
from pipeline.decisions import CorrectionRequest, Decision, DecisionRequest, decide
from pipeline.decisions import correct as correct_price
from pipeline.report import Report

Command = TypeVar("Command", bound=Callable[..., Any])
PER_TOKENS = 1_000_000


def _decision_options(command: Command) -> Command:
    """Add what every decision takes: who, why, which home, and how to print."""
    for option in (
        json_option,
        home_option,
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
@_decision_options
def accept(*, check_ids: tuple[str, ...], reason: str, by: str, as_json: bool) -> None:
    """Accept a held value and publish it.

    CHECK_ID is printed by the run that held the value, and is in `checks`. An offer with several
    held units is released when each of them is accepted. The decision holds until the source
    states another value.
    """
    _decide(check_ids, "accepted", by=by, reason=reason, as_json=as_json)


@click.command()
@click.argument("check_ids", metavar="CHECK_ID…", nargs=-1, required=True)
@_decision_options
def reject(*, check_ids: tuple[str, ...], reason: str, by: str, as_json: bool) -> None:
    """Reject a held value; cards keep the last good one.

    The value stays rejected for as long as its source states it, and is no longer pending. A
    rejected value can still be accepted later.
    """
    _decide(check_ids, "rejected", by=by, reason=reason, as_json=as_json)


@click.command()
@click.argument("offer_id")
@click.option("--unit", required=True, help="Unit of the wrong price, like input_token.")
@click.option("--tier", default="standard", show_default=True, help="Its tier.")
@click.option("--price", help="The right price, in the currency of the wrong one.")
@click.option("--unknown", is_flag=True, help="The price is wrong and the right one is not known.")
@click.option(
    "--per",
    type=click.IntRange(min=1, max=10**18),
    help="Units that --price is for.  [default: 1000000 for tokens, else 1]",
)
@click.option("--at", help="A time (ISO 8601, UTC) when it was shown.  [default: now]")
@click.option("--force", is_flag=True, help="Also where the new price is most likely a slip.")
@_decision_options
def correct(
    *,
    offer_id: str,
    unit: str,
    tier: str,
    price: str | None,
    unknown: bool,
    per: int | None,
    at: str | None,
    force: bool,
    reason: str,
    by: str,
    as_json: bool,
) -> None:  # one parameter for each option: that is how click passes them
    """Correct a wrong price in the history of an offer.

    The correction holds from when cards of OFFER_ID first showed the price until they showed
    another one. The wrong value stays on record: `price_as_of(…, known_at := …)` and
    `price_claims` have it. A price that cards still show stays corrected until its source states
    another one.

    The command prints old → new before it writes. It refuses a price that is ten times the old one
    or more (or a tenth or less), beyond the bounds of its unit, or unlike its peers; --force lets
    it pass.
    """
    if (price is None) is not unknown:
        raise click.UsageError("give --price, or --unknown")
    previews: list[CorrectionPreview] = []

    def announce(preview: CorrectionPreview) -> None:
        previews.append(preview)
        if not as_json:
            click.echo(change_text(preview))

    report = correct_price(
        current_home(),
        CorrectionRequest(
            offer_id=offer_id,
            unit=unit,
            tier=tier,
            at=_read_time(at),
            price=price,
            per=per or (PER_TOKENS if unit.endswith("token") else 1),
            decided_by=by,
            reason=reason,
            force=force,
        ),
        announce=announce,
        store=current_store(),
        lake=current_lake(),
    )
    if as_json:
        print_json(to_builtins(report, enc_hook=str) | {"correction": previews[-1]})
    else:
        print_report(report)


def _decide(
    check_ids: tuple[str, ...], decision: Decision, *, by: str, reason: str, as_json: bool
) -> None:
    report = decide(
        current_home(),
        DecisionRequest(check_ids, decision, by, reason),
        store=current_store(),
        lake=current_lake(),
    )
    _print(report, as_json=as_json)


def _read_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(
            f"--at {text!r} is no time; write it like 2026-03-01T12:00:00Z"
        ) from error


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        print_report(report)
