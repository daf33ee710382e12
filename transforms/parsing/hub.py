"""Parse pages of the Hub list: models, and one row per entry of their provider mapping."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from schemas.errors import FeedMalformed
from schemas.kept_rows import IN_MEMORY, FrameStore
from schemas.text import printable_or_none, replace_unprintable
from schemas.unreadable import UNREADABLE, decode_page
from transforms.parsing.collector import Collector
from transforms.parsing.columns import CHUNK
from transforms.parsing.decode import ABSENT, UnexpectedField, decode, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.hub_answer import (
    Features,
    HubEntry,
    HubModel,
    Performance,
    utc,
)
from transforms.parsing.hub_columns import read_listed
from transforms.parsing.limits import (
    MAX_ENTRIES,
    entry_problem,
    mapping_keys_twice,
    model_keys_twice,
    shortened_status,
)
from transforms.parsing.moved_models import reject_superseded
from transforms.parsing.pages import PageReader
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.parsed_rows import ModelRow, OfferingRow
from transforms.parsing.price_object import PriceText, read_price

Raw = msgspec.Raw


def parse_hub(
    pages: Iterable[Page], *, at_once: int = CHUNK, store: FrameStore = IN_MEMORY
) -> ParsedFeed:
    """Parse every page of one whole walk, in order.

    A model id that was on an earlier page, in any case, is a repeat (the list moved under the
    walk): its entries are rejected rows. So are those of an earlier name of the same repository,
    which was renamed during the walk. Raises FeedMalformed when a page is no JSON array.

    So many models are read at once where all are as known, one by one with 0; the rows are the
    same. Those of a large catalogue are put aside in `store`.
    """
    out, spellings = Collector("hub", store=store), set[str]()
    reader = PageReader(out, read_listed, path="$", at_once=at_once)
    read_model = partial(_read_model, spellings=spellings, out=out)
    for page in pages:
        if not reader.take_kept(page, spellings):
            reader.read(page, _models(page), spellings, read_model)
        out.close_page()
    return reject_superseded(out.finish())


def _models(page: Page) -> list[Raw]:
    try:
        return decode_page(page.body, list[Raw])
    except UNREADABLE as error:
        raise FeedMalformed(
            f"hub: page {page.payload_hash[:12]} is no JSON array: {error}", code="not_array"
        ) from error


def _read_model(location: EntryLocation, *, spellings: set[str], out: Collector) -> None:
    out.require_room()
    model, unexpected = decode(location.raw, HubModel)
    if unexpected:
        out.record_drift(unexpected)
    if model is None or not model.id or model_keys_twice(location.raw):
        reason = "model:key_twice" if model and model.id else "model_id:missing"
        out.nameless += 1
        out.reject(location, reason, field="id")
        return
    repeated = model.id.lower() in spellings
    row = None if repeated else _model_row(model)
    entries = _entries(model.mapping, location)
    if row is None:
        out.repeats += 1
    else:
        spellings.add(model.id.lower())
        out.distinct += 1
        out.models.append(row)
    if isinstance(entries, str):
        name = "inferenceProviderMapping"
        where = EntryLocation(location.payload_hash, f"{location.path}.{name}", model.mapping)
        out.reject(where, f"{name}:{entries}", key=model.id, field=name)
        return
    out.read_entries(
        entries,
        partial(_read_entry, model_id=model.id, repeated=repeated, out=out),
        model_id=model.id,
    )


def _read_entry(location: EntryLocation, *, model_id: str, repeated: bool, out: Collector) -> None:
    entry, unexpected = decode(location.raw, HubEntry)
    if entry is not None and entry.provider is None:
        entry.provider = location.name
    if unexpected:
        out.record_drift(
            UnexpectedField(f"inferenceProviderMapping.{found.field}", found.kind, found.text)
            for found in unexpected
        )
    problem = "model_id:repeated" if repeated else entry_problem(location.raw)
    if entry is None or problem:
        provider = entry.provider if entry else None
        reason = problem or "entry:not_an_object"
        out.reject(location, reason, key=model_id, provider=provider)
        return
    out.offerings.append(_offering(entry, model_id, location))


def _entries(raw: Raw, model: EntryLocation) -> list[EntryLocation] | str:
    """Return the entries of a mapping in either shape, or why it cannot be read.

    In an array each entry names its provider; in a dict the key does, and the entry may.
    """
    if not is_stated(raw):
        return []
    path, payload_hash = f"{model.path}.inferenceProviderMapping", model.payload_hash
    try:
        if bytes(raw).startswith(b"{"):
            named = msgspec.json.decode(raw, type=dict[str, Raw])
            if mapping_keys_twice(raw):
                return "key_twice"
            if len(named) > MAX_ENTRIES:
                return "too_many"
            return [
                EntryLocation(payload_hash, f"{path}.{replace_unprintable(name)}", entry, name)
                for name, entry in named.items()
            ]
        entries = msgspec.json.decode(raw, type=list[Raw])
    except UNREADABLE:
        return "wrong_type"
    if len(entries) > MAX_ENTRIES:
        return "too_many"
    return [
        EntryLocation(payload_hash, f"{path}[{position}]", entry)
        for position, entry in enumerate(entries)
    ]


def _offering(entry: HubEntry, model_id: str, location: EntryLocation) -> OfferingRow:
    details = entry.provider_details
    speed = entry.performance or _NO_PERFORMANCE
    features = entry.features or _NO_FEATURES
    pricing = details.pricing if details else ABSENT
    has_price = is_stated(pricing)
    price = read_price(pricing) if has_price else _NO_PRICE
    return OfferingRow(
        feed="hub",
        payload_hash=location.payload_hash,
        json_path=location.path,
        model_id=model_id,
        inference_provider=entry.provider,
        task=entry.task,
        provider_model_id=entry.provider_id,
        entry_id=printable_or_none(entry._id),
        mapping_type=printable_or_none(entry.type),
        status_text=shortened_status(entry.status) if entry.status is not None else None,
        context_length=details.context_length if details else None,
        supports_tools=features.tool_calling,
        supports_structured_output=features.structured_output,
        is_model_author=entry.is_model_author,
        request_latency_ms=speed.request_latency_ms,
        first_token_latency_ms=speed.first_token_latency_ms,
        throughput_tps=speed.tokens_per_second,
        has_price=has_price,
        price_input_text=price.input,
        price_output_text=price.output,
        price_problem=price.problem,
        price_cached_text=price.cached,
        price_cache_write_text=price.cache_write,
        price_reasoning_text=price.reasoning,
        price_unknown=price.unknown,
        evidence=bytes(location.raw).decode("utf-8", "replace") if has_price else None,
    )


def _model_row(model: HubModel) -> ModelRow:
    return ModelRow(
        model_id=model.id or "",
        hub_id=printable_or_none(model.hub_id),
        pipeline_tag=printable_or_none(model.pipeline_tag),
        library_name=printable_or_none(model.library_name),
        licence=model.licence(),
        likes=model.likes,
        downloads=model.downloads,
        parameters=model.safetensors.total if model.safetensors else None,
        gated=model.gating(),
        created_at=utc(model.created_at),
        modified_at=utc(model.last_modified),
    )


_NO_PERFORMANCE = Performance()
_NO_FEATURES = Features()
_NO_PRICE = PriceText()
