"""`pricehouse status`: the verdict, data age and the last failure."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from cli.options import current_home, home_option, json_option, print_json, read_environment
from pipeline.settings import read_alert_rules
from pipeline.status import Status, read_status
from schemas.clock import utc_now
from schemas.durations import duration_text, read_duration
from schemas.elapsed import elapsed
from warehouse.lake.lake_settings import lake_title
from warehouse.storage.home import Home
from warehouse.store.store_settings import store_address


class DurationType(click.ParamType[timedelta]):
    """A duration like 2h."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the duration; a usage error for anything else."""
        try:
            return value if isinstance(value, timedelta) else read_duration(str(value))
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


@click.command()
@click.option(
    "--max-age",
    type=DurationType(),
    metavar="AGE",
    help="Print one line, and exit with status 1 if the data is older than AGE, like 2h.",
)
@home_option
@json_option
def status(*, max_age: timedelta | None, as_json: bool) -> None:
    """Show the verdict on the home, data age and the last failure.

    Exit status 1 when no run can begin, because runs of this home lie in the future; with
    --max-age, when the data is older, of unknown age or not published yet. A folder without a
    home is status 2.
    """
    stale_after = read_alert_rules(read_environment()).stale_after
    found = read_status(
        Home.at(current_home()),
        now=utc_now(),
        stale_after=stale_after,
        store=store_address(read_environment()),
        warehouse=lake_title(read_environment()),
    )
    is_old = max_age is not None and not _is_new(found, max_age)
    if as_json:
        print_json(found)
    elif max_age is not None:
        click.echo(_age_line(found, max_age, is_old=is_old))
    else:
        from cli.render import print_status  # JSON is for programs, which rich would only slow down

        print_status(found)
    if found.problem or is_old:
        sys.exit(1)


def _is_new(found: Status, max_age: timedelta) -> bool:
    return found.age_s is not None and found.age_s <= max_age.total_seconds()


def _age_line(found: Status, max_age: timedelta, *, is_old: bool) -> str:
    """Return what a monitor shows: the age, the limit, and the verdict where there is one."""
    if found.publication_id is None:
        return f"old: {found.verdict.reason}"
    age = "of unknown age" if found.age_s is None else elapsed(timedelta(seconds=found.age_s))
    state = "old" if is_old else "ok"
    why = "" if found.verdict.state in {"ok", "stale"} else f"; {found.verdict.line}"
    line = f"{state}: the data is {age}{' old' if found.age_s is not None else ''}"
    return " ".join(f"{line}, the limit is {duration_text(max_age)}{why}".split())
