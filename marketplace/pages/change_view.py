"""Changes as the page shows them: one line an offer and minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from marketplace.pages.change_text import describe_change

Row = dict[str, Any]
KINDS = {
    "price": (
        "up",
        "down",
        "free_to_paid",
        "paid_to_free",
        "unit_changed",
        "became_suspect",
        "corrected",
        "held",
        "released",
    ),
    "offer": ("gone", "back", "status", "relabelled", "provider_joined", "provider_left"),
    "new": ("new",),
}
"""Kind of change → its events, in the order of the page."""


@dataclass(frozen=True)
class ChangeLine:
    """What changed of one offer, or of one provider, in one minute."""

    at: datetime
    model_id: str | None
    inference_provider: str
    events: list[str]
    text: str
    change_ids: list[int]


def change_days(rows: Sequence[Row]) -> list[tuple[datetime, list[ChangeLine]]]:
    """Return (minute, lines) of changes (newest first): one line an offer, in the same order."""
    minutes: dict[datetime, list[Row]] = {}
    for row in rows:
        minutes.setdefault(_minute(row["occurred_at"]), []).append(row)
    return [(at, _lines(at, found)) for at, found in minutes.items()]


def _lines(at: datetime, rows: Sequence[Row]) -> list[ChangeLine]:
    order = {_subject(row): place for place, row in reversed(list(enumerate(rows)))}
    together = sorted(rows, key=lambda row: (order[_subject(row)], row["change_id"]))
    return [_line(at, list(found)) for _, found in groupby(together, key=_subject)]


def _line(at: datetime, rows: list[Row]) -> ChangeLine:
    # an offer that is new has new prices too: they say what the offer costs at first
    whole = [row for row in rows if row["unit"] is None]
    return ChangeLine(
        at=at,
        model_id=rows[0]["model_id"],
        inference_provider=rows[0]["inference_provider"],
        events=list(dict.fromkeys(row["event"] for row in whole + rows)),
        text="; ".join(dict.fromkeys(describe_change(row) for row in whole + rows)),
        change_ids=[row["change_id"] for row in rows],
    )


def _subject(row: Row) -> tuple[str, str]:
    return row["offer_id"] or "", row["inference_provider"]


def _minute(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)
