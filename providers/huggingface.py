"""Hugging Face: the Hub's list of models, the router's list with chat prices, and the mapping of
each inference provider."""

from __future__ import annotations

import re
from collections.abc import Iterator

from providers.feed_reader import FeedReader
from providers.http.pagination import PageSize, walk
from providers.http.response import require_object
from providers.http.urls import public_url
from providers.inference import call_router
from providers.interface import INFERENCE_TIMEOUT_S, AdapterContext, ProviderInterface
from schemas.errors import FeedRefused
from schemas.inference import InferencePayload, InferenceResponse
from schemas.payload import Payload
from schemas.registry import Source

HUB = "hub"
ROUTER = "router"
PARTNERS = "partners"

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
PAGE_SIZE = 1000
_LIST = (
    ("inference_provider", "all"),
    ("limit", str(PAGE_SIZE)),
    # A key that never moves: the cursor is a keyset, so rows that move are missed or repeated.
    ("sort", "createdAt"),
    ("direction", "-1"),
)

_LIVE = (("status", "live"),)
_PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
"""Names that may stand in a path; the Hub's answer names them, so they are not ours."""
_NO_PARTNER = frozenset({"http_400", "http_404", "http_410"})


class HuggingFaceAdapter(ProviderInterface):
    """Read the feeds `hub`, `router` and `partners`; they answer without a token, inference does
    not."""

    def __init__(self, source: Source, context: AdapterContext) -> None:
        self.source = source.source
        self._context = context
        self._readers = {feed.feed: FeedReader(feed, context) for feed in source.feeds}

    def list_models(self, *, details: bool) -> Iterator[Payload]:
        """Yield the Hub's pages of models that an inference provider serves, newest first."""
        fields = HOURLY_FIELDS + (DAILY_FIELDS if details else ())
        params = (*_LIST, *(("expand[]", field) for field in fields))
        hub = self._readers[HUB]
        size = PageSize(PAGE_SIZE, hub.count_short_pages)
        responses = walk(hub.getter(), hub.url, params=params, feed=HUB, size=size)
        for page, response in enumerate(responses, start=1):
            yield hub.payload(response, page=page)

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the router's one response; FeedMalformed after it when it is no JSON object."""
        router = self._readers[ROUTER]
        response = router.getter()(router.url, params=None)
        yield router.payload(response, page=1)
        require_object(response, feed=ROUTER)

    def list_mappings(self) -> Iterator[Payload]:
        """Yield the live mapping of each inference provider, one response per provider.

        A provider that Hugging Face does not know, or no longer, has no mapping and is left out.
        FeedRefused `no_partners` when it knows none of them: then nobody was asked where it is.
        """
        partners = self._readers[PARTNERS]
        get, answered = partners.getter(), 0
        for name in filter(_PROVIDER_NAME.fullmatch, self._context.mapped_providers()):
            try:
                response = get(f"{partners.url}/{name}/models", params=_LIVE)
            except FeedRefused as error:
                if error.code not in _NO_PARTNER:
                    raise
                continue
            answered += 1
            yield partners.payload(response, page=answered)
            require_object(response, feed=PARTNERS)
        if not answered:
            raise FeedRefused(
                f"{PARTNERS}: {public_url(partners.url)} knows none of the inference providers",
                code="no_partners",
            )

    def run_inference(
        self, model: str, payload: InferencePayload, *, timeout_s: float = INFERENCE_TIMEOUT_S
    ) -> InferenceResponse:
        """Call the router: its chat route for chat, hf-inference's for anything else."""
        router_url = self._context.base_urls[ROUTER]
        return call_router(self._context.client, router_url, model, payload, timeout_s=timeout_s)
