"""The application: the API, the pages, health checks, static files and middleware."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from marketplace import problems
from marketplace.api import models
from marketplace.api.cost_route import cost_api
from marketplace.api.document import openapi_document
from marketplace.api.routes import v1
from marketplace.app_state import CODE_VERSION, MOST_URLS, AppState, app_state_of, encode_json
from marketplace.discovery import discovery
from marketplace.exports import exports
from marketplace.headers import HeadersMiddleware
from marketplace.mcp.http_endpoint import PATH as MCP_PATH
from marketplace.mcp.http_endpoint import AllowedCallers, McpEndpoint
from marketplace.pages import charts
from marketplace.pages.detail_routes import detail_pages
from marketplace.pages.rendering import Pages
from marketplace.pages.routes import pages
from marketplace.queries.status import find_home_verdict
from marketplace.root_path import RootPathMiddleware, refuse_own_address
from marketplace.server_metrics import MetricsMiddleware, home_samples, metrics_api
from marketplace.tool_exports import openrouter_api, tool_files
from schemas.clock import is_ahead, utc_now
from schemas.errors import SettingsError
from schemas.verdict import DEFAULT_STALE_AFTER
from telemetry.exposition import ServerMetrics
from warehouse.publication.reader_pool import PublicationPool

STATIC = Path(__file__).with_name("static")
_MIN_GZIP_BYTES = 1000
health = APIRouter(tags=["health"])


def create_app(
    pool: PublicationPool,
    *,
    cors_origins: Sequence[str] = (),
    callers: AllowedCallers | None = None,
    root_path: str = "",
    sitemap_urls: int = MOST_URLS,
    stale_after: timedelta = DEFAULT_STALE_AFTER,
) -> FastAPI:
    """Return the application over a pool of publications, which it closes at shutdown.

    Pages at `cors_origins` may read the API, `*` is any; `callers` (this machine's) may use /mcp.
    A proxy serves it at `root_path`; SettingsError if that is an address of the application.
    """
    state = AppState(pool, sitemap_urls=sitemap_urls, stale_after=stale_after)
    mcp = McpEndpoint(pool, callers or AllowedCallers(origins=frozenset(cors_origins)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        charts.warm_up()
        async with mcp.running():
            yield
        state.close()

    app = _Application(
        title="pricehouse",
        version=CODE_VERSION,
        summary="Prices of open-model inference: offers, histories, changes.",
        docs_url=None,  # the built-in pages load scripts from a CDN; /api replaces them
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.app_state = state
    app.state.pages = Pages(STATIC)
    app.state.metrics = ServerMetrics(lambda: home_samples(pool, stale_after=stale_after))
    problems.install(app)
    _add_routes(app, mcp)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Content-Type", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"],
            expose_headers=["ETag", "Repr-Digest"],
        )
    app.add_middleware(GZipMiddleware, minimum_size=_MIN_GZIP_BYTES, compresslevel=6)
    app.add_middleware(MetricsMiddleware, metrics=app.state.metrics)
    app.add_middleware(HeadersMiddleware)
    if root_path:
        try:
            refuse_own_address(root_path, _own_paths(app))
        except SettingsError:
            state.close()
            raise
        app.add_middleware(RootPathMiddleware, root=root_path)
    return app


def _add_routes(app: FastAPI, mcp: McpEndpoint) -> None:
    # the files for tools before the relations, whose pattern would match their names
    for router in (v1, cost_api, tool_files, exports, openrouter_api, health):
        app.include_router(router)
    for router in (discovery, pages, detail_pages, metrics_api):
        app.include_router(router)
    app.router.routes.append(Route(MCP_PATH, endpoint=mcp, include_in_schema=False))
    app.mount("/static", _StaticFiles(directory=STATIC), name="static")


def _own_paths(app: FastAPI) -> list[str]:
    """Return the paths of all routes, also of those that came with a router."""
    routes = [route for each in app.routes for route in _routes_of(each)]
    return [str(getattr(route, "path", "")) for route in routes]


def _routes_of(route: object) -> list[object]:
    router = getattr(route, "original_router", None)
    return list(router.routes) if router else [route]


class _Application(FastAPI):
    """FastAPI with this project's OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, built once."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi_document(self)
        return self.openapi_schema


class _StaticFiles(StaticFiles):
    """Static files; a browser may keep one whose address holds its content hash."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the file; cached for a year with its content hash, else for an hour."""
        response = super().file_response(*args, **kwargs)
        has_hash = args[2]["query_string"].startswith(b"v=")
        lifetime = "max-age=31536000, immutable" if has_hash else "max-age=3600"
        response.headers["Cache-Control"] = f"public, {lifetime}"
        return response


@health.get("/healthz", response_model=models.Health)
def healthz() -> dict[str, str]:
    """Report that the process is running."""
    return {"status": "ok"}


@health.get(
    "/readyz",
    response_model=models.Ready,
    responses={
        503: {
            "description": "No publication can be read; `detail` has the reason",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
    },
)
def readyz(request: Request) -> Response:
    """Return the publication that is served, and the verdict on the home; 503 with the reason when
    there is none, or when it lies in the future. Old data is served, and named so."""
    state = app_state_of(request)
    with state.pool.reading() as reading:
        facts, now = reading.publication, utc_now()
        times = (facts["published_at"], facts["observed_to"])
        if any(at is not None and is_ahead(at, now) for at in times):
            return problems.unserved(
                request,
                "publication-of-the-future",
                problems.OF_THE_FUTURE,
                problems.OF_THE_FUTURE,
            )
        verdict = find_home_verdict(
            reading, state.pool.home, stale_after=state.stale_after, now=now
        )
        body = encode_json(reading, {"status": "ready", "verdict": verdict})
    return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")
