"""Keep the stored facts of cards as the tables are that they follow from."""

from __future__ import annotations

import polars as pl

from schemas.delta import Delta
from warehouse.connect import Connection, raise_memory_limit
from warehouse.hour_macros import define_hour_macros
from warehouse.internal_schema import in_temp
from warehouse.statements import statement
from warehouse.table_statements import read_rows_of_offers
from warehouse.tables import Kind, tables_of
from warehouse.view_files import definition
from warehouse.writer.frames import registered, run_with_frames

PART_ROWS = 20_000
"""Offers whose cards are computed at the same time: those of a large catalogue would not fit."""
_PARTS, _MOST_PART_ROWS = 32, 50_000
"""A catalogue that would have more parts than so many has larger ones, up to so many offers."""
_BYTES_OF_OFFER = 6_400
"""Memory for each offer of a part: 20,000 fit in 112 MB, and in 96 MB they do not."""
_OF_OFFERS = ("offers", "listings", "claims", "prices", "cards", "refusals")
_OF_HOUR = ("_ph_feed_set", "_ph_hour")
_PART_TABLES = tuple(
    table
    for table in tables_of(Kind.CURRENT)
    if table.part in {"listings", "claims", "prices", "cards"}
)
_PART_VIEWS = ("_ph_estimate", "_ph_route", "_ph_card_computed")
"""The views that compute cards of these tables, in the order in which they read each other."""


def touched_offers(delta: Delta) -> pl.DataFrame:
    """Return the `offer_id` of each offer of which a run changes a row."""
    changes = [getattr(delta, part) for part in _OF_OFFERS]
    rows: list[pl.DataFrame] = [
        frame for change in changes for frame in (change.fresh, change.stale)
    ]
    return pl.concat(frame.select("offer_id") for frame in rows).drop_nulls().unique()


def touched_providers(delta: Delta) -> pl.DataFrame:
    """Return the `inference_provider` of each provider that a run describes otherwise."""
    providers: pl.DataFrame = delta.providers.fresh
    return providers.select("inference_provider")


def are_stored(con: Connection) -> bool:
    """Return whether there are facts of each card: a new definition of them empties the table."""
    row = con.execute(statement("check_stored_cards")).fetchone()
    return row is not None and bool(row[0])


def store_touched_cards(con: Connection, offers: pl.DataFrame, providers: pl.DataFrame) -> None:
    """Store the cards again that changed rows of these offers and providers may change.

    A card also follows from the other offers of its model. In the transaction that changed the rows
    and wrote those of the run.
    """
    con.execute(statement("create_touched_offers"))
    run_with_frames(
        con, statement("append_touched_offers"), changed_offer=offers, changed_provider=providers
    )
    _store(con, every=False, part_rows=PART_ROWS)


def store_every_card(con: Connection, *, part_rows: int = PART_ROWS) -> None:
    """Store all cards again, in the caller's transaction, those of so many offers at a time."""
    con.execute(statement("create_touched_offers"))
    con.execute(definition("_ph_card_facts")[0])
    _store(con, every=True, part_rows=part_rows)


def _store(con: Connection, *, every: bool, part_rows: int) -> None:
    rows = {"rows": part_rows, "most_rows": _MOST_PART_ROWS, "parts": _PARTS}
    con.execute(statement("create_touched_groups"), {"every": every, **rows})
    for part, offers in con.execute(statement("read_touched_parts")).fetchall():
        raise_memory_limit(con, offers * _BYTES_OF_OFFER)
        _store_part(con, part)
    for name in _OF_HOUR:
        con.execute(definition(name)[0])
    define_hour_macros(con)


def _store_part(con: Connection, part: int) -> None:
    """Store the cards of one part, computed from its rows under the names of their tables.

    The rows are in frames: a temporary table that is dropped keeps its memory, and then its place
    on disk, until the transaction ends.
    """
    offers = con.execute(statement("read_part_offers"), {"part": part}).to_arrow_table()
    with registered(con, {"_ph_offer": offers}):
        rows = {
            table.relation: con.execute(read_rows_of_offers(table)).to_arrow_table()
            for table in _PART_TABLES
        }
        with registered(con, rows):
            names = ("_ph_offer", *rows, *_PART_VIEWS)
            for view in _PART_VIEWS:
                con.execute(in_temp(definition(view)[0], names))
            con.execute(statement("replace_touched_cards"))
            con.execute(statement("drop_part_views"))
