"""Hours in fast time through `pricehouse up`, with faults of the matrix and kills; then the truth.

    python -m tests.support.soak 200 FOLDER      # prints a line per hour, and figures in the end

The wall clock of every process is moved from minute 7 to minute 7, so that Prefect's scheduler, its
worker and its server do what they do in a real hour. Each hour has prices of its own: which
interval of which amount is right follows from which hours were committed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from samples.hub import Hub, serve
from tests.support.fault_matrix_cases import CANARY, CASES, Case
from tests.support.hours import small_catalog
from tests.support.moved_clock import MovedClock
from tests.support.raw_server import Behaviour, RawServer
from tests.support.receivers import Webhook, webhook
from tests.support.running_server import Up, up, wait_for
from tests.support.scheduled_hours import (
    LATE_S,
    PROGRAMS,
    UNSTARTED_AFTER,
    pid_of,
    runs_until,
    wait_for_events,
    wait_for_hour,
    wait_for_turns,
)
from tests.support.server_faults import good

START = datetime(2026, 12, 1, 10, tzinfo=UTC)
MINUTE = 7
WAITING_CODES = {"unreachable", "deadline", "http_429"}
"""Failures that the client tries again: real seconds, and the matrix has them without waits."""
FAULTS = [
    case
    for case in CASES
    if case.code
    and case.kind == "http"
    and not case.apart
    and case.code not in WAITING_CODES
    and not case.code.startswith("http_5")
]
KILLS = ("flow", "worker", "server", "marketplace", "worker and flow")
Report = Callable[[str], None]


@dataclass
class Usage:
    """What the processes and the home had at one hour."""

    hour: int
    rss_mb: dict[str, int]
    descriptors: dict[str, int]
    files: int
    prefect_mb: float


@dataclass
class Soaked:
    """What came of it."""

    home: Path
    starts: list[datetime] = field(default_factory=list)
    """When the prices of each hour began to be served, by the moved clock."""
    states: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    samples: list[Usage] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    """What gives a command the moved clock."""
    receiver: Webhook = field(default_factory=lambda: Webhook(port=0))
    """Where the alerts were sent."""
    output: str = ""


class Sources:
    """The two servers that are read, each with a behaviour per hour; prices follow the hour."""

    def __init__(self, hub: Hub, stack: ExitStack) -> None:
        self._hub = hub
        idle = RawServer(lambda connection: connection.read_request() and None)
        elsewhere = stack.enter_context(idle.running()).url
        self.feeds = {
            feed: stack.enter_context(RawServer(good(), elsewhere=elsewhere).running())
            for feed in ("hub", "router")
        }
        self.show(0)

    def show(self, hour: int, case: Case | None = None) -> None:
        """Serve the prices of an hour, one feed with the behaviour of a case."""
        catalog = small_catalog(input_price=price(hour), output_price=f"1.{100 + hour}")
        self._hub.show(catalog)
        for feed, server in self.feeds.items():
            behaviour: Behaviour = case.behaviour if case and case.feed == feed else good()
            server.catalog, server.behaviour = catalog, behaviour
            server.requests.clear()


def price(hour: int) -> str:
    """Return the input price of an hour, per million tokens."""
    return f"0.{100 + hour}"


def soak(
    folder: Path, *, hours: int, seed: int, report: Report = print, most_s: float = 1e9
) -> Soaked:
    """Let so many hours pass, or fewer when `most_s` are over, and a last one undisturbed."""
    chance = random.Random(seed)  # noqa: S311 - what to disturb, no secret
    folder.mkdir(parents=True, exist_ok=True)
    soaked = Soaked(folder / "home")
    clock, began = MovedClock(folder, at=START), time.monotonic()
    soaked.environment = clock.environment
    with ExitStack() as stack:
        hub = stack.enter_context(serve(small_catalog()))
        sources = Sources(hub, stack)
        soaked.receiver = stack.enter_context(webhook())
        settings = {
            **clock.environment,
            "PRICEHOUSE_HUB_URL": sources.feeds["hub"].url,
            "PRICEHOUSE_ROUTER_URL": sources.feeds["router"].url,
            "HF_TOKEN": CANARY,
            "PRICEHOUSE_ALERT_URLS": soaked.receiver.address(CANARY),
        }
        soaked.starts.append(clock.now())
        running = stack.enter_context(up(soaked.home, hub.url, **settings))
        running.wait_for_first_hour()
        at = START.replace(minute=MINUTE) - timedelta(hours=1)
        hour = 0
        while hour < hours and time.monotonic() - began < most_s:
            hour += 1
            skipped = chance.choice([2, 3, 5]) if chance.random() < 0.06 else 0
            soaked.done["hours asleep"] += skipped
            at += timedelta(hours=1 + skipped)
            case = FAULTS[hour % len(FAULTS)] if chance.random() < 0.25 else None
            kill = chance.choice(KILLS) if chance.random() < 0.2 else None
            sources.show(hour, case)
            clock.move_to(at - timedelta(seconds=2))
            soaked.starts.append(clock.now())
            if kill:
                soaked.done[f"kills of {kill}"] += _kill(running, kill, at, chance, clock)
            soaked.done["faults of servers"] += case is not None
            states = wait_for_hour(running, at)
            if kill != "server":  # which loses the events that are on their way to it
                wait_for_events(running, at)
            wait_for_turns(running)
            soaked.states.update(states)
            if hour % 10 == 0:
                soaked.samples.append(_sample(running, hour))
            named = case.name if case else ""
            report(f"{hour} {at:%m-%d %H} {','.join(states)} {kill or ''} {named}")
        sources.show(hour + 1)
        clock.move_to(at + timedelta(hours=1) - timedelta(seconds=2))
        soaked.starts.append(clock.now())
        soaked.states.update(wait_for_hour(running, at + timedelta(hours=1)))
        soaked.samples.append(_sample(running, hour + 1))
    soaked.output = running.output
    return soaked


def _kill(running: Up, kill: str, at: datetime, chance: random.Random, clock: MovedClock) -> bool:
    """Kill what is named at a random moment of the hour's run; return whether it still ran."""

    def of_this_hour() -> bool | None:
        return any(r["state_type"] == "RUNNING" for r in runs_until(running, at)) or None

    wait_for(lambda: pid_of(running, "flow"), LATE_S, running)
    if chance.random() < 0.7:
        wait_for(of_this_hour, LATE_S, running)
    time.sleep(chance.random() * 2)
    pids = [pid_of(running, name) for name in kill.split(" and ")]
    for pid in pids:
        if pid is not None:  # a run may have ended meanwhile
            os.kill(pid, signal.SIGKILL)
    if "worker" in kill:  # nobody may report the run: an automation does, after its time
        time.sleep(5)
        wait_for_turns(running)
        states = {r["state_type"] for r in runs_until(running, at)}
        if "PENDING" in states:
            clock.move_to(clock.now() + UNSTARTED_AFTER)
        elif kill == "worker and flow":
            clock.move_to(clock.now() + timedelta(minutes=3))
    return None not in pids


def _sample(running: Up, hour: int) -> Usage:
    rss, descriptors = {}, {}
    for name in PROGRAMS.keys() - {"flow"}:
        pid = pid_of(running, name)
        if pid:
            status = Path(f"/proc/{pid}/status").read_text()
            rss[name] = int(status.partition("VmRSS:")[2].split()[0]) // 1024
            descriptors[name] = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    home = running.home
    others = [p for p in home.rglob("*") if not {"landing", "prefect"} & set(p.parts)]
    database = sum(p.stat().st_size for p in (home / "prefect").glob("prefect.db*"))
    return Usage(hour, rss, descriptors, len(others), round(database / 1e6, 1))


def main() -> None:
    """Soak, hold the home against the truth, and print the figures."""
    from tests.support.soak_truth import require_truth

    hours, folder = int(sys.argv[1]), Path(sys.argv[2])
    began = time.monotonic()

    def line(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:.0f} s: {text}\n")
        sys.stdout.flush()

    soaked = soak(folder, hours=hours, seed=1, report=line)
    line(f"states {dict(soaked.states)}; {dict(soaked.done)}")
    for sample in soaked.samples:
        line(str(sample))
    line(f"locked: {soaked.output.count('database is locked')}")
    line(f"tracebacks: {soaked.output.count('Traceback')}")
    line(str(require_truth(soaked)))


if __name__ == "__main__":
    main()
