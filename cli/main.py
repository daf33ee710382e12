"""The command line. Exit status: 0 done, 1 a required feed failed or nothing was published, 2 wrong
usage, settings or kind of home."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import Any

import click

from cli.lazy import CommandEntry, LazyGroup
from cli.options import home_option
from schemas.errors import HomeError, PricehouseError, UsageError

ALLOCATOR = (
    "_RJEM_MALLOC_CONF",
    "narenas:1,dirty_decay_ms:500,muzzy_decay_ms:0,background_thread:true",
)
"""What polars reads when it is imported: freed memory goes back to the system within half a second,
where it would stay for ten, so that what a step of a run has freed is there for DuckDB."""
os.environ.setdefault(*ALLOCATOR)
# Arrow copies a buffer whose address does not fit, as of a file that is mapped into memory, instead
# of a warning about each.
os.environ.setdefault("ACERO_ALIGNMENT_HANDLING", "reallocate")

ENTRIES = {
    "accept": CommandEntry("cli.decisions:accept", "Accept a held value and publish it."),
    "alerts": CommandEntry(
        "cli.alerts:alerts", "List the open alerts, or test the addresses that they are sent to."
    ),
    "backup": CommandEntry(
        "cli.backup:backup", "Back the home up into DIR, also while a run writes."
    ),
    "call": CommandEntry("cli.call:call", "Call a model once, and compare what it cost."),
    "correct": CommandEntry(
        "cli.decisions:correct", "Correct a wrong price in the history of an offer."
    ),
    "cost": CommandEntry(
        "cli.cost:cost", "Cost each row of usage in FILE at the price of its time."
    ),
    "demo": CommandEntry("cli.demo:demo", "Run the hourly flow on the built-in sample, offline."),
    "doctor": CommandEntry(
        "cli.doctor:doctor", "Check a home for problems and show how to fix them."
    ),
    "explain": CommandEntry(
        "cli.explain:explain", "Show where the numbers on the card of an offer come from."
    ),
    "export": CommandEntry(
        "cli.export:export",
        "Write relations, or prices for other tools, to DIR.",
    ),
    "ingest": CommandEntry(
        "cli.ingest:ingest", "Fetch, validate, price and publish one hour, without a server."
    ),
    "maintain": CommandEntry(
        "cli.maintain:maintain", "Thin out landing/, compact the warehouse and remove leftovers."
    ),
    "mcp": CommandEntry("cli.mcp:mcp", "Serve the MCP tools to an assistant over standard input."),
    "recommend": CommandEntry(
        "cli.recommend:recommend", "Recommend routes for a month of your mix by its cost."
    ),
    "reconcile": CommandEntry(
        "cli.reconcile:reconcile", "Compare the stated costs of usage in FILE with our prices."
    ),
    "record": CommandEntry(
        "cli.record:record", "Record one live hour in DIR, for the sample's server to serve."
    ),
    "reject": CommandEntry(
        "cli.decisions:reject", "Reject a held value; cards keep the last good one."
    ),
    "replay": CommandEntry("cli.replay:replay", "Rebuild the warehouse from landing/ alone."),
    "restore": CommandEntry(
        "cli.restore:restore", "Restore the backup in DIR into the home, which must be empty."
    ),
    "secrets": CommandEntry(
        "cli.secrets:secrets", "Check where a token is found, or store it in Vault."
    ),
    "serve": CommandEntry(
        "cli.serve:serve", "Serve the marketplace: pages, the API, feeds and exports."
    ),
    "sql": CommandEntry("cli.sql:sql", "Run QUERY on the newest publication, read-only, in UTC."),
    "status": CommandEntry(
        "cli.status:status", "Show the verdict on the home, data age and the last failure."
    ),
    "up": CommandEntry(
        "cli.up:up", "Schedule the hourly run with Prefect and serve the marketplace."
    ),
    "warehouse": CommandEntry(
        "cli.warehouse:warehouse", "Bring a home to its store, or from there into an empty folder."
    ),
}
"""Name → where the command is and the first sentence of its help; a test holds both equal."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}


class Pricehouse(LazyGroup):
    """Turn our errors into a message and an exit status; a traceback is an internal error."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a full disk is found out here, not by the interpreter's exit
            return result
        except UsageError as error:
            _print_error(error)
            ctx.exit(2)
        except PricehouseError as error:
            _print_error(error)
            ctx.exit(1)
        except OSError as error:
            if error.errno not in _FULL or error.filename is not None:
                raise
            _drop_output()
            _print_error(
                HomeError(f"the output cannot be written: {error.strerror}; free space there")
            )
            ctx.exit(1)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from cli.epilog import epilog

        self.epilog = epilog()
        super().format_epilog(ctx, formatter)


@click.group(
    cls=Pricehouse,
    entries=ENTRIES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@home_option
@click.version_option(package_name="pricehouse")
def main() -> None:
    """The hourly price warehouse of open-model inference.

    \b
    Start here:
      pricehouse demo      run the built-in sample, offline, in a home of its own
      pricehouse ingest    fetch and publish now; run it each hour
      pricehouse status    show data age and the last failure
      pricehouse sql "FROM cheapest('text')"
    """


def _drop_output() -> None:
    """Send what standard output still holds nowhere, so that the exit does not fail at it again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_error(error: PricehouseError) -> None:
    from rich.markup import escape

    from cli.console import err  # rich takes as long as click; only a failure needs it here

    err.print(f"[red]error:[/] {escape(str(error))}")


if __name__ == "__main__":
    main()
