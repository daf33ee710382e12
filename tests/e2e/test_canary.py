"""A token planted in Vault and in the environment is found nowhere afterwards.

Through runs that go well and runs that fail in each way that meets the token, in: the home with its
landed bytes unpacked, Prefect's database, its API (logs, artifacts, states, parameters), what `up`
and all its processes printed, their temporary files, the process list.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from samples.hub import serve
from samples.routes import ServerReply, ServerRequest
from tests.support.bao import CANARY, ROOT, SECRET, dev_server
from tests.support.home_files import contents
from tests.support.hours import small_catalog
from tests.support.receivers import webhook
from tests.support.running_server import Up, processes, up

pytestmark = [pytest.mark.server, pytest.mark.slow]
DECOY = "hf_DecoyInTheEnvironment0123456789"
ALERTS = "canary-in-the-address-of-alerts"
PLANTED = [text.encode() for text in (CANARY, ROOT, DECOY, ALERTS)]


class LeakingHub:
    """A hook for the sample's server that quotes what it is sent, as bad servers do."""

    def __init__(self) -> None:
        self.mood = "kind"
        self.tokens: set[str | None] = set()
        self.elsewhere: set[str | None] = set()

    def __call__(self, request: ServerRequest) -> ServerReply | None:
        sent = {name.lower(): value for name, value in request.headers.items()}
        token = sent.get("authorization")
        if request.path == "/models/list" or request.path.startswith("/lists/"):
            # another source, which this token is not for
            self.elsewhere.add(token)
            return ServerReply(404, b"{}")
        self.tokens.add(token)
        body = json.dumps({"error": f"I was sent {token}"}).encode()
        if self.mood == "refusing":
            return ServerReply(401, body, {"X-Error-Message": f"{token}"})
        return ServerReply(200, body) if self.mood == "echoing" else None


def found_in(text: bytes) -> list[bytes]:
    return [planted for planted in PLANTED if planted in text]


def read_api(running: Up) -> dict[str, Any]:
    kinds = (
        "flow_runs",
        "task_runs",
        "artifacts",
        "logs",
        "flow_run_states",
        "deployments",
        "automations",
        "variables",
        "work_pools",
        "events",
        "block_documents",
    )
    texts: dict[str, Any] = {}
    for kind in kinds:
        path = "/flow_runs/filter" if kind == "flow_run_states" else f"/{kind}/filter"
        texts[kind] = running.request("POST", path, {}).text
    return texts


def test_a_planted_token_is_in_no_file_log_or_record_after_good_and_bad_runs(
    tmp_path: Path,
) -> None:
    hook, home, scratch, vault = (
        LeakingHub(),
        tmp_path / "home",
        tmp_path / "tmp",
        tmp_path / "vault",
    )
    scratch.mkdir()
    vault.mkdir()
    with (
        dev_server(vault) as bao,
        serve(small_catalog(), on_request=hook) as hub,
        webhook() as receiver,
    ):
        store = bao.admin().secrets.kv.v2
        store.create_or_update_secret(SECRET, {"api_key": CANARY}, mount_point="secret")
        settings = bao.environment(
            HF_TOKEN=DECOY, TMPDIR=str(scratch), PRICEHOUSE_ALERT_URLS=receiver.address(ALERTS)
        )
        with up(home, hub.url, **settings) as running:
            running.wait_for_first_hour()  # a run that is triggered beside it would be cancelled
            running.wait_for_state(running.start_run(), "COMPLETED")
            assert hook.tokens == {f"Bearer {CANARY}"}
            assert hook.elsewhere == {None}
            for mood in ("refusing", "echoing"):
                hook.mood = mood
                running.wait_for_state(running.start_run(), "FAILED")
            hook.mood = "kind"
            store.delete_metadata_and_all_versions(SECRET, mount_point="secret")
            missing = running.wait_for_state(running.start_run(), "FAILED")
            os.kill(bao.pid, signal.SIGKILL)
            refused = running.wait_for_state(running.start_run(), "FAILED")
            listed = "\n".join(line for _, line in processes().values())
            texts = read_api(running)
        output = running.output
    assert "there is no secret" in missing["state"]["message"]
    assert "Vault" in refused["state"]["message"]
    assert f"Bearer {DECOY}" not in hook.tokens  # never a fall-back from a Vault that fails
    assert len(texts["logs"]) > 100
    assert "pricehouse-alerts" in texts["block_documents"]
    assert [path for path in receiver.paths if path == f"/{ALERTS}"]
    assert any(line.startswith("Run fails: ") for line in receiver.lines())
    assert found_in(listed.replace(f"-dev-root-token-id={ROOT}", "").encode()) == []
    assert {
        kind: found_in(text.encode()) for kind, text in texts.items() if found_in(text.encode())
    } == {}
    assert found_in(output.encode()) == []
    searched = [
        (path, found_in(held)) for folder in (home, scratch) for path, held in contents(folder)
    ]
    assert any(path.name == "prefect.db" for path, _ in searched)
    assert [path for path, found in searched if found] == []
