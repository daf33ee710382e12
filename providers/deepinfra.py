"""DeepInfra's own list: every model with its price in cents; no key, one answer."""

from __future__ import annotations

from collections.abc import Iterator

from providers.http.response import count_entries
from providers.price_list import PriceListAdapter
from schemas.payload import Payload


class DeepInfraAdapter(PriceListAdapter):
    """Read `deepinfra_list`."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the one answer; FeedMalformed after it when it is no JSON array."""
        answer = self.getter()(self.url, params=None)
        yield self.payload(answer, page=1)
        count_entries(answer, feed=self.feed.feed)
