"""A shared warehouse whose PostgreSQL or object store is stopped at points of a run; its password.

The commands are processes of their own, in the homes of two machines; data is in a bucket.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from samples.hub import Hub, serve
from samples.routes import ServerReply, ServerRequest
from tests.support.bao import CANARY, ROOT, SECRET, dev_server
from tests.support.command import answered, environment, pricehouse
from tests.support.cut_commits import CommitCutter, commit_cutter
from tests.support.killing import catalog
from tests.support.lakes import SharedPlace, lake_in_bucket, lake_in_folder
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from tests.support.published import exported
from tests.support.shared_killing import require_single_ids
from warehouse.lake.attach import attach_locks, open_lake
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing

pytestmark = pytest.mark.slow

ANNOUNCED = """
import sys
from cli.main import main
from warehouse.lake.lake_recorder import LakeRecorder
def announce(name):
    print(name, flush=True)
    sys.stdin.readline()
begin, commit = LakeRecorder.begin, LakeRecorder.commit
def announced_begin(self):
    announce("load")
    begin(self)
def announced_commit(self, *arguments):
    announce("commit")
    commit(self, *arguments)
    announce("recorded")
LakeRecorder.begin, LakeRecorder.commit = announced_begin, announced_commit
main()
"""
"""`pricehouse`, which waits for a line before it writes into the shared warehouse, before it
commits there, and after that."""
MOMENTS = ("begin", "landing", "load", "commit", "recorded")


class Machines:
    """Two homes, the servers that they ask, and all that their commands print."""

    def __init__(self, folder: Path, place: SharedPlace, password: str) -> None:
        self.first, self.second = folder / "first", folder / "second"
        self.place, self.password = place, password
        given = {k: v for k, v in place.environment.items() if k != "PGPASSFILE"}
        self.settings = given | {"PGPASSWORD": password}
        self.outputs: list[str] = []
        self.hours = 0
        self.on_request: Callable[[], None] | None = None

    def listen(self, request: ServerRequest) -> ServerReply | None:
        """Do once what is to be done while a run lands its answers."""
        if self.on_request is not None and request.path == "/v1/models":
            act, self.on_request = self.on_request, None
            act()
        return None

    def run(self, home: Path, hub: Hub, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = pricehouse(*arguments, home=home, url=hub.url, **self.settings)
        self.outputs.append(done.stdout + done.stderr)
        return done

    def hour(self, home: Path, hub: Hub, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the next hour, with prices of its own."""
        self.hours += 1
        hub.show(catalog(self.hours))
        return self.run(home, hub, "ingest", *arguments)

    def hour_with(
        self, act: Callable[[], None], moment: str, home: Path, hub: Hub
    ) -> subprocess.CompletedProcess[str]:
        """Run the next hour, and let something happen at a moment of it."""
        if moment == "begin":
            act()
            return self.hour(home, hub)
        if moment == "landing":
            self.on_request = act
            return self.hour(home, hub)
        self.hours += 1
        hub.show(catalog(self.hours))
        arguments = [sys.executable, "-c", ANNOUNCED, "ingest"]
        with subprocess.Popen(
            arguments,
            env=environment(home, hub.url, **self.settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip() == moment:
                    self.require_unlisted()
                    act()
                    break
                process.stdin.write("\n")
                process.stdin.flush()
            out, err = process.communicate("\n" * 3)
        self.outputs.append(out + err)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def require_unlisted(self) -> None:
        """Require that the list of processes has no password or key."""
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert [secret for secret in self.secrets() if secret in listed.stdout] == []

    def require_no_secret(self, *folders: Path) -> None:
        """Require that no output and no file of the folders has a password or key."""
        assert [secret for secret in self.secrets() if secret in "".join(self.outputs)] == []
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert files
        for secret in self.secrets():
            assert [path for path in files if secret.encode() in path.read_bytes()] == []

    def secrets(self) -> list[str]:
        """Return what nobody may see."""
        key = self.place.environment.get("AWS_SECRET_ACCESS_KEY")
        return [self.password, *([key] if key else [])]


@pytest.mark.parametrize("server", ["postgres", "store"])
def test_a_server_that_stops_at_any_point_costs_that_run_alone(
    tmp_path: Path, shared_postgres: Postgres, object_store: RunningObjectStore, server: str
) -> None:
    place = lake_in_bucket(shared_postgres, object_store, tmp_path / "shared")
    machines = Machines(tmp_path, place, shared_postgres.password)
    first, second = machines.first, machines.second
    running, expected = {
        "postgres": (shared_postgres, "PostgreSQL of the shared warehouse"),
        "store": (object_store, "cannot be"),
    }[server]
    with serve(catalog(0), on_request=machines.listen) as hub:
        assert machines.hour(first, hub).returncode == 0
        for number, moment in enumerate(MOMENTS):
            home, other = (first, second) if number % 2 else (second, first)
            assert machines.run(home, hub, "warehouse", "pull").returncode == 0
            before, seen = exported(home), published_id(Home(home))
            try:
                done = machines.hour_with(running.stop, moment, home, hub)
                text = " ".join(done.stderr.split())
                assert "Traceback" not in text, text
                if moment == "recorded" and server == "postgres":
                    assert done.returncode == 0, text  # it needs no PostgreSQL any more
                else:
                    assert done.returncode == 1, (moment, text)
                    assert expected in text, (moment, text)
                if moment == "recorded":
                    assert published_id(Home(home)) != seen
                else:
                    assert exported(home) == before
                if moment == "begin":
                    status = machines.run(home, hub, "status")
                    assert str(seen) in status.stdout
            finally:
                running.start()
            # the other machine goes on
            assert machines.hour(other, hub).returncode == 0, machines.outputs[-1]
        for home in (first, second):
            assert machines.run(home, hub, "warehouse", "pull").returncode == 0
            doctor = json.loads(machines.run(home, hub, "doctor", "--json").stdout)
            assert [each for each in doctor["findings"] if not each["well"]] == []
    assert exported(first) == exported(second)
    # the first hour, one after each moment, and the one that was recorded before the server went
    assert len(Landing(first / "landing").committed()) == 1 + len(MOMENTS) + 1
    require_single_ids(place)
    machines.require_no_secret(first, second)
    assert shared_postgres.password not in shared_postgres.log


def _through(cutter: CommitCutter, place: SharedPlace) -> SharedPlace:
    """Return the settings of a machine that reaches PostgreSQL through the relay."""
    here = place.environment["PRICEHOUSE_WAREHOUSE"]
    through = here.replace(f"port={cutter.target}", f"port={cutter.port}")
    return SharedPlace({**place.environment, "PRICEHOUSE_WAREHOUSE": through})


@pytest.mark.parametrize("gone", [False, True], ids=["answers-again", "is-gone"])
def test_a_commit_whose_answer_is_lost_counts(
    tmp_path: Path, shared_postgres: Postgres, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    """Whether it is asked at once, or by the run of another machine when it answers again."""
    with commit_cutter(shared_postgres.port) as cutter:
        there = lake_in_folder(shared_postgres, tmp_path / "shared")
        monkeypatch.setenv("PGPASSWORD", shared_postgres.password)
        place = _through(cutter, there)
        machines = Machines(tmp_path, place, shared_postgres.password)
        first, second = machines.first, machines.second
        if gone:
            cutter.away.set()
        with serve(catalog(0), on_request=machines.listen) as hub:
            assert machines.hour(first, hub).returncode == 0, machines.outputs[-1]
            before = exported(first)
            done = machines.hour_with(cutter.armed.set, "commit", first, hub)
            assert cutter.cut == 1
            text = " ".join(done.stderr.split())
            assert "Traceback" not in text
            assert done.returncode == (1 if gone else 0), text
            if gone:
                assert "PostgreSQL of the shared warehouse" in text
                assert exported(first) == before
            cutter.away.clear()
            assert machines.hour(second, hub).returncode == 0, machines.outputs[-1]
            assert machines.run(first, hub, "warehouse", "pull").returncode == 0
            doctor = machines.run(first, hub, "doctor")
            assert doctor.returncode == 0, doctor.stdout
        assert len(Landing(first / "landing").committed()) == 3
        assert exported(first) == exported(second)
        require_single_ids(place)
        machines.require_no_secret(first, second)


def test_a_commit_whose_answer_is_lost_counts_though_another_came_after_it(
    tmp_path: Path, shared_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = "pg_stat_activity WHERE application_name LIKE 'pricehouse%'"
    with commit_cutter(shared_postgres.port) as cutter:
        direct = lake_in_folder(shared_postgres, tmp_path / "shared")
        monkeypatch.setenv("PGPASSWORD", shared_postgres.password)
        places = (_through(cutter, direct), direct)
        cut, other = (Machines(tmp_path, place, shared_postgres.password) for place in places)
        first, second = cut.first, cut.second
        with serve(catalog(0), on_request=cut.listen) as hub:
            assert other.hour(first, hub).returncode == 0, other.outputs[-1]

            def go_on() -> None:
                shared_postgres.run(f"SELECT pg_terminate_backend(pid) FROM {sessions}")
                other.hour(second, hub)

            cutter.before_next = go_on
            done = cut.hour_with(cutter.armed.set, "commit", first, hub)
            assert (cutter.cut, done.returncode) == (1, 0), done.stderr
            assert other.run(first, hub, "warehouse", "pull").returncode == 0
            doctor = other.run(first, hub, "doctor")
            assert doctor.returncode == 0, doctor.stdout
        assert len(Landing(first / "landing").committed()) == 3
        assert exported(first) == exported(second)
        require_single_ids(direct)


def test_the_password_comes_from_vault_and_is_never_written(
    tmp_path: Path, shared_postgres: Postgres, object_store: RunningObjectStore
) -> None:
    place = lake_in_bucket(shared_postgres, object_store, tmp_path / "shared")
    machines = Machines(tmp_path, place, shared_postgres.password)
    home, key = machines.first, place.environment["AWS_SECRET_ACCESS_KEY"]
    with (
        dev_server(tmp_path) as bao,
        serve(catalog(0), on_request=machines.listen) as hub,
    ):
        of_postgres = ("PGPASSFILE", "PGPASSWORD")
        of_store = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        given = {k: v for k, v in place.environment.items() if k not in of_postgres + of_store}
        machines.settings = given | {"VAULT_ADDR": bao.url, "VAULT_TOKEN": ROOT}
        vault = bao.admin().secrets.kv.v2

        def put(password: str) -> None:
            vault.create_or_update_secret("postgres/api_key", {"api_key": password})

        vault.create_or_update_secret(SECRET, {"api_key": CANARY})  # where Vault is set, it has all

        keys = {"access_key_id": place.environment["AWS_ACCESS_KEY_ID"], "secret_access_key": key}
        vault.create_or_update_secret("store/keys", keys)
        absent = machines.hour(home, hub)
        assert absent.returncode == 1, absent.stderr
        assert "PostgreSQL of the shared warehouse" in " ".join(absent.stderr.split())
        put(shared_postgres.password)
        at_commit = machines.hour_with(machines.require_unlisted, "commit", home, hub)
        assert at_commit.returncode == 0, at_commit.stderr
        assert answered(machines.run(home, hub, "doctor", "--json"))["well"]
        put("canary-of-a-wrong-password")
        wrong = machines.hour(home, hub)
        assert wrong.returncode == 1
        assert "canary-of-a-wrong-password" not in wrong.stdout + wrong.stderr
        assert "PostgreSQL of the shared warehouse" in " ".join(wrong.stderr.split())
        put(shared_postgres.password)
        lake = SharedPlace(machines.settings).settings
        with open_lake(lake) as con:
            attach_locks(con, lake)
            for view in ("databases", "secrets", "settings", "schemas", "tables", "views"):
                listed = con.execute(f"SELECT * FROM duckdb_{view}()").fetchall()
                assert [s for s in machines.secrets() if s in str(listed)] == [], view
        queries = shared_postgres.run("SELECT application_name || query FROM pg_stat_activity")
        assert shared_postgres.password not in queries
    gone = machines.hour(home, hub)
    assert gone.returncode == 1
    assert "Vault" in gone.stderr
    assert "Traceback" not in gone.stderr
    machines.require_no_secret(home)
