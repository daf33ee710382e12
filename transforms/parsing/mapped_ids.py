"""Read from landed Hub pages which ids of a provider the Hub maps models to."""

from __future__ import annotations

from collections.abc import Iterable

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
    found = set[str]()
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
            found |= {
                entry.provider_id
                for name, entry in named
                if entry.provider_id and (entry.provider or name) == inference_provider
            }
    return sorted(found)
