"""Errors as RFC 9457 problem details, or as a page for a browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from marketplace.app_state import app_state_of
from marketplace.cursor import BadCursor
from marketplace.queries.status import find_unserved_verdict
from marketplace.root_path import path_of, root_of
from marketplace.unanswered import INTERNAL, NOTHING, UNREADABLE, NotInPublication
from schemas.clock import utc_now
from schemas.errors import HomeError, PublicationGone, QueryTooSlow, UnknownValue, UsageError

_API = ("/v1/", "/v1", "/api/v1/", "/healthz", "/readyz", "/openapi.json", "/mcp")
_WITH_VERDICT = {"/readyz", "/v1/status", "/status"}
"""Where the verdict on the home is given, also while no publication is served."""
_TITLES = {
    404: "Not found",
    410: "These prices were replaced by newer ones",
    422: "Invalid filter",
    503: "No prices can be shown now",
}
"""Status → the heading of its page."""
TYPES = {
    "question-not-understood": "422: a parameter is unknown or its value is not valid;"
    " `errors` names each one.",
    "cursor-not-understood": "422: the cursor was not issued here, or belongs to a query with other"
    " filters or another order.",
    "publication-gone": "410: the publication of the cursor is no longer kept; `restart` is the"
    " address of the first page.",
    "not-in-publication": "404: the newest publication has no such offer, model or relation.",
    "rows-not-usable": "422: the rows cannot be read, or one has a value that cannot be used;"
    " `detail` names row and column.",
    "body-too-large": "413: the body has more bytes than are read; send fewer rows at a time.",
    "content-type-not-read": "415: the body has a content type that is not read.",
    "query-too-slow": "503: the query took too long; ask for less.",
    "nothing-published-yet": "503: there is no publication yet.",
    "publication-unreadable": "503: the newest publication cannot be read.",
    "publication-of-the-future": "503, at /readyz: the newest publication is dated in the future.",
}
"""Problem type → its description on the page /api; clients match on the names."""
RETRY_S = "30"
_UNKNOWN = "Unknown parameter"
OF_THE_FUTURE = (
    "the newest publication is dated in the future: a clock is or was wrong; "
    "`pricehouse doctor` has the remedy"
)
Handler = Callable[[Request, Exception], Response]


class UnusableRows(Exception):
    """Raised when a row that a client sent cannot be used; the message names row and column."""


def install(app: FastAPI) -> None:
    """Return every error, our own and the framework's, as a problem."""
    retry = {"Retry-After": RETRY_S}
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(UnusableRows, _own_message(422, "rows-not-usable"))
    app.add_exception_handler(NotInPublication, _own_message(404, "not-in-publication"))
    app.add_exception_handler(BadCursor, _own_message(422, "cursor-not-understood"))
    app.add_exception_handler(PublicationGone, _gone)
    app.add_exception_handler(QueryTooSlow, _own_message(503, "query-too-slow", headers=retry))
    app.add_exception_handler(UnknownValue, _unknown_value)
    app.add_exception_handler(UsageError, _nothing)
    app.add_exception_handler(HomeError, _unreadable)
    app.add_exception_handler(Exception, _fixed_message(500, "about:blank", INTERNAL))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | ValidationError)  # noqa: S101 - as registered
    errors = [_field_error(each, _parameters(request)) for each in error.errors()]
    detail = "; ".join(
        each["message"]
        if each["message"].startswith(_UNKNOWN)
        else f"{each['field']}: {each['message']}"
        for each in errors
    )
    return problem(request, 422, "question-not-understood", detail, errors=errors)


def _unknown_value(request: Request, error: Exception) -> Response:
    field = getattr(error, "field", "query")
    errors = [{"field": field, "message": str(error).removeprefix(f"{field}: ")}]
    return problem(request, 422, "question-not-understood", str(error), errors=errors)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    detail = "nothing is at this address" if error.status_code == 404 else str(error.detail)
    return problem(request, error.status_code, "about:blank", detail, headers=error.headers)


def _gone(request: Request, error: Exception) -> Response:
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
    restart = path_of(request) + ("?" + _query(pairs) if pairs else "")
    detail = f"{error}; start again at the first page of the newest"
    return problem(request, 410, "publication-gone", detail, restart=restart)


def _nothing(request: Request, _: Exception) -> Response:
    return unserved(request, "nothing-published-yet", NOTHING, None)


def _unreadable(request: Request, _: Exception) -> Response:
    return unserved(request, "publication-unreadable", UNREADABLE, UNREADABLE)


def unserved(request: Request, kind: str, detail: str, reason: str | None) -> Response:
    """Return why no publication is served; where the verdict on the home is asked for, with it.

    `reason` is that of the verdict, None where nothing is published yet.
    """
    verdict = None
    if path_of(request) in _WITH_VERDICT:
        home = app_state_of(request).pool.home
        verdict = find_unserved_verdict(home, reason, now=utc_now())
    headers = {"Retry-After": RETRY_S}
    return problem(request, 503, kind, detail, headers=headers, verdict=verdict)


def _own_message(status: int, kind: str, **more: Any) -> Handler:
    return lambda request, error: problem(request, status, kind, str(error), **more)


def _fixed_message(status: int, kind: str, detail: str) -> Handler:
    # The error's own message is for the operator: it names folders of this machine.
    headers = {"Retry-After": RETRY_S}
    return lambda request, _: problem(request, status, kind, detail, headers=headers)


def problem(  # one keyword for each optional member of the problem
    request: Request,
    status: int,
    kind: str,
    detail: str,
    *,
    headers: Any = None,
    restart: str | None = None,
    errors: Sequence[dict[str, str]] | None = None,
    verdict: dict[str, Any] | None = None,
) -> Response:
    """Return the problem as JSON for addresses of the API, as a page for all others."""
    title, root = HTTPStatus(status).phrase, root_of(request)
    body: dict[str, Any] = {
        "type": kind if ":" in kind else f"{root}/api#{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if restart:
        body["restart"] = root + restart
    if errors:
        body["errors"] = list(errors)
    if verdict:
        body["verdict"] = verdict
    if not path_of(request).startswith(_API):
        page: Response = request.app.state.pages.render(
            request,
            "problem.html",
            status=status,
            headers=headers,
            title=_TITLES.get(status, title),
            problem=body,
            restart=restart,
            publication=None,
        )
        return page
    return Response(
        msgspec.json.encode(body),
        status,
        {**(headers or {}), "Cache-Control": "no-store"},
        "application/problem+json",
    )


def _field_error(error: Any, parameters: Sequence[str]) -> dict[str, str]:
    place = [str(part) for part in error["loc"] if part not in ("query", "path")]
    message = str(error["msg"])
    if error["type"] == "extra_forbidden":
        valid = f"Valid: {', '.join(parameters)}" if parameters else "This address takes none"
        message = f"{_UNKNOWN} “{'.'.join(place)}”. {valid}"
    return {"field": ".".join(place) or "query", "message": message}


def _parameters(request: Request) -> list[str]:
    """Return the names of the query parameters of the route that a request reached."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    fields = dependant.query_params if dependant else []
    models = [field.field_info.annotation for field in fields]
    return [name for model in models for name in getattr(model, "model_fields", {})]


def _query(pairs: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
