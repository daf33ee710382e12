"""Parsed pages in files beside landing: only speed depends on them, so any of them may be gone.

    parsed/<feed>/<sha256 of the page>   the rows that one version of the parser made of it

A file begins with the sha256 of the rest, and names the page and the parser. One that is damaged,
or of another page or parser, counts as missing.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec
import polars as pl

from schemas.failures import ANY_ERROR
from schemas.kept_rows import ChunkRows

_DIGEST_BYTES = 32


class _StoredChunk(msgspec.Struct):
    offerings: bytes
    models: bytes
    spellings: list[str]


class _StoredPage(msgspec.Struct):
    parser: str
    payload_hash: str
    chunks: list[_StoredChunk]


_decoder = msgspec.msgpack.Decoder(_StoredPage)
_encoder = msgspec.msgpack.Encoder()


class KeptPages:
    """The parsed pages of one feed, which `parser` made; implements `KeptRows`."""

    def __init__(self, folder: Path, *, parser: str) -> None:
        self._folder = folder
        self._parser = parser
        self._used: set[str] = set()

    def get(self, payload_hash: str) -> list[ChunkRows] | None:
        """Return the rows of a page in order, None where there is no sound file of them."""
        self._used.add(payload_hash)
        try:
            data = memoryview((self._folder / payload_hash).read_bytes())
            content = data[_DIGEST_BYTES:]
            if sha256(content).digest() != data[:_DIGEST_BYTES]:
                return None
            page = _decoder.decode(content)
            if (page.parser, page.payload_hash) != (self._parser, payload_hash):
                return None
            return [
                ChunkRows(pl.read_ipc(c.offerings), pl.read_ipc(c.models), set(c.spellings))
                for c in page.chunks
            ]
        except ANY_ERROR:
            return None

    def put(self, payload_hash: str, rows: Sequence[ChunkRows]) -> None:
        """Keep the rows of a page; a disk that refuses only costs the next run a parse."""
        chunks = [
            _StoredChunk(_packed(own.offerings), _packed(own.models), sorted(own.spellings))
            for own in rows
        ]
        content = _encoder.encode(_StoredPage(self._parser, payload_hash, chunks))
        path = self._folder / payload_hash
        temp = path.with_name(f".{payload_hash}.{os.getpid()}.tmp")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temp.write_bytes(sha256(content).digest() + content)
            temp.replace(path)  # not synced: after a power cut the hash finds what is torn
        except OSError:
            with suppress(OSError):
                temp.unlink()

    def drop_others(self) -> None:
        """Remove every page that this run did not use: the next one most likely repeats these."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in self._used:
                    path.unlink()


def _packed(frame: pl.DataFrame) -> bytes:
    packed = io.BytesIO()
    frame.write_ipc(packed, compression="lz4")
    return packed.getvalue()
