"""The only SQL that is put together from parts: one statement for every table of a kind.

DuckDB binds values and never identifiers, and its relational API neither inserts by column name
nor deletes. The identifiers here are the constants of warehouse/tables.py, never data; values
are always bound or come from a registered frame.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.tables import Table


def insert_rows(table: Table) -> str:
    """Return the statement that inserts the frame `fresh` by column name."""
    return f"INSERT INTO {table.name} BY NAME SELECT * FROM fresh"  # noqa: S608 (see above)


def delete_rows(table: Table) -> str:
    """Return the statement that deletes the rows of a current table whose keys `stale` holds."""
    same_key = " AND ".join(f"t.{column} = s.{column}" for column in table.order)
    return f"DELETE FROM {table.name} t USING stale s WHERE {same_key}"  # noqa: S608 (see above)


def delete_all_rows(table: Table) -> str:
    """Return the statement that empties a table."""
    return f"DELETE FROM {table.name}"  # noqa: S608 (see above)


def add_differing_models(table: Table, compared: Iterable[str], facts: Iterable[str] = ()) -> str:
    """Return the statement that inserts into `touched` the models of the rows that differ.

    The frame `stated` has the key and the `compared` columns of a current table, one of which is
    never null there; `$feeds` are the feeds that it has rows of, and `part_offer` the present
    offers of its models. With `facts` it has these columns of offers and model_id too; an offer
    that is new or has ended differs.
    """
    same_key = " AND ".join(f"s.{column} = t.{column}" for column in table.order)
    differs = [f"s.{column} IS DISTINCT FROM t.{column}" for column in compared]
    model = "o.model_id"
    if facts:
        model = "coalesce(s.model_id, o.model_id)"
        differs.append("o.offer_id IS NULL")
        differs += [f"s.{column} IS DISTINCT FROM o.{column}" for column in facts]
    return (
        f"INSERT INTO touched SELECT DISTINCT {model} FROM stated s "  # noqa: S608 (see above)
        f"FULL JOIN (FROM {table.name} SEMI JOIN part_offer USING (offer_id) "
        f"WHERE list_contains($feeds, feed)) t ON {same_key} "
        "LEFT JOIN part_offer o ON o.offer_id = coalesce(s.offer_id, t.offer_id) "
        f"WHERE ({' OR '.join(differs)}) AND {model} IS NOT NULL"
    )


def read_touched_rows(table: Table) -> str:
    """Return the query for the rows of a current table that are about touched models.

    Of a table without an offer or a model, for all rows.
    """
    about = {
        "offers": "offer_id IN (FROM touched_offer)",
        "models": "model_id IN (SELECT model_id FROM touched)",
        **dict.fromkeys(
            ("listings", "claims", "prices", "cards"), "offer_id IN (FROM touched_offer)"
        ),
    }.get(table.part, "true")
    return f"FROM {table.name} WHERE {about}"


def read_rows_of_offers(table: Table) -> str:
    """Return the query for the rows of a current table about the offers in `_ph_offer`."""
    return f"FROM {table.name} SEMI JOIN temp._ph_offer USING (offer_id)"


def find_shared_keys(tables: Iterable[Table]) -> str:
    """Return the query for the `part` of each current table in which two rows share a key."""
    return " UNION ".join(
        f"SELECT '{table.part}' FROM {table.name} "  # noqa: S608 (see above)
        f"GROUP BY {', '.join(table.order)} HAVING count(*) > 1"
        for table in tables
    )
