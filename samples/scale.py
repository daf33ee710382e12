"""The sample multiplied to any size, for benchmarks and tests only: not a recording.

`python -m samples.scale --models 50000 --port 8400` serves it. Every model of step 2 is repeated
under numbered authors (`org-copy0001/name`), which no real author has; its facts stay as they are,
so the proportions (1.73 mapping entries a model, LoRA rows, priced ones) are those of the sample.
Pages are made when they are asked for, so a million models take no more memory than the sample.

`POST /changes/1` lets an hour pass in which one model of a hundred changed: of such a model each
price rises by a tenth, and the first mapping entry changes its status. `POST /changes/0` takes that
back. Which models change is a hash of their ids, so every server changes the same ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import islice
from threading import Event
from typing import TypeVar
from zlib import crc32

from samples.catalog import SampleModel, hub_model, live_mappings, load, router_model
from samples.hub import arguments, serve
from samples.quota import Quota
from samples.routes import ServerReply, ServerRequest, error, json_reply
from samples.verbatim import Json, Number, Record, encode

MODELS = 50_000
MOST_ROUTED = 80_000
"""Models of the router's one answer: 56 MB, where a body of more than 64 MiB is refused."""
HUNDRED = 100
_MARK = "-copy####"
_RISE = Decimal("1.1")
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Template:
    """One model of the sample; `pieces` of its record are joined by the number of a copy."""

    id: str
    pieces: tuple[bytes, ...]
    changed_pieces: tuple[bytes, ...]

    def record(self, number: int, changes: int) -> bytes:
        """Return the record of one copy after so many hours with changes."""
        changed = is_changed(_copy_id(self.id, number), changes)
        return _suffix(number).encode().join(self.changed_pieces if changed else self.pieces)


@dataclass(frozen=True)
class ScaledView:
    """The copies of some models of the sample, copy after copy; `models` of all, not of these."""

    templates: list[_Template]
    positions: list[int]
    """Of each template among all models of the sample."""
    models: int
    period: int
    """Models of the sample: one copy of all."""
    changes: int

    def page(self, after: str | None, limit: int) -> tuple[bytes, str | None]:
        """Return a JSON array of up to `limit` records, and the last id if more follow."""
        start = 0 if after is None else self._place(after) + 1
        found = list(islice(self._from(start), limit + 1))
        records = [template.record(number, self.changes) for number, template in found[:limit]]
        last = found[limit - 1] if len(found) > limit else None
        return (
            b"[" + b",".join(records) + b"]",
            None if last is None else _copy_id(last[1].id, last[0]),
        )

    def _from(self, start: int) -> Iterator[tuple[int, _Template]]:
        number, first = divmod(start, len(self.templates)) if self.templates else (0, 0)
        while self.templates and number * self.period < self.models:
            left = self.models - number * self.period
            for place in range(first, len(self.templates)):
                if self.positions[place] < left:
                    yield number + 1, self.templates[place]
            number, first = number + 1, 0

    def _place(self, model_id: str) -> int:
        author, slash, name = model_id.partition("/")
        author, _, number = author.rpartition("-copy")
        places = {template.id: place for place, template in enumerate(self.templates)}
        return (int(number) - 1) * len(self.templates) + places.get(author + slash + name, -1)


class ScaledCatalog:
    """Copies of the sample's models, as many as `models`, and router models in proportion."""

    hub_captured_at = None
    router_captured_at = None

    def __init__(self, models: int, *, changes: int = 0) -> None:
        self.models = models
        self.changes = changes
        sample = load(2)
        self._hub, self._router = sample.hub, sample.router
        self.routed = min(MOST_ROUTED, round(models * len(sample.router) / len(sample.hub)))
        self._views: dict[tuple[frozenset[str], frozenset[str] | None], ScaledView] = {}
        self._mappings: dict[str, bytes | None] = {}

    def view(self, keys: frozenset[str], providers: frozenset[str] | None) -> ScaledView:
        """Return the models served by one of `providers` (None: by any) with these keys."""
        found = self._views.get((keys, providers))
        if found is None:
            chosen = [
                (place, model)
                for place, model in enumerate(self._hub)
                if providers is None or model.providers & providers
            ]
            found = ScaledView(
                [_template(model, keys) for _, model in chosen],
                [place for place, _ in chosen],
                self.models,
                len(self._hub),
                self.changes,
            )
            self._views[keys, providers] = found
        return found

    @cached_property
    def router_answer(self) -> bytes:
        """The router's whole answer."""
        templates = [_template(model, None) for model in self._router]
        records = (template.record(number, self.changes) for number, template in _copies(templates))
        data = b",".join(islice(records, self.routed))
        return b'{"object":"list","data":[' + data + b"]}"

    def mapping_of(self, provider: str) -> bytes | None:
        """Return the live mapping of a provider, as a `Catalog` of the same models does.

        It is made once and kept: a provider's answer is one body, and the Hub has it ready too.
        """
        if provider not in self._mappings:
            self._mappings[provider] = self._make_mapping(provider)
        return self._mappings[provider]

    def _make_mapping(self, provider: str) -> bytes | None:
        if not any(provider in model.providers for model in self._hub):
            return None
        tasks: dict[str, dict[str, str]] = {}
        for place, model in enumerate(self._hub):
            if provider not in model.providers:
                continue
            entries = _mapping_texts(model, provider)
            changed = _mapping_texts(_changed(model, hub=True), provider)
            copies = (self.models - place + len(self._hub) - 1) // len(self._hub)
            for number in range(1, copies + 1):
                copy = _copy_id(model.id, number)
                for task, name, text in changed if is_changed(copy, self.changes) else entries:
                    tasks.setdefault(task, {})[copy if name == model.id else name] = text
        texts = (
            f"{encode(task)}:{{{','.join(f'{encode(k)}:{v}' for k, v in entries.items())}}}"
            for task, entries in tasks.items()
        )
        return f"{{{','.join(texts)}}}".encode()


def scaled(models: int = MODELS, *, changes: int = 0) -> ScaledCatalog:
    """Return a catalogue of `models` Hub models after so many hours with changes, without dates."""
    return ScaledCatalog(models, changes=changes)


def is_changed(model_id: str, changes: int) -> bool:
    """Return whether a model is one of those that so many hours with changes have changed."""
    return changes > 0 and crc32(model_id.encode()) % HUNDRED < changes


def _copies(entries: list[_T]) -> Iterator[tuple[int, _T]]:
    number = 0
    while entries:
        number += 1
        for entry in entries:
            yield number, entry


def _suffix(number: int) -> str:
    return f"-copy{number:04}"


def _copy_id(model_id: str, number: int) -> str:
    author, slash, name = model_id.partition("/")
    return author + _suffix(number) + slash + name


def _mapping_texts(model: SampleModel, provider: str) -> list[tuple[str, str, str]]:
    """Return task, name and JSON text of each live mapping."""
    return [(task, name, encode(entry)) for task, name, entry in live_mappings(model, provider)]


def _template(model: SampleModel, keys: frozenset[str] | None) -> _Template:
    is_hub = "inferenceProviderMapping" in model.fields
    return _Template(
        model.id,
        _pieces(model, keys),
        _pieces(_changed(model, hub=is_hub), keys),
    )


def _pieces(model: SampleModel, keys: frozenset[str] | None) -> tuple[bytes, ...]:
    return tuple(model.renamed(_MARK).json(keys).encode().split(_MARK.encode()))


def _changed(model: SampleModel, *, hub: bool) -> SampleModel:
    """Return the model after its change: dearer, and of the Hub's entries the first flipped."""
    facts = model.facts()
    if not hub:
        for offering in _records(facts["providers"]):
            _raise_price(offering)
        return replace(router_model(facts), id=model.id)
    entries = _records(facts["inferenceProviderMapping"])
    for entry in entries:
        details = entry.get("providerDetails")
        if isinstance(details, dict):
            _raise_price(details)
    if entries:
        entries[0]["status"] = "error" if entries[0].get("status") == "live" else "live"
    return hub_model(facts)


def _raise_price(stated: Record) -> None:
    price = stated.get("pricing")
    if isinstance(price, dict):
        for side, amount in price.items():
            if isinstance(amount, Number):
                price[side] = Number(f"{(Decimal(amount) * _RISE).normalize():f}")


def _records(value: Json) -> list[Record]:
    rows = value.values() if isinstance(value, dict) else value
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def main() -> None:
    """Serve the multiplied sample, and change it when that is asked for."""
    parser = arguments("python -m samples.scale", "Serve the sample multiplied, for benchmarks.")
    parser.add_argument("--models", type=int, default=MODELS)
    given = parser.parse_args()

    catalogs: dict[int, ScaledCatalog] = {}

    def after(changes: int) -> ScaledCatalog:
        if changes not in catalogs:
            catalogs[changes] = scaled(given.models, changes=changes)
        return catalogs[changes]

    def change(request: ServerRequest) -> ServerReply | None:
        _, first, number = [*request.path.split("/"), "", ""][:3]
        if request.method != "POST" or first != "changes":
            return None
        if not number.isdecimal() or int(number) > HUNDRED:
            return error(400, f"The number of hours with changes is from 0 to {HUNDRED}")
        hub.show(after(int(number)))
        return json_reply(200, b"{}", {})

    quota = Quota(given.requests)
    with serve(after(0), port=given.port, quota=quota, on_request=change, etags=given.etags) as hub:
        sys.stdout.write(f"{given.models} multiplied models at {hub.url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            Event().wait()


if __name__ == "__main__":
    main()
