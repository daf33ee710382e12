"""Watch between runs whether data gets old, which no run can report: `up` keeps it running."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from threading import Event
from types import FrameType

from flows.events import emit_committed, emit_notified
from pipeline.live_notifier import live_notifier
from pipeline.notify import find_sent_staleness, notify
from pipeline.recovery import complete_killed_run
from pipeline.settings import read_settings
from providers.registry import load_registry
from providers.secrets.alert_addresses import SETTING
from schemas.errors import PricehouseError
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
    committed: Callable[[Home], None],
    notified: Callable[[Home], None],
    every_s: float = EVERY_S,
) -> None:
    """Notify of what is due every minute until `stop` is set.

    `committed` follows when a look completed the commit of a run that was killed; `notified`
    follows each look at old data whose message was sent, by the watcher or by a run: it stops when
    this process does, so whoever waits for it knows that nobody watches any more.
    """
    home = Home(read_settings(environment, load_registry()).home)
    notifier = live_notifier(environment, report)
    while not stop.wait(every_s):
        try:
            if not notifier.is_shared and complete_killed_run(home, notifier.clock):
                committed(home)
            notify(home, notifier)
            if find_sent_staleness(home, notifier):
                notified(home)
        except PricehouseError as error:
            report(f"whether data is old is not known: {error}; the next look tries again")


def main() -> None:
    """Watch the home of the environment until SIGINT or SIGTERM."""
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    watch(os.environ, stop, report=_print_line, committed=emit_committed, notified=emit_notified)


def _print_line(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the log of `up`


if __name__ == "__main__":
    main()
