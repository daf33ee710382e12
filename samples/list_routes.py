"""The routes of providers' own price lists, which the sample's server serves beside the Hub's.

    lists = PriceLists(deepinfra=rows, wavespeed=rows, others={"ovhcloud_list": rows})
    with serve(catalog, price_lists=lists) as hub: …

Rows are JSON texts as they were recorded, so that every number keeps its digits. Several lists have
the path of the router's: `base_url` gives each of them a base URL of its own on the one server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from samples.capture import read_capture
from samples.routes import ServerReply, ServerRequest, error, json_reply, memento_header
from samples.verbatim import encode

DATA = Path(__file__).parent / "data"
FAL_IDS = 50
WAVESPEED_PRODUCT = "/center/default/api/v1/model_product/detail/"
AT_THE_ROOT = frozenset(
    {"hub", "router", "partners", "deepinfra_list", "fal_pricing", "wavespeed_list"}
)
"""Feeds whose base URL is the server's own."""
_OTHERS = "/lists/"

Envelope = Callable[[str], str]
"""From the text of an array of rows to the whole body."""


def no_envelope(rows: str) -> str:
    """Return the array alone."""
    return rows


@dataclass
class PriceLists:
    """The rows that the lists hold now; None answers 404, as where there is no such list.

    `wavespeed_products` maps an id to the answer about it alone; any other id answers 404.
    `others` maps a feed to its rows; each of these lists is an object with an array `data`, and one
    that is asked for numbered pages has them. `fal` maps an endpoint to its row, `fal_key` is the
    key that it requires, `fal_page` how many rows one page holds. `…_captured_at` is None where
    nothing was recorded.
    """

    deepinfra: Sequence[str] | None = None
    wavespeed: Sequence[str] | None = None
    wavespeed_products: dict[str, str | ServerReply] = field(default_factory=dict)
    envelope: Envelope = no_envelope
    fal: Mapping[str, str] | None = None
    fal_key: str = ""
    fal_page: int = FAL_IDS
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Feed → the key that it requires, sent as `Bearer`."""
    deepinfra_captured_at: datetime | None = None
    wavespeed_captured_at: datetime | None = None
    requests: list[ServerRequest] = field(default_factory=list)

    def reply(self, request: ServerRequest) -> ServerReply | None:
        """Answer a request for a list; None for any other request."""
        query = dict(request.query)
        if request.path.startswith(_OTHERS):
            self.requests.append(request)
            return self._other(request.path.removeprefix(_OTHERS).partition("/")[0], request, query)
        if request.path == "/models/list":
            self.requests.append(request)
            return self._deepinfra()
        if request.path == "/v1/models/pricing":
            self.requests.append(request)
            return self._fal(request, query)
        if request.path == "/api/models" and "page" in query:  # the Hub has no such parameter
            self.requests.append(request)
            return self._wavespeed(int(query["page"]), int(query["page_size"]))
        if request.path.startswith(WAVESPEED_PRODUCT):
            self.requests.append(request)
            return self._product(request.path.removeprefix(WAVESPEED_PRODUCT))
        return None

    def _other(self, feed: str, request: ServerRequest, query: Mapping[str, str]) -> ServerReply:
        if (rows := self.others.get(feed)) is None:
            return error(404, "Not found")
        key = self.keys.get(feed)
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return error(401, "Authentication is required")
        pages = ""
        if "page" in query:
            page, size = int(query["page"]), int(query["per_page"])
            total = max(1, -(-len(rows) // size))
            rows = rows[(page - 1) * size : page * size]
            pages = f',"pagination":{{"current_page":{page},"total_pages":{total}}}'
        return json_reply(200, f'{{"data":[{",".join(rows)}]{pages}}}'.encode(), {})

    def _deepinfra(self) -> ServerReply:
        if self.deepinfra is None:
            return error(404, "Not found")
        body = f"[{','.join(self.deepinfra)}]".encode()
        return json_reply(200, body, memento_header(self.deepinfra_captured_at))

    def _wavespeed(self, page: int, size: int) -> ServerReply:
        if self.wavespeed is None:
            return error(404, "Not found")
        rows = self.wavespeed[(page - 1) * size : page * size]
        body = self.envelope(f"[{','.join(rows)}]").encode()
        return json_reply(200, body, memento_header(self.wavespeed_captured_at))

    def _product(self, name: str) -> ServerReply:
        answer = self.wavespeed_products.get(name)
        if answer is None:
            return error(404, "Not found")
        return answer if isinstance(answer, ServerReply) else json_reply(200, answer.encode(), {})

    def _fal(self, request: ServerRequest, query: Mapping[str, str]) -> ServerReply:
        if self.fal is None:
            return error(404, "Not found")
        if request.headers.get("authorization") != f"Key {self.fal_key}":
            return error(401, "Authentication is required")
        ids = query.get("endpoint_id", "").split(",")
        if len(ids) > FAL_IDS:
            return error(422, f"At most {FAL_IDS} endpoints")
        if unknown := [name for name in ids if name not in self.fal]:
            return error(404, f"Unknown endpoint: {unknown[0]}")
        start = int(query.get("cursor", "0"))
        end = start + self.fal_page
        more = end < len(ids)
        rows = ",".join(self.fal[name] for name in ids[start:end])
        position = json.dumps({"next_cursor": str(end) if more else None, "has_more": more})
        return json_reply(200, f'{{"prices":[{rows}],{position[1:]}'.encode(), {})


def base_url(url: str, feed: str) -> str:
    """Return the base URL of a feed, or of its answers about single ids, on the server at `url`."""
    return url if feed.partition(".")[0] in AT_THE_ROOT else f"{url}{_OTHERS}{feed}"


def load_price_lists() -> PriceLists:
    """Load the sample's excerpts of DeepInfra's and WaveSpeedAI's lists, each with its own date."""
    deepinfra = read_capture(DATA / "deepinfra-list.json")
    wavespeed = read_capture(DATA / "wavespeed-list.json")
    return PriceLists(
        deepinfra=[encode(row) for row in deepinfra.records],
        wavespeed=[encode(row) for row in wavespeed.records],
        deepinfra_captured_at=deepinfra.captured_at,
        wavespeed_captured_at=wavespeed.captured_at,
    )


def rows_of(text: str) -> list[str]:
    """Return the rows of a recorded array, each as it is written there."""
    decoder, rows, at = json.JSONDecoder(), list[str](), text.index("[") + 1
    while (start := text.find("{", at)) >= 0:
        _, at = decoder.raw_decode(text, start)
        rows.append(text[start:at])
    return rows
