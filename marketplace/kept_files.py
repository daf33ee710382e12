"""Files made from a publication, written by the first request for each and kept with it."""

from __future__ import annotations

import hashlib
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fastapi import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from marketplace.app_state import REVALIDATE, AppState, etag, is_not_modified
from warehouse.publication.reader_pool import Reading


class KeptFile(NamedTuple):
    """A whole file, its sha256 in hex, and the publication that it is made from."""

    path: Path
    digest: str
    publication_id: str


def kept_file(
    state: AppState, name: str, write: Callable[[Reading, Path], None], *, variant: str = ""
) -> KeptFile:
    """Return a file of the newest publication, written by the first request for it.

    So an hour is published without the cost of files that nobody loads. Only one file is written
    at a time, and those of earlier publications are removed. `variant` is a folder of its own.
    """
    with state.exporting, state.pool.reading(limited=False) as reading:
        publication_id = str(reading.publication["publication_id"])
        kept = state.exports / publication_id
        for old in state.exports.iterdir():
            if old != kept:
                shutil.rmtree(old)  # a response that is being sent keeps its file open
        path = kept / variant / name
        path.parent.mkdir(parents=True, exist_ok=True)
        checksum_file = path.with_name(f"{name}.sha256")
        if not checksum_file.exists():
            write(reading, path)
            with path.open("rb") as data:
                checksum_file.write_text(hashlib.file_digest(data, "sha256").hexdigest())
        return KeptFile(path, checksum_file.read_text(), publication_id)


def send(request: Request, file: KeptFile, *, media_type: str) -> Response:
    """Return the file; 304 when the client has that of this publication."""
    headers = _headers(file.publication_id)
    if is_not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    encoded = b64encode(bytes.fromhex(file.digest)).decode()
    # The digest of the file itself, whatever compression the response uses (RFC 9530).
    headers["Repr-Digest"] = f"sha-256=:{encoded}:"
    return FileResponse(file.path, media_type=media_type, filename=file.path.name, headers=headers)


def send_body(request: Request, body: bytes, publication_id: str, *, media_type: str) -> Response:
    """Return a body that is made from a kept file; 304 as `send`."""
    headers = _headers(publication_id)
    if is_not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type)


def send_checksum(file: KeptFile) -> Response:
    """Return the checksum in the format of `sha256sum -c`."""
    return PlainTextResponse(
        f"{file.digest}  {file.path.name}\n",
        headers={"Pricehouse-Publication": file.publication_id},
    )


def _headers(publication_id: str) -> dict[str, str]:
    return {
        "ETag": etag(publication_id),
        "Cache-Control": REVALIDATE,
        "Pricehouse-Publication": publication_id,
    }
