"""The stored names that an hour reads give its rows the names that all stored ones would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.offerings import MODELS
from schemas.state import STORED_MODELS
from transforms.resolve.model_names import names_today, unlisted_names, use_names_today
from warehouse.connect import Connection
from warehouse.table_statements import delete_all_rows
from warehouse.tables import Kind, tables_of
from warehouse.writer.frames import append
from warehouse.writer.state import read_current, read_named_models

(TABLE,) = (table for table in tables_of(Kind.CURRENT) if table.part == "models")
SPELLINGS = [
    spelling
    for name in "abcdef"
    for spelling in (f"org/{name}", f"Org/{name}", f"org/{name.upper()}")
]
HUB_IDS = ["h1", "h2", "h3", None]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def stored_models(random: Random) -> pl.DataFrame:
    names = random.sample(SPELLINGS, k=random.randint(0, len(SPELLINGS)))
    today = names[: len(names) // 2]
    rows = [
        {
            "model_id": name,
            "hub_id": random.choice(HUB_IDS),
            "first_seen_at": BEGAN + timedelta(hours=random.randint(0, 3)),
            "renamed_to": random.choice(today) if name not in today and today else None,
        }
        for name in names
    ]
    return STORED_MODELS.shape(
        pl.DataFrame(
            [dict.fromkeys(STORED_MODELS.dtypes) | r for r in rows], schema=STORED_MODELS.dtypes
        )
    )


def listed_models(random: Random) -> pl.DataFrame | None:
    if random.random() < 0.2:
        return None
    names = {name.lower(): name for name in random.sample(SPELLINGS, k=random.randint(0, 9))}
    rows = [{"model_id": name, "hub_id": random.choice(HUB_IDS)} for name in names.values()]
    return MODELS.shape(
        pl.DataFrame([dict.fromkeys(MODELS.dtypes) | r for r in rows], schema=MODELS.dtypes)
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_rows_get_the_names_that_all_stored_models_would_give(con: Connection, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the seed is hypothesis's
    catalog = listed_models(random)
    con.execute(delete_all_rows(TABLE))
    append(con, TABLE, stored_models(random))
    written = random.choices([*SPELLINGS, "new/one", "New/one"], k=random.randint(0, 6))
    rows = pl.DataFrame({"model_id": written}, schema={"model_id": pl.String})
    read = read_named_models(con, unlisted_names([rows], catalog))
    named = use_names_today(rows, names_today(read, catalog))
    assert named.equals(use_names_today(rows, names_today(read_current(con, "models"), catalog)))
