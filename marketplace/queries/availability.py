"""How much of the time sources listed offers as live, and how fast they were, from histories.

A share counts hours of a source's list: nothing is known of calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from marketplace.statements import SPEEDS, STATUSES, statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
PERIODS = (7, 30)
"""The periods in days, back from the newest observation."""


def find_availability(reading: Reading, offer_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Return offer id → a row per period, with the hours that it was listed live.

    Hours in which a feed that lists the offer did not answer are unknown: they count in no share.
    """
    values = {"offers": list(offer_ids), "inference_provider": None}
    rows = reading.rows(statement(*STATUSES, "select_availability"), values)
    return _by_offer(offer_ids, rows)


def find_speeds(reading: Reading, offer_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Return offer id → a row per day of the last 30 with the medians of its speeds."""
    values = {"offers": list(offer_ids), "inference_provider": None, "step": 1}
    rows = reading.rows(statement(*SPEEDS, "select_speeds"), values)
    return _by_offer(offer_ids, rows)


def find_provider_record(reading: Reading, name: str) -> dict[str, list[Row]]:
    """Return the hours of all offers of a provider together, and its median speeds by day."""
    values = {"offers": None, "inference_provider": name}
    return {
        "availability": reading.rows(statement(*STATUSES, "select_provider_availability"), values),
        "speeds": reading.rows(
            statement(*SPEEDS, "select_provider_speeds"), {**values, "step": 24}
        ),
    }


def _by_offer(offer_ids: Iterable[str], rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {offer_id: [] for offer_id in offer_ids}
    for row in rows:
        found[row.pop("offer_id")].append(row)
    return found
