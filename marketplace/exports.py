"""Whole relations as files with checksums, written when somebody first asks for them."""

from __future__ import annotations

import hashlib
import shutil
from base64 import b64encode
from pathlib import Path as File
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from marketplace.api import models
from marketplace.api.routes import UNCHANGED, problems
from marketplace.app_state import CODE, FRESH, AppState, answer, app_state_of, knows
from marketplace.problems import NotHere
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


@exports.get("", response_model=models.Exports, responses={**UNCHANGED, **problems()})
def listing(request: Request) -> Response:
    """List the relations and where their files are; `.sha256` after an address is its checksum."""

    def make(_: Reading) -> dict[str, Any]:
        root = f"{request.base_url}v1/exports"
        return {
            "items": [
                {"relation": name, **{kind: f"{root}/{name}.{kind}" for kind in TYPES}}
                for name in RELATIONS
            ]
        }

    return answer(request, make)


@exports.get(
    "/{relation}.{kind}.sha256",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}}, **problems(404, 422)},
)
def checksum(request: Request, relation: Relation, kind: Kind) -> Response:
    """Give the file's checksum as `sha256sum -c` reads it."""
    path, digest, publication_id = _export(app_state_of(request), relation, kind)
    return PlainTextResponse(
        f"{digest}  {path.name}\n", headers={"Pricehouse-Publication": publication_id}
    )


@exports.get(
    "/{relation}.{kind}",
    response_class=FileResponse,
    responses={
        200: {"content": {name.partition(";")[0]: _BINARY for name in TYPES.values()}},
        **UNCHANGED,
        **problems(404, 422),
    },
)
def file(request: Request, relation: Relation, kind: Kind) -> Response:
    """Give a whole relation, ordered by its key; decimals and times are text but in Parquet."""
    path, digest, publication_id = _export(app_state_of(request), relation, kind)
    tag = f'W/"{publication_id}.{CODE}"'
    headers = {"ETag": tag, "Cache-Control": FRESH, "Pricehouse-Publication": publication_id}
    if knows(request, tag):
        return Response(status_code=304, headers=headers)
    sum_64 = b64encode(bytes.fromhex(digest)).decode()
    # The digest of the file itself, however it is compressed on the way (RFC 9530).
    headers["Repr-Digest"] = f"sha-256=:{sum_64}:"
    return FileResponse(path, media_type=TYPES[kind], filename=path.name, headers=headers)


def _export(market: AppState, relation: str, kind: Kind) -> tuple[File, str, str]:
    """Return the file, its sha256 and its publication; one at a time is written."""
    if relation not in RELATIONS:
        raise NotHere(f"there is no relation {relation}; /v1/exports lists them")
    with market.exporting, market.shelf.reading(limited=False) as reading:
        publication_id = str(reading.publication["publication_id"])
        folder = market.exports / publication_id
        for old in market.exports.iterdir():
            if old != folder:
                shutil.rmtree(old)  # whoever is being sent a file of it has it open
        folder.mkdir(exist_ok=True)
        path = folder / f"{relation}.{kind}"
        mark = path.with_name(f"{path.name}.sha256")
        if not mark.exists():
            reading.write(relation, kind, path)
            with path.open("rb") as data:
                mark.write_text(hashlib.file_digest(data, "sha256").hexdigest())
        return path, mark.read_text(), publication_id
