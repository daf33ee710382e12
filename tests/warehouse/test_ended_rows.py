"""What an hour reads of a home does not grow with the models and offers that ended in the years."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from schemas.units import COMPARED_WITH
from warehouse.connect import Connection, open_writer
from warehouse.migrate import migrate
from warehouse.statements import statement
from warehouse.table_statements import read_touched_rows
from warehouse.tables import Kind, tables_of
from warehouse.writer.remembered_prices import read_offer_pairs, read_remembered_prices
from warehouse.writer.state import read_current, read_named_models
from warehouse.writer.touched import (
    OFFER_FACTS,
    Requested,
    StatedRows,
    mark_touched,
    read_settled,
    read_touched_models,
    read_touched_state,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLDEST = NOW - timedelta(days=90)
FEEDS = ["hub"]
PRESENT = 40
_PRESENT = """
INSERT INTO internal._ph_model BY NAME
SELECT 'org/Model-' || n AS model_id, 'id-' || n AS hub_id, $now::TIMESTAMPTZ AS first_seen_at
FROM range($count) r(n);
INSERT INTO internal._ph_offer BY NAME
SELECT 'present-' || n AS offer_id, 'huggingface' AS source, 'org/Model-' || n AS model_id,
       'novita' AS inference_provider, 'conversational' AS task, 'x' AS provider_model_id,
       'chat' AS task_group, 'model' AS offer_type, $now::TIMESTAMPTZ AS first_seen_at
FROM range($count) r(n);
INSERT INTO internal._ph_listing BY NAME
SELECT offer_id, 'hub' AS feed, 'live' AS status, 0 AS missed FROM internal._ph_offer;
INSERT INTO internal._ph_offer BY NAME
SELECT * REPLACE ('before' AS offer_id, first_seen_at AS gone_at) FROM internal._ph_offer
WHERE offer_id = 'present-0';
INSERT INTO internal._ph_offer_link VALUES ('before', 'present-0', 'hub_named_it', $now, 'run')
"""
_ENDED = """
INSERT INTO internal._ph_model BY NAME
SELECT 'gone/Model-' || n AS model_id, 'gone-' || n AS hub_id,
       CASE WHEN n % 5 = 0 THEN 'gone/Model-' || (n + 1) END AS renamed_to,
       $now::TIMESTAMPTZ AS first_seen_at
FROM range($count) r(n);
INSERT INTO internal._ph_offer BY NAME
SELECT 'gone-' || n AS offer_id, 'huggingface' AS source, 'gone/Model-' || n AS model_id,
       'novita' AS inference_provider, 'conversational' AS task, 'x' AS provider_model_id,
       'chat' AS task_group, 'model' AS offer_type, $now::TIMESTAMPTZ AS first_seen_at,
       $now::TIMESTAMPTZ AS last_seen_at, $now::TIMESTAMPTZ AS gone_at
FROM range($count) r(n);
INSERT INTO internal._ph_offer_link BY NAME
SELECT 'gone-' || n AS old_offer_id, 'gone-' || (n + 1) AS new_offer_id, 'renamed' AS reason,
       $now::TIMESTAMPTZ AS at, 'run' AS run_id
FROM range($count - 1) r(n);
INSERT INTO internal._ph_price_log BY NAME
SELECT n AS log_id, if(n = 0, 'before', 'gone-' || n) AS offer_id,
       'input_token' AS unit, 'standard' AS tier,
       'hub' AS feed, 1 AS amount, 'USD' AS currency, 'priced' AS price_status, 'list' AS basis,
       'token' AS native_unit, 1 AS native_quantity, 'public' AS scope, 'hash' AS payload_hash,
       '$' AS json_path, 'run' AS claim_run_id, 'run' AS run_id, 'seen' AS kind,
       $now::TIMESTAMPTZ AS valid_from, $now::TIMESTAMPTZ AS recorded_at, '1' AS rule_version
FROM range($count) r(n)
"""
WORKING = ("JOIN", "GROUP", "WINDOW", "ORDER", "UNION", "INSERT", "CREATE")
"""What the names of operators contain that do more with a row than read it and pass it by."""


def test_frames_of_an_hour_do_not_grow_with_ended_models(
    tmp_path: Path,
) -> None:
    few, many = (frame_rows(tmp_path, ended=ended) for ended in (20, 2_000))
    assert few == many
    assert few["touched models"] == 1
    assert few["touched offers"] == few["named models"] == 2
    assert few["links"] == few["remembered"] == 1
    assert few["settled listed"] == PRESENT - 1


def test_statements_of_an_hour_keep_no_more_rows_for_ended_models(
    tmp_path: Path,
) -> None:
    few, many = (worked_on_rows(tmp_path, ended=ended) for ended in (20, 2_000))
    # the planner may take the other side of a join that is as small
    assert [name for name in few if many[name] > few[name] + PRESENT] == []
    assert few["append_linked_models"] > 0
    assert few["read_remembered_prices"] > 0


def frame_rows(folder: Path, *, ended: int) -> dict[str, int]:
    """Return how many rows an hour gets of a warehouse in which one listing changes."""
    with warehouse(folder / f"frames-{ended}.duckdb", ended=ended) as con:
        written = pl.DataFrame({"model_id": ["ORG/model-0", "gone/model-5", "new/one"]})
        named = read_named_models(con, written)
        state, settled = read_touched_state(con), read_settled(con)
        return {
            "named models": named.height - 1,  # gone/model-5 has the name of another one today
            "touched models": read_touched_models(con).len(),
            "touched offers": state.offers.height,
            "stored models": state.models.height,
            "settled listed": int(settled.listed["offers"].sum()),
            "settled ends": settled.ends.height,
            "links": read_offer_pairs(con).height,
            "remembered": read_remembered_prices(con, oldest=OLDEST).height,
        }


def worked_on_rows(folder: Path, *, ended: int) -> dict[str, int]:
    """Return how many rows each statement keeps in joins or hands on, scans aside."""
    additional = {"additional": list(COMPARED_WITH)}
    waiting = {"mark": "unknown", "offers": ["present-1"], "providers": ["nobody"]}
    with warehouse(folder / f"statements-{ended}.duckdb", ended=ended) as con:
        names = pl.DataFrame({"model_id": [f"org/Model-{n}" for n in range(PRESENT)]})
        con.register("stated_name", names)
        con.register("written", names)
        con.register("catalog", stated_models(con))
        texts: dict[str, tuple[str, Mapping[str, Any]]] = {
            name: (statement(name), parameters)
            for name, parameters in {
                "create_named_models": {},
                "create_part_offers": {},
                "append_touched_names": {},
                "append_touched_missing": {"feeds": FEEDS},
                "append_touched_waiting": waiting,
                "append_linked_models": {},
                "read_settled_listed": {},
                "read_settled_priced": additional,
                "read_settled_stated": additional,
                "read_settled_prices": additional,
                "read_settled_model_count": {},
                "read_settled_cards": {},
                "read_settled_live": {},
                "read_remembered_prices": {"oldest": OLDEST},
                "read_offer_pairs": {},
            }.items()
        }
        texts |= {table.part: (read_touched_rows(table), {}) for table in tables_of(Kind.CURRENT)}
        return {name: worked_on(con, *text) for name, text in texts.items()}


def worked_on(con: Connection, text: str, parameters: Mapping[str, Any]) -> int:
    con.execute("SET explain_output = 'all'")
    rows = 0
    for each in filter(str.strip, text.split(";\n")):
        query = f"EXPLAIN (ANALYZE, FORMAT json) {each}"
        found = con.execute(query, bound(each, parameters)).fetchall()
        for node in nodes(json.loads(found[0][1])):
            if any(part in node.get("operator_name", "") for part in WORKING):
                rows += sum(each["operator_cardinality"] for each in (node, *node["children"][1:]))
    return rows


def bound(text: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if f"${name}" in text}


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("children", []):
        yield from nodes(child)


@contextmanager
def warehouse(path: Path, *, ended: int) -> Iterator[Connection]:
    """Open a warehouse with models that ended, of which an hour touched one that is present."""
    with open_writer(path) as con:
        migrate(con, now=NOW)
        for rows, count in ((_PRESENT, PRESENT), (_ENDED, ended)):
            for each in rows.split(";\n"):
                con.execute(each, bound(each, {"count": count, "now": NOW}))
        offers = read_current(con, "offers").select("offer_id", "model_id", *OFFER_FACTS)
        listings = read_current(con, "listings").join(offers, on="offer_id")
        changed = pl.when(offer_id="present-0").then(pl.lit("error")).otherwise("status")
        stated = listings.drop("missed", "absent_from", "last_seen_at").with_columns(status=changed)
        claims = read_current(con, "claims")
        part = StatedRows(stated, claims, stated_models(con), tuple(FEEDS))
        mark_touched(con, [part], Requested())
        yield con


def stated_models(con: Connection) -> pl.DataFrame:
    models = read_current(con, "models").filter(pl.col("model_id").str.starts_with("org/"))
    return models.select("model_id", "hub_id", "pipeline_tag")
