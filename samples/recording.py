"""Turn the answers of one live hour into captures: the facts of each answer and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from samples.capture import Capture, records_in, write_capture
from samples.verbatim import Json, Record, decode

INNER = {"hub": "inferenceProviderMapping", "router": "providers"}
"""Feed → the key of a model's inner rows."""

NOTE = (
    "Facts of answers as they came; every number keeps its text. `dropped` lists what is left out."
)
_ALWAYS = ("every header of the answers",)


@dataclass(frozen=True)
class RecordedCapture:
    """The text of one feed's data file, its size, and what it lacks of the answers."""

    text: str
    models: int
    rows: int
    dropped: list[str]


def record_hub(bodies: Iterable[bytes], *, provenance: Record) -> RecordedCapture:
    """Record the pages of the Hub's list; ValueError when one is not an array of objects."""
    models, dropped = _with_id([model for body in bodies for model in records_in(decode(body))])
    first = {str(model["id"]): model for model in reversed(models)}
    if repeated := len(models) - len(first):
        dropped.append(f"{repeated} repeated models, of which the first is kept")
    dropped += ["which page a model was on", "the order of models: they are sorted by id"]
    return _recorded("hub", [first[name] for name in sorted(first)], dropped, provenance)


def record_router(body: bytes, *, provenance: Record) -> RecordedCapture:
    """Record the router's answer; ValueError when it is not an object with a list under `data`."""
    document = decode(body)
    if not isinstance(document, dict):
        raise ValueError("expected an object")
    models, dropped = _with_id(records_in(document.get("data")))
    rest = {key: value for key, value in document.items() if key != "data"}
    if rest.pop("object", "list") != "list":
        rest["object"] = None
    dropped += [f"the answer's own key {key}" for key in sorted(rest)]
    return _recorded("router", models, dropped, provenance)


def _with_id(models: list[Record]) -> tuple[list[Record], list[str]]:
    """Return the models that have an id, and a note on the others: no request could name them."""
    named = [model for model in models if isinstance(model.get("id"), str)]
    nameless = len(models) - len(named)
    return named, [f"{nameless} entries without an id"] if nameless else []


def _recorded(
    feed: str, models: list[Record], dropped: list[str], provenance: Record
) -> RecordedCapture:
    all_dropped = [*_ALWAYS, *dropped]
    rows = [model.get(INNER[feed]) for model in models]
    capture = Capture({**provenance, "note": NOTE, "dropped": list[Json](all_dropped)}, models)
    return RecordedCapture(
        text=write_capture(capture),
        models=len(models),
        rows=sum(len(row) for row in rows if isinstance(row, (list, dict))),
        dropped=all_dropped,
    )
