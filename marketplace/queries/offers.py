"""Find a page of offers, their number, and the count that each filter value would leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.cursor import FIRST_PAGE, Cursor, hash_query
from marketplace.queries.filters import Filters, OffersQuery
from marketplace.queries.model_lookup import bound_values
from marketplace.queries.search import squashed
from marketplace.statements import MATCHED, PLACED, statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
FACETS = (
    "total",
    "task_group",
    "task",
    "region",
    "inference_provider",
    "status",
    "offer_type",
    "tag",
    "price_status",
    "tools",
    "structured_output",
    "priced_only",
    "rankable_only",
)
"""The facets of select_facets.sql; one without a value in any card is returned empty."""
_NO_FILTERS = OffersQuery.model_validate({}).fingerprint()


@dataclass(frozen=True)
class OffersPage:
    """Cards in order; `facets` is facet → value → count, among them `total`."""

    items: list[Row]
    facets: dict[str, dict[str, int]]
    next: str | None

    @property
    def total(self) -> int:
        """How many offers pass all filters."""
        return self.facets["total"]["offers"]


def find_offers(reading: Reading, query: OffersQuery, cursor: Cursor | None) -> OffersPage:
    """Return the page after the cursor, or the first page.

    The first page without filters is what most clients request; it is read once per publication.
    """
    if cursor is None and query.fingerprint() == _NO_FILTERS:
        return reading.keep(("front", query.limit), lambda: _find(reading, query, None))
    return _find(reading, query, cursor)


def _find(reading: Reading, query: OffersQuery, cursor: Cursor | None) -> OffersPage:
    rows = reading.rows(
        statement(*PLACED, "select_offers"),
        {
            **bound_values(reading, query),
            "sort": query.sort,
            "sign": query.sign,
            "count": query.limit + 1,
            **(cursor.values() if cursor else FIRST_PAGE),
        },
    )
    items, more = rows[: query.limit], len(rows) > query.limit
    last = _cursor(reading, query, items[-1]).pack() if more else None
    for item in items:
        del item["at_place"], item["at_unit"], item["at_number"]
    return OffersPage(items, find_facets(reading, query), last)


def find_page_before(
    reading: Reading, query: OffersQuery, cursor: Cursor
) -> tuple[int, str | None]:
    """Return how many cards come before the page after a cursor, and the cursor of the page before
    it, which is None for the first page.
    """
    (row,) = reading.rows(
        statement(*PLACED, "select_page_before"),
        {
            **bound_values(reading, query),
            "sort": query.sort,
            "sign": query.sign,
            "count": query.limit + 1,
            **cursor.values(),
        },
    )
    before = _cursor(reading, query, row).pack() if row["offer_id"] else None
    return row["cards_before"], before


def find_comparable(reading: Reading, offer_ids: Sequence[str], text: str, count: int) -> list[Row]:
    """Return cards to compare with these offers, at most `count`, the cheapest first.

    They are what a search for the text finds; without one, other offers of the same models and
    tasks.
    """
    query = OffersQuery.model_validate({"q": text or None})
    values = {**bound_values(reading, query), "sort": "cost", "sign": 1}
    rows = reading.rows(
        statement(*PLACED, "select_comparable"),
        {**values, "offers": list(offer_ids), "count": count},
    )
    found = [row["offer_id"] for row in rows]
    cards = reading.rows(statement("select_offers_by_id"), {"offers": found}) if found else []
    return sorted(cards, key=lambda card: found.index(card["offer_id"]))


def find_suggestions(reading: Reading, text: str) -> list[str]:
    """Return the names that a search without a result may mean, the likeliest first, at most 3."""
    rows = reading.rows(statement("select_suggestions"), {"squashed": squashed(text)})
    return [row["name"] for row in rows]


def find_facets(reading: Reading, filters: Filters) -> dict[str, dict[str, int]]:
    """Return facet → value → the number of offers that it would leave, also where that is 0."""
    facets: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    for row in reading.rows(statement(MATCHED, "select_facets"), bound_values(reading, filters)):
        facets[row["facet"]][row["value"]] = row["n"]
    return facets


def _cursor(reading: Reading, query: OffersQuery, last: Row) -> Cursor:
    return Cursor(
        publication_id=reading.publication["publication_id"],
        query_hash=hash_query(query.fingerprint()),
        place=last["at_place"],
        unit=last["at_unit"],
        number=last["at_number"],
        model_id=last["model_id"],
        inference_provider=last["inference_provider"],
        offer_id=last["offer_id"],
    )
