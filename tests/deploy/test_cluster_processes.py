"""The services of compose.cluster.yaml as processes of this machine: the cluster without Docker.

Each runs the command and has the settings of the file; what differs are addresses and folders.
PostgreSQL and SeaweedFS are those of the tests, with the database, the bucket and the keys of the
file.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import yaml

from pipeline.store import find_store
from samples.hub import Hub, serve
from schemas.errors import StoreError
from tests.support.command import UNUSED_URL, environment
from tests.support.documents import CHECKOUT
from tests.support.hours import small_catalog
from tests.support.object_store import RunningObjectStore, running_object_store
from tests.support.postgres import Postgres, postgres
from tests.support.raw_server import unused_port
from tests.support.running_server import FINAL
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home

pytestmark = [pytest.mark.server, pytest.mark.slow]
T = TypeVar("T")
WAIT_S = 600.0
PROGRAMS = Path(sys.executable).parent
WORKERS, MARKETPLACES = ("worker-1", "worker-2"), ("marketplace-1", "marketplace-2")
SECRETS = {
    "STORE_KEY": "CanaryKeyThatWrites",
    "STORE_SECRET": "CanarySecretThatWrites0123",
    "READER_KEY": "CanaryKeyThatReads",
    "READER_SECRET": "CanarySecretThatReads0123",
    "PREFECT_AUTH": "operator:CanaryOfPrefect",
}


@dataclass
class Cluster:
    """The services of the file, and those that run."""

    folder: Path
    hub: Hub
    services: Mapping[str, Any]
    ports: Mapping[str, int]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def home(self, name: str) -> Path:
        """Return the volume of a service."""
        return self.folder / name

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service has of the file, beside its home and the Hub of the tests."""
        url = self.hub.url if name in WORKERS else UNUSED_URL
        return environment(self.home(name), url, **self.services[name]["environment"])

    def start(self, name: str) -> None:
        """Run the command of a service, at its port."""
        port = ("--port", str(self.ports[name])) if name in self.ports else ()
        self.home(name).mkdir(exist_ok=True)
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "cli.main", *self.services[name]["command"], *port],
                env=self.environment(name),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self, name: str) -> int:
        """End a service as Docker does; return its exit status."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=180)

    def log(self, name: str) -> Path:
        """Return the file with the output of a service."""
        return self.folder / f"{name}.log"

    def is_healthy(self, name: str) -> bool:
        """Run the healthcheck of a service."""
        kind, program, *arguments = self.services[name]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "python")
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment(name),
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def prefect(self, method: str, path: str, body: Any = None) -> Any:
        """Return what Prefect's API answers."""
        url = self.services["worker-1"]["environment"]["PREFECT_API_URL"]
        user, _, password = SECRETS["PREFECT_AUTH"].partition(":")
        answer = httpx.request(
            method, url + path, json=body, auth=(user, password), timeout=60, trust_env=False
        )
        return answer.raise_for_status().json()

    def publication(self, name: str) -> str | None:
        """Return what a marketplace shows, None while it shows nothing."""
        url = f"http://127.0.0.1:{self.ports[name]}/v1/status"
        try:
            answer = httpx.get(url, timeout=60, trust_env=False)
        except httpx.TransportError:
            return None
        return str(answer.json()["publication"]) if answer.status_code == 200 else None

    def wait_for(self, look: Callable[[], T | None]) -> T:
        """Return the first thing that `look` finds; fail when a service has ended."""
        deadline = time.monotonic() + WAIT_S
        while (found := look()) is None:
            for name, process in self.running.items():
                assert process.poll() is None, self.log(name).read_text("utf-8")[-4000:]
            assert time.monotonic() < deadline, self.logs()[-8000:]
            time.sleep(0.5)
        return found

    def logs(self) -> str:
        """Return the output of all services."""
        return "\n".join(path.read_text("utf-8") for path in sorted(self.folder.glob("*.log")))


def file_of_this_machine(
    database: Postgres, ports: Mapping[str, int], store_url: str, master: str
) -> Any:
    """Return the file with secrets in it, and with addresses of this machine."""
    text = (CHECKOUT / "deploy" / "compose.cluster.yaml").read_text("utf-8")
    given = {"POSTGRES_PASSWORD": database.password, **SECRETS}
    text = re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: given[found[1]], text)
    server = f"127.0.0.1:{ports['prefect-server']}"
    for there, here in (
        ("@postgres:5432/", f"@127.0.0.1:{database.port}/"),
        ("host=postgres ", f"host=127.0.0.1 port={database.port} "),
        ("http://store:8333", store_url),
        ("store:9333", master),
        ("http://prefect-server:4200", f"http://{server}"),
        ("http://127.0.0.1:4200", f"http://{server}"),
        ("--host, 0.0.0.0]", "--host, 127.0.0.1]"),
    ):
        assert there in text, there
        text = text.replace(there, here)
    return yaml.safe_load(text)


def make_bucket(store: RunningObjectStore, services: Mapping[str, Any]) -> None:
    """Run the service that makes the bucket, as the file has it."""
    done = subprocess.run(
        services["bucket"]["entrypoint"],
        env={"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(store.folder)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def cluster(folder: Path, hub: Hub) -> Iterator[Cluster]:
    """Run what the services need, and end what a test started of them."""
    names = ("prefect-server", *MARKETPLACES)
    ports = {name: unused_port() for name in names}
    with postgres() as database, ExitStack() as stack:
        keys = file_of_this_machine(database, ports, "", "")["configs"]["keys"]["content"]
        (weed := folder / "weed").mkdir()
        store = stack.enter_context(running_object_store(weed, keys=keys))
        master = f"127.0.0.1:{store.ports['master']}.{store.ports['master.grpc']}"
        file = file_of_this_machine(database, ports, store.url, master)
        options = {option.partition("=")[0] for option in store.options()}
        assert set(file["services"]["store"]["command"][1:3]) <= {*options, "-dir=/data"}
        database.create_database(file["services"]["postgres"]["environment"]["POSTGRES_DB"])
        database.run(file["configs"]["databases"]["content"])
        make_bucket(store, file["services"])
        running = Cluster(folder, hub, file["services"], ports)
        try:
            yield running
        finally:
            for name in [*running.running][::-1]:
                running.stop(name)


def started_run(running: Cluster) -> Any:
    """Start an hour, and return it when it has ended."""
    found = running.prefect("GET", "/deployments/name/hourly/hourly")
    body = {"state": {"type": "SCHEDULED"}}
    made = running.prefect("POST", f"/deployments/{found['id']}/create_flow_run", body)

    def ended() -> Any:
        run = running.prefect("GET", f"/flow_runs/{made['id']}")
        return run if run["state_type"] in FINAL else None

    return running.wait_for(ended)


def test_when_a_worker_goes_the_other_runs_the_hour_and_both_marketplaces_show_it(
    tmp_path: Path,
) -> None:
    with serve(small_catalog()) as hub, cluster(tmp_path, hub) as running:
        running.start("prefect-server")
        running.wait_for(lambda: running.is_healthy("prefect-server") or None)
        for name in (*WORKERS, *MARKETPLACES):
            running.start(name)

        def settled() -> str | None:
            """Return what all show: one worker ran it, and the watcher of the other followed."""
            visible = {published_id(Home(running.home(name))) for name in WORKERS}
            visible |= {running.publication(name) for name in MARKETPLACES}
            return visible.pop() if len(visible) == 1 else None

        before = running.wait_for(settled)
        first = next(name for name in WORKERS if before in running.log(name).read_text("utf-8"))
        (other,) = {*WORKERS} - {first}
        assert running.stop(first) == 0
        hub.show(small_catalog(input_price="0.3"))
        run = started_run(running)
        assert run["state_type"] == "COMPLETED", run["state"]
        newest = published_id(Home(running.home(other)))
        assert newest not in {None, before}
        for name in MARKETPLACES:
            running.wait_for(lambda n=name: running.publication(n) == newest or None)
            assert not (running.home(name) / "landing").exists()
            store = find_store(running.environment(name))
            assert store is not None
            with pytest.raises(StoreError, match="does not allow"):
                store.put("a", b"b")
        for name in (*MARKETPLACES, other, "prefect-server"):
            assert running.stop(name) == 0, running.log(name).read_text("utf-8")
        secrets = [text.rpartition(":")[2] for text in SECRETS.values()]
        logs = running.logs()
        assert [text for text in secrets if text in logs] == []
        assert "Traceback" not in logs
