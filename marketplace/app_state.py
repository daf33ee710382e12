"""What requests share: the pool of publications, and how a response is made from one of them."""

from __future__ import annotations

import hashlib
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

from marketplace.numbers import json_value
from warehouse.publication.reader_pool import PublicationPool, Reading

CODE_VERSION = version("pricehouse")
REVALIDATE = "no-cache"  # a cache may store it, and asks each time for a newer publication


MOST_URLS = 50_000
"""The addresses that the protocol of sitemaps allows in one file."""


@dataclass
class AppState:
    """The pool of publications, and a folder for exports that are written on first request."""

    pool: PublicationPool
    folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="pricehouse-exports-")
    )
    exporting: Lock = field(default_factory=Lock)
    sitemap_urls: int = MOST_URLS
    """The addresses of one file of the sitemap."""

    @property
    def exports(self) -> Path:
        """The folder that keeps exports while this process runs."""
        return Path(self.folder.name)

    def close(self) -> None:
        """Close every file and remove the exports."""
        self.pool.close()
        self.folder.cleanup()


def app_state_of(request: Request) -> AppState:
    """Return the state of the application that received a request."""
    state: AppState = request.app.state.app_state
    return state


def respond(
    request: Request,
    make: Callable[[Reading], Mapping[str, Any]],
    *,
    publication_id: str | None = None,
) -> Response:
    """Return as JSON what `make` reads from one publication; 304 when the client has it already."""
    return respond_bytes(
        request,
        lambda reading: encode_json(reading, make(reading)),
        media_type="application/json",
        publication_id=publication_id,
    )


def respond_bytes(
    request: Request,
    make: Callable[[Reading], bytes],
    *,
    media_type: str,
    publication_id: str | None = None,
) -> Response:
    """Return the body that `make` builds from one publication; 304 when the client has it."""
    with app_state_of(request).pool.reading(publication_id) as reading:
        tag = etag(reading.publication["publication_id"])
        headers = {"ETag": tag, "Cache-Control": REVALIDATE}
        if is_not_modified(request, tag):
            return Response(status_code=304, headers=headers)
        body = make(reading)
    return Response(body, 200, headers, media_type)


def respond_fixed(request: Request, body: bytes, media_type: str) -> Response:
    """Return a body that no publication changes; 304 when the client has it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=3600"}
    if is_not_modified(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type)


def encode_json(reading: Reading, fields: Mapping[str, Any]) -> bytes:
    """Return JSON that names publication and origin first, with decimals as plain text."""
    facts = reading.publication
    named = {"publication": facts["publication_id"], "origin": facts["origin"], **fields}
    return msgspec.json.encode(json_value(named))


def etag(publication_id: object) -> str:
    """Return the weak tag of every response that this code makes from a publication."""
    return f'W/"{publication_id}.{CODE_VERSION}"'


def is_not_modified(request: Request, tag: str) -> bool:
    """Return whether the client's If-None-Match names this tag."""
    header = request.headers.get("if-none-match", "")
    return any(each.strip() in (tag, tag.removeprefix("W/"), "*") for each in header.split(","))
