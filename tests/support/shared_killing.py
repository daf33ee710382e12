"""Kill hours of a shared warehouse, go on in another home, and compare with an undisturbed home.

    python -m tests.support.shared_killing 200        # how many kills; prints a line per warehouse
    python -m tests.support.shared_killing 200 100    # with the seeds after 100, beside another one
    python -m tests.support.shared_killing 200 0 s3   # with the data in a bucket

As tests/support/killing.py, with two homes of two machines. Attempts take turns in them, so that
after each kill the other home goes on.
"""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from pipeline.context import PART_ROWS, Dependencies, RunOptions
from pipeline.lake_access import find_lake
from pipeline.pipeline import run_pipeline
from pipeline.replay import replay
from pipeline.session import open_run
from pipeline.settings import recorded_settings
from pipeline.shared_warehouse import pull_copy
from pipeline.store import find_store
from providers.registry import load_registry
from samples.hub import Hub, serve
from tests.support.command import environment
from tests.support.killing import HOUR, START, Killed, catalog, compare, require_whole, run_hour
from tests.support.lakes import SharedPlace, running_places
from tests.support.published import copy_landing, exported
from warehouse.lake.lake_recorder import LakeRecorder
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder

STAGES = ("extract_feeds", "load_run", "commit", "recorded", "marked", "publish_run")
"""Fetch; both transactions; the shared commit; between it and the mark; between the mark and the
commit of the file; publication and the push of what follows."""
BETWEEN = ("recorded", "marked")
"""Where the process stands still when it is killed: too short to be met by chance."""
MACHINES = ("first", "second")
HOUR_OF_ITS_OWN = """
import sys
from datetime import datetime
from pathlib import Path
from tests.support.shared_killing import announced_hour
announced_hour(Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]))
"""


# As `run_hour` of killing.py, and what only a shared warehouse has.
def shared_hour(
    home: Path,
    url: str,
    at: datetime,
    place: SharedPlace,
    before_step: object = None,
    *,
    lock_wait_s: float = 120,
    part_rows: int = PART_ROWS,
    run_id_tail: str = "killed",
) -> None:
    """Run one hour of a shared warehouse at a moment that does not move."""

    def step(function):  # type: ignore[no-untyped-def]
        def called(*arguments):  # type: ignore[no-untyped-def]
            if callable(before_step):
                before_step(function.__name__)
            return function(*arguments)

        return called

    urls = {"hub": url, "router": url}
    settings = recorded_settings(home, urls, load_registry())
    options = RunOptions(
        origin="live",
        flow="ingest",
        trigger="test",
        lock_wait_s=lock_wait_s,
        feeds=frozenset(urls),
    )
    dependencies = Dependencies(
        clock=lambda: at,
        run_id_tail=lambda: run_id_tail,
        lake=find_lake(place.environment),
        store=find_store(place.environment),
        part_rows=part_rows,
    )
    with (
        patch.dict(os.environ, place.environment),  # PostgreSQL's library reads PGPASSFILE there
        open_run(settings, options, dependencies) as run,
    ):
        run_pipeline(run, step)


def announced_hour(home: Path, url: str, at: datetime) -> None:
    """Run an hour that announces each stage on standard output, and waits for a line before it."""

    def announce(name: str) -> None:
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        sys.stdin.readline()

    commit, end = LakeRecorder.commit, RunFolder.end

    def announced_commit(self, *arguments):  # type: ignore[no-untyped-def]
        announce("commit")
        commit(self, *arguments)
        announce("recorded")

    def announced_end(self, mark):  # type: ignore[no-untyped-def]
        end(self, mark)
        if mark.outcome == "committed" and self.run_id.endswith(f"{at:%H%M%S%f}Z-killed"):
            announce("marked")

    LakeRecorder.commit, RunFolder.end = announced_commit, announced_end  # type: ignore[method-assign]
    shared_hour(home, url, at, SharedPlace(dict(os.environ)), announce)


def kill_shared_hours(folder: Path, place: SharedPlace, *, kills: int, seed: int) -> Killed:
    """Kill so many attempts of one shared warehouse, look at the home that goes on after each, and
    compare it in the end.

    An attempt that ended before its signal is no kill. AssertionError when anything was lost,
    doubled or mixed.
    """
    chance = random.Random(seed)  # noqa: S311 - moments to kill at, not secrets
    done, seen = Killed(), set[str]()
    homes = [folder / name for name in MACHINES]
    with serve(catalog(0)) as hub:
        shared_hour(homes[0], hub.url, START, place)
        usual = dict.fromkeys(STAGES, 0.1)
        while done.kills.total() < kills:
            done.tries += 1
            assert done.tries <= 6 * kills, f"only {done.kills.total()} kills"
            stage = chance.choice(STAGES)
            hub.show(catalog(done.tries))
            moment = chance.uniform(0, 1.1) * usual[stage]
            home = homes[done.tries % 2]
            took = _attempt(home, hub, START + done.tries * HOUR, stage, moment, place)
            if took is None:
                done.kills[stage] += 1
            else:
                usual[stage] = 0.7 * usual[stage] + 0.3 * took
        last = done.tries + 1
        home = homes[last % 2]
        hub.show(catalog(last))
        shared_hour(home, hub.url, START + last * HOUR, place)
        require_whole(home, seen)
        require_single_ids(place)
        twin = folder / "undisturbed"
        runs = Landing(home / "landing").committed()
        done.committed = len(runs)
        for run in runs:
            attempt = round((run.record.started_at - START) / HOUR)
            hub.show(catalog(attempt))
            run_hour(twin, hub.url, START + attempt * HOUR)
    compare(home, twin)
    _require_one_landing(homes, place)
    return done


def _require_one_landing(homes: Sequence[Path], place: SharedPlace) -> None:
    """Require that both homes export the same, and that what each has landed replays to it."""
    wanted: set[frozenset[tuple[str, bytes]]] = set()
    with patch.dict(os.environ, place.environment):
        for home in homes:
            pull_copy(home, place.settings, place.store)
            again = copy_landing(home, home.with_name(f"{home.name}-replayed"))
            replay(again)
            wanted |= {frozenset(exported(each).items()) for each in (home, again)}
    assert len(wanted) == 1


def require_single_ids(place: SharedPlace) -> None:
    """Require that no sequence, log_id or change_id is in the shared warehouse twice."""
    from warehouse.lake.attach import open_lake

    ids = {
        "_ph_run": "sequence",
        "_ph_price_log": "log_id",
        "_ph_claim_log": "log_id",
        "_ph_status_log": "log_id",
        "_ph_change": "change_id",
    }
    with patch.dict(os.environ, place.environment), open_lake(place.settings) as con:
        for table, column in ids.items():
            query = f"SELECT count(*), count(DISTINCT {column}) FROM internal.{table}"
            found = con.execute(query).fetchone()
            assert found is not None
            assert found[0] == found[1], (table, found)


# Six parameters: where, what, when, and how it ends.
def _attempt(
    home: Path, hub: Hub, at: datetime, stage: str, moment: float, place: SharedPlace
) -> float | None:
    """Kill one attempt `moment` seconds into a stage; return what the stage took if it survived."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOUR_OF_ITS_OWN, str(home), hub.url, at.isoformat()],
        env=environment(home, **place.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    with process:
        for line in process.stdout:
            if line.strip() == stage and stage in BETWEEN:
                process.send_signal(signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
                return None
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
            for _ in process.stdout:
                process.stdin.write("\n")
                process.stdin.flush()
            process.stdin.close()
            assert process.wait() == 0
            return took
        process.send_signal(signal.SIGKILL)
        return None if process.wait() == -signal.SIGKILL else time.monotonic() - began


def main() -> None:
    """Kill as many times as asked, 20 to a shared warehouse, and report what came of it."""
    wanted, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    kind = sys.argv[3] if len(sys.argv) > 3 else "folder"
    total: Counter[str] = Counter()
    committed = 0
    with running_places(kind) as places:
        while total.total() < wanted:
            seed += 1
            with tempfile.TemporaryDirectory() as folder:
                done = kill_shared_hours(
                    Path(folder),
                    places.make(f"lake-{seed}"),
                    kills=min(20, wanted - total.total()),
                    seed=seed,
                )
            total += done.kills
            committed += done.committed
            sys.stdout.write(f"{total.total()} kills {dict(total)}, {committed} committed hours\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
