"""Exports: each file has every row of its relation, exact amounts and a checksum."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.support.serving import Site
from warehouse.relations import RELATIONS


@pytest.mark.parametrize("kind", ["parquet", "csv", "ndjson"])
@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_is_exported_whole_with_its_checksum(
    site: Site, relation: str, kind: str, tmp_path: Path
) -> None:
    (listed,) = [i for i in site.get_json("/v1/exports")["items"] if i["relation"] == relation]
    answer = site.client.get(listed[kind])
    digest = hashlib.sha256(answer.content).hexdigest()
    assert site.client.get(f"{listed[kind]}.sha256").text == f"{digest}  {relation}.{kind}\n"
    stated = answer.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")
    assert b64decode(stated).hex() == digest
    file = tmp_path / f"{relation}.{kind}"
    file.write_bytes(answer.content)
    ((count,),) = site.sql(f"SELECT count(*) FROM {relation}")
    read = {
        "parquet": "read_parquet(?)",
        "csv": "read_csv(?, all_varchar := true)",
        "ndjson": "read_ndjson_auto(?)",
    }[kind]
    if count:
        assert site.sql(f"SELECT count(*) FROM {read}", str(file)) == [(count,)]
        columns = [row[0] for row in site.sql(f"DESCRIBE FROM {read}", str(file))]
        assert columns == [row[0] for row in site.sql(f"DESCRIBE {relation}")]


def test_amounts_in_a_csv_export_are_exact(site: Site) -> None:
    data = site.get("/v1/exports/prices.csv").content
    found = pl.read_csv(data, infer_schema=False).get_column("amount").drop_nulls()
    wanted = site.sql("SELECT amount FROM prices WHERE amount IS NOT NULL")
    assert sorted(map(Decimal, found)) == sorted(row[0] for row in wanted)
