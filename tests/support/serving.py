"""Run `pricehouse serve` as a process and send it HTTP requests."""

from __future__ import annotations

import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import httpx

from marketplace.numbers import json_value
from tests.support.command import environment
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

START_S = 240.0
MOST_TRIES = 10
TOO_SLOW = "ask for less"
"""In the answer about a query beyond its time, in JSON and on a page."""
Rows = list[tuple[Any, ...]]


@dataclass
class Site:
    """A running marketplace: its address, its home, its process, and a client."""

    url: str
    home: Path
    process: subprocess.Popen[str]
    client: httpx.Client

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Send one request; again when a query took too long, as it may where much else runs."""
        for _ in range(MOST_TRIES):
            response = self.client.get(path, headers=headers)
            if response.status_code != 503 or TOO_SLOW not in response.text:
                break
        return response

    def get_json(self, path: str, *pairs: tuple[str, object]) -> dict[str, Any]:
        """Return the JSON of a response, which must have status 200."""
        response = self.get(path + ("?" + urlencode(pairs) if pairs else ""))
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def sql(self, query: str, *values: object) -> Rows:
        """Return the rows of a query on the published file itself."""
        with duckdb.connect(str(newest(Home(self.home))), read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            return con.execute(query, list(values) or None).fetchall()

    def stop(self) -> int:
        """Stop the process with SIGTERM; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


def as_json(column: object) -> object:
    """Return a column's value as the API writes it: times in UTC with Z, decimals as text."""
    if isinstance(column, datetime):
        return (
            column.strftime("%Y-%m-%dT%H:%M:%S")
            + (f".{column.microsecond:06}" if column.microsecond else "")
            + "Z"
        )
    if isinstance(column, date):
        return column.isoformat()
    return json_value(column)


def without_texts(value: object) -> Any:
    """Return a response without the texts beside its amounts, which no column has."""
    if isinstance(value, dict):
        return {name: without_texts(each) for name, each in value.items() if name != "display"}
    if isinstance(value, list):
        return [without_texts(each) for each in value]
    return value


@contextmanager
def serving(home: Path, **settings: str) -> Iterator[Site]:
    """Serve a home at a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", "--port", "0"],
        env=environment(home, **settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = _address(process)
        with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
            yield Site(url, home, process, client)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=120)
        assert process.stderr is not None
        process.stderr.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if select.select([process.stderr], [], [], 0.2)[0]:
            found = re.search(r"http://[\d.]+:\d+", process.stderr.readline())
            if found:
                return found[0]
    raise AssertionError(f"the server did not start: {process.stderr.read()}")
