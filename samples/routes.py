"""The routes of the Hub and the router: parameters, replies and errors, without a socket."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from samples.catalog import ServedCatalog

MAX_LIMIT = 1000
_PARTNER = re.compile(r"/api/partners/([^/]+)/models")
DEFAULT_KEYS = ("pipeline_tag", "likes", "downloads", "library_name")


@dataclass(frozen=True)
class ServerRequest:
    """One request; header names are lower case, `target` is the path with the query as sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        """The decoded parameters in the order in which they were sent."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)


@dataclass(frozen=True)
class ServerReply:
    """One reply; header names are lower case, `content-length` is added where it is not given.

    With `cut_at`, the connection breaks after so many bytes of the body.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None


class _BadRequest(Exception):
    """Raised when a parameter cannot be served; the reply carries the text."""


def respond(request: ServerRequest, catalog: ServedCatalog, *, base_url: str) -> ServerReply:
    """Reply to a request from the catalog; next links start with `base_url`."""
    try:
        match request.method, request.path:
            case "GET", "/api/models":
                return _models(request, catalog, base_url)
            case "GET", path if found := _PARTNER.fullmatch(path):
                return _partner(found.group(1), catalog)
            case "GET", "/v1/models":
                headers = memento_header(catalog.router_captured_at)
                return json_reply(200, catalog.router_answer, headers)
            case _:
                return error(404, "Sorry, we can't find the page you are looking for.")
    except _BadRequest as problem:
        return error(400, str(problem))


def _partner(name: str, catalog: ServedCatalog) -> ServerReply:
    """Reply with the live mapping of one inference provider, in the documented shape.

    What the Hub states of its tag-filter rules has no tags, so a rule's key has its own id.
    """
    mapping = catalog.mapping_of(name)
    if mapping is None:
        return error(404, "Sorry, we can't find the page you are looking for.")
    return json_reply(200, mapping, memento_header(catalog.hub_captured_at))


def error(status: int, message: str, headers: dict[str, str] | None = None) -> ServerReply:
    """Return an error in the form that the Hub uses most."""
    return json_reply(status, json.dumps({"error": message}).encode(), headers or {})


def json_reply(status: int, body: bytes, headers: dict[str, str]) -> ServerReply:
    """Return a JSON reply with further headers."""
    return ServerReply(status, body, {"content-type": "application/json; charset=utf-8", **headers})


def memento_header(captured_at: datetime | None) -> dict[str, str]:
    """Return the header of RFC 7089 that dates an archived reply; a live server sends none."""
    if captured_at is None:
        return {}
    return {"memento-datetime": format_datetime(captured_at.astimezone(UTC), usegmt=True)}


def _models(request: ServerRequest, catalog: ServedCatalog, base_url: str) -> ServerReply:
    """Reply with a page of the Hub's list.

    The recordings hold no dates, so `sort=createdAt` means one fixed order here: by id. Other sorts
    and every filter but `inference_provider` are refused, because ignoring them would mislead.
    """
    expand: list[str] = []
    providers: frozenset[str] | None = None
    limit, after = MAX_LIMIT, None
    for name, value in request.query:
        match name:
            case "expand[]" | "expand":
                expand.append(value)
            case "inference_provider":
                names = frozenset(value.split(","))
                providers = None if "all" in names else names
            case "limit":
                limit = _limit(value)
            case "cursor":
                after = _position(value)
            case "sort" if value == "createdAt":
                pass
            case "direction" if value == "-1":
                pass
            case _:
                raise _BadRequest(f"Parameter not served here: {name}={value}")
    view = catalog.view(frozenset(expand or DEFAULT_KEYS), providers)
    body, last = view.page(after, limit)
    headers = memento_header(catalog.hub_captured_at)
    if last is not None:
        kept = [pair for pair in request.query if pair[0] != "cursor"]
        query = urlencode([*kept, ("cursor", _cursor(last))])
        headers["link"] = f'<{base_url}{request.path}?{query}>; rel="next"'
    return json_reply(200, body, headers)


def _limit(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MAX_LIMIT):
        raise _BadRequest(f"Invalid limit: it must be a number from 1 to {MAX_LIMIT}")
    return int(value)


def _cursor(last: str) -> str:
    """Return base64 JSON with the start of the next page; urlencode escapes it."""
    return base64.b64encode(json.dumps({"id": {"$gt": last}}).encode()).decode()


def _position(cursor: str) -> str:
    try:
        match json.loads(base64.b64decode(cursor, validate=True)):
            case {"id": {"$gt": str(last)}}:
                return last
    except (binascii.Error, ValueError):
        pass
    raise _BadRequest("Invalid cursor")
