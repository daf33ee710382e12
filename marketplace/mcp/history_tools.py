"""The tools that look back: price_on and changes_since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marketplace.display import display_change
from marketplace.mcp.arguments import ChangesSinceArguments, PriceOnArguments
from marketplace.mcp.choice import choose_offers
from marketplace.mcp.results import PriceThen
from marketplace.queries.known_values import known_values
from marketplace.queries.model_lookup import find_models
from marketplace.statements import TRACED, statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
_STATEMENT = ("payload_hash", "json_path", "observed_at", "feed")


def find_prices_on(reading: Reading, query: PriceOnArguments) -> Row:
    """Return the prices of the chosen offers at a moment, also those under earlier ids."""
    chosen = {"offers": [offer["offer_id"] for offer in choose_offers(reading, query)]}
    traced = reading.rows(statement(*TRACED, "select_traced_offers"), chosen)
    names = {**chosen, "ids": [row["offer_id"] for row in traced]}
    rows = reading.rows(
        statement(*TRACED, "select_prices_on"),
        {
            **names,
            "as_of": query.at,
            "known_at": query.known_at,
            "unit": [*query.unit] or None,
            "tier": query.tier or None,
            "count": query.limit + 1,
            "offset": query.offset,
        },
    )
    items, newest = rows[: query.limit], reading.publication["observed_to"]
    after = query.offset + len(items)
    return {
        "at": query.at,
        "known_at": query.known_at,
        "after_newest_answer": newest is None or query.at > newest,
        "total": rows[0]["total"] if rows else 0,
        "items": [{name: item[name] for name in PriceThen.model_fields} for item in items],
        "next_offset": after if len(rows) > query.limit else None,
        "why": None if rows else _why_nothing(reading, query, names),
    }


def find_changes_since(reading: Reading, query: ChangesSinceArguments) -> Row:
    """Return changes after a change id or since a time, with the statements of their amounts."""
    values = known_values(reading, query.values())
    if query.model_id is not None:
        values["model_id"] = find_models(reading, [query.model_id])[0]
    values["after"] = _start(reading, query)
    rows = reading.rows(statement("select_changes"), {**values, "count": query.limit + 1})
    items = rows[: query.limit]
    statements = _statements(reading, items)
    return {
        "items": [
            {
                **item,
                "display": display_change(item),
                "old_statement": statements.get((item["change_id"], "old")),
                "new_statement": statements.get((item["change_id"], "new")),
            }
            for item in items
        ],
        "next_after": items[-1]["change_id"] if items else values["after"],
        "more": len(rows) > query.limit,
    }


def _start(reading: Reading, query: ChangesSinceArguments) -> int:
    """Return the change id to start after; ids grow with the time at which they were recorded."""
    after = query.after or 0
    if query.since is None:
        return after
    (row,) = reading.rows(statement("select_last_change_before"), {"since": query.since})
    return max(after, int(row["change_id"]))


def _statements(reading: Reading, changes: Sequence[Row]) -> dict[tuple[int, str], Row]:
    """Return (change id, `old` or `new`) → the statement behind that amount."""
    offers = sorted({row["offer_id"] for row in changes if row["unit"] is not None})
    if not offers:
        return {}
    ids = [row["change_id"] for row in changes]
    rows = reading.rows(statement("select_change_statements"), {"offers": offers, "changes": ids})
    return {
        (row["change_id"], row["side"]): {name: row[name] for name in _STATEMENT} for row in rows
    }


def _why_nothing(reading: Reading, query: PriceOnArguments, names: Row) -> str:
    """Return why no price is known at the moment."""
    (row,) = reading.rows(statement(*TRACED, "select_price_span"), names)
    if row["first_at"] is None:
        return "no price of it was ever recorded"
    first = f"{row['first_at']:%Y-%m-%dT%H:%M:%SZ}"
    if query.at < row["first_at"]:
        return f"the moment is before the first recorded price, of {first}"
    if query.unit or query.tier:
        return f"no price of these units and tiers held then; the first price is of {first}"
    if query.known_at is not None:
        return "no price of that moment had been recorded by known_at"
    return "no price was listed then: the former ones had ended"
