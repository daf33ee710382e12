"""What browsers, crawlers and previews of links request by fixed names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from marketplace.app_state import (
    REVALIDATE,
    app_state_of,
    etag,
    is_not_modified,
    respond_bytes,
    respond_fixed,
)
from marketplace.pages.preview import draw_model, draw_site
from marketplace.queries.parameter_types import ModelId
from marketplace.root_path import root_of
from marketplace.sitemap import find_entries, number_of_files, write_entries, write_index
from warehouse.publication.reader_pool import Reading

discovery = APIRouter(include_in_schema=False)
_ICON = FilePath(__file__).with_name("static") / "favicon.ico"
_PNG = "image/png"
_XML = "application/xml"
_NOT_FOR_CRAWLERS = ("/theme", "/v1/", "/api/v1/", "/mcp", "/*?")


@discovery.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """Return the icon that browsers request by themselves."""
    return respond_fixed(request, _ICON.read_bytes(), "image/x-icon")


@discovery.get("/robots.txt")
def robots(request: Request) -> Response:
    """Tell crawlers where the sitemap is; queries and data are not for them."""
    root = root_of(request)
    lines = (
        "User-agent: *",
        f"Allow: {root}/static/",
        *(f"Disallow: {root}{path}" for path in _NOT_FOR_CRAWLERS),
        f"Sitemap: {request.base_url}sitemap.xml",
    )
    return respond_fixed(request, ("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")


@discovery.get("/sitemap.xml")
def sitemap(request: Request) -> Response:
    """Return every page, or an index of the files that have them."""
    root = str(request.base_url)
    most = app_state_of(request).sitemap_urls

    def write(reading: Reading) -> Iterator[bytes]:
        files = number_of_files(reading, most)
        if files > 1:
            return write_index(files, root)
        return write_entries(find_entries(reading, 1, most), root)

    with app_state_of(request).pool.reading() as reading:
        return _xml(request, reading, write(reading))


@discovery.get("/sitemap-{number}.xml")
def sitemap_file(request: Request, number: Annotated[int, Path(ge=1, le=10**6)]) -> Response:
    """Return one file of the sitemap."""
    most = app_state_of(request).sitemap_urls
    with app_state_of(request).pool.reading() as reading:
        entries = find_entries(reading, number, most)
        return _xml(request, reading, write_entries(entries, str(request.base_url)))


@discovery.get("/previews/site.png")
def site_preview(request: Request) -> Response:
    """Draw the picture of links to the site."""
    return respond_bytes(request, draw_site, media_type=_PNG)


@discovery.get("/previews/models/{model_id:path}.png")
def model_preview(request: Request, model_id: Annotated[ModelId, Path()]) -> Response:
    """Draw the picture of links to a model's page: what it costs, and where."""
    return respond_bytes(request, lambda reading: draw_model(reading, model_id), media_type=_PNG)


def _xml(request: Request, reading: Reading, parts: Iterator[bytes]) -> Response:
    """Return XML in parts: all rows are read by now, so that a slow client holds no publication."""
    tag = etag(reading.publication["publication_id"])
    headers = {"ETag": tag, "Cache-Control": REVALIDATE}
    if is_not_modified(request, tag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(parts, 200, headers, _XML)
