"""Define the macros by which the view of cards knows the times of the hour."""

from __future__ import annotations

import re

from warehouse.connect import Connection
from warehouse.internal_schema import SCHEMA
from warehouse.statements import statement

READS = "_ph_hour"
"""The last of the tables that they are made of; each is written again in every load."""

_TIMES = (
    f"(SELECT {{}}(t.observed_at) FROM {SCHEMA}._ph_feed_bit b "  # noqa: S608 - constants
    rf"JOIN {SCHEMA}._ph_feed_time t USING (feed) WHERE \1::HUGEINT & b.feed_bit <> 0)"
)
_AS_SUBQUERY = (
    (rf"{SCHEMA}\._ph_newest_at\(([\w.]+)\)", _TIMES.format("max")),
    (rf"{SCHEMA}\._ph_oldest_at\(([\w.]+)\)", _TIMES.format("min")),
    (rf"{SCHEMA}\._ph_(ranked_from|origin)\(\)", rf"(SELECT \1 FROM {SCHEMA}._ph_hour)"),  # noqa: S608
)


def define_hour_macros(con: Connection) -> None:
    """Define them of the tables of the hour as these are now.

    They hold constants, because a view that reads a second table, however small, is not pruned.
    """
    for (definition,) in con.execute(statement("read_hour_macros")).fetchall():
        con.execute(definition)


def without_hour_macros(query: str) -> str:
    """Return a query that looks the times up instead, for a catalogue that has no macros.

    The bits of the feeds are looked up and not the stored sets, which are a view there that reads
    all cards.
    """
    for call, subquery in _AS_SUBQUERY:
        query = re.sub(call, subquery, query)
    return query
