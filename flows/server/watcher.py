"""Watch between runs whether data gets old, which no run can report: `up` keeps it running.

Where machines share a warehouse, it also lets this one show what the others publish.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from threading import Event
from types import FrameType

from flows.events import emit_committed, emit_notified
from flows.home_names import find_home_names
from pipeline.context import Dependencies
from pipeline.following import follow_when_idle
from pipeline.lake_access import find_lake
from pipeline.live_notifier import live_notifier
from pipeline.notify import find_sent_staleness, notify
from pipeline.recovery import complete_killed_run
from pipeline.settings import read_settings
from pipeline.store import find_store
from providers.registry import load_registry
from providers.secrets.alert_addresses import SETTING
from schemas.errors import PricehouseError
from warehouse.lake.lake_settings import lake_title
from warehouse.storage.home import Home

EVERY_S = 60.0


def is_needed(environment: Mapping[str, str]) -> bool:
    """Return whether there is anything to watch for: other machines, or alerts with an address.

    Vault is only asked for addresses when there is a message.
    """
    alerts = environment.get(SETTING) or environment.get("VAULT_ADDR")
    return bool(alerts or lake_title(environment))


def watch(
    environment: Mapping[str, str],
    stop: Event,
    *,
    report: Callable[[str], None],
    committed: Callable[[Home], None],
    notified: Callable[[Home], None],
    every_s: float = EVERY_S,
) -> None:
    """Notify of what is due every minute until `stop` is set, by the newest hour of any machine.

    `committed` follows when a look completed the commit of a run that was killed; `notified`
    follows each look at old data whose message was sent, by the watcher or by a run: it stops when
    this process does, so whoever waits for it knows that nobody watches any more.
    """
    home = Home(read_settings(environment, load_registry()).home)
    notifier = live_notifier(environment, report)
    while not stop.wait(every_s):
        try:
            follow_others(home, environment)
        except PricehouseError as error:
            report(
                f"what other machines published is not known: {error}; the next look tries again"
            )
        try:
            if not notifier.is_shared and complete_killed_run(home, notifier.clock):
                committed(home)
            notify(home, notifier)
            if find_sent_staleness(home, notifier):
                notified(home)
        except PricehouseError as error:
            report(f"whether data is old is not known: {error}; the next look tries again")


def follow_others(home: Home, environment: Mapping[str, str]) -> None:
    """Let readers see what other machines of a shared warehouse published, if there is one."""
    lake = find_lake(environment)
    if lake is not None:
        dependencies = Dependencies(store=find_store(environment), lake=lake)
        follow_when_idle(home, dependencies)


def main() -> None:
    """Watch the home of the environment until SIGINT or SIGTERM."""
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    names = find_home_names(os.environ)
    watch(
        os.environ,
        stop,
        report=_print_line,
        committed=partial(emit_committed, names=names),
        notified=partial(emit_notified, names=names),
    )


def _print_line(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the log of `up`


if __name__ == "__main__":
    main()
