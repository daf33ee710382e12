"""Charts as SVG, drawn by Vega on the server: text and lines, no scripts, nothing to load."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from threading import Thread
from typing import Any

import msgspec
import vl_convert

from marketplace.numbers import per_million
from marketplace.pages.wording import compared_unit, day, minute, unit_price
from schemas.amounts import MILLION

Row = dict[str, Any]
WIDTH = 680
PALETTE = ["#2a7f78", "#c2703d", "#6a5fb0", "#b0446f", "#5b8a2d", "#3f78b5", "#9a7b1f", "#7a6a5c"]
DASHES = [[1, 0], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2]]
"""The strokes of lines: after all colours of one, those of the next."""
_DAYS = {
    "title": None,
    "format": "%-d %b",
    "tickCount": {"interval": "day", "step": 1},
    "labelOverlap": True,
}
"""The axis of a chart by day."""
_INK, _LINE = "currentColor", "#88888855"
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": "Inter, system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK,
        "titleColor": _INK,
        "gridColor": _LINE,
        "domainColor": _LINE,
        "tickColor": _LINE,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "titlePadding": 10,
    },
    "legend": {
        "labelColor": _INK,
        "titleColor": _INK,
        "labelFontSize": 12,
        "orient": "bottom",
        "columns": 4,
        "title": None,
        "symbolType": "stroke",
        "symbolSize": 500,
        "symbolStrokeWidth": 2.5,
        "labelLimit": 150,
    },
    "range": {"category": PALETTE},
}
_ROOT = re.compile(r"^<svg ")
_LABELLED = re.compile(r'(<path aria-label="([^"]*)"[^>]*?)(?:/>|></path>)')
_LINK = re.compile(r'<a xlink:href="[^"]*(/offers/)')  # the renderer puts a host of its own before


def history(rows: Sequence[Row], until: datetime) -> str:
    """Draw each provider's price over time as steps, in the unit that buyers compare.

    `rows` are intervals of one unit and currency; an open interval ends at `until`. Every provider
    is drawn: a line is told apart by its colour and its stroke.
    """
    _, per = compared_unit(rows[0]["unit"])
    names = sorted({row["inference_provider"] for row in rows})
    points = [point for row in rows for point in _ends(row, until)]
    return _draw(
        {
            "width": WIDTH,
            "height": 260,
            "data": {"values": points},
            "mark": {
                "type": "line",
                "strokeWidth": 2.5,
                "interpolate": "step-after",
                "point": {"size": 28},
            },
            "encoding": {
                "x": _time_axis(),
                "y": {
                    "field": "price",
                    "type": "quantitative",
                    "scale": {"zero": True},
                    "axis": {"title": f"{rows[0]['currency']} per {per}", "tickCount": 5},
                },
                **_strokes(names),
                "detail": {"field": "line"},
                "description": {"field": "text"},
            },
        }
    )


def _ends(row: Row, until: datetime) -> list[dict[str, object]]:
    """Return the two ends of an interval's line, each with the text of its tooltip."""
    who, price = row["inference_provider"], unit_price(row["amount"], row["unit"], row["currency"])
    quantity, _ = compared_unit(row["unit"])
    end = row["valid_to"] or max(row["last_seen_at"] or until, until)
    return [
        {
            "at": moment.isoformat(),
            "price": float(row["amount"] * quantity),
            "who": who,
            "text": f"{who}: {price} from {minute(row['valid_from'])}",
            "line": f"{who} {row['valid_from'].isoformat()}",
        }
        for moment in (row["valid_from"], end)
    ]


def speeds(days: Mapping[str, Sequence[Row]]) -> str:
    """Draw the throughput of each name by day; the line breaks where a day is not known."""
    points = [
        {
            "at": row["day"].isoformat(),
            "speed": row["throughput_tps"],
            "who": who,
            "text": f"{who}: {row['throughput_tps']:,.0f} tokens/s on {day(row['day'])}",
            "line": f"{who} {row['day'].toordinal() - place}",  # the same while days follow
        }
        for who, rows in days.items()
        for place, row in enumerate(r for r in rows if r["throughput_tps"] is not None)
    ]
    return _draw(
        {
            "width": WIDTH,
            "height": 260,
            "data": {"values": points},
            "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 28}},
            "encoding": {
                "x": {**_time_axis(), "axis": _DAYS},
                "y": {
                    "field": "speed",
                    "type": "quantitative",
                    "scale": {"zero": True},
                    "axis": {"title": "tokens per second", "tickCount": 5},
                },
                **_strokes(sorted({str(point["who"]) for point in points})),
                "detail": {"field": "line"},
                "description": {"field": "text"},
            },
        }
    )


def _time_axis() -> dict[str, Any]:
    return {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc"},
        "axis": {"title": None, "tickCount": 6, "labelOverlap": True},
    }


def _strokes(names: Sequence[str]) -> dict[str, Any]:
    """Return the channels by which lines are told apart: their colour, then their stroke."""
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(names))]
    strokes = [DASHES[place // len(PALETTE) % len(DASHES)] for place in range(len(names))]
    one = {"field": "who", "type": "nominal"}
    return {
        "color": {**one, "scale": {"domain": list(names), "range": colours}},
        "strokeDash": {**one, "scale": {"domain": list(names), "range": strokes}},
    }


def cost_and_speed(points: Sequence[Row], named: Sequence[Row]) -> str:
    """Draw offers by blended cost and tokens per second; highlight and number `named`.

    Each point links to its offer and has a tooltip.
    """
    values = [_point(row) for row in points]
    marks = [{**_point(row), "number": str(place)} for place, row in enumerate(named, 1)]
    point = {"href": {"field": "link"}, "description": {"field": "text"}}
    axes = {
        "x": {
            "field": "cost",
            "type": "quantitative",
            "scale": {"type": "log"},
            "axis": {
                "title": "USD per 1M tokens, blended 3:1 (logarithmic)",
                "tickCount": 6,
                "format": "~g",
            },
        },
        "y": {
            "field": "speed",
            "type": "quantitative",
            "scale": {"type": "log"},
            "axis": {"title": "tokens per second (logarithmic)", "tickCount": 5, "format": "~g"},
        },
    }
    return _draw(
        {
            "width": WIDTH + 180,
            "height": 440,
            "layer": [
                {
                    "data": {"values": values},
                    "encoding": {**axes, **point},
                    "mark": {"type": "circle", "size": 60, "color": PALETTE[0], "opacity": 0.45},
                },
                {
                    "data": {"values": marks},
                    "encoding": {**axes, **point},
                    "mark": {"type": "circle", "size": 80, "color": PALETTE[1], "opacity": 1},
                },
                {
                    "data": {"values": marks},
                    "encoding": {**axes, "text": {"field": "number", "type": "nominal"}},
                    "mark": {
                        "type": "text",
                        "align": "left",
                        "dx": 7,
                        "dy": -8,
                        "fontSize": 13,
                        "fontWeight": 600,
                        "color": _INK,
                    },
                },
            ],
        }
    )


def frontier(points: Sequence[Row]) -> list[Row]:
    """Return the offers that no other beats in both cost and speed, the cheapest first."""
    best: list[Row] = []
    for row in points:  # ordered by cost, then speed
        if not best or row["throughput_tps"] > best[-1]["throughput_tps"]:
            best.append(row)
    return best


def warm_up() -> None:
    """Start the renderer in a thread: its first chart takes half a second."""
    spec = msgspec.json.encode({"data": {"values": [{}]}, "mark": "point", "encoding": {}}).decode()
    Thread(target=_svg, args=(spec,), daemon=True).start()


def _draw(spec: dict[str, Any]) -> str:
    return _svg(msgspec.json.encode({"config": _CONFIG, **spec}).decode())


@lru_cache(maxsize=256)
def _svg(spec: str) -> str:
    svg = vl_convert.vegalite_to_svg(spec)
    # Screen readers get the figure's caption and table instead of a thousand shapes.
    svg = _ROOT.sub('<svg aria-hidden="true" focusable="false" ', svg)
    return _LINK.sub(
        r'<a tabindex="-1" href="\1', _LABELLED.sub(r"\1><title>\2</title></path>", svg)
    )


def _point(row: Row) -> dict[str, object]:
    cost = per_million(row["cost_per_token"])
    return {
        "cost": float(row["cost_per_token"] * MILLION),
        "speed": row["throughput_tps"],
        "link": f"/offers/{row['offer_id']}",
        "text": f"{row['model_id']} at {row['inference_provider']}: {cost} per 1M tokens blended, "
        f"{row['throughput_tps']:,.0f} tokens/s",
    }
