"""What every source must be able to do; adding one means implementing this and a registry entry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.inference import InferencePayload, InferenceResponse
from schemas.payload import KnownAnswer, Payload, Traffic
from schemas.registry import Source

if TYPE_CHECKING:  # the registry imports this module, and must not wait for httpx
    from providers.http.client import HttpClient

INFERENCE_TIMEOUT_S = 120.0

Remembered = Callable[[str], Mapping[str, Payload]]
"""Feed → id → the last landed answer about that id alone, with the time when it was fetched."""

KnownAnswers = Callable[[str], Mapping[str, KnownAnswer]]
"""Feed → address → the last landed answer from there, if it has an ETag."""

MappedIds = Callable[[str], Sequence[str]]
"""Inference provider → the ids of its own that the Hub maps models to, each once."""

UnknownIds = Callable[[str], Collection[str]]
"""Feed → the ids that its source did not know within the last day."""


MappedProviders = Callable[[], Sequence[str]]
"""Returns the inference providers that a catalogue may map models to, each once."""


def nothing_mapped(inference_provider: str) -> Sequence[str]:
    """Return no id: a list that is requested by id is then not requested at all."""
    del inference_provider
    return ()


def nothing_unknown(feed: str) -> Collection[str]:
    """Return no id: every mapped one is requested."""
    del feed
    return ()


def nothing_remembered(feed: str) -> Mapping[str, Payload]:
    """Return no answer: every id is then requested."""
    del feed
    return {}


def nothing_known(feed: str) -> Mapping[str, KnownAnswer]:
    """Return no answer: every one is then requested whole."""
    del feed
    return {}


def no_provider_mapped() -> Sequence[str]:
    """Return no inference provider: then there is none to ask about."""
    return ()


@dataclass(frozen=True)
class AdapterContext:
    """What an adapter fetches with; `base_urls` and `traffic` are keyed by feed.

    The adapter counts pages in `traffic`, the client everything else. `deadline_s` replaces every
    feed's own deadline, in seconds; None keeps them. `mapped_ids` serves the lists that answer
    only for ids that the request names, `unknown_ids` are those that such a list did not know,
    `remembered` serves those that are requested less often than the feed, `known_answers` those
    that a source need not send again, `mapped_providers` the
    feeds that answer for one provider.
    """

    base_urls: Mapping[str, str]
    client: HttpClient
    traffic: Mapping[str, Traffic]
    deadline_s: float | None = None
    mapped_ids: MappedIds = nothing_mapped
    unknown_ids: UnknownIds = nothing_unknown
    remembered: Remembered = nothing_remembered
    known_answers: KnownAnswers = nothing_known
    mapped_providers: MappedProviders = no_provider_mapped


class ProviderInterface(ABC):
    """Fetch a source's responses as bytes; `transforms` parses them.

    The iterators are lazy and must be exhausted: an error after the last payload means that the
    feed is not whole. Every failure is a FeedError, and the payloads before it are partial.
    """

    source: str
    """Registry key."""

    @abstractmethod
    def __init__(self, source: Source, context: AdapterContext) -> None:
        """Bind the registry's source to a context."""

    @abstractmethod
    def list_models(self, *, details: bool) -> Iterator[Payload]:
        """Yield the pages of the catalogue; `details` adds the fields of the daily query."""

    @abstractmethod
    def get_pricing(self) -> Iterator[Payload]:
        """Yield the responses of the source's own price list."""

    def list_mappings(self) -> Iterator[Payload]:
        """Yield what the source states once more about its catalogue, for comparison; most state
        nothing.
        """
        return iter(())

    @abstractmethod
    def run_inference(
        self, model: str, payload: InferencePayload, *, timeout_s: float = INFERENCE_TIMEOUT_S
    ) -> InferenceResponse:
        """Run one model once and return its response; the type of an InferenceError is the advice.

        It may cost money: only `pricehouse call` calls it, and it is never retried.
        """
