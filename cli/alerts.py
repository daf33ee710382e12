"""`pricehouse alerts`: the alerts that are open, and a test of the addresses."""

from __future__ import annotations

import os
import sys

import click

from cli.console import err, err_print, out
from cli.options import current_home, home_option, json_option, print_json, read_environment
from pipeline.live_notifier import live_notifier
from pipeline.notify import open_alerts, send_test
from pipeline.settings import read_alert_rules
from providers.secrets.alert_addresses import PATH, SETTING, find_alert_addresses
from schemas.alerts import TITLES, URGENT
from schemas.clock import utc_now
from schemas.errors import SettingsError
from warehouse.storage.home import Home

NO_ADDRESS = (
    f"no address for alerts is set: set {SETTING} to addresses of Apprise, like "
    f"mailto://user:password@example.org, or store them in Vault as {PATH}, field urls"
)


@click.group(invoke_without_command=True)
@home_option
@json_option
@click.pass_context
def alerts(ctx: click.Context, *, as_json: bool) -> None:
    """List the open alerts, or test the addresses that they are sent to.

    Includes what runs that failed since the last publication found. The relation `alerts` has the
    closed ones too.
    """
    if ctx.invoked_subcommand is not None:
        return
    rules = read_alert_rules(read_environment())
    found = open_alerts(Home.at(current_home()), rules, now=utc_now())
    if as_json:
        names = ("alert_id", "kind", "subject", "message", "opened_at", "notified_at")
        rows = [{name: getattr(alert, name) for name in names} for alert in found]
        print_json({"alerts": [{**row, "urgent": row["kind"] in URGENT} for row in rows]})
        return
    for alert in found:
        out.print(
            f"{alert.opened_at:%Y-%m-%d %H:%M} {TITLES[alert.kind]}: {alert.message} "
            f"({alert.alert_id})",
            markup=False,
            soft_wrap=True,
        )
    out.print(f"{len(found)} open" if found else "no alert is open")


@alerts.command("test")
@home_option
@json_option
def send_test_message(*, as_json: bool) -> None:
    """Send a test message to every address.

    Exit status 1 when an address does not take it. Addresses are numbered as they are set, because
    they hold secrets.
    """
    if not find_alert_addresses(os.environ):
        raise SettingsError(NO_ADDRESS)
    taken = send_test(live_notifier(os.environ, err_print))
    if as_json:
        print_json({"addresses": [{"address": n, "taken": t} for n, t in enumerate(taken, 1)]})
    for place, is_taken in enumerate([] if as_json else taken, start=1):
        text = "took the message" if is_taken else "did not take it: check it with its service"
        (out if is_taken else err).print(f"address {place} {text}")
    if not all(taken):
        sys.exit(1)
