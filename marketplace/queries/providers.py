"""Find the inference providers, or one of them with the statements about it."""

from __future__ import annotations

from typing import Any

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


def find_providers(reading: Reading) -> dict[str, Any]:
    """Return the rows of `providers`."""
    return {"items": [_columns(row) for row in providers_of(reading).values()]}


def find_provider(reading: Reading, name: str) -> dict[str, Any]:
    """Return a provider by its id or displayed name, and the claims about it in force.

    NotInPublication for an unknown one.
    """
    try:
        values = known_values(reading, {"inference_provider": name})
    except UnknownValue as error:
        raise NotInPublication(f"there is no such provider; {error}") from None
    claims = reading.rows(statement("select_provider_claims"), values)
    return {
        "provider": _columns(providers_of(reading)[values["inference_provider"]]),
        "claims": claims,
    }


def _columns(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _EXTRA}
