"""Render a page from one publication, or redirect to its address of today."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from marketplace.app_state import app_state_of
from marketplace.pages.rendering import Pages
from marketplace.queries.providers import provider_names
from marketplace.queries.status import find_counts
from marketplace.root_path import root_of
from schemas.errors import HomeError, UsageError
from warehouse.publication.reader_pool import Reading


def page_of(
    request: Request,
    template: str,
    make: Callable[[Reading], dict[str, Any]],
    *,
    publication_id: str | None = None,
    **more: Any,
) -> Response:
    """Return a template filled with what `make` reads from one publication."""
    renderer: Pages = request.app.state.pages
    with app_state_of(request).pool.reading(publication_id) as reading:
        return renderer.render(
            request,
            template,
            publication=reading.publication,
            totals=find_counts(reading),
            provider_names=provider_names(reading),
            **make(reading),
            **more,
        )


def page_of_any_home(request: Request, template: str, **values: Any) -> Response:
    """Return a template that needs no publication; one that is served is named on it."""
    try:
        return page_of(request, template, lambda _: {}, **values)
    except (UsageError, HomeError):  # nothing is published yet, or it cannot be read
        renderer: Pages = request.app.state.pages
        return renderer.render(request, template, publication=None, **values)


def moved(request: Request, path: str) -> Response:
    """Redirect to the same page under the name of today: a link of before leads there."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{root_of(request)}/{quote(path)}{query}", 307)
