"""POST /v1/cost: rows of usage in, the same rows with their costs out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from marketplace.app_state import app_state_of
from marketplace.problems import UnusableRows, problem
from marketplace.queries.moment import Moment
from schemas.errors import UsageError
from warehouse.publication.costs import nested_as_json, with_results
from warehouse.publication.usage_rows import checked_rows, read_rows

MOST_BYTES = 10_000_000
_LINES = 2_000  # rows of one part of the body
_KINDS = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
}
_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}
cost_api = APIRouter(prefix="/v1", tags=["cost"])


class CostQuery(BaseModel):
    """How to cost the rows, and the format of the answer."""

    model_config = ConfigDict(extra="forbid")

    known_at: Moment | None = Field(
        None, description="Use only what was recorded by this time (RFC 3339 with an offset)."
    )
    default_route: bool = Field(
        default=False,
        description="Cost a row without a provider at the one that the router's default led to, by"
        " the recorded speeds.",
    )
    timezone: Annotated[str, Field(max_length=60)] | None = Field(
        None, description="Zone of times without an offset, like `Europe/Berlin`."
    )
    format: Literal["json", "ndjson", "csv"] | None = Field(
        None, description="Format of the answer; by default that of the request."
    )


class CostRows(BaseModel):
    """The rows as they were sent, each with its cost, or why there is none."""

    publication: str
    origin: Literal["live", "sample"]
    items: list[dict[str, Any]]


_ROWS_SCHEMA = {
    "application/json": {
        "schema": {
            "type": "array",
            "maxItems": 100_000,
            "items": {
                "type": "object",
                "required": ["model", "timestamp", "input_tokens"],
                "properties": {
                    "model": {"type": "string"},
                    "provider": {"type": "string"},
                    "timestamp": {"type": "string", "format": "date-time"},
                    "input_tokens": {"type": "integer", "minimum": 0},
                    "output_tokens": {"type": "integer", "minimum": 0},
                },
            },
        }
    },
    "application/x-ndjson": {"schema": {"type": "string"}},
    "text/csv": {"schema": {"type": "string"}},
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@cost_api.post(
    "/cost",
    response_model=CostRows,
    responses={
        413: {"description": f"The body has more than {MOST_BYTES:,} bytes", "content": _PROBLEM},
        415: {"description": "The body has another content type", "content": _PROBLEM},
        422: {
            "description": "A row or parameter cannot be used; `detail` names it",
            "content": _PROBLEM,
        },
        503: {"description": "Nothing is published yet, or it took too long", "content": _PROBLEM},
    },
    openapi_extra={"requestBody": {"required": True, "content": _ROWS_SCHEMA}},
)
async def cost(request: Request, query: Annotated[CostQuery, Query()]) -> Response:
    """Cost each row of usage at the price of its time; the rows keep their order and columns.

    Send a JSON array, NDJSON or CSV of at most 10,000,000 bytes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        detail = f"send {', '.join(_TYPES.values())}; this is {kind or 'no content type'}"
        return problem(request, 415, "content-type-not-read", detail)
    body = await _body(request)
    if body is None:
        detail = f"the body has more than {MOST_BYTES:,} bytes; send fewer rows at a time"
        # The connection stays open, and the server discards the rest of the body: closed while the
        # client still sends, it would be reset, and the client might lose this answer.
        return problem(request, 413, "body-too-large", detail)
    return await run_in_threadpool(_answer, request, query, body, _KINDS[kind])


async def _body(request: Request) -> bytes | None:
    """Return the body, None if it is too large, however it is sent."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > MOST_BYTES:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _answer(request: Request, query: CostQuery, body: bytes, form: str) -> Response:
    target = query.format or form
    try:
        given = read_rows(body, form)
        usage = checked_rows(given, timezone=query.timezone)
    except UsageError as error:
        raise UnusableRows(str(error)) from error
    with app_state_of(request).pool.reading() as reading:
        facts = reading.publication
        results = reading.costs(
            usage,
            known_at=query.known_at,
            default_route=query.default_route,
            flat=target == "csv",
        )
    headers = {"Cache-Control": "no-store", "Pricehouse-Publication": str(facts["publication_id"])}
    rows = with_results(given, results)
    # All is computed by now: a slow client holds rows in memory, and no publication.
    parts = (
        _csv(rows) if target == "csv" else _json(rows, facts) if target == "json" else _lines(rows)
    )
    return StreamingResponse(parts, 200, headers, _TYPES[target])


def _json(rows: pl.DataFrame, facts: dict[str, Any]) -> Iterator[str]:
    yield f'{{"publication":"{facts["publication_id"]}","origin":"{facts["origin"]}","items":['
    for start, lines in enumerate(_lines(rows)):
        yield ("," if start else "") + lines.rstrip("\n").replace("}\n{", "},{")
    yield "]}"


def _lines(rows: pl.DataFrame) -> Iterator[str]:
    for part in rows.iter_slices(_LINES):
        yield part.write_ndjson()


def _csv(rows: pl.DataFrame) -> Iterator[str]:
    for number, part in enumerate(nested_as_json(rows).iter_slices(_LINES)):
        yield part.write_csv(include_header=number == 0)
