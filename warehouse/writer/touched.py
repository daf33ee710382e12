"""Find the models that a run has to look at, and read their rows; the others are settled.

What the answers state is compared with the stored rows inside the database, so that an hour without
changes reads no row of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import polars as pl

from schemas.contract import Contract
from schemas.delta import CURRENT, State
from schemas.settled import (
    CARD_KINDS,
    NO_COUNTS,
    NO_ENDS,
    NO_LIVE,
    NO_PROVIDERS,
    PEER_PRICES,
    Settled,
)
from schemas.state import CLAIMS, LISTINGS, STORED_MODELS
from schemas.units import COMPARED_WITH
from schemas.unknown_keys import MARK
from warehouse.connect import Connection
from warehouse.statements import statement
from warehouse.table_statements import add_differing_models, read_touched_rows
from warehouse.tables import Kind, tables_of
from warehouse.writer.frames import run_with_frames
from warehouse.writer.state import read_feed_times

OFFER_FACTS = ("router_model", "task_group", "offer_type", "adapter_rule_id")
"""What a feed may state otherwise of an offer that it names as before."""
_UNCOMPARED_CLAIMS = ("payload_hash", "json_path", "run_id", "raw_text", "native_amount")
"""Where a price was read, and its text below the digits that are compared."""


@dataclass(frozen=True)
class StatedRows:
    """What the answers of a run state.

    `listings` have the facts of LISTINGS, model_id and OFFER_FACTS; `claims` are CLAIMS; `models`
    (MODELS) are those of the catalogue, None where none answered.
    """

    listings: pl.DataFrame
    claims: pl.DataFrame
    models: pl.DataFrame | None
    feeds: tuple[str, ...]


@dataclass(frozen=True)
class Requested:
    """What a run looks at besides what its answers change: offers, whole providers, and whether
    the catalogue states the daily facts of models (`details`)."""

    offers: Collection[str] = ()
    providers: Collection[str] = field(default=())
    details: bool = False


def mark_touched(con: Connection, parts: Iterable[StatedRows], requested: Requested) -> None:
    """Store which models differ from what is stored, or wait for something.

    A model is touched with every other name that it has or had. A part has all that is stated of
    its models; so many rows are compared at a time, because the database keeps both sides in
    memory.
    """
    tables = {table.part: table for table in tables_of(Kind.CURRENT)}
    facts = _of(LISTINGS, but=("missed", "absent_from", "last_seen_at"))
    of_listings = add_differing_models(tables["listings"], facts, OFFER_FACTS)
    of_claims = add_differing_models(tables["claims"], _of(CLAIMS, but=_UNCOMPARED_CLAIMS))
    con.execute(statement("create_touched_models"))
    con.execute(statement("create_daily_models"))
    feeds: tuple[str, ...] = ()
    for part in parts:
        feeds = part.feeds
        names = part.listings.select("model_id").unique()
        run_with_frames(con, statement("create_part_offers"), stated_name=names)
        run_with_frames(con, statement("append_stated_models"), stated_name=names)
        own = {"feeds": list(feeds)}
        run_with_frames(con, of_listings, own, stated=part.listings)
        run_with_frames(con, of_claims, own, stated=part.claims)
        if part.models is not None:
            stated = part.models.select("model_id", "hub_id", "pipeline_tag")
            run_with_frames(con, statement("append_touched_names"), catalog=stated)
            if requested.details:
                run_with_frames(con, statement("append_daily_models"), catalog=part.models)
    con.execute(statement("append_touched_sizes"))
    con.execute(statement("append_touched_missing"), {"feeds": list(feeds)})
    con.execute(statement("append_touched_spellings"))
    waiting = {
        "mark": MARK,
        "offers": list(requested.offers),
        "providers": list(requested.providers),
    }
    con.execute(statement("append_touched_waiting"), waiting)
    while _count(con, "append_linked_models"):
        pass
    con.execute(statement("create_touched_sets"))


def touch_every_offer(con: Connection) -> None:
    """Store that a run looks at the offers of every model."""
    con.execute(statement("create_every_touched_offer"))


def read_touched_models(con: Connection) -> pl.Series:
    """Return the names of the touched models, sorted."""
    return con.sql(statement("read_touched_models")).pl()["model_id"]


def read_touched_state(con: Connection) -> State:
    """Return the current rows of the touched models, and all rows that are about no model."""
    frames = {
        table.part: CURRENT[table.part].shape(con.sql(read_touched_rows(table)).pl())
        for table in tables_of(Kind.CURRENT)
    }
    return State(**frames, observed=read_feed_times(con))


def read_settled_models(con: Connection) -> pl.DataFrame:
    """Return STORED_MODELS of the settled models whose daily facts are stated otherwise now.

    No decision about an offer follows from them: the size of a model, by which the peers of a price
    are chosen, touches it.
    """
    return STORED_MODELS.shape(con.sql(statement("read_settled_models")).pl())


def read_settled(con: Connection) -> Settled:
    """Return what counts of the models that are not touched."""
    additional = {"additional": list(COMPARED_WITH)}
    return Settled(
        listed=_read(con, "read_settled_listed", NO_COUNTS),
        priced=_read(con, "read_settled_priced", NO_COUNTS, additional),
        stated=_read(con, "read_settled_stated", NO_COUNTS, additional),
        prices=_read(con, "read_settled_prices", PEER_PRICES),
        price_providers=_names(con, "read_settled_price_providers"),
        providers=_read(con, "read_settled_providers", NO_PROVIDERS),
        ends=_read(con, "read_settled_ends", NO_ENDS),
        models=_count(con, "read_settled_model_count"),
        cards=_read(con, "read_settled_cards", CARD_KINDS),
        live=_read(con, "read_settled_live", NO_LIVE),
    )


def read_offer_providers(con: Connection) -> tuple[str, ...]:
    """Return the inference providers of all offers ever."""
    return _names(con, "read_offer_providers")


def _of(shape: Contract, *, but: Collection[str]) -> list[str]:
    return [name for name in shape.dtypes if name not in (*shape.key, *but)]


def _read(
    con: Connection, name: str, like: pl.DataFrame, parameters: dict[str, list[str]] | None = None
) -> pl.DataFrame:
    found = con.execute(statement(name), parameters or {}).pl()
    return found.select(pl.col(column).cast(kind) for column, kind in like.schema.items())


def _names(con: Connection, name: str) -> tuple[str, ...]:
    return tuple(value for (value,) in con.execute(statement(name)).fetchall())


def _count(con: Connection, name: str) -> int:
    row = con.execute(statement(name)).fetchone()
    return int(row[0]) if row else 0
