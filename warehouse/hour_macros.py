"""Define the macros by which the view of cards knows the times of the hour."""

from __future__ import annotations

from warehouse.connect import Connection
from warehouse.statements import statement

READS = "_ph_hour"
"""The last of the tables that they are made of; each is written again in every load."""


def define_hour_macros(con: Connection) -> None:
    """Define them of the tables of the hour as these are now.

    They hold constants, because a view that reads a second table, however small, is not pruned.
    """
    for (definition,) in con.execute(statement("read_hour_macros")).fetchall():
        con.execute(definition)
