"""Read a streamed body, decoded and bounded, so that no response can fill the memory.

Kept by hand: no HTTP library bounds a body while it decodes it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_CHUNK_BYTES = 1024 * 1024
_GZIP = 31  # zlib's code for "a gzip header and trailer, largest window"


class BrokenBody(Exception):
    """Raised when a body ends too early or its compression is damaged; a retry may help."""


class UnacceptableBody(Exception):
    """Raised when a body is too large or has an encoding that the request did not offer.

    `code` is the code of the FeedMalformed that it becomes.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def read_body(chunks: Iterable[bytes], *, encoding: str, limit: int, cut: bool = False) -> bytes:
    """Return the decoded body. UnacceptableBody past `limit` bytes; with `cut`, the first `limit`.

    httpx decodes too, but without a bound: one 64 KiB chunk of a bomb may grow a thousandfold,
    and a body compressed twice a millionfold, before this code could count it.
    """
    pieces: list[bytes] = []
    left = limit
    for piece in _decode(chunks, encoding=encoding.strip().lower()):
        pieces.append(piece)
        left -= len(piece)
        if left < 0 and cut:
            break
        if left < 0:
            raise UnacceptableBody(f"the body is larger than {limit} bytes", code="too_large")
    return b"".join(pieces)[:limit]


def _decode(chunks: Iterable[bytes], *, encoding: str) -> Iterable[bytes]:
    if encoding in ("", "identity"):
        return chunks
    if encoding in ("gzip", "x-gzip"):
        return _gunzip(chunks)
    raise UnacceptableBody(
        f"the body's encoding {encoding[:40]!r} was not offered", code="encoding"
    )


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=_GZIP)
    started = False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                started = True
                if member.eof:  # gzip members may follow one another
                    member = zlib.decompressobj(wbits=_GZIP)
                yield member.decompress(rest, _CHUNK_BYTES)
                rest = member.unconsumed_tail or member.unused_data
        if started and not member.eof:
            yield member.flush()
    except zlib.error as error:
        raise BrokenBody("damaged gzip body") from error
    if started and not member.eof:
        raise BrokenBody("gzip body ends too early")
