"""Alerts as an automaton: no repeat, nothing lost, and each one ends once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import SETTLED_AFTER, URGENT, Alert, AlertFinding, AlertState, Observed
from transforms.alerts.automaton import advance
from transforms.alerts.plan import compose, due_notices

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LASTING = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["1", "2", "3"])
RUN = st.tuples(
    st.frozensets(LASTING),  # what is so in this run
    st.booleans(),  # whether the run looks at it
    st.one_of(st.none(), st.tuples(VALUES, VALUES, st.booleans())),  # an event of a price
    st.booleans(),  # whether the receiver takes messages in this hour
)


def lasting(key: str) -> AlertFinding:
    return AlertFinding(kind="feed_failing", key=key, subject=key, message=f"{key} fails", feed=key)


def event(before: str, after: str, *, opens: bool) -> AlertFinding:
    return AlertFinding(
        kind="price_moved",
        key="p",
        subject="p",
        message=f"{before} to {after}",
        settles=True,
        opens=opens,
        before=before,
        after=after,
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(RUN, max_size=30))
def test_each_finding_is_opened_once_and_notified_once_and_ends_once(runs: list) -> None:  # type: ignore[type-arg]
    state = AlertState()
    sent: list[tuple[str, str]] = []
    for number, (found, looks, moved, takes) in enumerate(runs):
        now = START + number * 8 * HOUR
        findings = [lasting(key) for key in sorted(found)] if looks else []
        if moved is not None:
            findings.append(event(*moved[:2], opens=moved[2]))
        was_open = {alert.alert_id for alert in state.open}
        observed = Observed(findings, covers=lambda _, looks=looks: looks)  # type: ignore[misc]
        advance(state, observed, at=now, origin=f"run-{number}")
        ids = [alert.alert_id for alert in state.alerts]
        assert len(ids) == len(set(ids))
        assert was_open <= set(ids)
        if looks:
            assert {a.key for a in state.open if not a.settles} == found
        due = due_notices(state.alerts, sent, known_since=START, now=now)
        assert due == sorted(due, key=lambda d: (d.alert.kind not in URGENT, d.alert.opened_at))
        if takes:
            sent += [notice.key for notice in due]
    assert len(sent) == len(set(sent))
    for alert in state.alerts:
        assert alert.closed_at is None or alert.closed_at >= alert.opened_at
        order = [event for alert_id, event in sent if alert_id == alert.alert_id]
        assert order in ([], ["opened"], ["closed"], ["opened", "closed"])
        if alert.closed_at is None:
            assert "closed" not in order
    assert all(alert.closed_at is None for alert in state.open)
    assert all(alert.closed_at is not None for alert in state.ended)
    assert len([alert for alert in state.open if alert.settles]) <= 1


def run(state: AlertState, *findings: AlertFinding, at: datetime, covers: bool = True) -> None:
    advance(state, Observed(findings, lambda _: covers), at=at, origin=at.isoformat())


def test_what_the_run_did_not_look_at_stays_open() -> None:
    state = AlertState()
    run(state, lasting("hub"), at=START)
    run(state, at=START + HOUR, covers=False)
    assert len(state.open) == 1
    run(state, at=START + 2 * HOUR)
    (ended,) = state.ended
    assert (state.open, ended.recovery) == ([], "hub fails")


def test_an_event_that_is_undone_recovers_and_opens_no_other_one() -> None:
    state = AlertState()
    run(state, event("1", "2", opens=True), at=START)
    run(state, event("2", "1", opens=True), at=START + HOUR)
    (ended,) = state.ended
    assert (state.open, ended.recovery) == ([], "2 to 1")


def test_an_event_is_replaced_by_the_next_one_and_settles_after_a_week() -> None:
    state = AlertState()
    run(state, event("1", "2", opens=True), at=START)
    run(state, event("2", "3", opens=True), at=START + HOUR)
    assert [(a.message, a.recovery) for a in state.ended] == [("1 to 2", None)]
    run(state, at=START + HOUR + SETTLED_AFTER)
    assert state.open == []
    assert state.ended[1].recovery is None


def test_the_digest_has_what_was_found_before_midnight_and_urgent_ones_do_not_wait() -> None:
    state = AlertState()
    run(state, lasting("hub"), event("1", "2", opens=True), at=START)

    def due(now: datetime) -> list[str]:
        found = due_notices(state.alerts, [], known_since=START, now=now)
        return [notice.alert.kind for notice in found]

    assert due(START) == ["feed_failing"]
    assert due(START + 11 * HOUR) == ["feed_failing"]
    assert due(START + 12 * HOUR) == ["feed_failing", "price_moved"]


def test_a_message_names_each_alert_with_its_id_and_counts_the_rest() -> None:
    state = AlertState()
    run(state, *(lasting(f"{number:02}") for number in range(40)), at=START)
    message = compose(due_notices(state.alerts, [], known_since=START, now=START))
    lines = message.body.splitlines()
    assert message.title == "pricehouse: 40 found"
    assert len(lines) == 31
    assert lines[-1] == "and 10 more: `pricehouse alerts`"
    assert all(alert.alert_id in message.body for alert in state.open[:30])
    assert not message.is_good


def test_an_alert_that_ended_before_an_address_was_known_is_not_sent() -> None:
    ended = Alert(
        alert_id="1",
        kind="stale",
        key="data",
        subject="data",
        message="old",
        opened_at=START,
        closed_at=START + HOUR,
        recovery="new again",
    )
    assert due_notices([ended], [], known_since=START + 2 * HOUR, now=START + 3 * HOUR) == []
    known = due_notices([ended], [], known_since=START, now=START + 3 * HOUR)
    assert [notice.event for notice in known] == ["closed"]
    assert compose(known).is_good
