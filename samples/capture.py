"""Read and write a data file: one JSON document with `provenance` and `records`, plain or gzipped.

Every number keeps the text that the source wrote. One record takes one line, so that a text
comparison of two captures shows the records that differ.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from samples.verbatim import Json, Record, decode, encode


@dataclass(frozen=True)
class Capture:
    """The records of one feed at one moment; `provenance` holds origin, licence and date."""

    provenance: Record
    records: list[Record]

    @property
    def captured_at(self) -> datetime:
        """Return when the source published the records; ValueError without such a date."""
        try:
            return datetime.fromisoformat(str(self.provenance["captured_at"]))
        except KeyError as error:
            raise ValueError("its provenance lacks captured_at") from error


def write_capture(capture: Capture) -> str:
    """Return the text of the data file."""
    provenance = _lines(f"{encode(k)}:{encode(v)}" for k, v in capture.provenance.items())
    records = _lines(map(encode, capture.records))
    return f'{{\n"provenance":{{{provenance}}},\n"records":[{records}]\n}}\n'


def read_capture(file: Path) -> Capture:
    """Read `file`, or `file` with `.gz` appended where only that one exists.

    OSError when neither can be read, ValueError when the file holds no capture.
    """
    try:
        data = decode(_text(file))
        if not isinstance(data, dict):
            raise ValueError("it is not a JSON object")
        provenance = data.get("provenance")
        if not isinstance(provenance, dict) or "records" not in data:
            raise ValueError("it lacks `provenance` or `records`")
        return Capture(provenance, records_in(data["records"]))
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{file} is not a capture: {error}") from error


def records_in(value: Json) -> list[Record]:
    """Return a JSON array of objects as a list of records; ValueError for anything else."""
    if not isinstance(value, list):
        raise ValueError("expected a list of objects")
    records = [item for item in value if isinstance(item, dict)]
    if len(records) != len(value):
        raise ValueError("expected a list of objects")
    return records


def _text(file: Path) -> bytes:
    gzipped = file.with_name(file.name + ".gz")
    if gzipped.exists() and not file.exists():
        return gzip.decompress(gzipped.read_bytes())
    return file.read_bytes()


def _lines(items: Iterable[str]) -> str:
    text = ",\n".join(items)
    return f"\n{text}\n" if text else ""
