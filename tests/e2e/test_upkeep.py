"""Upkeep of a running schedule: keys are rotated, old runs removed, and no secret gets out.

One real `up` with a real OpenBao and a receiver of spans: the token is looked for in the metrics,
the spans and a backup. The deployments for a pool of type kubernetes are set up on the same server.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.server.settings import DEFAULTS, KEEP_RUNS_S
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest
from tests.support.bao import CANARY, ROOT, SECRET, dev_server
from tests.support.command import pricehouse
from tests.support.documents import CHECKOUT
from tests.support.home_files import contents
from tests.support.hours import small_catalog
from tests.support.running_server import Up, up, wait_for
from tests.support.serving import serving
from tests.support.span_receiver import receiving

pytestmark = [pytest.mark.server, pytest.mark.slow]
NEW = "hf_TheKeyAfterTheRotation0123456789"
PLANTED = [text.encode() for text in (CANARY, NEW, ROOT)]
POOL = "pricehouse-kubernetes"


class TokenLog:
    """A hook for the sample's server that keeps the tokens of requests to the Hub."""

    def __init__(self) -> None:
        self.tokens: list[str | None] = []

    def __call__(self, request: ServerRequest) -> ServerReply | None:
        if request.path == "/api/models":
            sent = {name.lower(): value for name, value in request.headers.items()}
            self.tokens.append(sent.get("authorization"))
        return None


def found_in(text: bytes) -> list[bytes]:
    return [planted for planted in PLANTED if planted in text]


def age(running: Up, run_id: str, *, days: float) -> None:
    """Let a run that has ended have ended so many days earlier, in Prefect's own database."""
    earlier = "strftime('%Y-%m-%d %H:%M:%f', end_time, ?) || '000'"
    file = running.home / "prefect" / "prefect.db"
    with closing(sqlite3.connect(file, timeout=120)) as con, con:
        values = (f"-{days * 86400:.0f} seconds", run_id)
        done = con.execute(f"UPDATE flow_run SET end_time = {earlier} WHERE id = ?", values)
        assert done.rowcount == 1


def set_up_kubernetes(running: Up) -> dict[str, Any]:
    """Run Prefect's two commands of deploy/kubernetes/setup.yaml; return the pool."""
    folder = CHECKOUT / "deploy" / "kubernetes"
    environment = {
        **os.environ,
        "PREFECT_API_URL": f"{running.ui_url}/api",
        "PREFECT_HOME": str(running.home.parent / "client"),
    }
    template = str(folder / "base-job-template.json")
    for arguments in (
        ("work-pool", "create", POOL, "--type", "kubernetes", "--base-job-template", template),
        ("--no-prompt", "deploy", "--all", "--prefect-file", str(folder / "prefect.yaml")),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    pool: dict[str, Any] = running.request("GET", f"/work_pools/{POOL}").json()
    return pool


def test_a_running_schedule_takes_a_new_key_forgets_old_runs_and_keeps_secrets(
    tmp_path: Path,
) -> None:
    hook, home, vault = TokenLog(), tmp_path / "home", tmp_path / "vault"
    vault.mkdir()
    with (
        dev_server(vault) as bao,
        receiving() as receiver,
        serve(small_catalog(), on_request=hook) as hub,
    ):
        store = bao.admin().secrets.kv.v2
        settings = bao.environment(
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS="5",
        )
        settings.pop("HF_TOKEN")
        store.create_or_update_secret(SECRET, {"api_key": CANARY}, mount_point="secret")
        with up(home, hub.url, **settings) as running:
            running.wait_for_first_hour()  # a run that is triggered beside it would be cancelled
            runs = []
            for key in (CANARY, NEW):
                store.create_or_update_secret(SECRET, {"api_key": key}, mount_point="secret")
                runs.append(running.start_run())
                running.wait_for_state(runs[-1], "COMPLETED", timeout_s=400)
            old, young = runs
            kept_days = KEEP_RUNS_S / 86400
            age(running, old, days=kept_days + 1)
            age(running, young, days=kept_days - 1)

            def is_gone() -> bool | None:
                """Whether the run is gone, with its logs and artifacts."""
                if running.request("GET", f"/flow_runs/{old}").status_code != 404:
                    return None
                logs = running.read("/logs/filter", logs={"flow_run_id": {"any_": [old]}})
                return (not logs and not running.artifacts(old)) or None

            wait_for(is_gone, 240, running)
            assert running.request("GET", f"/flow_runs/{young}").status_code == 200
            assert running.artifacts(young)
            pool = set_up_kubernetes(running)
            deployed = {d["name"]: d["work_pool_name"] for d in running.read("/deployments/filter")}
    assert hook.tokens == [f"Bearer {key}" for key in (CANARY, CANARY, NEW)]
    assert pool["type"] == "kubernetes"
    assert deployed == dict.fromkeys(("hourly", "replay", "maintain"), POOL)
    assert len([span for span in receiver.spans if span.name == "pricehouse.run"]) == 3
    assert len(receiver.spans) > 20
    assert [found_in(body) for body in receiver.bodies if found_in(body)] == []
    assert found_in(repr(receiver.headers).encode()) == []
    assert pricehouse("backup", str(tmp_path / "backup"), home=home).returncode == 0
    with serving(home) as site:
        metrics = site.get("/metrics").text
    assert "pricehouse_run_success 1.0" in metrics
    assert found_in(metrics.encode()) == []
    searched = [
        (path, found_in(held))
        for folder in (home / "metrics", tmp_path / "backup")
        for path, held in contents(folder)
    ]
    assert len(searched) > 10
    assert [path for path, found in searched if found] == []


def test_the_manifests_keep_what_up_keeps() -> None:
    for name in ("compose.yaml", "kubernetes/server.yaml"):
        text = (CHECKOUT / "deploy" / name).read_text("utf-8")
        for setting in (
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD",
            "PREFECT_SERVER_EVENTS_RETENTION_PERIOD",
        ):
            assert setting in text
            assert DEFAULTS[setting] in text, (name, setting)
