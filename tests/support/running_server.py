"""A real `pricehouse up` for tests: started as a process, queried through Prefect's HTTP API.

`only` starts a part of it: the server at a port, or a worker for the server at that port.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Literal, TypeVar
from uuid import uuid4

import httpx

from samples.routes import ServerReply, ServerRequest
from tests.support.command import environment

T = TypeVar("T")
PROGRAM: Sequence[str | Path] = (sys.executable, "-m", "cli.main")
START_S = 600  # the machine may have two slow cores, and others on them
Only = Literal["", "server", "worker"]
READY: dict[Only, str] = {
    "": "scheduled; look at",
    "server": "the schedule is at",
    "worker": "scheduled; look at",
}
"""What is printed when all that was asked for is up."""
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Gate:
    """A hook for the sample's server: while it is shut, requests wait."""

    def __init__(self) -> None:
        self._open = Event()
        self._open.set()
        self._reply: ServerReply | None = None
        self.waiting = 0
        self.refused: set[str] = set()
        """The paths that the source refuses."""

    def __call__(self, request: ServerRequest) -> ServerReply | None:
        """Let the request through when the gate is open, or answer it as `refusing` asks."""
        if request.path in self.refused:
            return ServerReply(404, b"gone")
        self.waiting += 1
        self._open.wait(timeout=600)
        self.waiting -= 1
        return self._reply

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Keep every request waiting until the block ends, or `open` is called."""
        self._open.clear()
        try:
            yield
        finally:
            self.open()

    def open(self) -> None:
        """Let every request through."""
        self._open.set()

    @contextmanager
    def refusing(self, status: int) -> Iterator[None]:
        """Answer every request with an error for as long as the block runs."""
        self._reply = ServerReply(status, b'{"error":"refused"}')
        try:
            yield
        finally:
            self._reply = None


class Up:
    """A running `pricehouse up`, or a part of it, and its Prefect server."""

    # Seven parameters and settings: where it is, what it reads, and what of it runs.
    def __init__(
        self,
        home: Path,
        hub_url: str,
        *,
        port: int,
        serve: bool = True,
        only: Only = "",
        program: Sequence[str | Path] = PROGRAM,
        **more: str,
    ) -> None:
        self.home = home
        self.port = port
        self.serve_url = f"http://127.0.0.1:{(serve_port := free_port())}"
        served = ("--serve-port", str(serve_port)) if serve else ("--no-serve",)
        self.ui_url = f"http://127.0.0.1:{port}"
        listens = () if only == "worker" else ("--port", str(port))
        if only == "worker":
            more = {"PREFECT_API_URL": f"{self.ui_url}/api", **more}
        self._ready = READY[only]
        auth = more.get("PREFECT_SERVER_API_AUTH_STRING") or more.get("PREFECT_API_AUTH_STRING")
        self._auth = tuple(auth.split(":", 1)) if auth else None
        self.log = home.parent / f"{home.name}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(*program, "up"),
                    *([f"--{only}-only"] if only else []),
                    *listens,
                    *(() if only == "server" else served),
                ],
                env=environment(home, hub_url, **more),
                # one that is installed elsewhere must not find the packages of this checkout
                cwd=None if program == PROGRAM else home.parent,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_scheduled(self) -> None:
        """Return when its output reports that all is up."""
        self.wait_for_line(self._ready)

    def wait_for_first_hour(self) -> str:
        """Return the line about the end of the hour that an empty home runs at once."""
        return self.wait_for_line("the hour is done", "the hour ended as")

    def wait_for_line(self, *texts: str, timeout_s: float = START_S) -> str:
        """Return the first line of output that has one of the texts."""

        def found() -> str | None:
            lines = self.output.splitlines()
            return next((line for line in lines if any(text in line for text in texts)), None)

        return wait_for(found, timeout_s, self)

    @property
    def output(self) -> str:
        """What it and its processes printed so far."""
        return self.log.read_text("utf-8", errors="replace")

    def request(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """Send one request to Prefect's API; again on 503, which a locked SQLite file gives, when
        a machine at its limit lets it wait too long, and while a killed server is started again."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                answer = httpx.request(
                    method, f"{self.ui_url}/api{path}", json=json, auth=self._auth, timeout=30
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != 503:
                return answer
            time.sleep(0.5)
        raise AssertionError(
            f"{method} {path} was not answered; its output:\n{self.output[-6000:]}"
        )

    def read(self, path: str, **query: Any) -> Any:
        """Return what a filter route gives."""
        answer = self.request("POST", path, query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def deployment(self, name: str) -> Any:
        """Return a deployment; its flow has the same name."""
        return self.request("GET", f"/deployments/name/{name}/{name}").json()

    def trigger(self, name: str = "hourly", **parameters: Any) -> httpx.Response:
        """Ask for a run, as the form does."""
        found = self.deployment(name)["id"]
        body = {
            "parameters": parameters,
            "state": {"type": "SCHEDULED"},
            "idempotency_key": uuid4().hex,  # requested again, it is the same run
        }
        return self.request("POST", f"/deployments/{found}/create_flow_run", body)

    def start_run(self, name: str = "hourly", **parameters: Any) -> str:
        """Ask for a run that is accepted; return its id."""
        answer = self.trigger(name, **parameters)
        assert answer.status_code in {200, 201}, answer.text
        return str(answer.json()["id"])

    def run(self, run_id: str) -> Any:
        """Return a run."""
        return self.request("GET", f"/flow_runs/{run_id}").json()

    def wait_for_state(self, run_id: str, *states: str, timeout_s: float = 180) -> Any:
        """Return the run when it is in one of the states; fail when it ends in another."""

        def reached() -> Any:
            run = self.run(run_id)
            if run["state_type"] in states:
                return run
            assert run["state_type"] not in FINAL, run["state"]
            return None

        return wait_for(reached, timeout_s, self)

    def artifacts(self, run_id: str) -> dict[str, Any]:
        """Return the artifacts of a run by key."""
        found = self.read("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run_id]}})
        return {artifact["key"]: artifact for artifact in found}

    def descendants(self) -> dict[int, str]:
        """Return every process that it started, directly or not: pid → command line."""
        found: dict[int, str] = {}
        parents = {self.process.pid}
        table = processes()
        while parents:
            children = {pid for pid, (parent, _) in table.items() if parent in parents}
            found |= {pid: table[pid][1] for pid in children}
            parents = children
        return found

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


# Seven parameters and settings, as above.
@contextmanager
def up(
    home: Path,
    hub_url: str,
    *,
    port: int | None = None,
    serve: bool = True,
    only: Only = "",
    program: Sequence[str | Path] = PROGRAM,
    **more: str,
) -> Iterator[Up]:
    """Run `pricehouse up` until the block ends; a free port unless one is given."""
    running = Up(
        home,
        hub_url,
        port=port or free_port(),
        serve=serve,
        only=only,
        program=program,
        **more,
    )
    try:
        running.wait_until_scheduled()
        yield running
    finally:
        running.stop()


def wait_for(look: Callable[[], T | None], timeout_s: float, running: Up) -> T:
    """Return the first thing that `look` finds; fail, with the log, after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        assert running.process.poll() is None, running.output
        time.sleep(0.5)
    raise AssertionError(f"nothing within {timeout_s} s; its output:\n{running.output[-6000:]}")


def processes() -> dict[int, tuple[int, str]]:
    """Return pid → (parent, command line) of every process that is no zombie."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = folder.joinpath("stat").read_text(errors="replace")
                line = folder.joinpath("cmdline").read_text(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, parent = stat.rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(folder.name)] = (int(parent), line.replace("\0", " "))
    return found


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
