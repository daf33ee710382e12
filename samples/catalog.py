"""What the sample server serves at one moment: the Hub's models and the router's answer."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from samples.capture import read_capture
from samples.verbatim import Json, Record, decode, encode

DATA = Path(__file__).parent / "data"
STEPS = (1, 2)
ALWAYS = frozenset({"id", "_id"})
"""What the Hub returns for every model, requested or not; the sample's own data has no `_id`."""


@dataclass(frozen=True)
class SampleModel:
    """One model: the JSON text of each field, and for a Hub model the providers that serve it."""

    id: str
    fields: Mapping[str, str]
    providers: frozenset[str] = frozenset()

    def json(self, keys: frozenset[str] | None = None) -> str:
        """Return the record as JSON text with these keys, `id` and `_id`, or with all."""
        fields = self.fields.items()
        return (
            "{"
            + ",".join(
                f'"{key}":{text}'
                for key, text in fields
                if keys is None or key in ALWAYS or key in keys
            )
            + "}"
        )

    def facts(self) -> Record:
        """Return the record decoded, each number as its text."""
        return {json.loads(f'"{key}"'): decode(text) for key, text in self.fields.items()}

    def renamed(self, author_suffix: str) -> SampleModel:
        """Return the model under another author: `org/name` becomes `org<suffix>/name`."""
        author, slash, name = self.id.partition("/")
        other = author + author_suffix + slash + name
        fields = {**self.fields, "id": encode(other)}
        if "owned_by" in fields:
            fields["owned_by"] = encode(author + author_suffix)
        return replace(self, id=other, fields=fields)


class ServedView(Protocol):
    """The models that match one set of query parameters."""

    def page(self, after: str | None, limit: int) -> tuple[bytes, str | None]:
        """Return a JSON array of up to `limit` records, and the last id if more follow."""


class ServedCatalog(Protocol):
    """What the server serves: a `Catalog`, or one that makes its records when they are asked for.

    `…_captured_at` is None where nothing was recorded.
    """

    @property
    def hub_captured_at(self) -> datetime | None:
        """When the Hub's answer was recorded."""

    @property
    def router_captured_at(self) -> datetime | None:
        """When the router's answer was recorded."""

    @property
    def router_answer(self) -> bytes:
        """The router's whole answer."""

    def view(self, keys: frozenset[str], providers: frozenset[str] | None) -> ServedView:
        """Return the models served by one of `providers` (None: by any) with these keys."""

    def mapping_of(self, provider: str) -> bytes | None:
        """Return the live mapping of a provider, None for one that no model names."""


@dataclass(frozen=True)
class ModelsView:
    """The encoded records that match one set of query parameters, in the order of their ids."""

    ids: list[str]
    records: list[bytes]

    def page(self, after: str | None, limit: int) -> tuple[bytes, str | None]:
        """Return a JSON array of up to `limit` records, and the last id if more follow."""
        start = 0 if after is None else bisect_right(self.ids, after)
        end = start + limit
        body = b"[" + b",".join(self.records[start:end]) + b"]"
        return body, self.ids[end - 1] if end < len(self.ids) else None


class Catalog:
    """Hub models and the router's answer. `…_captured_at` is None where nothing was recorded."""

    def __init__(
        self,
        hub: Iterable[SampleModel],
        *,
        router: Iterable[SampleModel],
        hub_captured_at: datetime | None = None,
        router_captured_at: datetime | None = None,
    ) -> None:
        self.hub = sorted(hub, key=lambda entry: entry.id)
        self.router = list(router)
        for previous, entry in zip(self.hub, islice(self.hub, 1, None), strict=False):
            if previous.id == entry.id:
                raise ValueError(f"the Hub lists {entry.id} twice")
        self.hub_captured_at = hub_captured_at
        self.router_captured_at = router_captured_at
        records = ",".join(entry.json() for entry in self.router)
        self.router_answer = f'{{"object":"list","data":[{records}]}}'.encode()
        self._views: dict[tuple[frozenset[str], frozenset[str] | None], ModelsView] = {}

    def view(self, keys: frozenset[str], providers: frozenset[str] | None) -> ModelsView:
        """Return the models served by one of `providers` (None: by any) with these keys.

        A view is encoded at its first use and then kept, so that a page costs one join. Two
        threads that need it at once both encode it; either result will do.
        """
        view = self._views.get((keys, providers))
        if view is None:
            chosen = [e for e in self.hub if providers is None or e.providers & providers]
            view = ModelsView([e.id for e in chosen], [e.json(keys).encode() for e in chosen])
            self._views[keys, providers] = view
        return view

    def mapping_of(self, provider: str) -> bytes | None:
        """Return the live mapping of a provider as `/api/partners/{provider}/models` states it.

        Made of the models' own mappings: a model's entry by its name, the adapters that one rule
        serves as that rule. None for a provider that no model names.
        """
        if not any(provider in entry.providers for entry in self.hub):
            return None
        tasks: dict[str, dict[str, Json]] = {}
        for model in self.hub:
            for task, name, stated in live_mappings(model, provider):
                tasks.setdefault(task, {})[name] = stated
        return encode(dict[str, Json](tasks)).encode()


def live_mappings(model: SampleModel, provider: str) -> Iterator[tuple[str, str, Json]]:
    """Yield task, name and statement of each live mapping of a model by one provider."""
    for entry in _entries_of(model, provider):
        if entry.get("status") != "live":
            continue
        stated: dict[str, Json] = {
            key: entry[key] for key in ("_id", "providerId", "status") if key in entry
        }
        name = model.id
        if entry.get("type") == "tag-filter":
            name = f"tag-filter={entry.get('providerId')}"
            stated["adapterType"] = entry.get("adapter", "lora")
        yield str(entry.get("task")), name, stated


def _entries_of(model: SampleModel, provider: str) -> list[dict[str, Json]]:
    """Return the mapping entries of one provider, in either form of the mapping."""
    mapping: Json = json.loads(model.fields.get("inferenceProviderMapping", "[]"))
    if isinstance(mapping, dict):
        named = list(mapping.items())
    else:
        named = [(str(e.get("provider")), e) for e in _list(mapping) if isinstance(e, dict)]
    return [entry for name, entry in named if name == provider and isinstance(entry, dict)]


def load(step: int) -> Catalog:
    """Load a step of the sample: 1 is the Hub at 03:08 with router a, 2 at 12:27 with router b."""
    if step not in STEPS:
        raise ValueError(f"the sample has the steps {STEPS}, not {step}")
    return _load(DATA / f"hub-{step}.json", DATA / f"router-{step}.json")


def load_recording(folder: Path) -> Catalog:
    """Load what `pricehouse record` wrote; OSError or ValueError when nothing can be read."""
    return _load(folder / "hub.json", folder / "router.json")


def _load(hub_file: Path, router_file: Path) -> Catalog:
    hub, router = read_capture(hub_file), read_capture(router_file)
    try:
        return Catalog(
            map(hub_model, hub.records),
            router=map(router_model, router.records),
            hub_captured_at=hub.captured_at,
            router_captured_at=router.captured_at,
        )
    except KeyError as error:
        raise ValueError(f"{hub_file.parent}: a model lacks {error}") from error


def hub_model(facts: Mapping[str, Json]) -> SampleModel:
    """Build a Hub model from its facts; the mapping may be an array or keyed by provider."""
    mapping = facts.get("inferenceProviderMapping", [])
    providers = (
        mapping
        if isinstance(mapping, dict)
        else [entry.get("provider") for entry in _list(mapping) if isinstance(entry, dict)]
    )
    return replace(router_model(facts), providers=frozenset(map(str, providers)))


def router_model(facts: Mapping[str, Json]) -> SampleModel:
    """Build a router model from its facts."""
    # keys are kept as JSON writes them, without the quotes
    return SampleModel(
        str(facts["id"]), {json.dumps(key)[1:-1]: encode(value) for key, value in facts.items()}
    )


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
