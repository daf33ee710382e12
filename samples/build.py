"""Write the sample's data files from recordings: `python -m samples.build RECORDINGS_DIR`.

The same recordings give the same bytes. Nothing is added to a record; `is_moe` is dropped because
it is the recorder's word, not Hugging Face's, and models without a mapping are left out because a
list asked for `inference_provider=all` does not name them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from samples.columns import Record
from samples.datafile import INNER, records_in, write
from samples.verbatim import decode

DATA = Path(__file__).parent / "data"

HUB_ORIGIN: Record = {
    "source": "Hugging Face Hub, GET /api/models?inference_provider=…&expand[]=…",
    "repository": "https://github.com/jadnohra/hf-providers",
    "licence": "MIT (the repository offers MIT OR Apache-2.0)",
}
HUB_NOTE = (
    "Facts of recorded Hub list answers, rearranged into columns. At most 200 models per inference "
    "provider were recorded, and only a few fields beside the mapping. Left out: models without a "
    "mapping, and is_moe, which is not a field of Hugging Face. The date is when it was recorded."
)
ROUTER_ORIGIN: Record = {
    "source": "Hugging Face router, GET /v1/models",
    "repository": "https://github.com/tokyo3rdhq/token-factory-initializr",
    "licence": "Apache-2.0, copyright 2026 MAGI / tokyo3rdhq",
}
ROUTER_NOTE = (
    "Facts of one recorded router answer, rearranged into columns; nothing was left out. "
    "captured_at is a convention: known is only that both router captures were made on or after "
    "2026-09-21 and hours apart. The day is the earliest possible one; the order of the two and "
    "the hour between them are assumed."
)


def build(recordings: Path) -> dict[str, str]:
    """Return the text of every data file by its name, from the folder of the recordings."""
    hub, router = recordings / "hub", recordings / "router"
    return {
        "hub-1.json": _hub(hub / "2026-02-26T03-08.json", "2026-02-26T03:08:00Z"),
        "hub-2.json": _hub(hub / "2026-02-26T12-27.json", "2026-02-26T12:27:00Z"),
        "router-1.json": _router(router / "a.json", "2026-09-21T00:00:00Z"),
        "router-2.json": _router(router / "b.json", "2026-09-21T01:00:00Z"),
    }


def _hub(recording: Path, captured_at: str) -> str:
    models = []
    for model in records_in(decode(recording.read_bytes())):
        model.pop("is_moe", None)
        if model.get("inferenceProviderMapping"):
            models.append(model)
    models.sort(key=lambda model: str(model["id"]))  # the order in which the Hub server pages
    provenance: Record = {**HUB_ORIGIN, "captured_at": captured_at, "note": HUB_NOTE}
    return write(provenance, models, INNER["hub"])


def _router(recording: Path, captured_at: str) -> str:
    answer = decode(recording.read_bytes())
    if not isinstance(answer, dict) or set(answer) != {"object", "data"}:
        raise ValueError(f"{recording.name}: not the router's answer")
    provenance: Record = {**ROUTER_ORIGIN, "captured_at": captured_at, "note": ROUTER_NOTE}
    return write(provenance, records_in(answer["data"]), INNER["router"])


def main() -> None:
    """Write the data files beside this module."""
    parser = argparse.ArgumentParser(prog="python -m samples.build", description=__doc__)
    parser.add_argument("recordings", type=Path, help="folder with hub/ and router/")
    for name, text in build(parser.parse_args().recordings).items():
        (DATA / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
