"""Find a page of the catalogue: the models that have or had an offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from marketplace.cursor import FIRST_MODELS, ModelsCursor, hash_query
from marketplace.queries.known_values import known_values
from marketplace.queries.parameter_types import SearchText, ShortText, ShortTexts
from marketplace.queries.search import search_terms
from marketplace.statements import statement
from schemas.errors import UnknownValue
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
MAX_MODELS = 1000
_MATCHED = "match_models"


class CatalogueQuery(BaseModel):
    """Filters of models, a sort order and a page."""

    model_config = ConfigDict(extra="forbid")

    q: SearchText | None = Field(
        None,
        description="Words that all occur in the model's name, in any order; names without their "
        "signs, like `gptoss`, are found too.",
    )
    author: ShortText | None = Field(
        None, description="The account that the model is of, in any case, like `openai`."
    )
    task: ShortTexts = Field(
        [],
        description="A group (`text`, `image`, `audio`, `video`, `embedding`, `other`) or an "
        "exact task of which the model has an offer now.",
    )
    inference_provider: ShortTexts = Field(
        [], description="An inference provider that lists the model now, by id or name."
    )
    live_only: bool = Field(default=False, description="Only models with a live offer.")
    sort: Literal[
        "model_id",
        "downloads",
        "likes",
        "parameters",
        "live_offers",
        "priced_offers",
        "created_at",
        "first_seen_at",
    ] = Field("model_id", description="Models whose value is not known come last.")
    order: Literal["asc", "desc"] | None = Field(
        None, description="By default names rise, and the largest and newest come first."
    )
    limit: Annotated[int, Field(ge=1, le=MAX_MODELS)] = Field(100, description="Items per page.")
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        None, description="`next` of the page before; valid for the publication that issued it."
    )

    def values(self) -> dict[str, Any]:
        """Return parameter → value for `match_models.sql`."""
        falls = self.sort != "model_id" if self.order is None else self.order == "desc"
        return {
            "author": self.author,
            "task": self.task or None,
            "inference_provider": self.inference_provider or None,
            "min_live_offers": 1 if self.live_only else None,
            "search_terms": search_terms(self.q or "") or None,
            "sort": self.sort,
            "sign": -1 if falls else 1,
        }

    def fingerprint(self) -> str:
        """Return the query without its page; a cursor is valid for one fingerprint."""
        return "models" + self.model_dump_json(exclude={"limit", "cursor"})


@dataclass(frozen=True)
class CataloguePage:
    """Models in order, the number of all that pass, and the cursor of the next page."""

    total: int
    items: list[Row]
    next: str | None


def find_catalogue(
    reading: Reading, query: CatalogueQuery, cursor: ModelsCursor | None
) -> CataloguePage:
    """Return the page after the cursor, or the first page.

    UnknownValue for a task, provider or author that the publication does not know.
    """
    values = known_values(reading, query.values())
    if query.author is not None:
        _require_author(reading, query.author)
    place = cursor.values() if cursor else FIRST_MODELS
    rows = reading.rows(
        statement(_MATCHED, "select_models"), {**values, **place, "count": query.limit + 1}
    )
    (counted,) = reading.rows(statement(_MATCHED, "select_models_count"), values)
    items, more = rows[: query.limit], len(rows) > query.limit
    last = _cursor(reading, query, items[-1]).pack() if more else None
    for item in items:
        del item["at_place"], item["at_number"]
    return CataloguePage(counted["total"], items, last)


def _require_author(reading: Reading, author: str) -> None:
    found = reading.rows(statement("select_authors"), {"author": author})
    if found and found[0]["is_same"]:
        return
    like = ", ".join(row["author"] for row in found)
    nearest = f"the nearest names: {like}" if like else "no name is like it"
    raise UnknownValue(f"author: no model is of “{author}”; {nearest}", field="author")


def _cursor(reading: Reading, query: CatalogueQuery, last: Row) -> ModelsCursor:
    return ModelsCursor(
        publication_id=reading.publication["publication_id"],
        query_hash=hash_query(query.fingerprint()),
        place=last["at_place"],
        number=last["at_number"],
        model_id=last["model_id"],
    )
