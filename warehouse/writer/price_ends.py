"""Keep the stored ends of price intervals as the price log is that they follow from."""

from __future__ import annotations

from warehouse.connect import Connection
from warehouse.internal_schema import in_temp
from warehouse.statements import statement
from warehouse.view_files import definition

_COMPUTED = "_ph_price_end_computed"


def store_price_ends(con: Connection, run_id: str) -> None:
    """Store the ends again of the offers of which a run logged prices, in its transaction."""
    con.execute(statement("create_logged_offers"), {"run_id": run_id})
    con.execute(statement("create_logged_prices"))
    con.execute(in_temp(definition(_COMPUTED)[0], ("_ph_price_log", _COMPUTED)))
    con.execute(statement("replace_price_ends"))
