"""The command line. Exit status: 0 done, 1 a required feed failed or nothing was published, 2 wrong
usage, settings or kind of home."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.markup import escape

from cli.console import Bar, err, out, say_failure, say_report, say_status
from cli.decisions import accept, correct, reject
from cli.demo_report import print_demo
from cli.doctor import doctor
from cli.explain import explain
from cli.maintain import maintain
from cli.record import record
from cli.secrets import secrets
from cli.serve import serve
from cli.sql import sql
from cli.up import up
from pipeline.pipeline import run_pipeline
from pipeline.replay import replay as replay_home
from pipeline.report import Report
from pipeline.revise import revise
from pipeline.session import open_run
from pipeline.settings import DEMO_HOME, Settings, read_settings
from pipeline.status import read_status
from pipeline.steps.extract import feeds_of
from providers.registry import load_registry
from providers.secrets import find_token
from schemas.clock import utc_now
from schemas.errors import PricehouseError, UsageError
from warehouse.publication.export import export as export_publication
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")

_FEEDS = [feed for _, feed in load_registry().feeds()]
_ADDRESSES = "\n".join(
    f"  {feed.setting:<26}{feed.feed}, or a gateway (default {f'{feed.base_url}'.rstrip('/')})"
    for feed in _FEEDS
)
EPILOG = f"""\b
Settings, all from the environment, all optional:
  PRICEHOUSE_HOME           where everything is kept (default ./data; the demo: ./data/demo)
{_ADDRESSES}
  PRICEHOUSE_ENABLE_FEEDS   feeds to read that are off by default, separated by commas:
                            {", ".join(feed.feed for feed in _FEEDS if not feed.enabled)}
  PRICEHOUSE_ACCOUNT_PRICES show: prices that only your own account has reach cards and exports
  PRICEHOUSE_CORS_ORIGINS   whose pages may read the API of `serve`, like
                            https://shop.example, several with commas, or * (default nobody's)

\b
The token, without which huggingface.co is read anonymously, at a lower pace:
  VAULT_ADDR                a Vault (or OpenBao); while it is set, HF_TOKEN is not read
  VAULT_TOKEN               the login, or VAULT_ROLE_ID and VAULT_SECRET_ID (AppRole)
  VAULT_CACERT              PEM file of the CA that signed Vault's certificate
  VAULT_NAMESPACE           its namespace
  PRICEHOUSE_VAULT_MOUNT    the mount of its KV engine (default secret); the secret is
                            huggingface/api_key, or api_key in a mount huggingface
  HF_TOKEN                  the token itself, where there is no Vault

\b
The key without which fal's prices are not asked for: fal/api_key in that Vault, else
  FAL_KEY                   the key itself, where there is no Vault

\b
Exit status: 0 done (held rows are listed, they are no failure); 1 a required feed failed
or nothing could be published, the last good publication stands; 2 wrong usage or settings.
"""


class Commands(click.Group):
    """Turn our errors into a message and an exit status; a traceback is for our own mistakes."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UsageError as error:
            err.print(f"[red]error:[/] {escape(str(error))}")
            ctx.exit(2)
        except PricehouseError as error:
            err.print(f"[red]error:[/] {escape(str(error))}")
            ctx.exit(1)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pricehouse")
def main() -> None:
    """The hourly price warehouse of open-model inference.

    \b
    Start here:
      pricehouse demo      look at the built-in sample, offline, in a home of its own
      pricehouse ingest    read huggingface.co now and publish; run it each hour
      pricehouse status    how old is what readers see, what failed last
      pricehouse sql "FROM cheapest('text')"
    """


main.add_command(accept)
main.add_command(correct)
main.add_command(doctor)
main.add_command(explain)
main.add_command(maintain)
main.add_command(record)
main.add_command(reject)
main.add_command(secrets)
main.add_command(serve)
main.add_command(sql)
main.add_command(up)


@main.command()
@click.option("--provider", help="Read this source only: a key of the registry (huggingface).")
@click.option("--dry-run", is_flag=True, help="Do everything but commit; say what would change.")
@JSON
def ingest(*, provider: str | None, dry_run: bool, as_json: bool) -> None:
    """Fetch, validate, price and publish one hour, without a server.

    Raw answers are kept under landing/, the warehouse is warehouse.duckdb, and readers open
    marketplace.duckdb: they are never shut out while a run writes.
    """
    feeds = feeds_of(load_registry(), provider)
    with (
        Bar() as bar,
        open_run(
            _settings(),
            origin="live",
            flow="ingest",
            trigger="cli",
            progress=bar,
            dry_run=dry_run,
            feeds=feeds,
            token=partial(find_token, os.environ),
        ) as run,
    ):
        report = run_pipeline(run)
    _end(report, as_json=as_json)


@main.command()
@JSON
def demo(*, as_json: bool) -> None:
    """Run the hourly flow on the built-in sample and show what comes out. Offline.

    Two captures of real answers are served by a real HTTP server on this machine and run through
    the same flow as a live hour, into a home of their own (./data/demo). The sample says so
    everywhere: its origin is `sample`, and it never enters a live home.
    """
    from flows.demo import run_demo  # Prefect takes a second to import; only this command needs it

    settings = _settings(home=DEMO_HOME)
    reports = run_demo(settings)
    if as_json:
        _print_json(reports)
    else:
        print_demo(reports, newest(Home.at(settings.home)), home=settings.home)


@main.command()
@click.option(
    "--revise",
    "again",
    is_flag=True,
    help="Then append what today's rules read otherwise in the landed answers.",
)
@JSON
def replay(*, again: bool, as_json: bool) -> None:
    """Rebuild the warehouse from landing/ alone.

    Tells the warehouse every committed run that it does not hold, with the ids and times of then.
    To rebuild from nothing, move warehouse.duckdb away first; `export` of the result is byte for
    byte that of the original.

    With --revise, after a parser was mended: every landed answer is read again, and what differs
    is appended, recorded now. What was said before stays readable (`price_as_of(…, known_at)`).
    """
    if again:
        _end(revise(_settings().home), as_json=as_json)
        return
    told = replay_home(_settings().home)
    if as_json:
        _print_json({"replayed": told})
    else:
        out.print(f"replayed {len(told)} runs" if told else "the warehouse holds every run already")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@JSON
def export(*, folder: Path, as_json: bool) -> None:
    """Write every published relation to DIR as NDJSON and Parquet."""
    home = Home.at(_settings().home)
    files = [str(path) for path in export_publication(newest(home), folder)]
    if as_json:
        _print_json({"files": files})
    else:
        out.print(f"wrote {len(files)} files to {folder}")


@main.command()
@JSON
def status(*, as_json: bool) -> None:
    """Say how old is what readers see, and what failed last."""
    found = read_status(Home.at(_settings().home), now=utc_now())
    if as_json:
        _print_json(found)
    else:
        say_status(found)


def _settings(home: Path | None = None) -> Settings:
    registry = load_registry()
    return read_settings(os.environ, registry, **({"home": home} if home else {}))


def _end(report: Report, *, as_json: bool) -> None:
    if as_json:
        _print_json(report)
    else:
        say_report(report)
    if report.exit_status:
        say_failure(report)
        sys.exit(report.exit_status)


def _print_json(value: object) -> None:
    text = msgspec.json.encode(value, enc_hook=str)
    click.echo(msgspec.json.format(text, indent=2).decode())


if __name__ == "__main__":
    main()
