"""Prices as other tools load them: a file for each format, and OpenRouter's addresses."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.responses import FileResponse, PlainTextResponse, Response

from marketplace.api.responses import NOT_MODIFIED, problem_responses
from marketplace.app_state import app_state_of, respond_bytes
from marketplace.formats import openrouter
from marketplace.formats.encoding import Origin
from marketplace.formats.routes import Reach, RouteQuery, checked_region, read_routes
from marketplace.formats.table import FILES, FORMATS, JSON, ToolFile, write_file
from marketplace.kept_files import KeptFile, kept_file, send, send_body, send_checksum
from marketplace.queries.model_lookup import no_model, todays_name
from marketplace.queries.parameter_types import ShortText
from marketplace.root_path import root_of
from marketplace.statements import statement
from schemas.errors import UsageError
from warehouse.publication.reader_pool import Reading

MAX_MODELS = 1000
LAST_OFFSET = 2**40
tool_files = APIRouter(prefix="/v1/exports", tags=["exports"])
openrouter_api = APIRouter(prefix="/api/v1", tags=["exports"])


def _as_region(text: str) -> str:
    try:
        return checked_region(text)
    except UsageError as error:
        raise ValueError(str(error)) from None


class RegionQuery(BaseModel):
    """Which routes a file has."""

    model_config = ConfigDict(extra="forbid")

    region: (
        Annotated[
            str,
            AfterValidator(_as_region),
            WithJsonSchema({"type": "string"}),
        ]
        | None
    ) = Field(
        None,
        description="Only routes whose inference provably runs there: `eu`, `eea`, `us`, or a"
        " country's two letters (ISO 3166).",
    )


class ModelsQuery(RegionQuery):
    """Which models of the list; without an offset and a limit, all."""

    offset: int | None = Field(None, ge=0, le=LAST_OFFSET, description="Models before the first.")
    limit: int | None = Field(None, ge=1, le=MAX_MODELS, description="Models of the page.")


def _add_tool_file(file: ToolFile) -> None:
    """Add the routes of one file for other tools."""

    def tool_file(request: Request, query: Annotated[RegionQuery, Query()]) -> Response:
        return _send(request, file, query.region)

    def tool_checksum(request: Request, query: Annotated[RegionQuery, Query()]) -> Response:
        return send_checksum(_kept(request, file, query.region))

    name = file.name.replace(".", "_").replace("-", "_")
    (format_name,) = [key for key, files in FORMATS.items() if file in files]
    tool_files.add_api_route(
        f"/{file.name}",
        tool_file,
        name=name,
        description=f"Return the prices in the format {format_name}, as its tools load them.",
        response_class=FileResponse,
        responses={
            200: {"content": {file.media_type: {}}},
            **NOT_MODIFIED,
            **problem_responses(422),
        },
    )
    tool_files.add_api_route(
        f"/{file.name}.sha256",
        tool_checksum,
        name=f"{name}_sha256",
        description="Return the file's checksum in the format of `sha256sum -c`.",
        response_class=PlainTextResponse,
        responses={200: {"content": {"text/plain": {}}}, **problem_responses(422)},
    )


for each in FILES.values():
    _add_tool_file(each)


@openrouter_api.get(
    "/models",
    response_class=FileResponse,
    responses={200: {"content": {JSON: {}}}, **NOT_MODIFIED, **problem_responses(422)},
)
def openrouter_models(request: Request, query: Annotated[ModelsQuery, Query()]) -> Response:
    """List the models in the shape of OpenRouter: what `openrouter.json` has, whole or in pages."""
    whole = FILES["openrouter.json"]
    if query.offset is None and query.limit is None:
        return _send(request, whole, query.region)
    offset, limit = query.offset or 0, query.limit or MAX_MODELS
    following = {"offset": offset + limit, "limit": limit}
    region = {"region": query.region} if query.region else {}
    file = _kept(request, whole, query.region)
    with file.path.open("rb") as lines:
        body = openrouter.page_of(
            lines,
            offset=offset,
            limit=limit,
            next_page=f"{root_of(request)}/api/v1/models?{urlencode({**region, **following})}",
        )
    return send_body(request, body, file.publication_id, media_type=JSON)


@openrouter_api.get(
    "/models/{author}/{slug}/endpoints",
    response_class=Response,
    responses={200: {"content": {JSON: {}}}, **NOT_MODIFIED, **problem_responses(404, 422)},
)
def openrouter_endpoints(
    request: Request,
    author: ShortText,
    slug: ShortText,
    query: Annotated[RegionQuery, Query()],
) -> Response:
    """List the priced routes of a model in the shape of OpenRouter."""

    def make(reading: Reading) -> bytes:
        model_id = todays_name(reading, f"{author}/{slug}")
        found = reading.rows(statement("select_model"), {"model_id": model_id})
        if not found:
            raise no_model(reading, model_id)
        routes = list(read_routes(reading, Reach.NOW, RouteQuery(query.region, model_id)))
        created = found[0]["created_at"] or found[0]["first_seen_at"]
        return b"".join(
            openrouter.write_endpoints(
                model_id,
                routes,
                Origin.of(reading.publication),
                created=int(created.timestamp()),
            )
        )

    return respond_bytes(request, make, media_type=JSON)


def _send(request: Request, file: ToolFile, region: str | None) -> Response:
    return send(request, _kept(request, file, region), media_type=file.media_type)


def _kept(request: Request, file: ToolFile, region: str | None) -> KeptFile:
    return kept_file(
        app_state_of(request),
        file.name,
        lambda reading, path: write_file(
            reading, file, path, region=region, root_path=root_of(request)
        ),
        variant=region or "",
    )
