"""The least that the stages of an hour can take: each is done once more, barely.

`python -m bench.floors URL BARE WAREHOUSE FOLDER` reads the pages of the server at URL, the table
that the bare script made and the warehouse of an hour; it prints floor → seconds as JSON. Imports
are in no figure.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import duckdb
import httpx
import msgspec
import zstandard

from bench.bare import QUERY

FLOORS = {
    "fetch": "request every page and drop it",
    "land": "sha256 and zstd of every page, written to one file",
    "parse, json": "json.loads of every page",
    "parse, msgspec": "msgspec.json.decode of every page, without types",
    "insert": "the bare script's rows from memory into a new DuckDB file",
    "copy": "the warehouse's file, copied by its bytes",
}


def main() -> None:
    """Measure every floor once."""
    url, bare, warehouse, folder = sys.argv[1:]
    taken: dict[str, float] = defaultdict(float)
    with timed(taken, "first request"), httpx.Client(timeout=60) as client:
        client.get(f"{url}/api/models", params={"limit": "1"}).raise_for_status()
    read_pages(url, Path(folder), taken)
    insert(Path(bare), Path(folder) / "insert.duckdb", taken)
    copy(Path(warehouse), Path(folder) / "copy.duckdb", taken)
    sys.stdout.write(json.dumps({name: round(taken[name], 3) for name in FLOORS}))


def read_pages(url: str, folder: Path, taken: dict[str, float]) -> None:
    """Fetch, land and parse page by page: all pages at once would not fit into memory."""
    packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
    with httpx.Client(timeout=60) as client, (folder / "pages.zst").open("wb") as landed:
        pages = bodies(client, url)
        while True:
            with timed(taken, "fetch"):
                body = next(pages, None)
            if body is None:
                break
            with timed(taken, "land"):
                sha256(body).hexdigest()
                landed.write(packer.compress(body))
            with timed(taken, "parse, json"):
                json.loads(body)
            with timed(taken, "parse, msgspec"):
                msgspec.json.decode(body)


def bodies(client: httpx.Client, url: str) -> Iterator[bytes]:
    """Yield the body of each page of the Hub's list, and the router's."""
    response = client.get(f"{url}/api/models", params=QUERY).raise_for_status()
    yield response.content
    while "next" in response.links:
        response = client.get(response.links["next"]["url"]).raise_for_status()
        yield response.content
    yield client.get(f"{url}/v1/models").raise_for_status().content


def insert(bare: Path, target: Path, taken: dict[str, float]) -> None:
    """Insert the rows that the bare script made, from memory, and close the file."""
    with duckdb.connect(str(bare), read_only=True) as con:
        fetched = con.table("offers").pl()
    with timed(taken, "insert"), duckdb.connect(str(target)) as con:
        con.register("fetched", fetched)
        con.execute("CREATE TABLE offers AS SELECT * FROM fetched")


def copy(source: Path, target: Path, taken: dict[str, float]) -> None:
    """Copy a file."""
    with timed(taken, "copy"):
        shutil.copyfile(source, target)


@contextmanager
def timed(taken: dict[str, float], name: str) -> Iterator[None]:
    """Add what the block takes."""
    started = perf_counter()
    try:
        yield
    finally:
        taken[name] += perf_counter() - started


if __name__ == "__main__":
    main()
