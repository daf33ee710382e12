"""Find the inference providers, or one of them with the statements about it."""

from __future__ import annotations

from typing import Any

from marketplace.queries.availability import find_provider_record
from marketplace.queries.known_values import known_values
from marketplace.statements import statement
from marketplace.unanswered import NotInPublication
from schemas.errors import UnknownValue
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
_EXTRA = {"region_checked_on", "region_source_url", "price_feed_url"}
"""What pages add to a row of `providers`."""


def providers_of(reading: Reading) -> dict[str, Row]:
    """Return inference provider → its row, with its price list and the day of its region."""
    return reading.keep(
        "providers",
        lambda: {r["inference_provider"]: r for r in reading.rows(statement("select_providers"))},
    )


def provider_names(reading: Reading) -> dict[str, str]:
    """Return inference provider → its displayed name, or its id where it has none."""
    return {who: row["display_name"] or who for who, row in providers_of(reading).items()}


def find_providers(reading: Reading) -> dict[str, Any]:
    """Return the rows of `providers`."""
    return {"items": [_columns(row) for row in providers_of(reading).values()]}


def provider_id(reading: Reading, name: str) -> str:
    """Return the id of a provider by its id or displayed name; NotInPublication for another."""
    try:
        return str(known_values(reading, {"inference_provider": name})["inference_provider"])
    except UnknownValue as error:
        raise NotInPublication(f"there is no such provider; {error}") from None


def find_provider(reading: Reading, name: str) -> dict[str, Any]:
    """Return a provider by its id or displayed name, the claims about it in force, and how much of
    the time its offers were listed live.

    NotInPublication for an unknown one.
    """
    one = {"inference_provider": provider_id(reading, name)}
    return {
        "provider": _columns(providers_of(reading)[one["inference_provider"]]),
        "claims": reading.rows(statement("select_provider_claims"), one),
        **find_provider_record(reading, one["inference_provider"]),
    }


def _columns(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _EXTRA}
