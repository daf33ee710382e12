"""The published relations are those of the contract, column by column, and each has a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.connect import Connection, open_reader, open_writer
from warehouse.internal_schema import PREFIX, SCHEMA
from warehouse.migrate import migrate
from warehouse.relations import RELATIONS
from warehouse.tables import TABLES

TEXT, TEXTS, FLAG, COUNT, REAL = "VARCHAR", "VARCHAR[]", "BOOLEAN", "BIGINT", "DOUBLE"
MONEY, TIME, DAY, SPAN = "DECIMAL(38,18)", "TIMESTAMP WITH TIME ZONE", "DATE", "INTERVAL"


def columns(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


AMOUNTS = (
    columns(TEXT, "offer_id model_id inference_provider unit tier")
    | columns(MONEY, "amount")
    | columns(TEXT, "currency price_status basis reason native_unit raw_text")
    | columns(MONEY, "native_amount native_quantity")
    | columns(TEXT, "formula scope")
)
HISTORY = (
    AMOUNTS
    | columns(TEXT, "task_group")
    | columns(TIME, "valid_from not_before_at valid_to last_seen_at")
    | columns(TEXT, "closed_by")
    | columns(TIME, "recorded_at")
    | columns(TEXT, "feed rule_version run_id payload_hash json_path")
)
CHANGES = (
    columns(COUNT, "change_id")
    | columns(TEXT, "event offer_id model_id inference_provider task_group unit tier")
    | columns(MONEY, "old_amount new_amount")
    | columns(REAL, "change_pct")
    | columns(TEXT, "old_value new_value currency")
    | columns(TIME, "not_before_at occurred_at recorded_at")
    | columns(TEXT, "run_id")
)
FEEDS = (
    columns(TEXT, "feed source kind url terms_url")
    | columns(FLAG, "required enabled")
    | columns(SPAN, "expected_every")
    | columns(TIME, "last_attempt_at last_success_at")
    | columns(COUNT, "failures_in_a_row")
    | columns(TEXT, "last_error")
)
CONTRACT: dict[str, dict[str, str]] = {
    "publication": (
        columns(TEXT, "publication_id run_id origin schema_version")
        | columns(TIME, "published_at observed_from observed_to")
        | columns(TEXT, "code_version licence attribution")
    ),
    "offers": (
        columns(TEXT, "offer_id source model_id inference_provider task provider_model_id")
        | columns(TEXT, "router_model task_group offer_type adapter_rule_id")
        | columns(TIME, "first_seen_at last_seen_at gone_at")
    ),
    "cards": (
        columns(TEXT, "offer_id source model_id model_name author inference_provider")
        | columns(TEXT, "provider_model_id router_model task task_group offer_type status")
        | columns(TIME, "status_since")
        | columns(COUNT, "context_length")
        | columns(FLAG, "supports_tools supports_structured_output is_model_author")
        | columns(TEXTS, "input_modalities output_modalities")
        | columns(TEXT, "region region_confidence operator_country")
        | columns(TEXTS, "compliance_tags")
        | columns(REAL, "throughput_tps first_token_latency_ms request_latency_ms")
        | columns(TIME, "speed_observed_at speed_changed_at")
        | columns(MONEY, "cost_per_input_token cost_per_output_token")
        | columns(MONEY, "cost_per_cached_input_token cost_per_token")
        | columns(MONEY, "cost_per_image cost_per_audio_minute cost_per_video_second")
        | columns(MONEY, "cost_per_million_characters estimated_cost")
        | columns(TEXT, "estimated_unit currency")
        | columns(TEXT, "price_status price_basis price_reason price_feed")
        | columns(FLAG, "router_default router_cheapest rankable held")
        | columns(TEXT, "hold_reason")
        | columns(TIME, "held_since first_seen_at observed_at price_observed_at price_changed_at")
        | columns(TEXT, "origin")
    ),
    "prices": (
        AMOUNTS
        | columns(TEXT, "feed")
        | columns(TIME, "valid_from observed_at")
        | columns(FLAG, "held")
        | columns(TEXT, "hold_reason payload_hash json_path")
        | columns(TIME, "until")
    ),
    "price_history": HISTORY,
    "price_claims": (
        HISTORY
        | columns(FLAG, "chosen")
        | columns(TIME, "superseded_at")
        | columns(TEXT, "superseded_by_run evidence")
    ),
    "changes": CHANGES,
    "price_changes": CHANGES,
    "status_history": (
        columns(TEXT, "offer_id inference_provider status")
        | columns(COUNT, "context_length")
        | columns(FLAG, "supports_tools supports_structured_output")
        | columns(TIME, "valid_from valid_to recorded_at")
        | columns(TEXT, "run_id")
    ),
    "speed_history": (
        columns(TEXT, "offer_id")
        | columns(REAL, "throughput_tps first_token_latency_ms request_latency_ms")
        | columns(TIME, "observed_at")
        | columns(TEXT, "run_id")
    ),
    "models": (
        columns(TEXT, "model_id hub_id model_name author pipeline_tag library_name licence")
        | columns(COUNT, "likes downloads parameters")
        | columns(TEXT, "gated")
        | columns(TEXTS, "input_modalities output_modalities")
        | columns(TIME, "created_at modified_at")
        | columns(COUNT, "live_offers priced_offers adapter_offers")
        | columns(TIME, "first_seen_at observed_at")
    ),
    "providers": (
        columns(TEXT, "inference_provider display_name operator operator_country")
        | columns(TEXTS, "serving_countries")
        | columns(TEXT, "region region_confidence price_feed price_feed_reason")
        | columns(COUNT, "offers live_offers adapters priced_offers rankable_offers")
        | columns(TIME, "observed_at")
        | columns(DAY, "joined_on left_on")
        | columns(TEXT, "left_source")
    ),
    "sources": FEEDS,
    "feeds": FEEDS,
    "compliance_claims": (
        columns(TEXT, "claim_id inference_provider claim value applies source_url paraphrase")
        | columns(DAY, "checked_on expires_on")
        | columns(TEXT, "confidence")
        | columns(FLAG, "in_force")
    ),
    "runs": (
        columns(TEXT, "run_id flow trigger origin")
        | columns(TIME, "scheduled_at started_at finished_at")
        | columns(TEXT, "outcome publication_id")
        | columns(COUNT, "models offers adapters priced free suspect unpriced rejected changes")
        | columns(COUNT, "holds")
        | columns(TEXT, "code_version prefect_run_id error")
    ),
    "run_feeds": (
        columns(TEXT, "run_id feed outcome")
        | columns(COUNT, "requests retries pages bytes records accepted rejected")
        | columns(REAL, "waited_s")
        | columns(TIME, "started_at finished_at")
        | columns(TEXT, "error_code error")
        | columns(COUNT, "short_pages")
    ),
    "gaps": (columns(TEXT, "feed") | columns(TIME, "from_at to_at") | columns(TEXT, "reason")),
    "checks": (
        columns(TEXT, "check_id run_id name severity")
        | columns(FLAG, "passed")
        | columns(TEXT, "feed inference_provider offer_id unit expected observed")
        | columns(MONEY, "old_amount candidate_amount")
        | columns(TEXT, "message decision decided_by")
        | columns(TIME, "decided_at")
        | columns(TEXT, "decision_reason tier")
    ),
    "rejected_rows": (
        columns(TEXT, "run_id feed payload_hash json_path record_key")
        | columns(TEXTS, "reasons")
        | columns(TEXT, "field value_text")
        | columns(TIME, "rejected_at")
    ),
    "offer_links": (columns(TEXT, "old_offer_id new_offer_id reason") | columns(TIME, "at")),
    "alerts": (
        columns(TEXT, "alert_id kind subject message")
        | columns(TIME, "opened_at notified_at closed_at")
    ),
}
"""Written out by hand as the contract states it: a change here is a change of the contract."""

MACROS = {
    "price_as_of": ["ts", "known_at"],
    "blended": ["input_share", "cached_share"],
    "cheapest": ["task_group", "region", "n", "cached_share"],
    "cards_in": ["place", "lenient"],
    "recommend": [
        *("task", "models", "inference_providers", "region", "lenient"),
        *("no_training", "no_retention", "tags", "tools", "structured_output"),
        *("min_context_length", "min_throughput_tps", "max_first_token_latency_ms"),
        *("max_cost_per_million_tokens", "max_cost_per_image", "max_cost_per_audio_minute"),
        *("max_cost_per_video_second", "max_cost_per_month"),
        *("input_tokens", "output_tokens", "cached_share"),
        *("images", "audio_minutes", "video_seconds", "characters"),
    ],
    "cost": ["usage", "known_at", "default_route"],
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("relations") / "empty.duckdb"
    with open_writer(path) as con:
        migrate(con, now=datetime(2026, 3, 1, tzinfo=UTC))
        con.execute("CHECKPOINT")
    return path


@pytest.fixture
def con(file: Path) -> Iterator[Connection]:
    with open_reader(file) as con:
        yield con


@pytest.mark.parametrize("relation", CONTRACT)
def test_a_relation_has_the_columns_of_the_contract_in_order(
    con: Connection, relation: str
) -> None:
    described = con.view(relation)
    found = list(zip(described.columns, map(str, described.types), strict=True))
    assert found == list(CONTRACT[relation].items())


def test_a_reader_lists_the_relations_of_the_contract_and_nothing_else(con: Connection) -> None:
    lists = (
        "SELECT name FROM (SHOW TABLES)",
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'",
    )
    for query in lists:
        assert sorted(_names(con, query)) == sorted(CONTRACT), query
    assert set(RELATIONS) == set(CONTRACT)


def test_all_else_is_in_the_schema_internal_and_named_as_ours(con: Connection) -> None:
    found = con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema <> 'main'"
    ).fetchall()
    assert {schema for schema, _ in found} == {SCHEMA}
    assert all(name.startswith(PREFIX) for _, name in found)
    assert {f"{SCHEMA}.{name}" for _, name in found} >= {table.name for table in TABLES}
    for kind in ("duckdb_sequences()", "duckdb_indexes()"):
        assert con.execute(f"SELECT count(*) FROM {kind}").fetchone() == (0,)
    assert _names(con, "SELECT type_name FROM duckdb_types() WHERE NOT internal") == []


@pytest.mark.parametrize("relation", CONTRACT)
def test_the_key_of_a_relation_is_made_of_its_columns(relation: str) -> None:
    assert set(RELATIONS[relation]) <= set(CONTRACT[relation])


@pytest.mark.parametrize("relation", CONTRACT)
def test_every_relation_and_column_has_a_comment(con: Connection, relation: str) -> None:
    commented_names = con.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE view_name = $1 "
        "UNION ALL SELECT column_name, comment FROM duckdb_columns() WHERE table_name = $1",
        [relation],
    ).fetchall()
    assert {name for name, _ in commented_names} == {relation, *CONTRACT[relation]}
    for name, comment in commented_names:
        assert comment, name
        assert comment.endswith("."), name
        assert len(comment) <= 150, name


def test_comments_name_utc_for_times_and_the_unit_for_money(con: Connection) -> None:
    commented = con.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    comment_of = {(relation, column): comment for relation, column, comment in commented}
    for relation, kinds in CONTRACT.items():
        for column, kind in kinds.items():
            comment = comment_of[relation, column]
            if kind == TIME:
                assert "UTC" in comment, (relation, column)
            if kind == MONEY and column != "native_quantity":
                assert re.search(r"\bper\b|\bONE\b", comment), (relation, column)


def test_macros_have_the_parameters_of_the_contract_and_comments(
    con: Connection,
) -> None:
    found = con.execute(
        "SELECT function_name, parameters, comment FROM duckdb_functions() "
        "WHERE NOT internal AND schema_name = 'main'"
    ).fetchall()
    assert {name: parameters for name, parameters, _ in found} == MACROS
    assert all(comment for _, _, comment in found)


def test_price_as_of_has_the_columns_of_price_history_and_in_gap(
    con: Connection,
) -> None:
    given = con.sql("FROM price_as_of(TIMESTAMPTZ '2026-03-01 00:00:00+00')")
    found = dict(zip(given.columns, map(str, given.types), strict=True))
    assert list(found.items()) == [*HISTORY.items(), ("in_gap", FLAG)]


@pytest.mark.parametrize("macro", MACROS)
def test_a_macro_reads_only_names_of_ours(con: Connection, macro: str) -> None:
    row = con.execute(
        "SELECT json_serialize_sql(macro_definition) FROM duckdb_functions() "
        "WHERE function_name = $1",
        [macro],
    ).fetchone()
    assert row is not None
    nodes = list(_nodes(json.loads(row[0])))
    read = {
        (node["schema_name"], node["table_name"])
        for node in nodes
        if node.get("type") == "BASE_TABLE"
    }
    read -= {
        ("", named["key"])
        for node in nodes
        if "cte_map" in node
        for named in node["cte_map"]["map"]
    }
    assert read
    assert all(name.startswith(PREFIX) for _, name in read), read
    assert {schema for schema, _ in read} == {SCHEMA}


@pytest.mark.parametrize(
    "call",
    [
        "ph.cheapest('text')",
        "ph.blended()",
        "ph.price_as_of(now())",
        "ph.recommend('text')",
        "cheapest('text')",
    ],
)
def test_a_macro_through_attach_fails_and_reads_no_table_of_the_reader(
    file: Path, call: str
) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{file}' AS ph (READ_ONLY)")
        for relation in CONTRACT:
            con.execute(f"CREATE TABLE {relation} AS FROM ph.{relation}")
        con.execute("CREATE SCHEMA other")
        for current in ("memory.main", "memory.other"):
            con.execute(f"USE {current}")
            with pytest.raises(duckdb.CatalogException, match=r"_ph_|does not exist"):
                con.execute(f"FROM {call}")
        con.execute("USE ph")
        assert con.execute(f"FROM {call}").fetchall() == []


@pytest.mark.parametrize("name", ["ph", "market"])
def test_relations_through_attach_read_ours_whatever_the_reader_has(file: Path, name: str) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{file}' AS {name} (READ_ONLY)")
        con.execute(f"CREATE SCHEMA {SCHEMA}; CREATE SCHEMA other")
        for table in TABLES:
            con.execute(f"CREATE TABLE {table.name} AS SELECT 'of the reader' AS offer_id")
        for current in ("memory.main", "memory.other", f"memory.{SCHEMA}", name):
            con.execute(f"USE {current}")
            for relation in CONTRACT:
                assert con.execute(f"FROM {name}.{relation}").fetchall() == [], (current, relation)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a parsed query."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(part)


def _names(con: Connection, query: str) -> list[str]:
    return [name for (name,) in con.execute(query).fetchall()]
