"""Templates: every value is escaped, and no script or style is inline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from marketplace import numbers
from marketplace.app_state import REVALIDATE
from marketplace.pages import availability_text, filter_text, labels, proof_text, wording
from marketplace.pages.call_snippets import call_snippets
from marketplace.pages.change_text import describe_change, hold_text
from marketplace.queries.filters import OffersQuery
from marketplace.root_path import path_of, root_of, under_root
from schemas.amounts import amount_text

THEMES = ("light", "dark")
_TEMPLATES = Path(__file__).parents[1] / "templates"


class Pages:
    """Render the templates; one instance per application."""

    def __init__(self, static: Path) -> None:
        self._env = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        hashes = {path.name: _content_hash(path) for path in static.iterdir() if path.is_file()}
        self._env.globals.update(
            wording=wording,
            labels=labels,
            numbers=numbers,
            static=lambda name: f"/static/{name}?v={hashes[name]}",
            model_url=lambda model_id: f"/models/{quote(model_id)}",
            without=without,
            with_value=with_value,
            sorted_by=sorted_by,
            older=older,
            compared=compared,
            names_of=names_of,
            call_snippets=call_snippets,
            proof_text=proof_text,
            availability_text=availability_text,
            filter_text=filter_text,
            pretty=lambda value: json.dumps(value, indent=1, ensure_ascii=False),
        )
        self._env.filters.update(
            day=wording.day,
            minute=wording.minute,
            count=numbers.count,
            exact=amount_text,
            dollars=numbers.dollars,
            per_million=numbers.per_million,
            change=describe_change,
            hold=hold_text,
            sentence=lambda text: text[:1].upper() + text[1:],
        )

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """Return a page; `publication` is the row that the page was read from, or None."""
        theme = request.cookies.get("theme")
        facts = values["publication"]
        observed_to = facts["observed_to"] if facts else None
        path, root = path_of(request), root_of(request)
        html = self._env.get_template(template).render(
            **values,
            path=path,
            root_path=root,
            base_url=str(request.base_url).removesuffix("/"),
            address=path + (f"?{request.url.query}" if request.url.query else ""),
            theme=theme if theme in THEMES else None,
            age=wording.age_of(observed_to, datetime.now(UTC)) if observed_to else None,
        )
        all_headers = {"Cache-Control": REVALIDATE, "Vary": "Cookie", **(headers or {})}
        return HTMLResponse(under_root(html, root), status, all_headers)


def without(request_query: list[tuple[str, str]], *drop: tuple[str, str] | str) -> str:
    """Return the query of the first page without some pairs, or without all pairs of a name."""
    remaining = _remaining(request_query, *drop)
    return "?" + urlencode(remaining) if remaining else "?"


def with_value(request_query: list[tuple[str, str]], name: str, value: object, *drop: str) -> str:
    """Return the query of the first page with one name set, and without those to drop."""
    return "?" + urlencode([*_remaining(request_query, name, *drop), (name, str(value))])


def compared(offer_ids: Iterable[str]) -> str:
    """Return the query of the page that compares these offers."""
    return "?" + urlencode([("offer", offer_id) for offer_id in offer_ids])


def names_of(ids: Iterable[str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (name, id) of providers in the order of their names."""
    return sorted(((names.get(i, i), i) for i in ids), key=lambda pair: pair[0].lower())


def sorted_by(pairs: list[tuple[str, str]], query: OffersQuery, name: str) -> str:
    """Return the query sorted by a column: the best first, the other way round if it is so now."""
    kept = _remaining(pairs, "sort", "order")
    turned = [("order", "desc" if query.sign > 0 else "asc")] if query.sort == name else []
    return "?" + urlencode([*kept, ("sort", name), *turned])


def older(pairs: list[tuple[str, str]], events: Sequence[str], before: int) -> str:
    """Return the query of the changes of these kinds before a change id."""
    kept = _remaining(pairs, "event", "before")
    return "?" + urlencode([*kept, *(("event", name) for name in events), ("before", before)])


def _remaining(pairs: list[tuple[str, str]], *drop: tuple[str, str] | str) -> list[tuple[str, str]]:
    return [p for p in pairs if p not in drop and p[0] not in drop and p[0] != "cursor"]


def _content_hash(path: Path) -> str:
    """Return a hash of the file, so that a browser may cache each version for a year."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
