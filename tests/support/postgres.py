"""A real PostgreSQL on a port of loopback, with a folder of its own; it is stopped by its pid."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.raw_server import unused_port

ABSENT = "no PostgreSQL here; apt-get install postgresql"
USER = "pricehouse"
START_S = 120.0
_ORDINARY_USERS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; then it runs as the first of these that exists."""


@dataclass
class Postgres:
    """A server, and a role of its own that may do everything in it and logs in by password."""

    programs: Path
    folder: Path
    owner: str | None
    """The user whose processes it has; None where it is ours."""
    host: str = "127.0.0.1"
    port: int = field(default_factory=unused_port)
    user: str = USER
    password: str = field(default_factory=lambda: f"canary-{secrets.token_hex(8)}")
    database: str = "postgres"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the server, while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return (self.folder / "server.log").read_text("utf-8", errors="replace")

    def url(self, scheme: str = "postgresql", database: str | None = None) -> str:
        """Return the address of a database, with the password."""
        place = f"{self.host}:{self.port}/{database or self.database}"
        return f"{scheme}://{self.user}:{self.password}@{place}"

    def libpq(self, database: str | None = None) -> str:
        """Return the connection string of a database, without the password."""
        place = f"host={self.host} port={self.port} user={self.user}"
        return f"dbname={database or self.database} {place}"

    def run(self, sql: str, *, database: str | None = None) -> str:
        """Run statements, and return what they give: a line a row, columns joined by `|`."""
        done = subprocess.run(
            [
                *(self.programs / "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet"),
                *("--set", "ON_ERROR_STOP=1", "--command", sql, self.libpq(database)),
            ],
            env={"PATH": os.environ["PATH"], "PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create_database(self, name: str) -> str:
        """Create an empty database; return its name."""
        self.run(f'CREATE DATABASE "{name}"')
        return name

    def start(self) -> None:
        """Start it, also after a stop: the port and the data stay."""
        options = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "off",  # a test loses nothing that it would miss
            "max_connections": "200",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.process_options(),
            )
        deadline = time.monotonic() + START_S
        while not self.answers():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def answers(self) -> bool:
        """Return whether it takes connections."""
        arguments = ["--quiet", "--host", self.host, "--port", str(self.port)]
        return subprocess.call([self.programs / "pg_isready", *arguments]) == 0

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT breaks off every session, SIGQUIT is a crash."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
        if self._process is not None:
            self._process.wait(timeout=START_S)
            self._process = None

    def process_options(self) -> dict[str, Any]:
        """Return who a process of it runs as, for `subprocess`."""
        if self.owner is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self.owner, "group": _group(self.owner)}


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Run an empty server until the block ends; the test is skipped where none is installed."""
    programs = find_programs()
    if programs is None:
        pytest.skip(ABSENT)
    with tempfile.TemporaryDirectory(prefix="pricehouse-postgres-") as name:
        folder = Path(name)
        running = Postgres(programs, folder, _ordinary_user())
        if running.owner is not None:
            shutil.chown(folder, running.owner, _group(running.owner))
        _initialise(running)
        running.start()
        try:
            yield running
        finally:
            running.stop()


def find_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, of the newest version; None without one."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    on_path = shutil.which("initdb")
    found: Sequence[Path] = sorted(debian, key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def _initialise(running: Postgres) -> None:
    password_file = running.folder / "password"
    password_file.write_text(running.password)
    if running.owner is not None:
        shutil.chown(password_file, running.owner)
    done = subprocess.run(
        [
            *(running.programs / "initdb", "--pgdata", running.folder / "data"),
            *("--username", running.user, "--pwfile", password_file),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **running.process_options(),
    )
    assert done.returncode == 0, done.stderr
    password_file.unlink()


def _ordinary_user() -> str | None:
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in _ORDINARY_USERS if user in users)


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid
