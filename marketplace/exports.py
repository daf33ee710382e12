"""Whole relations as files with checksums, written on first request."""

from __future__ import annotations

import hashlib
import shutil
from base64 import b64encode
from pathlib import Path as File
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from marketplace.api import models
from marketplace.api.routes import NOT_MODIFIED, problem_responses
from marketplace.app_state import (
    REVALIDATE,
    AppState,
    app_state_of,
    etag,
    is_not_modified,
    respond,
)
from marketplace.unanswered import NotInPublication
from warehouse.publication.reader_pool import Reading
from warehouse.relations import RELATIONS

Kind = Literal["parquet", "csv", "ndjson"]
TYPES: dict[str, str] = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
Relation = Annotated[str, Path(description="A published relation, like `cards`.", max_length=40)]
exports = APIRouter(prefix="/v1/exports", tags=["exports"])


@exports.get("", response_model=models.Exports, responses={**NOT_MODIFIED, **problem_responses()})
def listing(request: Request) -> Response:
    """List the relations and the addresses of their files; add `.sha256` for a checksum."""

    def make(_: Reading) -> dict[str, Any]:
        root = f"{request.base_url}v1/exports"
        return {
            "items": [
                {"relation": name, **{kind: f"{root}/{name}.{kind}" for kind in TYPES}}
                for name in RELATIONS
            ]
        }

    return respond(request, make)


@exports.get(
    "/{relation}.{kind}.sha256",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}}, **problem_responses(404, 422)},
)
def checksum(request: Request, relation: Relation, kind: Kind) -> Response:
    """Return the file's checksum in the format of `sha256sum -c`."""
    path, digest, publication_id = _export(app_state_of(request), relation, kind)
    return PlainTextResponse(
        f"{digest}  {path.name}\n", headers={"Pricehouse-Publication": publication_id}
    )


@exports.get(
    "/{relation}.{kind}",
    response_class=FileResponse,
    responses={
        200: {"content": {name.partition(";")[0]: _BINARY for name in TYPES.values()}},
        **NOT_MODIFIED,
        **problem_responses(404, 422),
    },
)
def file(request: Request, relation: Relation, kind: Kind) -> Response:
    """Return a whole relation, ordered by its key. Decimals and times are typed in Parquet, text
    in CSV and NDJSON."""
    path, digest, publication_id = _export(app_state_of(request), relation, kind)
    tag = etag(publication_id)
    headers = {"ETag": tag, "Cache-Control": REVALIDATE, "Pricehouse-Publication": publication_id}
    if is_not_modified(request, tag):
        return Response(status_code=304, headers=headers)
    encoded = b64encode(bytes.fromhex(digest)).decode()
    # The digest of the file itself, whatever compression the response uses (RFC 9530).
    headers["Repr-Digest"] = f"sha-256=:{encoded}:"
    return FileResponse(path, media_type=TYPES[kind], filename=path.name, headers=headers)


def _export(state: AppState, relation: str, kind: Kind) -> tuple[File, str, str]:
    """Return the file, its sha256 and its publication; only one file is written at a time."""
    if relation not in RELATIONS:
        raise NotInPublication(f"there is no relation {relation}; /v1/exports lists them")
    with state.exporting, state.pool.reading(limited=False) as reading:
        publication_id = str(reading.publication["publication_id"])
        folder = state.exports / publication_id
        for old in state.exports.iterdir():
            if old != folder:
                shutil.rmtree(old)  # a response that is being sent keeps its file open
        folder.mkdir(exist_ok=True)
        path = folder / f"{relation}.{kind}"
        checksum_file = path.with_name(f"{path.name}.sha256")
        if not checksum_file.exists():
            reading.write(relation, kind, path)
            with path.open("rb") as data:
                checksum_file.write_text(hashlib.file_digest(data, "sha256").hexdigest())
        return path, checksum_file.read_text(), publication_id
