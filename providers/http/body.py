"""Put a streamed body together, decoded and bounded, so that no answer can fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_PIECE_BYTES = 1024 * 1024
_GZIP = 31  # zlib's word for "a gzip header and trailer, largest window"


class BrokenBody(Exception):
    """Raised when a body ends too early or its compression is damaged; asking again may help."""


class BodyRefused(Exception):
    """Raised when a body is too large or encoded in a way that we did not offer.

    `code` is that of FeedMalformed.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def read_body(chunks: Iterable[bytes], *, encoding: str, limit: int, cut: bool = False) -> bytes:
    """Return the decoded body; past `limit` bytes BodyRefused, or with `cut` what came until then.

    httpx could decode by itself, but without a bound: one 64 KiB chunk of a bomb may grow a
    thousandfold, and a body compressed twice a millionfold, before anybody could count it.
    """
    pieces: list[bytes] = []
    room = limit
    for piece in _decoded(chunks, encoding=encoding.strip().lower()):
        pieces.append(piece)
        room -= len(piece)
        if room < 0 and cut:
            break
        if room < 0:
            raise BodyRefused(f"the body is larger than {limit} bytes", code="too_large")
    return b"".join(pieces)[:limit]


def _decoded(chunks: Iterable[bytes], *, encoding: str) -> Iterable[bytes]:
    if encoding in ("", "identity"):
        return chunks
    if encoding in ("gzip", "x-gzip"):
        return _gunzipped(chunks)
    raise BodyRefused(f"the body's encoding {encoding[:40]!r} was not offered", code="encoding")


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=_GZIP)
    begun = False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                begun = True
                if member.eof:  # gzip members may follow one another
                    member = zlib.decompressobj(wbits=_GZIP)
                yield member.decompress(rest, _PIECE_BYTES)
                rest = member.unconsumed_tail or member.unused_data
        if begun and not member.eof:
            yield member.flush()
    except zlib.error as error:
        raise BrokenBody("damaged gzip body") from error
    if begun and not member.eof:
        raise BrokenBody("gzip body ends too early")
