"""What the adapters of providers' own price lists share: one feed, no catalogue, no inference."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial

from providers.http.client import HttpClient
from providers.http.pagination import Get
from providers.http.response import Answer, payload_of
from providers.http.urls import below
from providers.interface import INFERENCE_TIMEOUT_S, MappedIds, ProviderInterface, nothing_mapped
from schemas.errors import InferenceRefused
from schemas.inference import InferenceAnswer, InferencePayload
from schemas.payload import Payload, Traffic
from schemas.registry import Source


class PriceListAdapter(ProviderInterface):
    """Read the one price list of a source; a list of its own implements `get_pricing` alone."""

    def __init__(
        self,
        source: Source,
        *,
        base_urls: Mapping[str, str],
        client: HttpClient,
        traffic: Mapping[str, Traffic],
        deadline_s: float | None,
        mapped_ids: MappedIds = nothing_mapped,
    ) -> None:
        self.source = source.source
        (self.feed,) = source.feeds
        self._base_urls = base_urls
        self._client = client
        self._traffic = traffic
        self._deadline_s = deadline_s
        self.mapped_ids = mapped_ids

    def list_models(self, *, details: bool) -> Iterator[Payload]:
        """Yield nothing: which models there are, the Hub says."""
        del details
        return iter(())

    @abstractmethod
    def get_pricing(self) -> Iterator[Payload]:
        """Yield the answers of the list."""

    def run_inference(
        self, model: str, payload: InferencePayload, *, timeout_s: float = INFERENCE_TIMEOUT_S
    ) -> InferenceAnswer:
        """Refuse: this provider's models are called through Hugging Face's router."""
        del payload, timeout_s
        raise InferenceRefused(
            f"{self.source} is read for its prices only; call {model} through huggingface"
        )

    @property
    def url(self) -> str:
        """The list's address."""
        name = self.feed.feed
        return below(self._base_urls[name], self.feed.path)

    def getter(self) -> Get:
        """Return a GET bound to this feed, its traffic, and a deadline that starts now."""
        seconds = self.feed.deadline_s if self._deadline_s is None else self._deadline_s
        return partial(
            self._client.get,
            feed=self.feed.feed,
            traffic=self._traffic[self.feed.feed],
            deadline=self._client.deadline(seconds),
        )

    def payload(self, answer: Answer, *, page: int) -> Payload:
        """Count a page and return it as a payload."""
        self._traffic[self.feed.feed].pages += 1
        return payload_of(answer, feed=self.feed.feed, page=page)
