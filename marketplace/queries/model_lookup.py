"""Find a model by any name of it: in any case, or one that it had before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from marketplace.queries.known_values import known_values
from marketplace.queries.search import squashed
from marketplace.queries.since import start_of
from marketplace.statements import statement
from marketplace.unanswered import NotInPublication
from schemas.errors import UnknownValue
from warehouse.publication.reader_pool import Reading


class ValuesQuery(Protocol):
    """A query of a client that may name a model."""

    def values(self) -> dict[str, Any]:
        """Return parameter → value; `model_id` as the client wrote it, None for any model."""


def todays_name(reading: Reading, model_id: str) -> str:
    """Return the name that a model has today; of an unknown model, what the client wrote."""
    named = model_id.rstrip("/")  # no name ends in a slash, as addresses may
    found = reading.rows(statement("select_model_name"), {"model_id": named})
    return str(found[0]["model_id"]) if found else model_id


def no_model(reading: Reading, model_id: str) -> NotInPublication:
    """Return the error for a model that never had an offer, with the names that are like it."""
    nearest = ", ".join(like_models(reading, model_id))
    end = f"; the nearest names: {nearest}" if nearest else ""
    return NotInPublication(f"there is no model {model_id} with an inference provider{end}")


def bound_values(reading: Reading, query: ValuesQuery) -> dict[str, Any]:
    """Return parameter → value of a query, with the model's name of today, and the moment that
    a period begins.

    UnknownValue for a model, provider or task that the publication does not know.
    """
    values = query.values()
    if values["model_id"] is not None:
        (values["model_id"],) = find_models(reading, [values["model_id"]])
    if values.get("since"):
        values["since"] = start_of(values["since"], reading.publication["observed_to"])
    return known_values(reading, values)


def find_models(reading: Reading, names: Iterable[str]) -> list[str]:
    """Return the models of these names as they are called today; UnknownValue for one without."""
    models = [todays_name(reading, name) for name in names]
    if not models:
        return []
    found = reading.rows(statement("select_known_models"), {"models": models})
    for model in models:
        if not any(row["model_id"] == model for row in found):
            like = ", ".join(like_models(reading, model))
            nearest = f"the nearest names: {like}" if like else "no name is like it"
            raise UnknownValue(
                f"model_id: no model is called {model}; {nearest}",
                field="model_id",
            )
    return models


def like_models(reading: Reading, name: str) -> list[str]:
    """Return the models that an unknown name may mean, the likeliest first, at most 3."""
    values = {"whole": squashed(name), "name": squashed(name.rpartition("/")[2])}
    rows = reading.rows(statement("select_like_models"), values)
    return [row["model_id"] for row in rows]
