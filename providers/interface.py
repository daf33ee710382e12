"""What every source must be able to do; adding one means implementing this and a registry entry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from schemas.inference import InferenceAnswer, InferencePayload
from schemas.payload import Payload, Traffic
from schemas.registry import Source

if TYPE_CHECKING:  # commands that fetch nothing read the registry too
    from providers.http.client import HttpClient

INFERENCE_TIMEOUT_S = 120.0

MappedIds = Callable[[str], Sequence[str]]
"""Inference provider → the ids of its own that the Hub maps models to, each once."""


def nothing_mapped(inference_provider: str) -> Sequence[str]:
    """Return no id: what is asked by id is then not asked at all."""
    del inference_provider
    return ()


class ProviderInterface(ABC):
    """Fetch a source's answers as bytes; parsing them is the work of `transforms`.

    The iterators are lazy and must be exhausted: an error after the last payload says that the
    feed is not whole. Every failure is a FeedError, and the payloads before it are partial.
    """

    source: str
    """Registry key."""

    @abstractmethod
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
        """Bind the registry's source to base URLs and traffic counters, both by feed.

        `deadline_s` replaces every feed's own deadline, in seconds; None keeps them. `mapped_ids`
        is asked for by lists that answer only for ids that one names.
        """

    @abstractmethod
    def list_models(self, *, details: bool) -> Iterator[Payload]:
        """Yield the pages of the catalogue; `details` asks for the fields of the daily query."""

    @abstractmethod
    def get_pricing(self) -> Iterator[Payload]:
        """Yield the answers of the source's own price list."""

    @abstractmethod
    def run_inference(
        self, model: str, payload: InferencePayload, *, timeout_s: float = INFERENCE_TIMEOUT_S
    ) -> InferenceAnswer:
        """Run one model once and return its answer; InferenceError says what to do instead.

        It may cost money: no flow and no command calls it, and it is never sent twice by itself.
        """
