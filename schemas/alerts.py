"""What an alert is: a finding of a run that an operator is notified of once, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "stale",
    "feed_failing",
    "run_failing",
    "coverage_fell",
    "became_paid",
    "price_held",
    "schema_drift",
    "provider_left",
    "price_moved",
]
URGENT = frozenset({"stale", "feed_failing", "run_failing", "coverage_fell", "became_paid"})
"""Kinds whose message is sent at once; the others wait for the digest of the next day."""
SETTLED_AFTER = timedelta(days=7)
"""After so long an event that was not undone counts as how things are, and its alert closes."""
TITLES: dict[str, str] = {
    "stale": "Old data",
    "feed_failing": "Feed fails",
    "run_failing": "Run fails",
    "coverage_fell": "Coverage fell",
    "became_paid": "Free became paid",
    "price_held": "Price held",
    "schema_drift": "Schema drift",
    "provider_left": "Provider left",
    "price_moved": "Price moved",
}
"""Kind → how a message names it."""


@dataclass(frozen=True)
class AlertFinding:
    """One thing that is so (`settles` false), or one that happened (`settles` true).

    `key` names it among the findings of its kind, the same in each run while it lasts. An event has
    the values `before` and `after` it; one with `opens` false only ends an alert that it undoes.
    `since` is when it began, where that is not when it was found; `origin` is what its id is made
    of where that is not the run.
    """

    kind: Kind
    key: str
    subject: str
    message: str
    feed: str | None = None
    settles: bool = False
    opens: bool = True
    before: str | None = None
    after: str | None = None
    since: datetime | None = None
    origin: str | None = None


@dataclass(frozen=True)
class Alert:
    """One finding that was opened; `recovery` is the message of its end, None where it has none."""

    alert_id: str
    kind: Kind
    key: str
    subject: str
    message: str
    opened_at: datetime
    feed: str | None = None
    settles: bool = False
    before: str | None = None
    notified_at: datetime | None = None
    closed_at: datetime | None = None
    recovery: str | None = None


@dataclass(frozen=True)
class Observed:
    """What one run, failed or not, states about alerts.

    `covers` returns whether the run looked at what an open alert is about: only then does a finding
    that is lacking end it.
    """

    findings: Sequence[AlertFinding]
    covers: Callable[[Alert], bool]


@dataclass
class AlertState:
    """The open alerts, and what counts the failures of required feeds, as a commit left them.

    `streaks` is feed → attempts that failed since its last complete answer. `observed_to` is the
    newest complete answer. `ended` gathers the alerts that closed since.
    """

    open: list[Alert] = field(default_factory=list)
    streaks: dict[str, int] = field(default_factory=dict)
    observed_to: datetime | None = None
    ended: list[Alert] = field(default_factory=list)

    @property
    def alerts(self) -> list[Alert]:
        """The alerts that closed, then those that are open."""
        return [*self.ended, *self.open]


@dataclass(frozen=True)
class AlertFacts:
    """What the warehouse holds after a run that alerts are about; each row is a dict.

    `held` are the refusals that wait for a decision, `unknown_keys` those of price objects now,
    `changes` the events of the run. `priced` and `priced_peak` are the cards with a price after the
    run, and the most of the runs of the day before it.
    """

    held: list[dict[str, Any]]
    unknown_keys: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    priced: int
    priced_peak: int
    observed_to: datetime | None


class Message(NamedTuple):
    """One message to one address; `is_good` where it has nothing but recoveries."""

    title: str
    body: str
    is_good: bool


FindAlerts = Callable[[AlertState, AlertFacts], None]
"""Moves the state before a run on by what the run left in the warehouse."""


def alert_id_of(kind: str, key: str, origin: str) -> str:
    """Return the id of an alert: the same whoever finds it, a run or who looks between runs."""
    return sha256("\x1f".join((kind, key, origin)).encode()).hexdigest()[:16]
