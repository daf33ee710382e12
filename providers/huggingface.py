"""Hugging Face: the Hub's list of models, and the router's list with chat prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from providers.http.client import HttpClient
from providers.http.pagination import Get, walk
from providers.http.response import payload_of, require_object
from providers.http.urls import below
from providers.inference import call_router
from providers.interface import INFERENCE_TIMEOUT_S, MappedIds, ProviderInterface, nothing_mapped
from schemas.inference import InferenceAnswer, InferencePayload
from schemas.payload import Payload, Traffic
from schemas.registry import Source

HUB = "hub"
ROUTER = "router"

HOURLY_FIELDS = ("inferenceProviderMapping", "pipeline_tag")
DAILY_FIELDS = (
    "likes",
    "downloads",
    "library_name",
    "createdAt",
    "lastModified",
    "gated",
    "tags",
    "safetensors",
    "author",
)
_LIST = (
    ("inference_provider", "all"),
    ("limit", "1000"),
    # A key that never moves: the cursor is a keyset, so rows that move are missed or repeated.
    ("sort", "createdAt"),
    ("direction", "-1"),
)


class HuggingFaceAdapter(ProviderInterface):
    """Read the feeds `hub` and `router`; both answer without a token, inference does not."""

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
        del mapped_ids  # the Hub is who says them
        self.source = source.source
        self._feeds = {feed.feed: feed for feed in source.feeds}
        self._base_urls = base_urls
        self._client = client
        self._traffic = traffic
        self._deadline_s = deadline_s

    def list_models(self, *, details: bool) -> Iterator[Payload]:
        """Yield the Hub's pages of models that an inference provider serves, newest first."""
        fields = HOURLY_FIELDS + (DAILY_FIELDS if details else ())
        params = (*_LIST, *(("expand[]", field) for field in fields))
        for page, answer in enumerate(
            walk(self._getter(HUB), self._url(HUB), params=params, feed=HUB), start=1
        ):
            self._traffic[HUB].pages += 1
            yield payload_of(answer, feed=HUB, page=page)

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the router's one answer; FeedMalformed after it when it is no JSON object."""
        answer = self._getter(ROUTER)(self._url(ROUTER), params=None)
        self._traffic[ROUTER].pages += 1
        yield payload_of(answer, feed=ROUTER, page=1)
        require_object(answer, feed=ROUTER)

    def run_inference(
        self, model: str, payload: InferencePayload, *, timeout_s: float = INFERENCE_TIMEOUT_S
    ) -> InferenceAnswer:
        """Call the router: its chat route for chat, hf-inference's for anything else."""
        return call_router(
            self._client, self._base_urls[ROUTER], model, payload, timeout_s=timeout_s
        )

    def _url(self, feed: str) -> str:
        return below(self._base_urls[feed], self._feeds[feed].path)

    def _getter(self, feed: str) -> Get:
        seconds = self._feeds[feed].deadline_s if self._deadline_s is None else self._deadline_s
        return partial(
            self._client.get,
            feed=feed,
            traffic=self._traffic[feed],
            deadline=self._client.deadline(seconds),
        )
