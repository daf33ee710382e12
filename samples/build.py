"""Write the sample's data files from recordings: `python -m samples.build RECORDINGS_DIR`.

The same recordings give the same documents. Nothing is added to a record. `is_moe` is dropped
because the recorder added it and Hugging Face doesn't have it. Models without a mapping are left
out because a list asked for `inference_provider=all` does not contain them.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Iterator
from pathlib import Path

from samples.capture import Capture, records_in, write_capture
from samples.verbatim import Json, Record, decode

DATA = Path(__file__).parent / "data"

HUB: Record = {
    "source": "Hugging Face Hub, GET /api/models?inference_provider=…&expand[]=…",
    "repository": "https://github.com/jadnohra/hf-providers",
    "licence": "MIT (the repository offers MIT OR Apache-2.0)",
    "note": (
        "Facts of recorded Hub list answers, sorted by model id. At most 200 models per inference "
        "provider were recorded, and only a few fields beside the mapping. Left out: models "
        "without a mapping, and is_moe, which is not a field of Hugging Face. captured_at is when "
        "it was recorded."
    ),
}
ROUTER: Record = {
    "source": "Hugging Face router, GET /v1/models",
    "repository": "https://github.com/tokyo3rdhq/token-factory-initializr",
    "licence": "Apache-2.0, copyright 2026 MAGI / tokyo3rdhq",
    "note": (
        "Facts of one recorded router answer; nothing was left out. captured_at is a convention: "
        "known is only that both router captures were made on or after 2026-09-21 and hours apart. "
        "The day is the earliest possible one; the order of the two and the hour between them are "
        "assumed."
    ),
}
DEEPINFRA: Record = {
    "source": "DeepInfra's public price list, GET https://api.deepinfra.com/models/list",
    "repository": "https://github.com/mohamadkalhor/sieve",
    "licence": "MIT (the repository); DeepInfra states no licence for its list",
    "excerpt": "83 of 372 rows",
    "note": (
        "An excerpt. Every key of `pricing` is as recorded; of the other keys of a row four were "
        "kept. The day is known, the hour is not: captured_at is the start of the day."
    ),
}
WAVESPEED: Record = {
    "source": "WaveSpeedAI's public price list, GET https://wavespeed.ai/api/models",
    "licence": "No licence is stated; an excerpt of facts of a public site",
    "excerpt": "37 of 1,046 rows",
    "note": (
        "An excerpt. Four keys of a row were recorded, and nothing around the rows. The day is "
        "known, the hour is not: captured_at is the start of the day."
    ),
}


def build(recordings: Path) -> dict[str, str]:
    """Return the text of every data file by its name without `.gz`."""
    hub, router, prices = (recordings / name for name in ("hub", "router", "prices"))
    deepinfra, wavespeed = "deepinfra_list_2026-09-08.json", "wavespeed_list_excerpt.json"
    captures = {
        "hub-1.json": _hub(hub / "2026-02-26T03-08.json", "2026-02-26T03:08:00Z"),
        "hub-2.json": _hub(hub / "2026-02-26T12-27.json", "2026-02-26T12:27:00Z"),
        "router-1.json": _router(router / "a.json", "2026-09-21T00:00:00Z"),
        "router-2.json": _router(router / "b.json", "2026-09-21T01:00:00Z"),
        "deepinfra-list.json": _list(prices / deepinfra, DEEPINFRA, "2026-09-08T00:00:00Z"),
        "wavespeed-list.json": _list(prices / wavespeed, WAVESPEED, "2026-09-17T00:00:00Z"),
    }
    return {name: write_capture(capture) for name, capture in captures.items()}


def _hub(recording: Path, captured_at: str) -> Capture:
    models = []
    for model in records_in(decode(recording.read_bytes())):
        model.pop("is_moe", None)
        if model.get("inferenceProviderMapping"):
            models.append(model)
    models.sort(key=lambda model: str(model["id"]))  # the order in which the Hub server pages
    return Capture(_provenance(HUB, captured_at), _with_one_key_order(models))


def _router(recording: Path, captured_at: str) -> Capture:
    document = decode(recording.read_bytes())
    if not isinstance(document, dict) or set(document) != {"object", "data"}:
        raise ValueError(f"{recording.name}: not an answer of the router")
    records = _with_one_key_order(records_in(document["data"]))
    return Capture(_provenance(ROUTER, captured_at), records)


def _list(recording: Path, origin: Record, captured_at: str) -> Capture:
    return Capture(_provenance(origin, captured_at), records_in(decode(recording.read_bytes())))


def _provenance(origin: Record, captured_at: str) -> Record:
    return {**origin, "captured_at": captured_at}


def _with_one_key_order(records: list[Record]) -> list[Record]:
    """Return the records with their keys in the order in which the leaves first appear.

    The recorders wrote keys in varying order. With one order, equal facts are equal bytes, and
    answers have the payload hashes that homes of earlier versions of the demo landed.
    """
    models = list[Json](records)
    places: dict[str, int] = {}
    for path in _leaves(models, ""):
        places.setdefault(path, len(places))
    return records_in(_in_order(models, "", places))


def _in_order(value: Json, path: str, places: dict[str, int]) -> Json:
    match value:
        case dict():
            keys = {
                key: min(places[leaf] for leaf in _leaves(inner, f"{path}.{key}"))
                for key, inner in value.items()
            }
            return {
                key: _in_order(value[key], f"{path}.{key}", places)
                for key in sorted(keys, key=keys.__getitem__)
            }
        case list():
            return [_in_order(item, f"{path}[]", places) for item in value]
        case _:
            return value


def _leaves(value: Json, path: str) -> Iterator[str]:
    """Yield the path of each leaf. A list is one too: it has a place even where it is empty."""
    match value:
        case dict() if value:
            for key, inner in value.items():
                yield from _leaves(inner, f"{path}.{key}")
        case list():
            yield path
            for item in value:
                yield from _leaves(item, f"{path}[]")
        case _:
            yield path


def main() -> None:
    """Write the data files beside this module: the captures of models gzipped, lists plain."""
    parser = argparse.ArgumentParser(prog="python -m samples.build", description=__doc__)
    parser.add_argument("recordings", type=Path, help="folder with hub/, router/ and prices/")
    for name, text in build(parser.parse_args().recordings).items():
        if name.endswith("-list.json"):
            (DATA / name).write_text(text, encoding="utf-8", newline="\n")
        else:
            (DATA / f"{name}.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
