"""Changes as an Atom feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from marketplace.pages.change_text import describe_change
from marketplace.xml_text import without_controls

_ATOM = "http://www.w3.org/2005/Atom"
register_namespace("", _ATOM)


def atom(
    changes: Sequence[dict[str, Any]], publication: dict[str, Any], *, root: str, at: str
) -> bytes:
    """Return the feed, newest first. An entry's id comes from its change, and never changes."""
    feed = Element(f"{{{_ATOM}}}feed")
    sample = " (a sample, no current prices)" if publication["origin"] == "sample" else ""
    _add(feed, "title", f"Changes of prices and offers of open-model inference{sample}")
    _add(feed, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, 'pricehouse ' + publication['origin'])}")
    _add(feed, "updated", publication["published_at"].isoformat())
    _add(feed, "link", rel="self", href=at, type="application/atom+xml")
    _add(feed, "link", rel="alternate", href=f"{root}changes", type="text/html")
    _add(_add(feed, "author"), "name", "pricehouse")
    for change in changes:
        entry = _add(feed, "entry")
        name = f"pricehouse {change['run_id']} {change['change_id']}"
        _add(entry, "id", f"urn:uuid:{uuid5(NAMESPACE_URL, name)}")
        _add(entry, "title", f"{_subject(change)}: {describe_change(change)}")
        _add(entry, "updated", change["recorded_at"].isoformat())
        _add(entry, "published", change["occurred_at"].isoformat())
        _add(entry, "category", term=change["event"])
        _add(entry, "link", rel="alternate", href=root + _page_of(change), type="text/html")
        _add(entry, "summary", describe_change(change))
    text: str = tostring(feed, "unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'.encode()


def _subject(change: dict[str, Any]) -> str:
    """Return what changed: an offer, or a whole provider, whose changes are of no model."""
    if change["model_id"] is None:
        return str(change["inference_provider"])
    return f"{change['model_id']} at {change['inference_provider']}"


def _page_of(change: dict[str, Any]) -> str:
    if change["model_id"] is None:
        return f"?inference_provider={quote(change['inference_provider'])}"
    return f"models/{quote(change['model_id'])}"


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    child = SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    child.text = text and without_controls(text)
    return child
