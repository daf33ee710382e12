"""The values that filters can have: an unknown one is a mistake, not an empty answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from marketplace.queries.search import is_search, squashed
from marketplace.statements import statement
from schemas.errors import UnknownValue
from schemas.regions import COUNTRY_FORM, REGIONS, read_region
from warehouse.publication.reader_pool import Reading

TaskGroup = Literal["text", "image", "audio", "video", "embedding", "other"]
Event = Literal[
    "new",
    "gone",
    "back",
    "relabelled",
    "status",
    "up",
    "down",
    "free_to_paid",
    "paid_to_free",
    "unit_changed",
    "became_suspect",
    "corrected",
    "held",
    "released",
    "provider_joined",
    "provider_left",
]


def unknown_value(value: str, valid: list[str]) -> str:
    """Return the message for a value that is not one of `valid`."""
    return f"“{value}” is not known; valid: {', '.join(valid)}"


def region(text: str) -> str:
    """Return a region as cards have it; PydanticCustomError names the valid ones."""
    if (found := read_region(text)) is not None:
        return found
    valid = [*REGIONS, COUNTRY_FORM]
    raise PydanticCustomError("unknown_region", "{text}", {"text": unknown_value(text, valid)})


Region = Annotated[str, AfterValidator(region)]


def search_text(text: str) -> str:
    """Return the text of a search; PydanticCustomError for signs alone: all names have some."""
    if not is_search(text):
        message = f"“{text.strip()}” has nothing to search for; write letters or digits"
        raise PydanticCustomError("nothing_to_search", "{text}", {"text": message})
    return text


def one_of(valid: Sequence[str]) -> Callable[[str], str]:
    """Return a validator of a text that is one of some, in any case."""

    def check(text: str) -> str:
        if text.lower() not in valid:
            message = unknown_value(text, list(valid))
            raise PydanticCustomError("unknown_value", "{text}", {"text": message})
        return text.lower()

    return check


def known_values(reading: Reading, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a query as the publication writes them; UnknownValue for others.

    A provider may be named by its id or its display name, in any spelling of case and signs.
    """
    known = reading.keep("known_values", lambda: _read(reading))
    found = dict(values)
    for field, spellings in known.items():
        given = values.get(field)
        if given is None:
            continue
        several = given if isinstance(given, list) else [given]
        ids = [_id(field, each, spellings) for each in several]
        found[field] = ids if isinstance(given, list) else ids[0]
    return found


def task_groups(reading: Reading) -> dict[str, str]:
    """Return task or group → its group."""
    found = {group: group for group in get_args(TaskGroup)}
    return found | {r["task"]: r["task_group"] for r in reading.rows(statement("select_tasks"))}


def _id(field: str, given: str, spellings: Mapping[str, str]) -> str:
    try:
        return spellings[squashed(given)]
    except KeyError:
        message = unknown_value(given, sorted(set(spellings.values())))
        raise UnknownValue(f"{field}: {message}", field=field) from None


def _read(reading: Reading) -> dict[str, dict[str, str]]:
    """Return field → squashed spelling → the value of the publication; an id before a name."""
    found: dict[str, dict[str, str]] = {}
    for row in reading.rows(statement("select_known_values")):
        found.setdefault(row["field"], {}).setdefault(squashed(row["spelling"]), row["value"])
    return found
