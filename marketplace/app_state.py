"""What every request stands on: the shelf of publications, and how an answer is made from one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
from fastapi import Request
from starlette.responses import Response

from marketplace.numbers import tell
from warehouse.publication.reader_pool import PublicationPool, Reading

CODE = version("pricehouse")
FRESH = "no-cache"  # a cache may keep it, and asks each time whether there is a newer publication


@dataclass
class AppState:
    """The shelf, and a folder for exports that are made when somebody wants them."""

    shelf: PublicationPool
    folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="pricehouse-exports-")
    )
    exporting: Lock = field(default_factory=Lock)

    @property
    def exports(self) -> Path:
        """Where exports are kept while this process runs."""
        return Path(self.folder.name)

    def close(self) -> None:
        """Close every file and remove the exports."""
        self.shelf.close()
        self.folder.cleanup()


def app_state_of(request: Request) -> AppState:
    """Return the market of the application that a request came to."""
    return request.app.state.market  # type: ignore[no-any-return]


def answer(
    request: Request,
    make: Callable[[Reading], Mapping[str, Any]],
    *,
    publication_id: str | None = None,
) -> Response:
    """Answer with what `make` finds in one publication, or 304 when the reader has it already."""
    with app_state_of(request).shelf.reading(publication_id) as reading:
        tag = etag(reading)
        if knows(request, tag):
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": FRESH})
        found = make(reading)
        body = encode(reading, found)
    return Response(body, 200, {"ETag": tag, "Cache-Control": FRESH}, "application/json")


def encode(reading: Reading, found: Mapping[str, Any]) -> bytes:
    """Return JSON that names publication and origin first, decimals as plain text."""
    facts = reading.publication
    named = {"publication": facts["publication_id"], "origin": facts["origin"], **found}
    return msgspec.json.encode(tell(named))


def etag(reading: Reading) -> str:
    """Return the mark of all that this code says of this publication."""
    return f'W/"{reading.publication["publication_id"]}.{CODE}"'


def knows(request: Request, tag: str) -> bool:
    """Say whether the reader's If-None-Match names this mark."""
    given = request.headers.get("if-none-match", "")
    return any(each.strip() in (tag, tag.removeprefix("W/"), "*") for each in given.split(","))
