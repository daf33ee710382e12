"""The resources: the data dictionary of the newest publication, as JSON.

What `pricehouse sql`, the exports and the file itself hold: relations, columns, macros.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from marketplace.mcp.failures import ToolFailure, errors_as_failures
from marketplace.numbers import json_value
from marketplace.statements import statement
from warehouse.publication.reader_pool import PublicationPool, Reading
from warehouse.relations import RELATIONS

JSON = "application/json"
ROOT = "pricehouse://dictionary"
RELATION = f"{ROOT}/relations/"
PUBLICATION = "pricehouse://publication"


@dataclass(frozen=True)
class DictionaryPage:
    """A resource: its address, and the function that reads its fields."""

    uri: str
    name: str
    description: str
    read: Callable[[Reading], dict[str, Any]]


def pages() -> list[DictionaryPage]:
    """Return every resource, in the order in which clients list them."""
    return [
        DictionaryPage(
            ROOT,
            "dictionary",
            "Every published relation and macro: what it holds, its key, its parameters.",
            _overview,
        ),
        DictionaryPage(
            PUBLICATION,
            "publication",
            "The publication that is served: its times, licence and attribution.",
            lambda reading: dict(reading.publication),
        ),
        *(
            DictionaryPage(
                RELATION + name,
                name,
                f"The columns of {name}: type, unit and meaning.",
                lambda reading, name=name: _relation(reading, name),  # type: ignore[misc]
            )
            for name in RELATIONS
        ),
    ]


def read_page(pool: PublicationPool, uri: str) -> str:
    """Return a resource as JSON; ToolFailure for an unknown address."""
    found = [page for page in pages() if page.uri == uri]
    if not found:
        raise ToolFailure(
            f"there is no resource {uri}; there are {ROOT}, {PUBLICATION} and "
            f"{RELATION}NAME with a name of {', '.join(RELATIONS)}"
        )
    with errors_as_failures(), pool.reading() as reading:
        facts = reading.publication
        fields = {
            "publication": facts["publication_id"],
            "origin": facts["origin"],
            **found[0].read(reading),
        }
        return msgspec.json.encode(json_value(fields), enc_hook=str).decode()


def _overview(reading: Reading) -> dict[str, Any]:
    rows = reading.rows(statement("select_dictionary"), {"relations": list(RELATIONS)})
    comments = {row["name"]: row["comment"] for row in rows if row["kind"] == "relation"}
    return {
        "relations": [
            {
                "name": name,
                "comment": comments[name],
                "key": list(key),
                "columns": RELATION + name,
            }
            for name, key in RELATIONS.items()
        ],
        "macros": [
            {"name": row["name"], "parameters": row["parameters"], "comment": row["comment"]}
            for row in rows
            if row["kind"] == "macro"
        ],
    }


def _relation(reading: Reading, name: str) -> dict[str, Any]:
    names = {"relations": [name]}
    (about,) = [
        row
        for row in reading.rows(statement("select_dictionary"), names)
        if row["kind"] == "relation"
    ]
    columns = reading.rows(statement("select_dictionary_columns"), names)
    return {
        "relation": name,
        "comment": about["comment"],
        "key": list(RELATIONS[name]),
        "columns": [
            {field: column[field] for field in ("name", "type", "comment")} for column in columns
        ],
    }
