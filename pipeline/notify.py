"""Notify the operator of what alerts state: after a run, failed or not, and between runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pipeline.failed_runs import failed_since_commit, failure_rows
from pipeline.recovery import complete_killed_run, is_complete
from pipeline.settings import AlertRules
from providers.registry import load_registry
from schemas.alerts import SETTLED_AFTER, Alert, AlertState, Message
from schemas.clock import Clock, utc_now
from schemas.errors import PricehouseError, StoreError, UsageError
from schemas.failures import kind_of
from schemas.secrets import Secret
from transforms.alerts.failed_attempts import add_failures, add_staleness
from transforms.alerts.plan import compose, due_notices
from warehouse.alert_rows import read_alert_state, read_ended_alerts
from warehouse.publication.newest import open_newest
from warehouse.storage.deliveries import (
    DeliveryJournal,
    JournalLine,
    open_journal,
    read_deliveries,
)
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.objects import Store
from warehouse.store.shared_journal import pull_journal, push_journal

LIVE = "live"
LONGEST_RUN = timedelta(minutes=30)
"""A run that is not complete may still be at work for so long; then it counts as gone, or hangs."""


class SendMessage(Protocol):
    """Send one message to one address."""

    def __call__(self, address: Secret, message: Message, /) -> bool | None:
        """Return whether it was taken; None where that is unknown."""


@dataclass(frozen=True)
class Notifier:
    """What notifying uses of the outside; `report` gets a line for each address that fails."""

    find_addresses: Callable[[], Sequence[Secret]]
    send: SendMessage
    report: Callable[[str], None]
    rules: AlertRules = field(default_factory=AlertRules)
    clock: Clock = utc_now
    find_store: Callable[[], Store | None] = lambda: None
    """The store of a home that several machines share, whose journal of messages is one."""
    is_shared: bool = False
    """Whether a shared warehouse records the runs: then only a run under its lock knows whether one
    that was killed is committed."""


def notify(home: Home, notifier: Notifier) -> int:
    """Send what is due to each address, once, and return how many messages were taken.

    It never raises for what fails: the run whose findings it reports has ended already. What an
    address refused is due again at the next call.
    """
    try:
        return _notify(home, notifier)
    except PricehouseError as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 - no hour fails through its alerts
        problem = f"{kind_of(error)} (internal error)"  # its text may quote an address
    notifier.report(f"alerts were not sent: {problem}; the next run tries again")
    return 0


@contextmanager
def notifying(root: Path, notifier: Notifier, *, dry_run: bool = False) -> Iterator[None]:
    """Notify after the run of this block, whether it failed or not; not after one that was stopped.

    A dry run finds nothing that readers see, and sends nothing.
    """
    try:
        yield
    except Exception:
        if not dry_run:
            notify(Home(root), notifier)
        raise
    if not dry_run:
        notify(Home(root), notifier)


def _notify(home: Home, notifier: Notifier) -> int:
    if not notifier.is_shared:
        complete_killed_run(home, notifier.clock)
    now = notifier.clock()
    alerts = current_alerts(home, notifier.rules, now=now)
    if not alerts:
        return 0
    addresses = notifier.find_addresses()
    if not addresses:
        return 0
    store = None
    with suppress(PricehouseError):  # a message twice is better than none
        store = notifier.find_store()
        if store is not None:
            pull_journal(home, store)
    with open_journal(home, now=now) as journal:
        taken = sum(
            _notify_address(journal, place, address, alerts, notifier)
            for place, address in enumerate(addresses, start=1)
        )
    if store is not None:
        with suppress(StoreError):  # the next run pushes it
            push_journal(home, store)
    return taken


def _notify_address(
    journal: DeliveryJournal,
    place: int,
    address: Secret,
    alerts: Iterable[Alert],
    notifier: Notifier,
) -> int:
    name, now = journal.address_id(address), notifier.clock()
    since = journal.known_since(name, now)
    due = due_notices(alerts, journal.done(name), known_since=since, now=now)
    if not due:
        return 0
    notices = [notice.key for notice in due]
    journal.append(JournalLine(at=now, state="sending", address=name, notices=notices))
    taken = notifier.send(address, compose(due))
    at = notifier.clock()
    if taken is None:
        notifier.report(f"alert address {place} gave no answer in time; it is not sent again")
        return 0
    journal.append(
        JournalLine(at=at, state="sent" if taken else "failed", address=name, notices=notices)
    )
    if not taken:
        notifier.report(
            f"alert address {place} did not take a message of {len(due)} alerts; the next run "
            "sends it again. `pricehouse alerts test` tests every address"
        )
    return int(taken)


def current_alerts(home: Home, rules: AlertRules, *, now: datetime) -> list[Alert]:
    """Return the open alerts and those that ended in the last days, with what no commit stored yet.

    Runs that failed since the last commit, and data that is old by now, are no part of the
    warehouse: they are found here, under the ids that the next run stores them by.
    """
    landing = Landing(home.landing)
    newest = next(landing.newest_first(), None)
    if newest is None or newest.record.origin != LIVE:
        return []  # nobody is notified about a sample
    state, ended = _stored(home, since=now - SETTLED_AFTER)
    required = {feed.feed for _, feed in load_registry().feeds() if feed.required}
    failures = failure_rows(failed_since_commit(landing.newest_first()))
    add_failures(state, failures, required=required)
    # until readers see a run, its own finding of old data is the one of its start
    is_running = not is_complete(home, newest) and now - newest.record.started_at < LONGEST_RUN
    until = newest.record.started_at if is_running else now
    add_staleness(state, until=until, after=rules.stale_after)
    return [*ended, *state.alerts]


def open_alerts(home: Home, rules: AlertRules, *, now: datetime) -> list[Alert]:
    """Return the alerts that are open now; of a sample, or without landing, the stored ones."""
    if not _is_live(Landing(home.landing)):
        return _stored(home, since=now)[0].open
    return [alert for alert in current_alerts(home, rules, now=now) if alert.closed_at is None]


def find_sent_staleness(home: Home, notifier: Notifier) -> str | None:
    """Return the id of the open alert of old data where an address took its message, else None."""
    sent = {delivery.alert_id for delivery in read_deliveries(Landing(home.landing))}
    alerts = open_alerts(home, notifier.rules, now=notifier.clock())
    found = (each.alert_id for each in alerts if each.kind == "stale" and each.alert_id in sent)
    return next(found, None)


def _is_live(landing: Landing) -> bool:
    newest = next(landing.newest_first(), None)
    return newest is not None and newest.record.origin == LIVE


def _stored(home: Home, *, since: datetime) -> tuple[AlertState, list[Alert]]:
    try:
        with open_newest(home) as con:
            return read_alert_state(con), read_ended_alerts(con, since=since)
    except UsageError:  # nothing is published yet
        return AlertState(), []


TEST_MESSAGE = Message(
    title="pricehouse: test", body="This is a test of the alerts of pricehouse.", is_good=True
)


def send_test(notifier: Notifier) -> list[bool]:
    """Send a test message to each address, and return whether each took it."""
    addresses = notifier.find_addresses()
    return [bool(notifier.send(address, TEST_MESSAGE)) for address in addresses]
