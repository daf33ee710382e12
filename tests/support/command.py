"""Run the real command in a process of its own, as a person or a scheduler does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from providers.registry import load_registry
from providers.secrets import VARIABLES
from samples.list_routes import base_url
from tests.support.backends import current

UNUSED_URL = "http://127.0.0.1:9"  # the discard port: nothing listens there


def environment(home: Path, url: str = UNUSED_URL, **more: str) -> dict[str, str]:
    """Return the environment of a command: this home, every feed at `url`, no other setting but
    those of the running test's backend (tests/support/backends.py)."""
    ours = ("PRICEHOUSE_", "PREFECT_", "VAULT_", *VARIABLES.values())
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(ours) and not k.lower().endswith("_proxy")
    }
    return {
        **kept,
        "PRICEHOUSE_HOME": str(home),
        **{feed.setting: base_url(url, feed.feed) for _, feed in load_registry().feeds()},
        **current().environment(home),
        **more,
    }


def pricehouse(
    *arguments: str, home: Path, url: str = UNUSED_URL, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `pricehouse …` to its end and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env=environment(home, url, **more),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def start(*arguments: str, home: Path, url: str) -> subprocess.Popen[bytes]:
    """Start `pricehouse …` and return the process; the caller ends it by its pid."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments],
        env=environment(home, url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def answered(done: subprocess.CompletedProcess[str]) -> Any:
    """Return what a command with --json printed; it must have left with status 0."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
