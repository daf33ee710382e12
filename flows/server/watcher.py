"""Watch between runs whether data gets old, which no run can report: `up` keeps it running."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from threading import Event
from types import FrameType

from flows.events import NOTIFIED
from pipeline.live_notifier import live_notifier
from pipeline.notify import Notifier, notify, open_alerts
from pipeline.settings import read_settings
from providers.registry import load_registry
from providers.secrets.alert_addresses import SETTING
from warehouse.storage.home import Home

EVERY_S = 60.0


def has_addresses(environment: Mapping[str, str]) -> bool:
    """Return whether alerts may have an address: Vault is only asked when there is a message."""
    return bool(environment.get(SETTING) or environment.get("VAULT_ADDR"))


def watch(
    environment: Mapping[str, str],
    stop: Event,
    *,
    report: Callable[[str], None],
    notified: Callable[[Home], None],
    every_s: float = EVERY_S,
) -> None:
    """Notify of what is due every minute until `stop` is set; `notified` follows one about old
    data."""
    home = Home(read_settings(environment, load_registry()).home)
    notifier = live_notifier(environment, report)
    while not stop.wait(every_s):
        if notify(home, notifier) and _is_stale(home, notifier):
            notified(home)


def _is_stale(home: Home, notifier: Notifier) -> bool:
    alerts = open_alerts(home, notifier.rules, now=notifier.clock())
    return any(alert.kind == "stale" for alert in alerts)


def emit_notified(home: Home) -> None:
    """Let the automation know that somebody was notified, so that it does not do so too."""
    from prefect.events import emit_event

    emit_event(NOTIFIED, resource={"prefect.resource.id": f"pricehouse.home.{home.root}"})


def main() -> None:
    """Watch the home of the environment until SIGINT or SIGTERM."""
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    watch(os.environ, stop, report=_print_line, notified=emit_notified)


def _print_line(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the log of `up`


if __name__ == "__main__":
    main()
