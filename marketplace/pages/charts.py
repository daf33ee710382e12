"""Charts as SVG, drawn by Vega on the server: text and lines, no scripts, nothing to load."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from math import log10
from threading import Thread
from typing import Any

import msgspec
import vl_convert

from schemas.amounts import MILLION

Row = dict[str, Any]
WIDTH = 680
PALETTE = ["#2a7f78", "#c2703d", "#6a5fb0", "#b0446f", "#5b8a2d", "#3f78b5", "#9a7b1f", "#7a6a5c"]
MAX_LINES = len(PALETTE)
NAME_WIDTH, NAME_HEIGHT = 0.75, 0.05
"""The room of a label on the axes of cost and speed, in powers of ten."""
_INK, _LINE = "currentColor", "#88888855"
_CONFIG: dict[str, Any] = {
    "background": None,
    "aria": False,  # the figure's caption and table describe it
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
        "symbolStrokeWidth": 2,
        "labelLimit": 150,
    },
    "range": {"category": PALETTE},
}
_ROOT = re.compile(r"^<svg ")


def history(rows: Sequence[Row], until: datetime) -> str:
    """Draw each provider's price over time as steps, in USD per million of a token unit.

    `rows` are intervals of one unit; an open interval ends at `until`.
    """
    points: list[dict[str, object]] = []
    for row in rows:
        end = row["valid_to"] or max(row["last_seen_at"] or until, until)
        for moment in (row["valid_from"], end):
            points.append(
                {
                    "at": moment.isoformat(),
                    "price": float(row["amount"] * MILLION),
                    "who": row["inference_provider"],
                    "line": f"{row['inference_provider']} {row['valid_from'].isoformat()}",
                }
            )
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
                "x": {
                    "field": "at",
                    "type": "temporal",
                    "scale": {"type": "utc"},
                    "axis": {"title": None, "tickCount": 6, "labelOverlap": True},
                },
                "y": {
                    "field": "price",
                    "type": "quantitative",
                    "scale": {"zero": True},
                    "axis": {"title": "USD per 1M tokens", "tickCount": 5},
                },
                "color": {"field": "who", "type": "nominal"},
                "detail": {"field": "line"},
            },
        }
    )


def cost_and_speed(points: Sequence[Row], named: Sequence[Row]) -> str:
    """Draw offers by blended cost and tokens per second; highlight `named`, with labels where they
    fit."""
    values = [_point(row) for row in points]
    marks = [_point(row) for row in named]
    labels = [{**_point(row), "name": _name(row)} for row in _apart(named)]
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
                    "encoding": axes,
                    "mark": {"type": "circle", "size": 60, "color": PALETTE[0], "opacity": 0.45},
                },
                {
                    "data": {"values": marks},
                    "encoding": axes,
                    "mark": {"type": "circle", "size": 80, "color": PALETTE[1], "opacity": 1},
                },
                {
                    "data": {"values": labels},
                    "encoding": {**axes, "text": {"field": "name", "type": "nominal"}},
                    "mark": {
                        "type": "text",
                        "align": "left",
                        "dx": 9,
                        "dy": -7,
                        "fontSize": 12,
                        "color": _INK,
                        "limit": 260,
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


def _apart(named: Sequence[Row]) -> list[Row]:
    """Return the offers whose labels do not overlap on axes of powers of ten."""
    kept: list[Row] = []
    for row in reversed(named):  # the fastest first: they are far apart
        if all(
            log10(other["cost_per_token"] / row["cost_per_token"]) > NAME_WIDTH
            or log10(other["throughput_tps"] / row["throughput_tps"]) > NAME_HEIGHT
            for other in kept
        ):
            kept.append(row)
    return kept


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
    return _ROOT.sub('<svg aria-hidden="true" focusable="false" ', svg)


def _point(row: Row) -> dict[str, object]:
    return {"cost": float(row["cost_per_token"] * MILLION), "speed": row["throughput_tps"]}


def _name(row: Row) -> str:
    return f"{row['model_id'].rpartition('/')[2]} · {row['inference_provider']}"
