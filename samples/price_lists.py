"""Providers' own price lists as a real HTTP server gives them out, beside the sample's Hub.

    lists = PriceLists(deepinfra=rows, wavespeed=rows)
    with serve(catalog, on_request=lists.reply) as hub: …

Rows are JSON texts as they were recorded, so that every number keeps its digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from samples.routes import Reply, Request, error, json_reply

PAGE_SIZE = 200
FAL_IDS = 50

Envelope = Callable[[str], str]
"""From the text of an array of rows to the whole answer."""


def bare(rows: str) -> str:
    """Put nothing around the rows."""
    return rows


@dataclass
class PriceLists:
    """What the three lists hold now; None answers 404, as where there is no such list.

    `fal` maps an endpoint to its row, `fal_key` is the key that it asks for, `fal_page` how many
    rows it gives at once.
    """

    deepinfra: Sequence[str] | None = None
    wavespeed: Sequence[str] | None = None
    envelope: Envelope = bare
    fal: Mapping[str, str] | None = None
    fal_key: str = ""
    fal_page: int = FAL_IDS
    asked: list[Request] = field(default_factory=list)

    def reply(self, request: Request) -> Reply | None:
        """Answer what is asked of a list; None for what is not."""
        asked = dict(request.query)
        if request.path == "/models/list":
            self.asked.append(request)
            return self._all(self.deepinfra)
        if request.path == "/v1/models/pricing":
            self.asked.append(request)
            return self._fal(request, asked)
        if request.path == "/api/models" and "page" in asked:  # the Hub's list has no such word
            self.asked.append(request)
            return self._wavespeed(int(asked["page"]), int(asked["page_size"]))
        return None

    def _all(self, rows: Sequence[str] | None) -> Reply:
        if rows is None:
            return error(404, "Not found")
        return json_reply(200, f"[{','.join(rows)}]".encode(), {})

    def _wavespeed(self, page: int, size: int) -> Reply:
        if self.wavespeed is None:
            return error(404, "Not found")
        rows = self.wavespeed[(page - 1) * size : page * size]
        return json_reply(200, self.envelope(f"[{','.join(rows)}]").encode(), {})

    def _fal(self, request: Request, asked: Mapping[str, str]) -> Reply:
        if self.fal is None:
            return error(404, "Not found")
        if request.headers.get("authorization") != f"Key {self.fal_key}":
            return error(401, "Authentication is required")
        ids = asked.get("endpoint_id", "").split(",")
        if len(ids) > FAL_IDS:
            return error(422, f"At most {FAL_IDS} endpoints")
        if unknown := [name for name in ids if name not in self.fal]:
            return error(404, f"Unknown endpoint: {unknown[0]}")
        start = int(asked.get("cursor", "0"))
        end = start + self.fal_page
        more = end < len(ids)
        told = {"next_cursor": str(end) if more else None, "has_more": more}
        rows = ",".join(self.fal[name] for name in ids[start:end])
        rest = json.dumps(told)[1:]
        return json_reply(200, f'{{"prices":[{rows}],{rest}'.encode(), {})


def rows_of(text: str) -> list[str]:
    """Return the rows of a recorded array, each as it is written there."""
    decoder, rows, at = json.JSONDecoder(), list[str](), text.index("[") + 1
    while (start := text.find("{", at)) >= 0:
        _, at = decoder.raw_decode(text, start)
        rows.append(text[start:at])
    return rows
