"""Templates, with everything escaped and nothing inline."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from marketplace import numbers
from marketplace.app_state import FRESH
from marketplace.pages import wording
from schemas.amounts import amount_text

THEMES = ("light", "dark")
_TEMPLATES = Path(__file__).parents[1] / "templates"


class Pages:
    """Render our templates; one per application."""

    def __init__(self, static: Path) -> None:
        self._env = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        marks = {path.name: _mark(path) for path in static.iterdir() if path.is_file()}
        self._env.globals.update(
            wording=wording,
            numbers=numbers,
            static=lambda name: f"/static/{name}?v={marks[name]}",
            model_url=lambda model_id: f"/models/{quote(model_id)}",
            without=without,
            turned=turned,
        )
        self._env.filters.update(
            day=wording.day,
            minute=wording.minute,
            count=numbers.count,
            plain=amount_text,
            dollars=numbers.dollars,
            per_million=numbers.per_million,
            change=wording.say_change,
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
        seen = facts["observed_to"] if facts else None
        html = self._env.get_template(template).render(
            **values,
            path=request.url.path,
            here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            theme=theme if theme in THEMES else None,
            old=wording.age(datetime.now(UTC) - seen) if seen else None,
        )
        told = {"Cache-Control": FRESH, "Vary": "Cookie", **(headers or {})}
        return HTMLResponse(html, status, told)


def without(request_query: list[tuple[str, str]], *drop: tuple[str, str] | str) -> str:
    """Return a query without some pairs, or without every pair of a name, and on its first page."""
    kept = _kept(request_query, *drop)
    return "?" + urlencode(kept) if kept else "?"


def turned(request_query: list[tuple[str, str]], name: str, value: object) -> str:
    """Return a query with one name set, and nothing else of it changed but the page."""
    return "?" + urlencode([*_kept(request_query, name), (name, str(value))])


def _kept(pairs: list[tuple[str, str]], *drop: tuple[str, str] | str) -> list[tuple[str, str]]:
    return [p for p in pairs if p not in drop and p[0] not in drop and p[0] != "cursor"]


def _mark(path: Path) -> str:
    """Return what changes with the file, so that a browser may keep it for a year."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
