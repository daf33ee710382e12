"""Kill hours at random moments of each stage, and hold what is left against an undisturbed home.

    python -m tests.support.killing 500      # how many kills; prints a line per home
    python -m tests.support.killing 500 100  # with the seeds after 100, beside another process

An attempt is one hour run by a process of its own, with a clock that does not move: each look is a
microsecond after the last. Attempts have times and prices of their own, so that the hours that were
committed, whatever was killed between them, can be run again undisturbed, and compared.
"""

from __future__ import annotations

import json
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import recorded_settings
from providers.registry import load_registry
from samples.catalog import Catalog, SampleModel
from samples.hub import Hub, serve
from tests.support.command import environment
from tests.support.hours import mapped_model, mapping, offering, routed_model
from warehouse.publication.export import export
from warehouse.publication.newest import newest
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1, minutes=1, seconds=17)
"""A home with kills is microseconds off. Two of these hours or a few more are not close to a whole
minute, to which the text of a gap rounds down, nor to the two hours after which data is stale."""
STAGES = ("extract_feeds", "load_inputs", "load_run", "publish_run")
"""Fetch and landing; reading the state; load and checkpoint; publication."""
OF_KILLED_RUNS = {"runs", "run_feeds", "feeds"}
"""Relations that also hold killed runs; all others must be the same."""
_MICROSECONDS = re.compile(rb"\.\d{6}Z")
HOUR_OF_ITS_OWN = """
import sys
from datetime import datetime
from pathlib import Path
from tests.support.killing import run_hour
home, url, at = sys.argv[1:]
def before_step(name):
    print(name, flush=True)
    sys.stdin.readline()
run_hour(Path(home), url, datetime.fromisoformat(at), before_step)
"""


@dataclass
class Killed:
    """What came of a number of kills."""

    kills: Counter[str] = field(default_factory=Counter)
    committed: int = 0
    tries: int = 0


def run_hour(home: Path, url: str, at: datetime, before_step: object = None) -> None:
    """Run one hour at a moment that does not move; call `before_step` with each step's name."""

    def step(function):  # type: ignore[no-untyped-def]
        def called(*arguments):  # type: ignore[no-untyped-def]
            if callable(before_step):
                before_step(function.__name__)
            return function(*arguments)

        return called

    urls = {"hub": url, "router": url}
    settings = recorded_settings(home, urls, load_registry())
    options = RunOptions(
        origin="live", flow="ingest", trigger="test", lock_wait_s=30, feeds=frozenset(urls)
    )
    dependencies = Dependencies(clock=lambda: at, run_id_tail=lambda: "killed")
    with open_run(settings, options, dependencies) as run:
        run_pipeline(run, step)


def catalog(attempt: int) -> Catalog:
    """Return what the servers say at an attempt: every price and a third of the offers change."""
    price = (f"0.{100 + attempt}", f"1.{100 + attempt}")
    models: list[SampleModel] = []
    routed: list[SampleModel] = []
    for number in range(150):
        name = f"acme/model-{number:03}"
        if (number + attempt) % 3:
            models.append(
                mapped_model(
                    name,
                    mapping("novita", price=price),
                    mapping("together", status="live" if attempt % 2 else "staging"),
                )
            )
            routed.append(routed_model(name, offering("novita", price=price)))
    return Catalog(models, router=routed)


def kill_hours(folder: Path, *, kills: int, seed: int) -> Killed:
    """Kill so many attempts in one home, look at it after each, and compare it in the end.

    The machine's pace is not ours: an attempt that ended before its signal is no kill, and tried
    again as another hour. AssertionError when anything was lost, mixed or half believed.
    """
    chance = random.Random(seed)  # noqa: S311 - moments to kill at, not secrets
    done, home = Killed(), folder / "killed"
    seen: set[str] = set()
    with serve(catalog(0)) as hub:
        run_hour(home, hub.url, START)  # its first publication, and how long a stage takes here
        usual = dict.fromkeys(STAGES, 0.05)
        while done.kills.total() < kills:
            done.tries += 1
            assert done.tries <= 6 * kills, f"only {done.kills.total()} kills"
            stage = STAGES[done.tries % len(STAGES)]
            hub.show(catalog(done.tries))
            moment = chance.uniform(0, 1.1) * usual[stage]
            took = _attempt(home, hub, START + done.tries * HOUR, stage, moment)
            if took is None:
                done.kills[stage] += 1
            else:
                usual[stage] = 0.7 * usual[stage] + 0.3 * took
            require_whole(home, seen)
        last = done.tries + 1
        hub.show(catalog(last))
        run_hour(home, hub.url, START + last * HOUR)
        require_whole(home, seen)
        twin = folder / "undisturbed"
        runs = Landing(home / "landing").committed()
        done.committed = len(runs)
        for run in runs:
            attempt = round((run.record.started_at - START) / HOUR)
            hub.show(catalog(attempt))
            run_hour(twin, hub.url, START + attempt * HOUR)
    compare(home, twin)
    return done


def _attempt(home: Path, hub: Hub, at: datetime, stage: str, moment: float) -> float | None:
    """Kill one attempt `moment` seconds into a stage; return what the stage took if it survived."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOUR_OF_ITS_OWN, str(home), hub.url, at.isoformat()],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    with process:
        for line in process.stdout:
            process.stdin.write("\n")
            process.stdin.flush()
            if line.strip() == stage:
                break
        else:
            raise AssertionError(f"an attempt ended before {stage}: {process.wait()}")
        began = time.monotonic()
        ready, _, _ = select.select([process.stdout], [], [], moment)
        if ready:  # the next stage has begun, or the process has ended
            took = time.monotonic() - began
            process.stdin.close()
            assert process.wait() == 0
            return took
        process.send_signal(signal.SIGKILL)
        return None if process.wait() == -signal.SIGKILL else time.monotonic() - began


def require_whole(home: Path, seen: set[str]) -> None:
    """Hold what readers see, and what landing believes, against itself."""
    link = home / "marketplace.duckdb"
    with duckdb.connect(str(link.resolve()), read_only=True) as con:
        agreeing = con.sql(
            "SELECT p.publication_id = r.run_id, r.offers + r.adapters = (SELECT count(*) FROM "
            "cards), (SELECT count(DISTINCT amount) FROM price_history h WHERE h.run_id = r.run_id "
            "AND unit = 'input_token') = 1, "
            "(SELECT count(*) FROM checks WHERE severity = 'fail') = 0 "
            "FROM publication p, runs r ORDER BY r.started_at DESC LIMIT 1"
        ).fetchone()
    assert agreeing == (True, True, True, True), agreeing
    landing = Landing(home / "landing")
    for payload_hash in landing.objects().keys() - seen:
        landing.get(payload_hash)  # raises when its bytes do not have its hash
        seen.add(payload_hash)
    for run in landing.runs():
        for fetch in run.fetches():
            assert {page.payload_hash for page in fetch.pages} <= seen


def compare(home: Path, twin: Path) -> None:
    """Require the same rows of every relation but those that hold killed runs.

    To the second: feeds are fetched side by side, and which of them looks at the clock first, and
    so gets the earlier microsecond, is not the same in two runs.
    """
    killed, undisturbed = (
        {
            path.name: _MICROSECONDS.sub(b"Z", _without_kills(path))
            for path in export(newest(Home.at(h)), h / "exported")
            if path.suffix == ".ndjson"
        }
        for h in (home, twin)
    )
    assert killed.keys() == undisturbed.keys()
    unlike = {name for name in killed if killed[name] != undisturbed[name]}
    assert {name.split(".")[0] for name in unlike} <= OF_KILLED_RUNS, unlike


def _without_kills(path: Path) -> bytes:
    """Return what a relation holds of committed runs.

    The alert about runs that were killed in a row is left out; the ids of the others, by which they
    are ordered, follow from microseconds.
    """
    if path.name != "alerts.ndjson":
        return path.read_bytes()
    alerts = [json.loads(line) for line in path.read_bytes().splitlines()]
    others = [alert | {"alert_id": ""} for alert in alerts if alert["kind"] != "run_failing"]
    return json.dumps(sorted(others, key=str)).encode()


def main() -> None:
    """Kill as many times as asked, 25 to a home, and say what came of it."""
    wanted = int(sys.argv[1])
    total: Counter[str] = Counter()
    committed, seed = 0, int(sys.argv[2]) if len(sys.argv) > 2 else 0
    while total.total() < wanted:
        seed += 1
        with tempfile.TemporaryDirectory() as folder:
            done = kill_hours(Path(folder), kills=min(25, wanted - total.total()), seed=seed)
        total += done.kills
        committed += done.committed
        sys.stdout.write(f"{total.total()} kills {dict(total)}, {committed} committed hours\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
