"""Refuse values of filters that the publication does not have, and name those that it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from marketplace.queries.filters import CardFilters
from marketplace.queries.model_lookup import todays_name
from marketplace.statements import statement
from schemas.compliance import TAGS
from schemas.errors import UnknownValue
from warehouse.publication.reader_pool import Reading

GROUPS = ("text", "image", "audio", "video", "embedding", "other")
REGIONS = ("eu", "eea", "us", "multi", "unverified")


class KnownValues:
    """The values of filters in one publication, and the group of each task."""

    def __init__(self, reading: Reading) -> None:
        self.groups = {group: group for group in GROUPS}
        self._values: defaultdict[str, set[str]] = defaultdict(
            set, {"task": set(GROUPS), "region": set(REGIONS), "tag": set(TAGS)}
        )
        for row in reading.rows(statement("select_known_values")):
            self._values[row["field"]].add(row["value"])
            if row["task_group"]:
                self.groups[row["value"]] = row["task_group"]

    def require(self, field: str, given: Iterable[str]) -> None:
        """Raise UnknownValue when one of the given values is not known; any case is accepted for
        places."""
        known = sorted(self._values[field])
        fold = str.lower if field == "region" else str
        unknown = [value for value in given if fold(value) not in {fold(k) for k in known}]
        if unknown:
            raise UnknownValue(
                f"{field}: {', '.join(unknown)} is not known; valid: {', '.join(known)}",
                field=field,
            )


def known_values(reading: Reading) -> KnownValues:
    """Return the known values of a publication, read once."""
    return reading.keep("known values", lambda: KnownValues(reading))


def require_known(reading: Reading, query: CardFilters) -> None:
    """Raise UnknownValue for the first filter that names what the publication does not have."""
    known = known_values(reading)
    known.require("task", query.task)
    known.require("region", query.region)
    known.require("tag", query.tag)
    known.require("inference_provider", query.inference_provider)
    known.require("provider", [query.provider] if query.provider is not None else [])


def find_models(reading: Reading, names: Iterable[str]) -> list[str]:
    """Return the models of these names as they are called today; UnknownValue for one without."""
    models = [todays_name(reading, name) for name in names]
    if not models:
        return []
    found = reading.rows(statement("select_known_models"), {"models": models})
    for model in models:
        if not any(row["model_id"] == model for row in found):
            like = reading.rows(statement("select_like_models"), {"model_id": model})
            names_like = ", ".join(row["model_id"] for row in like)
            raise UnknownValue(
                f"model_id: no model is called {model}; the nearest names: {names_like}",
                field="model_id",
            )
    return models
