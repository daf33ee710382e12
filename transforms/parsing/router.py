"""Parse the router's answer: one row per provider that offers a chat model."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from schemas.errors import FeedMalformed
from schemas.unreadable import UNREADABLE, decode_page
from transforms.parsing.collector import Collector
from transforms.parsing.columns import CHUNK
from transforms.parsing.decode import UnexpectedField, decode, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.limits import (
    MAX_ENTRIES,
    entry_problem,
    model_keys_twice,
    short_texts,
    shortened_status,
)
from transforms.parsing.pages import PageReader
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.parsed_rows import OfferingRow
from transforms.parsing.price_object import PriceText, read_price
from transforms.parsing.router_answer import Architecture, Offering, RouterModel
from transforms.parsing.router_columns import read_routed

Raw = msgspec.Raw


class RouterAnswer(msgspec.Struct):
    data: list[Raw]


class SingleModel(msgspec.Struct):
    """What distinguishes the answer about one model from an error: its id and its providers."""

    id: str
    providers: list[Raw]


def parse_router(pages: Iterable[Page], *, at_once: int = CHUNK) -> ParsedFeed:
    """Parse the router's one answer: the list, or one model as `/v1/models/{id}` answers it.

    Raises FeedMalformed when it has no `data` array and is no model with providers. So many
    models are read at once where all are as known, one by one with 0; the rows are the same.
    """
    out = Collector("router")
    reader = PageReader(out, read_routed, path="$.data", at_once=at_once)
    for page in pages:
        spellings = set[str]()
        read_model = partial(_read_model, spellings=spellings, out=out)
        if reader.take_kept(page, spellings):
            continue
        models = _models(page)
        if isinstance(models, EntryLocation):
            out.read_models([models], read_model)
        else:
            reader.read(page, models, spellings, read_model)
    return out.finish()


def _models(page: Page) -> list[Raw] | EntryLocation:
    """Return the models of a list, or the one model that an answer is about."""
    try:
        return decode_page(page.body, RouterAnswer).data
    except UNREADABLE as error:
        if (single := _single_model(page)) is not None:
            return single
        raise FeedMalformed(
            f"router: the answer has no `data` array: {error}", code="wrong_shape"
        ) from error


def _single_model(page: Page) -> EntryLocation | None:
    """Return the one model that an answer is about, None where it is no such answer."""
    try:
        fields = decode_page(page.body, dict[str, Raw])
        decode_page(page.body, SingleModel)
    except UNREADABLE:
        return None
    if "data" in fields:  # a list whose array cannot be read
        return None
    return EntryLocation(page.payload_hash, "$", decode_page(page.body, Raw))


def _read_model(entry: EntryLocation, *, spellings: set[str], out: Collector) -> None:
    out.require_room()
    model, unexpected = decode(entry.raw, RouterModel)
    out.record_drift(unexpected)
    if model is None or not model.id or model_keys_twice(entry.raw):
        reason = "model:key_twice" if model and model.id else "model_id:missing"
        out.nameless += 1
        out.reject(entry, reason, field="id")
        return
    spelling = model.id.lower()  # two spellings are one model
    repeated = spelling in spellings
    out.repeats += repeated
    out.distinct += not repeated
    spellings.add(spelling)
    offerings = model.providers or []
    where = f"{entry.path}.providers"
    if model.providers is None or len(offerings) > MAX_ENTRIES:
        why = "missing" if model.providers is None else "too_many"
        out.reject(entry._replace(path=where), f"providers:{why}", key=model.id, field="providers")
        return
    out.read_entries(
        (
            EntryLocation(entry.payload_hash, f"{where}[{index}]", raw)
            for index, raw in enumerate(offerings)
        ),
        partial(_read_offering, model=model, repeated=repeated, out=out),
        model_id=model.id,
    )


def _read_offering(
    entry: EntryLocation, *, model: RouterModel, repeated: bool, out: Collector
) -> None:
    offering, unexpected = decode(entry.raw, Offering)
    out.record_drift(
        UnexpectedField(f"providers.{found.field}", found.kind, found.text) for found in unexpected
    )
    problem = "model_id:repeated" if repeated else entry_problem(entry.raw)
    if offering is None or problem:
        provider = offering.provider if offering else None
        reason = problem or "entry:not_an_object"
        out.reject(entry, reason, key=model.id, provider=provider)
        return
    out.offerings.append(_offering(offering, model, entry))


def _offering(offering: Offering, model: RouterModel, entry: EntryLocation) -> OfferingRow:
    states_price = is_stated(offering.pricing)
    price = read_price(offering.pricing) if states_price else PriceText()
    has_price = states_price or bool(offering.is_free)
    architecture = model.architecture or Architecture()
    return OfferingRow(
        feed="router",
        payload_hash=entry.payload_hash,
        json_path=entry.path,
        model_id=model.id,
        inference_provider=offering.provider,
        task="conversational",
        status_text=shortened_status(offering.status) if offering.status is not None else None,
        context_length=offering.context_length,
        supports_tools=offering.supports_tools,
        supports_structured_output=offering.supports_structured_output,
        is_model_author=offering.is_model_author,
        input_modalities=short_texts(architecture.input_modalities),
        output_modalities=short_texts(architecture.output_modalities),
        first_token_latency_ms=offering.first_token_latency_ms,
        throughput_tps=offering.throughput,
        is_free=offering.is_free,
        has_price=has_price,
        price_input_text=price.input,
        price_output_text=price.output,
        price_problem=price.problem,
        price_cached_text=price.cached,
        price_cache_write_text=price.cache_write,
        price_reasoning_text=price.reasoning,
        price_unknown=price.unknown,
        evidence=bytes(entry.raw).decode("utf-8", "replace") if has_price else None,
    )
