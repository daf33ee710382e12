"""A publication of many cards: an hour of the small catalog, its rows multiplied by SQL."""

from __future__ import annotations

from pathlib import Path

from samples.hub import serve
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.connect import open_writer
from warehouse.publication.publish import publish
from warehouse.storage.home import Home

ROWS = ("_ph_offer", "_ph_listing", "_ph_price", "_ph_card", "_ph_price_log")
_COPY_ROWS = """
    INSERT INTO internal.{table} SELECT r.* REPLACE ({values})
    FROM internal.{table} r, range(1, {copies}) AS copy(i)
"""
_OFFER = "substr(md5(offer_id || i), 1, 16) AS offer_id"
_MODEL = "printf('copy%06d/%s', i, split_part(model_id, '/', -1)) AS model_id"
_AUTHOR = "printf('copy%06d', i) AS author"
_SORT_FACTS = """
    CREATE TEMP TABLE sorted AS FROM internal._ph_card_facts;
    DELETE FROM internal._ph_card_facts;
    INSERT INTO internal._ph_card_facts
    FROM sorted ORDER BY model_id, inference_provider, offer_id;
"""


def large_home(root: Path, *, copies: int) -> Home:
    """Make a home whose publication has each offer of the small catalog `copies` times."""
    clock = Clock()
    with serve(small_catalog()) as hub:
        run_id = ingest(root, hub, clock=clock).run_id
    home = Home.at(root)
    with open_writer(home.warehouse) as con:
        for table in ROWS:
            values = f"{_OFFER}, {_MODEL}" if table == "_ph_offer" else _OFFER
            con.execute(_COPY_ROWS.format(table=table, values=values, copies=copies))
        con.execute(_COPY_ROWS.format(table="_ph_model", values=_MODEL, copies=copies))
        facts = f"{_OFFER}, {_MODEL}, {_AUTHOR}"
        con.execute(_COPY_ROWS.format(table="_ph_card_facts", values=facts, copies=copies))
        con.execute(_SORT_FACTS)
        con.execute("CHECKPOINT")
    publish(home, run_id)
    return home
