"""The loads of `bench.market`, each in a process of its own; prints its figures as JSON."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

Pairs = list[tuple[str, str]]
QUESTIONS: list[Pairs] = [
    [("task", task), ("region", region), ("tools", tools)]
    for task in ("text", "conversational", "image")
    for region in ("eu", "unverified", "multi")
    for tools in ("true", "false")
]
"""Three filters each; requested in turn."""


def api(url: str, threads: str, requests: str) -> dict[str, Any]:
    """Request `/v1/offers` from so many threads, each with a connection of its own."""
    local = threading.local()

    def request(question: Pairs) -> int:
        if not hasattr(local, "connection"):
            local.connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        local.connection.request("GET", f"/v1/offers?{urlencode(question)}")
        response = local.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{response.status}: {body[:500]!r}")
        return int(json.loads(body)["total"])

    return _measure(request, int(threads), int(requests))


def bare(home: str, threads: str, requests: str) -> dict[str, Any]:
    """Run the statements of `/v1/offers` on bare DuckDB cursors from so many threads."""
    import duckdb

    from marketplace.cursor import FIRST_PAGE
    from marketplace.queries.filters import OffersQuery
    from marketplace.statements import MATCHED, PLACED, statement

    con = duckdb.connect(str((Path(home) / "marketplace.duckdb").resolve()), read_only=True)
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    facets, page = statement(MATCHED, "select_facets"), statement(*PLACED, "select_offers")

    def run_query(question: Pairs) -> int:
        parameters: dict[str, Any] = {}
        for name, value in question:
            parameters[name] = value if name == "tools" else [value]
        query = OffersQuery.model_validate(parameters)
        cursor = con.cursor()
        values = query.values()
        place = {"sort": query.sort, "sign": query.sign, "count": query.limit + 1, **FIRST_PAGE}
        cursor.execute(page, {**values, **place}).fetchall()
        counts = cursor.execute(facets, values).fetchall()
        cursor.close()
        return next(int(n) for facet, value, n in counts if (facet, value) == ("total", "offers"))

    return _measure(run_query, int(threads), int(requests))


def page(url: str, rounds: str) -> dict[str, Any]:
    """Open the first page in Chromium, each time without a cache; return the seconds to load."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return {}
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        for number in range(int(rounds) + 1):  # the first starts the browser's own processes
            context = browser.new_context()
            tab = context.new_page()
            tab.goto(url, wait_until="load")
            took = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart")
            if number:
                seconds.append(took / 1000)
            context.close()
        browser.close()
    return {"seconds": seconds}


def publications(models: str, wanted: str) -> dict[str, Any]:
    """Publish so many hours while four readers send requests without a pause; count failures."""
    from bench.market import ingest, site
    from bench.measure import MANY_REQUESTS
    from samples.hub import serve
    from samples.quota import Quota
    from samples.scale import scaled

    statuses: dict[str, int] = {}
    seen: set[str] = set()
    done = threading.Event()

    def keep_reading(url: str) -> None:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        for path in cycle(("/v1/offers?task=text&limit=20", "/", "/v1/changes?limit=10")):
            if done.is_set():
                return
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                body, status = response.read(), str(response.status)
            except OSError as error:
                body, status = b"", type(error).__name__
                connection.close()
            statuses[status] = statuses.get(status, 0) + 1
            if status == "200" and path.startswith("/v1/offers"):
                seen.add(json.loads(body)["publication"])

    with (
        tempfile.TemporaryDirectory(prefix="pricehouse-market-") as folder,
        serve(scaled(int(models)), quota=Quota(requests=MANY_REQUESTS)) as hub,
    ):
        home = Path(folder) / "home"
        ingest(home, hub.url)
        with site(home) as url, ThreadPoolExecutor(4) as readers:
            reading = [readers.submit(keep_reading, url) for _ in range(4)]
            try:
                for number in range(1, int(wanted) + 1):
                    hub.show(scaled(int(models) + number))  # one model more each hour
                    ingest(home, hub.url)
            finally:
                done.set()
            for reader in reading:
                reader.result()
    total = sum(statuses.values())
    return {
        "published": int(wanted),
        "seen": len(seen),
        "requests": total,
        "failed": total - statuses.get("200", 0),
        "statuses": statuses,
    }


def _measure(send: Callable[[Pairs], int], threads: int, requests: int) -> dict[str, Any]:
    answers = [0] * len(QUESTIONS)
    took: list[float] = []

    def once(number: int) -> None:
        place = number % len(QUESTIONS)
        started = time.perf_counter()
        answers[place] = send(QUESTIONS[place])
        took.append(time.perf_counter() - started)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(once, islice(range(10**9), requests)))
    took.sort()
    return {"p99_ms": 1000 * took[int(0.99 * len(took)) - 1], "answers": answers}


if __name__ == "__main__":
    loads: dict[str, Callable[..., dict[str, Any]]] = {
        "api": api,
        "bare": bare,
        "page": page,
        "publications": publications,
    }
    sys.stdout.write(json.dumps(loads[sys.argv[1]](*sys.argv[2:])))
