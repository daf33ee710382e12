"""Errors as RFC 9457 problem details, or as a page where a person asked for one."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from marketplace.cursor import BadCursor
from schemas.errors import HomeError, PublicationGone, QueryTooSlow, UsageError

_API = ("/v1/", "/v1", "/healthz", "/readyz", "/openapi.json")
_TITLES = {
    404: "There is nothing here",
    410: "These prices were replaced by newer ones",
    422: "That question cannot be answered",
    503: "There are no prices to show",
}
"""What a page says above a problem."""
RETRY_S = "30"
_NOTHING = "nothing is published here yet; the first run of `pricehouse ingest` will be"
_UNREADABLE = "the newest publication cannot be read; the next run publishes again"
_OURS = "this is a fault of ours; it is in the log of the server"


class NotHere(Exception):
    """Raised when what an address names is not in the publication."""


def install(app: FastAPI) -> None:
    """Answer every error of ours, and those of the framework, as a problem."""
    retry = {"Retry-After": RETRY_S}

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError | ValidationError)  # noqa: S101 - as registered
        found = [_fault(fault) for fault in error.errors()]
        said = "; ".join(f"{fault['field']}: {fault['message']}" for fault in found)
        return problem(request, 422, "question-not-understood", said, errors=found)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - as registered
        said = "nothing is at this address" if error.status_code == 404 else str(error.detail)
        return problem(request, error.status_code, "about:blank", said, headers=error.headers)

    def told(status: int, kind: str, **more: Any) -> Any:
        return lambda request, error: problem(request, status, kind, str(error), **more)

    def said(status: int, kind: str, detail: str) -> Any:
        # What the error says is for the operator: it names folders of this machine.
        return lambda request, _: problem(request, status, kind, detail, headers=retry)

    def gone(request: Request, error: Exception) -> Response:
        kept = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        again = request.url.path + ("?" + _query(kept) if kept else "")
        said = f"{error}; begin again at the first page of the newest"
        return problem(request, 410, "publication-gone", said, restart=again)

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(NotHere, told(404, "not-in-publication"))
    app.add_exception_handler(BadCursor, told(422, "cursor-not-understood"))
    app.add_exception_handler(PublicationGone, gone)
    app.add_exception_handler(QueryTooSlow, told(503, "query-too-slow", headers=retry))
    app.add_exception_handler(UsageError, said(503, "nothing-published-yet", _NOTHING))
    app.add_exception_handler(HomeError, said(503, "publication-unreadable", _UNREADABLE))
    app.add_exception_handler(Exception, said(500, "about:blank", _OURS))


def problem(
    request: Request,
    status: int,
    kind: str,
    detail: str,
    *,
    headers: Any = None,
    restart: str | None = None,
    errors: Sequence[dict[str, str]] | None = None,
) -> Response:
    """Return the problem in the form that the address is for."""
    title = HTTPStatus(status).phrase
    told: dict[str, Any] = {
        "type": kind if ":" in kind else f"/api#{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if restart:
        told["restart"] = restart
    if errors:
        told["errors"] = list(errors)
    if not request.url.path.startswith(_API):
        page: Response = request.app.state.pages.render(
            request,
            "problem.html",
            status=status,
            headers=headers,
            title=_TITLES.get(status, title),
            problem=told,
            publication=None,
        )
        return page
    return Response(
        msgspec.json.encode(told),
        status,
        {**(headers or {}), "Cache-Control": "no-store"},
        "application/problem+json",
    )


def _fault(fault: Any) -> dict[str, str]:
    place = [str(part) for part in fault["loc"] if part not in ("query", "path")]
    return {"field": ".".join(place) or "query", "message": str(fault["msg"])}


def _query(pairs: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
