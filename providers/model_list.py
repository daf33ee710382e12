"""Price lists that are one JSON object with every model: no pages, no ids in the request."""

from __future__ import annotations

from collections.abc import Iterator

from providers.http.response import require_object
from providers.price_list import PriceListAdapter
from schemas.payload import Payload


class ModelListAdapter(PriceListAdapter):
    """Read a list that is one object: Cerebras', Fireworks', Novita's, OVHcloud's, SambaNova's."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the one response; FeedMalformed after it when it is no JSON object."""
        response = self.reader.getter()(self.reader.url, params=None)
        yield self.reader.payload(response, page=1)
        require_object(response, feed=self.reader.name)
