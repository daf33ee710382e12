"""What an operator is notified of, from real hours: each finding once, and its end once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.notify import Notifier, current_alerts, notify
from pipeline.settings import AlertRules
from providers.alert_sender import send_message
from samples.catalog import Catalog
from samples.hub import Hub, serve
from samples.routes import ServerReply, ServerRequest
from schemas.errors import HomeError
from schemas.secrets import Secret
from tests.support.backends import replay, store_of
from tests.support.hours import Clock, chat_catalog, ingest
from tests.support.receivers import Webhook, webhook
from warehouse.publication.export import export
from warehouse.publication.newest import newest, open_newest
from warehouse.storage.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend")]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CANARY = "canary-of-the-address"
HUB, ROUTER = "/api/models", "/v1/models"
CHEAP, DEAR = ("0.2", "0.6"), ("0.3", "0.6")


@dataclass
class Operator:
    """A home that is ingested, and the webhook that its alerts go to."""

    home: Path
    hub: Hub
    clock: Clock
    receiver: Webhook
    broken: set[str] = field(default_factory=set)
    """The paths that the source refuses."""
    problems: list[str] = field(default_factory=list)

    def hour(self, catalog: Catalog | None = None, *, after: timedelta = HOUR) -> None:
        """Let time pass, run an hour, and notify."""
        if catalog is not None:
            self.hub.show(catalog)
        self.clock.advance(after)
        ingest(self.home, self.hub, clock=self.clock)
        self.notify()

    def notify(self, addresses: Callable[[], list[Secret]] | None = None) -> int:
        """Notify as after a run, or as who watches between runs."""
        return notify(
            Home(self.home),
            Notifier(
                find_addresses=addresses or self.addresses,
                send=send_message,
                report=self.problems.append,
                clock=self.clock,
                find_store=lambda: store_of(self.home),
            ),
        )

    def addresses(self) -> list[Secret]:
        return [Secret(self.receiver.address(CANARY))]

    def alerts(self) -> list[dict[str, Any]]:
        with open_newest(Home(self.home)) as con:
            rows = con.sql("FROM alerts ORDER BY opened_at, alert_id")
            return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]

    def kinds(self) -> list[tuple[str, bool]]:
        """Return the kind of each alert, and whether it is open."""
        return [(row["kind"], row["closed_at"] is None) for row in self.alerts()]


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    broken: set[str] = set()

    def refuse(request: ServerRequest) -> ServerReply | None:
        return ServerReply(404, b"gone", {}) if request.path in broken else None

    with serve(chat_catalog(CHEAP), on_request=refuse) as hub, webhook() as receiver:
        yield Operator(tmp_path / "home", hub, Clock(), receiver, broken)


def exported(home: Path, into: Path) -> dict[str, bytes]:
    export(newest(Home(home)), into)
    return {path.name: path.read_bytes() for path in into.iterdir()}


def test_an_hour_without_a_finding_sends_nothing(operator: Operator) -> None:
    operator.hour()
    operator.hour()
    assert operator.kinds() == []
    assert operator.receiver.received == []
    assert operator.problems == []


def test_a_price_that_moved_is_in_the_digest_of_the_next_day_once(operator: Operator) -> None:
    operator.hour()
    operator.hour(chat_catalog(DEAR))
    operator.hour()
    assert operator.kinds() == [("price_moved", True)]
    assert operator.receiver.received == []
    operator.hour(after=timedelta(hours=12))
    operator.hour()
    lines = [line for line in operator.receiver.lines() if "Price moved" in line]
    assert len(lines) == 1
    assert "acme/chat at novita: input_token went from 0.2 USD per 1M to 0.3" in lines[0]
    assert "+50.0 %" in lines[0]


def test_a_price_that_is_back_closes_its_alert(operator: Operator) -> None:
    operator.hour()
    operator.hour(chat_catalog(DEAR))
    operator.hour(chat_catalog(CHEAP))
    assert operator.kinds() == [("price_moved", False)]


def test_a_small_move_is_no_finding(operator: Operator) -> None:
    operator.hour()
    operator.hour(chat_catalog(("0.22", "0.6")))
    assert operator.kinds() == []


def test_a_required_feed_that_fails_twice_is_one_message_and_its_end_one(
    operator: Operator,
) -> None:
    operator.hour()
    operator.broken |= {HUB}
    operator.hour()
    assert operator.receiver.received == []
    operator.hour()
    operator.hour()
    (line,) = operator.receiver.lines()
    assert line.startswith("Feed fails: hub failed 2 times in a row: hub: ")
    operator.broken.clear()
    operator.hour()
    operator.hour()
    first, last = operator.receiver.lines()
    assert last.startswith("Feed fails: over: ")
    (row,) = operator.alerts()
    assert (row["kind"], row["subject"]) == ("feed_failing", "hub")
    assert row["alert_id"] in first
    assert row["alert_id"] in last
    assert row["notified_at"] > row["opened_at"]


def test_runs_that_fail_before_anything_is_published_alert_too(operator: Operator) -> None:
    operator.broken |= {HUB, ROUTER}
    operator.hour()
    operator.hour()
    operator.hour()
    (line,) = operator.receiver.lines()
    assert line.startswith("Feed fails: hub failed 2 times in a row")
    operator.broken.clear()
    operator.hour()
    assert operator.kinds() == [("feed_failing", False)]
    assert len(operator.receiver.lines()) == 2


def test_data_that_is_old_is_found_between_runs_and_is_over_with_the_next(
    operator: Operator,
) -> None:
    operator.hour()
    operator.clock.advance(HOUR)
    operator.notify()
    assert operator.receiver.received == []
    operator.clock.advance(timedelta(hours=1, minutes=30))
    operator.notify()
    operator.notify()
    (line,) = operator.receiver.lines()
    assert line.startswith("Old data: the newest complete answer is of 2026-03-01 13:00 UTC")
    operator.hour()
    operator.hour()
    _, last = operator.receiver.lines()
    assert "Old data: over: the data was older than 2h, and is new again" in last
    (row,) = operator.alerts()
    assert row["alert_id"] in line
    assert row["alert_id"] in last
    assert row["notified_at"] is not None


def test_a_message_that_is_refused_is_sent_with_the_next_run_once(operator: Operator) -> None:
    operator.hour()
    operator.broken |= {HUB}
    operator.receiver.status = 500
    operator.hour()
    operator.hour()
    (problem,) = operator.problems
    assert problem.startswith("alert address 1 did not take a message of 1 alerts")
    assert CANARY not in problem
    operator.receiver.status = 200
    operator.hour()
    operator.hour()
    assert len(operator.receiver.lines()) == 1


def test_an_address_that_cannot_be_found_fails_no_hour_and_is_not_quoted(
    operator: Operator,
) -> None:
    operator.hour()
    operator.hour(chat_catalog(DEAR))

    def fail() -> list[Secret]:
        raise ValueError(CANARY)

    assert operator.notify(fail) == 0
    (problem,) = operator.problems
    assert "ValueError" in problem
    assert CANARY not in problem


def test_a_new_address_gets_what_is_open_and_nothing_that_is_over(operator: Operator) -> None:
    operator.hour()
    operator.broken |= {HUB}
    operator.hour()
    operator.hour()
    operator.broken.clear()
    operator.hour()
    count = len(operator.receiver.lines())
    both = [*operator.addresses(), Secret(operator.receiver.address("another"))]
    assert operator.notify(lambda: both) == 0
    assert len(operator.receiver.lines()) == count


def test_a_replay_sends_nothing_and_gives_the_same_export(
    operator: Operator, tmp_path: Path
) -> None:
    operator.hour()
    operator.broken |= {HUB}
    operator.hour()
    operator.hour()
    operator.broken.clear()
    operator.hour(chat_catalog(DEAR), after=timedelta(hours=5))
    operator.hour(after=DAY)
    operator.hour()
    assert {kind for kind, _ in operator.kinds()} == {"feed_failing", "stale", "price_moved"}
    assert all(row["notified_at"] for row in operator.alerts())
    sent = len(operator.receiver.lines())
    again = tmp_path / "again"
    again.mkdir()
    (operator.home / "landing").rename(again / "landing")
    replay(again)
    assert len(operator.receiver.lines()) == sent
    assert exported(again, tmp_path / "b") == exported(operator.home, tmp_path / "a")
    # a home that was rebuilt goes on without a message that was sent before
    rebuilt = Operator(again, operator.hub, operator.clock, operator.receiver)
    rebuilt.hour()
    assert len(operator.receiver.lines()) == sent


def test_the_address_is_in_no_file_of_the_home(operator: Operator) -> None:
    operator.hour()
    operator.broken |= {HUB}
    operator.hour()
    operator.hour()
    operator.hour()
    assert operator.receiver.received
    files = [path for path in operator.home.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []


def test_a_run_that_an_error_ends_is_a_finding_at_once(operator: Operator) -> None:
    operator.hour()
    operator.clock.advance(HOUR)
    with pytest.raises(HomeError):
        ingest(operator.home, operator.hub, clock=operator.clock, step=partial(_break, "parse"))
    operator.notify()
    (line,) = operator.receiver.lines()
    assert line.startswith("Run fails: run ")
    assert "the disk broke" in line
    operator.hour(after=timedelta(minutes=50))
    assert operator.kinds() == [("run_failing", False)]


def _break(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step of a run; one whose name begins so fails as on a broken disk."""
    if not function.__name__.startswith(name):
        return function

    def fail(*_: object) -> None:
        raise HomeError("the disk broke")

    return fail


def test_what_no_commit_stored_yet_has_the_id_that_the_next_run_stores(
    operator: Operator,
) -> None:
    operator.hour()
    operator.clock.advance(timedelta(hours=3))
    (found,) = current_alerts(Home(operator.home), AlertRules(), now=operator.clock())
    operator.hour()
    assert [row["alert_id"] for row in operator.alerts()] == [found.alert_id]
