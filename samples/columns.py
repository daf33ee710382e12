"""Records as columns: the compact form of the sample's data files, and the way back.

A record is flattened to its leaves, named by their dotted path (`performance.tokensPerSecond`);
each path is one column, in which null says that the record lacks it. An empty object is a leaf of
its own, so that `providerDetails: {}` stays apart from no `providerDetails`. A column in which
values repeat is written as its distinct values and their positions.
"""

from __future__ import annotations

from collections.abc import Iterator

from samples.verbatim import Json, encode

Record = dict[str, Json]


def pack(records: list[Record]) -> Record:
    """Turn records into columns. ValueError for what would not come back: a null, a dotted key."""
    columns: dict[str, list[Json]] = {}
    for row, record in enumerate(records):
        for path, leaf in _leaves(record, ""):
            columns.setdefault(path, [None] * len(records))[row] = leaf
    return {path: _shorter(column) for path, column in columns.items()}


def fits(record: Record) -> bool:
    """Say whether a record comes back from columns."""
    try:
        return all(True for _ in _leaves(record, ""))
    except ValueError:
        return False


def unpack(columns: Record) -> list[Record]:
    """Turn columns back into records; keys stand in the order of the columns."""
    rows = {path: _values(column) for path, column in columns.items()}
    if len(lengths := {len(column) for column in rows.values()}) > 1:
        raise ValueError(f"columns of different lengths: {sorted(lengths)}")
    records: list[Record] = [{} for _ in range(lengths.pop() if lengths else 0)]
    for path, column in rows.items():
        *parents, key = path.split(".")
        for record, leaf in zip(records, column, strict=True):
            if leaf is not None:
                _inner(record, parents)[key] = leaf
    return records


def _leaves(record: Record, prefix: str) -> Iterator[tuple[str, Json]]:
    for key, value in record.items():
        path = prefix + key
        if "." in key:
            raise ValueError(f"{path}: a key with a dot would come back as two")
        if value is None:
            raise ValueError(f"{path}: a null would come back as absent")
        if isinstance(value, dict) and value:
            yield from _leaves(value, path + ".")
        else:
            yield path, value


def _shorter(column: list[Json]) -> Json:
    """Return the column plain or as distinct values with positions, whichever is shorter."""
    position: dict[str, int] = {}
    distinct: list[Json] = []
    at: list[Json] = []
    for leaf in column:
        text = encode(leaf)
        if leaf is not None and text not in position:
            position[text] = len(distinct)
            distinct.append(leaf)
        at.append(position.get(text))
    indexed: Record = {"values": distinct, "at": at}
    return indexed if len(encode(indexed)) < len(encode(column)) else column


def _values(column: Json) -> list[Json]:
    if isinstance(column, list):
        return column
    match column:
        case {"values": list(distinct), "at": list(at)}:
            return [None if i is None else distinct[int(str(i))] for i in at]
        case _:
            raise ValueError("a column is a list, or distinct values with positions")


def _inner(record: Record, parents: list[str]) -> Record:
    for parent in parents:
        inner = record.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{parent} is a value and an object at once")
        record = inner
    return record
