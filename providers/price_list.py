"""The base of the adapters of providers' own price lists: one feed, no catalogue, no inference."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from providers.feed_reader import FeedReader
from providers.interface import INFERENCE_TIMEOUT_S, AdapterContext, ProviderInterface
from schemas.errors import InferenceRefused
from schemas.inference import InferencePayload, InferenceResponse
from schemas.payload import Payload
from schemas.registry import Source


class PriceListAdapter(ProviderInterface):
    """Read the one price list of a source; the adapter of a list implements `get_pricing` alone.

    `reader` fetches the list, `mapped_ids` are the provider's ids that the Hub maps models to,
    `unknown_ids` those that the list did not know within the last day.
    """

    def __init__(self, source: Source, context: AdapterContext) -> None:
        (feed,) = source.feeds
        self.source = source.source
        self.feed = feed
        self.reader = FeedReader(feed, context)
        self.mapped_ids = context.mapped_ids
        self.unknown_ids = context.unknown_ids

    def list_models(self, *, details: bool) -> Iterator[Payload]:
        """Yield nothing: the Hub's list names the models."""
        del details
        return iter(())

    @abstractmethod
    def get_pricing(self) -> Iterator[Payload]:
        """Yield the responses of the list."""

    def run_inference(
        self, model: str, payload: InferencePayload, *, timeout_s: float = INFERENCE_TIMEOUT_S
    ) -> InferenceResponse:
        """Refuse: this provider's models are called through Hugging Face's router."""
        del payload, timeout_s
        raise InferenceRefused(
            f"{self.source} is read for its prices only; call {model} through huggingface"
        )
