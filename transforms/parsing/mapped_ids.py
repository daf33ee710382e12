"""Read from landed Hub pages which providers, and which ids of one, the Hub maps models to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from schemas.unreadable import UNREADABLE, decode_page


class _MappedEntry(msgspec.Struct):
    provider: str | None = None
    provider_id: str | None = msgspec.field(name="providerId", default=None)


class _MappedModel(msgspec.Struct):
    mapping: list[_MappedEntry] | dict[str, _MappedEntry] | None = msgspec.field(
        name="inferenceProviderMapping", default=None
    )


def mapped_ids(bodies: Iterable[bytes], inference_provider: str) -> list[str]:
    """Return the providerIds of one provider on these pages, each once, sorted.

    What cannot be read is skipped here; the parser reports it.
    """
    entries = _entries(bodies)
    return sorted({own for name, own in entries if own and name == inference_provider})


def mapped_providers(bodies: Iterable[bytes]) -> list[str]:
    """Return the inference providers on these pages, each once, sorted; as `mapped_ids`."""
    return sorted({name for name, _ in _entries(bodies) if name})


def _entries(bodies: Iterable[bytes]) -> Iterator[tuple[str | None, str | None]]:
    """Yield (inference provider, providerId) of every readable entry."""
    for body in bodies:
        try:
            records = decode_page(body, list[msgspec.Raw])
        except UNREADABLE:
            continue
        for raw in records:
            try:
                mapping = msgspec.json.decode(raw, type=_MappedModel).mapping or []
            except UNREADABLE:
                continue
            named = (
                ((name, entry) for name, entry in mapping.items())
                if isinstance(mapping, dict)
                else ((None, entry) for entry in mapping)
            )
            yield from ((entry.provider or name, entry.provider_id) for name, entry in named)
