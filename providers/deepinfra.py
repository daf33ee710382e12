"""DeepInfra's own list: every model with its price in cents; no key, one response."""

from __future__ import annotations

from collections.abc import Iterator

from providers.http.response import count_entries
from providers.price_list import PriceListAdapter
from schemas.payload import Payload


class DeepInfraAdapter(PriceListAdapter):
    """Read `deepinfra_list`."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the one response; FeedMalformed after it when it is no JSON array."""
        response = self.reader.getter()(self.reader.url, params=None)
        yield self.reader.payload(response, page=1)
        count_entries(response, feed=self.reader.name)
