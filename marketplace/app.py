"""The application: the API, the pages, and what stands around them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from marketplace import problems
from marketplace.api import models
from marketplace.api.routes import v1
from marketplace.app_state import CODE, AppState, app_state_of, encode
from marketplace.exports import exports
from marketplace.headers import Headers
from marketplace.pages import charts
from marketplace.pages.rendering import Pages
from marketplace.pages.routes import pages
from warehouse.publication.reader_pool import PublicationPool

STATIC = Path(__file__).with_name("static")
_SMALLEST_ZIPPED = 1000
health = APIRouter(tags=["health"])


def create_app(shelf: PublicationPool, *, cors_origins: Sequence[str] = ()) -> FastAPI:
    """Return the application over a shelf, which it closes when it ends.

    Scripts of pages at `cors_origins` may read the API; `*` lets those of any page.
    """
    market = AppState(shelf)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        charts.warm_up()
        yield
        market.close()

    app = FastAPI(
        title="pricehouse",
        version=CODE,
        summary="Prices of open-model inference: offers, histories, changes.",
        docs_url=None,  # they load scripts from elsewhere; /api is our own
        redoc_url=None,
        lifespan=living,
    )
    app.state.market = market
    app.state.pages = Pages(STATIC)
    problems.install(app)
    for router in (v1, exports, health, pages):
        app.include_router(router)
    app.mount("/static", _Files(directory=STATIC), name="static")
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "HEAD"],
            expose_headers=["ETag", "Repr-Digest"],
        )
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_ZIPPED, compresslevel=5)
    app.add_middleware(Headers)
    return app


class _Files(StaticFiles):
    """Our files; a browser keeps one that was asked for by its content's mark."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        """Return the file, to be kept for a year under its mark, else for an hour."""
        found = super().file_response(*arguments, **named)
        marked = arguments[2]["query_string"].startswith(b"v=")
        kept = "max-age=31536000, immutable" if marked else "max-age=3600"
        found.headers["Cache-Control"] = f"public, {kept}"
        return found


@health.get("/healthz", response_model=models.Health)
def healthz() -> dict[str, str]:
    """Say that the process models."""
    return {"status": "ok"}


@health.get(
    "/readyz",
    response_model=models.Ready,
    responses={
        503: {
            "description": "There is none to read, and why",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
    },
)
def readyz(request: Request) -> Response:
    """Say which publication is read; 503 with the reason when there is none."""
    with app_state_of(request).shelf.reading() as reading:
        body = encode(reading, {"status": "ready"})
    return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            routes=app.routes,
            description="Money is plain text per one of the unit that a name says; times are UTC;"
            " null is unknown. Every answer names its publication and origin, and is all of one"
            " moment. Facts come with the licence and attribution of /v1/status.",
        )
        parts = schema["components"]["schemas"]
        parts["Problem"] = models.Problem.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            parts.pop(name, None)  # ours are problems
        app.openapi_schema = schema
    return app.openapi_schema
