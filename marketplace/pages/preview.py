"""The pictures that other sites show beside a link: facts of one publication, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import vl_convert

from marketplace.display import display_card, with_model
from marketplace.numbers import count
from marketplace.pages.labels import COSTS
from marketplace.pages.wording import day
from marketplace.queries.details import find_model
from marketplace.queries.status import find_counts
from marketplace.xml_text import without_controls
from warehouse.publication.reader_pool import Reading

WIDTH, HEIGHT = 1200, 630
_LEFT, _RIGHT = 72, WIDTH - 72
_KEPT = 64  # pictures of some 130 kB
_PAPER, _INK, _SOFT, _ACCENT, _WARN = "#f6f5f1", "#18211f", "#56625e", "#0f5f58", "#7a4d00"
_FONT = "Liberation Sans, DejaVu Sans, sans-serif"  # the renderer brings the first with it
_LETTER = 0.6  # the width of a wide letter for each unit of its size
_TOKEN_COSTS = ("cost_per_input_token", "cost_per_output_token")
_HOUSE = "M3 11 12 4l9 7v9H3z M8 17v-3m4 3v-6m4 6v-4"


def draw_site(reading: Reading) -> bytes:
    """Return the picture of the whole site."""
    counts = find_counts(reading)
    offers = f"{count(counts['offers'])} offers of {count(counts['models'])} models"
    providers = f"from {count(counts['inference_providers'])} inference providers"
    title, subtitle = "What open models cost", "at every inference provider"
    return _png(_picture(reading, title, subtitle, [(offers, providers)]))


def draw_model(reading: Reading, model_id: str) -> bytes:
    """Return the picture of a model: what it costs at its offers. NotInPublication without one."""
    found = with_model(find_model(reading, model_id))
    model, offers = found["model"], [o for o in found["offers"] if o["offer_type"] == "model"]
    number = f"{count(len(offers))} offer{'' if len(offers) == 1 else 's'}"
    facts = [_spread(each) for each in found["spread"]] or [_first_price(offers)]
    author = f"{model['author']} · {number}" if model["author"] else number
    return _png(_picture(reading, model["model_name"], author, facts))


def _spread(spread: dict[str, Any]) -> tuple[str, str]:
    least, most = spread["display"]["least"], spread["display"]["most"]
    texts = most if least == most else f"{least.partition(' per ')[0]} – {most}"
    of = f"{spread['rankable_offers']} comparable offers ({spread['task']})"
    return texts, f"{of}; cheapest: {spread['cheapest']}"


def _first_price(offers: Sequence[dict[str, Any]]) -> tuple[str, str]:
    for offer in offers:
        texts = display_card(offer)
        tokens = [texts[name] for name in _TOKEN_COSTS if name in texts]
        others = [texts[name] for name in COSTS if name in texts]
        if tokens or others:
            doubt = ", unconfirmed" if offer["held"] else ""
            status = "" if offer["status"] == "live" else f", status {offer['status']}"
            where = f"at {offer['inference_provider']}{status}{doubt}"
            return ", ".join(dict.fromkeys(tokens or others[:1])), where
    return "No price published", ""


def _picture(reading: Reading, title: str, subtitle: str, facts: Sequence[tuple[str, str]]) -> str:
    root = Element("svg", xmlns="http://www.w3.org/2000/svg", width=str(WIDTH), height=str(HEIGHT))
    SubElement(root, "rect", width=str(WIDTH), height=str(HEIGHT), fill=_PAPER)
    SubElement(root, "rect", width="18", height=str(HEIGHT), fill=_ACCENT)
    brand = SubElement(root, "g", transform=f"translate({_LEFT} 48) scale(1.9)")
    SubElement(brand, "path", {"d": _HOUSE, "fill": "none", "stroke": _ACCENT, "stroke-width": "2"})
    _text(root, "pricehouse", (_LEFT + 60, 86), 34, _ACCENT, bold=True)
    _text(root, title, (_LEFT, 200), 72, _INK, bold=True)
    _text(root, subtitle, (_LEFT, 252), 34, _SOFT)
    for place, (amount, where) in enumerate(facts[:2]):
        top = 350 + 118 * place
        _text(root, amount, (_LEFT, top), 46, _INK, bold=True)
        _text(root, where, (_LEFT, top + 44), 30, _SOFT)
    facts_of = reading.publication
    as_of = f"List prices as of {day(facts_of['observed_to'])}"
    is_sample = facts_of["origin"] == "sample"
    note = f"{as_of}. A sample: these are not current prices." if is_sample else as_of
    _text(root, note, (_LEFT, 586), 28, _WARN if is_sample else _SOFT)
    return tostring(root, "unicode")


def _text(
    root: Element, text: str, at: tuple[int, int], size: int, fill: str, *, bold: bool = False
) -> None:
    """Add a line of text, smaller where it would not fit, and cut where that is too small."""
    most = _RIGHT - _LEFT
    fitting = min(size, max(24, int(most / (_LETTER * max(len(text), 1)))))
    letters = int(most / (_LETTER * fitting))
    fitted = text if len(text) <= letters else f"{text[: letters - 1]}…"
    attributes = {
        "x": str(at[0]),
        "y": str(at[1]),
        "font-family": _FONT,
        "font-size": str(fitting),
        "font-weight": "700" if bold else "400",
        "fill": fill,
    }
    SubElement(root, "text", attributes).text = without_controls(fitted)


@lru_cache(maxsize=_KEPT)
def _png(svg: str) -> bytes:
    return vl_convert.svg_to_png(svg)
