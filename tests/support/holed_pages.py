"""A server whose pages of the Hub's list lack rows, or are another page's."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from samples.catalog import Catalog, SampleModel
from samples.routes import ServerReply, ServerRequest, respond
from tests.support.hours import mapped_model, mapping

PAGE_ROWS = 1000
Rows = list[object]


@dataclass
class HoledPages:
    """A hook for the sample's server: pages of the Hub by number, each changed by its fault."""

    catalog: Catalog
    faults: dict[int, Callable[[Rows], Rows]] = field(default_factory=dict)

    def __call__(self, request: ServerRequest) -> ServerReply | None:
        """Return a page of the Hub, None for another request."""
        query = dict(request.query)
        if request.path != "/api/models" or "page" in query:
            return None
        reply = respond(request, self.catalog, base_url=f"http://{request.headers['host']}")
        fault = self.faults.get(self._number(query.get("cursor")))
        if fault is None:
            return reply
        return replace(reply, body=json.dumps(fault(json.loads(reply.body))).encode())

    def _number(self, cursor: str | None) -> int:
        if cursor is None:
            return 1
        last = json.loads(base64.b64decode(cursor))["id"]["$gt"]
        return 1 + sum(model.id <= last for model in self.catalog.hub) // PAGE_ROWS


def many_models(
    number: int, *, price: str = "0.2", without: frozenset[int] = frozenset()
) -> Catalog:
    """Return a catalogue of so many models at three providers, none of which has most."""
    providers = ("novita", "scaleway", "together")
    models: list[SampleModel] = [
        mapped_model(f"acme/m{at:05}", mapping(providers[at % 3], price=(price, "0.6")))
        for at in range(number)
        if at not in without
    ]
    return Catalog(models, router=[])
