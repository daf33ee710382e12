"""Whole relations as files with checksums, written on first request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import FileResponse, PlainTextResponse, Response

from marketplace.api import models
from marketplace.api.responses import KNOWN_PARAMETERS, NOT_MODIFIED, problem_responses
from marketplace.app_state import AppState, app_state_of, respond
from marketplace.formats.table import FILES, FORMATS
from marketplace.kept_files import KeptFile, kept_file, send, send_checksum
from marketplace.unanswered import NotInPublication
from warehouse.publication.reader_pool import Reading
from warehouse.relations import RELATIONS

TYPES: dict[str, str] = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
Relation = Annotated[str, Path(description="A published relation, like `cards`.", max_length=40)]
Kind = Annotated[str, Path(max_length=20, json_schema_extra={"enum": list(TYPES)})]
exports = APIRouter(prefix="/v1/exports", tags=["exports"], dependencies=KNOWN_PARAMETERS)


@exports.get(
    "", response_model=models.Exports, responses={**NOT_MODIFIED, **problem_responses(422)}
)
def listing(request: Request) -> Response:
    """List the addresses of whole relations and of files for other tools; add `.sha256` to one for
    its checksum."""

    def make(_: Reading) -> dict[str, Any]:
        root = f"{request.base_url}v1/exports"
        return {
            "items": [
                {"relation": name, **{kind: f"{root}/{name}.{kind}" for kind in TYPES}}
                for name in RELATIONS
            ],
            "formats": [
                {"format": name, "files": [f"{root}/{file.name}" for file in files]}
                for name, files in FORMATS.items()
            ],
        }

    return respond(request, make)


@exports.get(
    "/{relation}.{kind}.sha256",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}}, **problem_responses(404, 422)},
)
def checksum(request: Request, relation: Relation, kind: Kind) -> Response:
    """Return the file's checksum in the format of `sha256sum -c`."""
    return send_checksum(_export(app_state_of(request), relation, kind))


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
    return send(request, _export(app_state_of(request), relation, kind), media_type=TYPES[kind])


@exports.get("/{name}", include_in_schema=False)
def unknown(name: str) -> Response:
    """Refuse a name without a kind."""
    raise _no_export(name)


def _export(state: AppState, relation: str, kind: str) -> KeptFile:
    """Return the file of a relation."""
    if relation not in RELATIONS:
        raise _no_export(relation if kind in TYPES else f"{relation}.{kind}")
    if kind not in TYPES:
        problem = {"loc": ("path", "kind"), "msg": f"use one of {', '.join(TYPES)}"}
        raise RequestValidationError([{**problem, "type": "enum", "input": kind}])
    with state.pool.reading() as reading:
        if not reading.has_relation(relation):  # earlier code published it
            raise _no_export(relation)
    return kept_file(
        state,
        f"{relation}.{kind}",
        lambda reading, path: reading.write(relation, kind, path),
    )


def _no_export(name: str) -> NotInPublication:
    formats = ", ".join(FILES)
    return NotInPublication(
        f"there is no relation or format {name}; the formats are {formats}, and /v1/exports lists"
        " the relations"
    )
