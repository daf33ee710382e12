"""Turn the bodies of one live hour into data files: the facts of each answer and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from samples.columns import Record
from samples.datafile import INNER, records_in, write
from samples.verbatim import Json, decode

NOTE = (
    "Facts of answers as they came, rearranged into columns; every number keeps its text. "
    "`dropped` names what was left out."
)
_ALWAYS = ("every header of the answers", "the order of keys inside an object")


@dataclass(frozen=True)
class Recorded:
    """One feed's data file, and what it does not hold of the answers."""

    text: str
    models: int
    rows: int
    dropped: list[str]


def record_hub(bodies: Iterable[bytes], *, provenance: Record) -> Recorded:
    """Record the pages of the Hub's list; ValueError when one is no array of objects."""
    models, dropped = _named([model for body in bodies for model in records_in(decode(body))])
    first = {str(model["id"]): model for model in reversed(models)}
    if repeated := len(models) - len(first):
        dropped.append(f"{repeated} repeated models, of which the first stands")
    dropped += ["which page a model stood on", "the order of models: they are sorted by id"]
    return _recorded("hub", [first[name] for name in sorted(first)], dropped, provenance)


def record_router(body: bytes, *, provenance: Record) -> Recorded:
    """Record the router's answer; ValueError when it is no object with a list under `data`."""
    answer = decode(body)
    if not isinstance(answer, dict):
        raise ValueError("expected an object")
    models, dropped = _named(records_in(answer.get("data")))
    rest = {key: value for key, value in answer.items() if key != "data"}
    if rest.pop("object", "list") != "list":
        rest["object"] = None
    dropped += [f"the answer's own key {key}" for key in sorted(rest)]
    return _recorded("router", models, dropped, provenance)


def _named(models: list[Record]) -> tuple[list[Record], list[str]]:
    """Return the models that have an id, and a word on the others: nothing could ask for them."""
    named = [model for model in models if isinstance(model.get("id"), str)]
    nameless = len(models) - len(named)
    return named, [f"{nameless} entries without an id"] if nameless else []


def _recorded(feed: str, models: list[Record], dropped: list[str], provenance: Record) -> Recorded:
    inner, all_dropped = INNER[feed], [*_ALWAYS, *dropped]
    rows = [model.get(inner) for model in models]
    told: Record = {**provenance, "note": NOTE, "dropped": list[Json](all_dropped)}
    return Recorded(
        text=write(told, models, inner),
        models=len(models),
        rows=sum(len(row) for row in rows if isinstance(row, (list, dict))),
        dropped=all_dropped,
    )
