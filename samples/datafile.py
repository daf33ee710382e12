"""The form of a data file: models and their inner rows as two tables, and where they come from.

A model that the columns would not give back (a null, a dotted key, a mapping that is no array)
stands whole under `verbatim`, beside its place among the models.
"""

from __future__ import annotations

import json
from itertools import islice

from samples.columns import Record, fits, pack, unpack
from samples.verbatim import Json, decode, encode

INNER = {"hub": "inferenceProviderMapping", "router": "providers"}
"""Feed → the key of a model's inner rows."""


def write(provenance: Record, models: list[Record], inner: str) -> str:
    """Lay out models and their inner rows in two tables; a model says how many rows are its own."""
    odd = [place for place, model in enumerate(models) if not _is_plain(model, inner)]
    plain = [model for model in models if _is_plain(model, inner)] if odd else models
    rows = [row for model in plain for row in records_in(model[inner])]
    heads: list[Record] = [{**model, inner: len(records_in(model[inner]))} for model in plain]
    columns, inner_columns = pack(heads), pack(rows)
    if unpack(columns) != heads or unpack(inner_columns) != rows:
        raise ValueError("the columns do not give back the recorded facts")
    parts: dict[str, Record] = {
        "provenance": provenance,
        "models": columns,
        inner: inner_columns,
    }
    if odd:
        parts["verbatim"] = {"at": list[Json](odd), "models": [models[place] for place in odd]}
    return "{\n" + ",\n".join(f"{json.dumps(k)}:{_lines(v)}" for k, v in parts.items()) + "\n}\n"


def read(text: bytes, inner: str) -> tuple[Record, list[Record]]:
    """Return where the facts come from, and the models with their rows; ValueError if damaged."""
    data = _object(decode(text))
    try:
        provenance, heads = _object(data["provenance"]), unpack(_object(data["models"]))
        rows = iter(unpack(_object(data[inner])))
        models = [
            {**head, inner: list[Json](islice(rows, int(str(head[inner]))))} for head in heads
        ]
        if "verbatim" in data:
            verbatim = _object(data["verbatim"])
            places, kept = verbatim["at"], records_in(verbatim["models"])
            for place, model in zip(places if isinstance(places, list) else [], kept, strict=True):
                models.insert(int(str(place)), model)
    except (KeyError, IndexError) as missing:
        raise ValueError(f"it lacks {missing}") from missing
    return provenance, models


def records_in(value: Json) -> list[Record]:
    """Return a list of objects as such; ValueError for anything else."""
    if not isinstance(value, list):
        raise ValueError("expected a list of objects")
    records = [item for item in value if isinstance(item, dict)]
    if len(records) != len(value):
        raise ValueError("expected a list of objects")
    return records


def _is_plain(model: Record, inner: str) -> bool:
    rows = model.get(inner)
    if not isinstance(rows, list):
        return False
    head = {key: value for key, value in model.items() if key != inner}
    return fits(head) and all(isinstance(row, dict) and row and fits(row) for row in rows)


def _lines(part: Record) -> str:
    """Write one column a line, so that a difference of two builds can be read."""
    return "{\n" + ",\n".join(f"{json.dumps(k)}:{encode(v)}" for k, v in part.items()) + "\n}"


def _object(value: Json) -> Record:
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    return value
