"""Recorded entries with one field replaced by an odd value, and the line that a feed's rows take.

The entries are the sample's captures, so no folder beside the checkout is needed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.feeds import PriceContext, ResolveContext, feeds_of_registry, spec_of
from providers.registry import load_registry
from samples.capture import read_capture
from samples.verbatim import Json, Number, Record, encode
from schemas.contract import require
from schemas.kept_rows import IN_MEMORY
from schemas.offerings import OFFERINGS
from schemas.registry import Estimate, Feed
from schemas.state import INCOMING_CLAIMS
from tests.support.price_claims import PROVIDERS
from transforms.parsing.limits import MAX_ENTRIES, MAX_ENTRY_BYTES
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.validation import quoted_entries
from transforms.pricing.estimates import price_estimate, resolve_estimate
from transforms.resolve.catalog import MAPPED, identified, resolve_catalog
from transforms.resolve.model_names import NO_NAMES

DATA = Path(__file__).parents[2] / "samples" / "data"
TASKS = (
    "conversational",
    "text-to-image",
    "text-to-video",
    "automatic-speech-recognition",
    "feature-extraction",
)
ENTRIES = {"hub": "inferenceProviderMapping", "router": "providers"}
"""Feed → the key of a model's entries."""
NAMES = {"deepinfra_list": "model_name", "fal_pricing": "endpoint_id", "wavespeed_list": "model_id"}
"""Price list → the key of the provider's own id."""
FEEDS = (*ENTRIES, *NAMES)
ODD: dict[str, str | None] = {
    "missing": None,
    "null": "null",
    "empty_text": '""',
    "space": '" "',
    "zero": "0",
    "minus_one": "-1",
    "minus_zero": "-0.0",
    "true": "true",
    "false": "false",
    "one": "1",
    "half": "0.5",
    "empty_list": "[]",
    "empty_object": "{}",
    "list_of_null": "[null]",
    "list_of_objects": '[{"a":1},{}]',
    "object_of_lists": '{"novita":[],"b":[1]}',
    "1e12": "1e12",
    "minus_1e12": "-1e12",
    "1e18": "1000000000000000000",
    "2_to_the_64": "18446744073709551616",
    "1e300": "1e300",
    "1e400": "1e400",
    "1e-400": "1e-400",
    "beyond_decimal": "1e9999999999999999999",
    "below_decimal": "-1e-9999999999999999999",
    "30_digits": "123456789012345678901234567890",
    "30_decimals": "0.123456789012345678901234567890",
    "400_digits": "9" * 400,
    "5000_digits": "7" * 5000,
    "number_as_text": '"0.2"',
    "nan_text": '"NaN"',
    "infinity_text": '"-Infinity"',
    "nul": '"\\u0000"',
    "direction_mark": '"\\u202e"',
    "surrogate": '"\\ud800"',
    "surrogate_inside": '"a\\udfffb"',
    "long_text": '"' + "x" * 5000 + '"',
    "very_long_text": '"' + "y" * (MAX_ENTRY_BYTES + 1) + '"',
    "first_day": '"0001-01-01T00:00:00+23:59"',
    "last_day": '"9999-12-31T23:59:59.999999-23:59"',
    "deep_list": "[" * 60 + "]" * 60,
    "deeper_list": "[" * 3000 + "]" * 3000,
    "deep_object": '{"a":' * 60 + "1" + "}" * 60,
    "key_twice": '{"input":1,"input":2}',
    "price": '{"input":1,"output":1e400}',
    "html": '"<script>"',
}
"""Name → JSON text in the place of a value; None removes the field."""
DETAILS: Record = {
    "_id": "65f0c1d2e3f4a5b6c7d8e9f0",
    "pipeline_tag": "text-generation",
    "library_name": "transformers",
    "likes": 5,
    "downloads": 7,
    "gated": "auto",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "lastModified": "2026-01-02T00:00:00.000Z",
    "tags": ["license:mit", "region:us"],
    "safetensors": {"total": 7000000000},
    "author": "org",
}
"""Daily fields of a model of the Hub; the captures lack them."""

Path_ = tuple[str | int, ...]


class OddRecord(NamedTuple):
    """A record with one odd value, what was replaced by what, and how many entries it counts."""

    record: Json
    path: Path_
    odd: str
    entries: int


class LineOutcome(NamedTuple):
    """What the steps from parsing to pricing made of one page."""

    parsed: ParsedFeed
    accepted: int
    rejected: int
    claims: pl.DataFrame


@cache
def records(feed: str) -> tuple[Record, ...]:
    """Return the recorded entries of a feed; one of the Hub or router is a model with one entry."""
    if feed in ENTRIES:
        return tuple(
            {**(DETAILS if feed == "hub" else {}), **model, ENTRIES[feed]: [entry]}
            for model in read_capture(DATA / f"{feed}-2.json").records
            for entry in _items(model[ENTRIES[feed]])
        )
    if feed == "fal_pricing":  # in its documented shape: no answer was ever recorded
        return tuple(
            {"endpoint_id": "fal-ai/x", "unit_price": Number(p), "unit": u, "currency": "USD"}
            for p, u in (("0.025", "images"), ("0.003", "megapixels"), ("1", "compute seconds"))
        )
    return tuple(read_capture(DATA / f"{feed.replace('_', '-')}.json").records)


def representatives(feed: str) -> list[Record]:
    """Return recorded entries that together have every field with every type of its values."""
    seen, chosen = set[tuple[str, ...]](), list[Record]()
    for record in records(feed):
        fields = set(_fields(record))
        if not fields <= seen:
            seen |= fields
            chosen.append(record)
    return chosen


def every_shape(feed: str) -> list[Record]:
    """Return every recorded entry of a price list; of a catalogue, one of each set of fields.

    The Hub's 1,448 entries have 46 sets; the same fields again would try nothing new.
    """
    if feed in NAMES:
        return list(records(feed))
    return list({frozenset(_fields(record)): record for record in records(feed)[::-1]}.values())


def odd_records(feed: str, among: Sequence[Record]) -> Iterator[OddRecord]:
    """Yield each record with each of its fields replaced by each odd value, all with own ids."""
    number = 0
    for record in among:
        for path in _paths(record):
            for odd, text in ODD.items():
                number += 1
                changed: Any = _with_own_id(feed, copy.deepcopy(record), number)
                _replace(changed, path, text)
                yield OddRecord(changed, path, odd, _entries_of(feed, path, changed, text))


def page_of(feed: str, among: Sequence[Json]) -> bytes:
    """Return the records in the envelope that the feed has."""
    body = "[" + ",".join(map(encode, among)) + "]"
    if feed == "router":
        body = f'{{"object":"list","data":{body}}}'
    elif feed == "fal_pricing":
        body = f'{{"prices":{body},"next_cursor":null,"has_more":false}}'
    return body.encode()


def run_line(feed: str, body: bytes, names: Sequence[str] = ()) -> LineOutcome:
    """Parse, validate, resolve and price one page; `names` are the ids that the Hub maps.

    AssertionError when a claim breaks its contract.
    """
    source, entry = _registered(feed)
    spec = spec_of(feed)
    assert spec.parse is not None
    assert spec.validate is not None
    assert isinstance(entry, Feed)
    parsed = spec.parse(iter([Page(body, "0" * 64)]), entry, IN_MEMORY)
    kept, refused = spec.validate(parsed)
    mapped = mapped_offers(PROVIDERS.get(feed, ""), names)
    context = ResolveContext(
        source,
        entry,
        mapped=lambda: {"huggingface": mapped},
        catalog=None,
        names=lambda: NO_NAMES,
    )
    resolved = spec.resolve(kept, context)
    assert resolved is not None
    claims = spec.price(resolved.rows, kept.quotes, PriceContext(entry, "run", show_account=True))
    require(claims, INCOMING_CLAIMS)
    if feed == "hub":
        _, rule = _registered("hf_inference_estimate")
        assert isinstance(rule, Estimate)
        timed = resolve_estimate(resolved.rows, rule).rows
        require(price_estimate(timed, rule, run_id="run"), INCOMING_CLAIMS)
    entries = kept.offerings if feed in ENTRIES else quoted_entries(kept.quotes)
    return LineOutcome(parsed, entries.height, refused.height, claims)


def mapped_offers(provider: str, names: Sequence[str]) -> pl.DataFrame:
    """Return mapping offers of the Hub, one of each task group for each of a provider's ids."""
    pairs = [(name, task) for name in names for task in TASKS]
    offerings = OFFERINGS.build(
        {
            "feed": ["hub"] * len(pairs),
            "payload_hash": ["0" * 64] * len(pairs),
            "json_path": ["$"] * len(pairs),
            "model_id": [f"o/m{number}" for number in range(len(pairs))],
            "inference_provider": [provider] * len(pairs),
            "task": [task for _, task in pairs],
            "provider_model_id": [name for name, _ in pairs],
            "status_text": ["live"] * len(pairs),
            "request_latency_ms": [900.0] * len(pairs),
            "has_price": [False] * len(pairs),
        }
    )
    return identified(resolve_catalog(offerings, source="huggingface").rows).select(MAPPED)


def name_of(feed: str, record: Json) -> str | None:
    """Return the provider's own id in an entry of a price list, None where it has no usable one."""
    name = record.get(NAMES[feed]) if isinstance(record, dict) else None
    usable = isinstance(name, str) and not isinstance(name, Number) and name.isprintable()
    return name if usable and isinstance(name, str) else None


@cache
def _registered(feed: str) -> tuple[str, Feed | Estimate]:
    found = {f.name: (f.source, f.entry) for f in feeds_of_registry(load_registry())}
    return found[feed]


def _with_own_id(feed: str, record: Record, number: int) -> Record:
    if feed in ENTRIES:
        return {**record, "id": f"org/m{number}"}
    return {**record, NAMES[feed]: f"{record[NAMES[feed]]}-{number}"}


def _items(value: Json) -> list[Json]:
    return list(value.values()) if isinstance(value, dict) else list(_list(value))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _fields(value: Json, *path: str) -> Iterator[tuple[str, ...]]:
    yield (*path, type(value).__name__)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(inner, *path, key)
    for item in _list(value):
        yield from _fields(item, *path, "[]")


def _paths(value: Json) -> Iterator[Path_]:
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in pairs:
        yield (key,)
        yield from ((key, *rest) for rest in _paths(inner))


def _replace(record: Any, path: Path_, text: str | None) -> None:
    for key in path[:-1]:
        record = record[key]
    if text is None:
        del record[path[-1]]
    else:
        record[path[-1]] = Number(text)


def _entries_of(feed: str, path: Path_, record: Record, text: str | None) -> int:
    """Return what a record with an odd value at `path` counts: its entries, or one without any."""
    if feed not in ENTRIES:
        return 1
    entries = ENTRIES[feed]
    if path == ("id",):
        return 1  # its one entry, or the model itself
    if path != (entries,):
        return len(_items(record[entries]))
    value = _plain(text)
    if feed == "hub" and value is None:
        return 0
    sized = isinstance(value, list | dict) if feed == "hub" else isinstance(value, list)
    return len(value) if sized and len(value) <= MAX_ENTRIES else 1


def _plain(text: str | None) -> Any:
    """Return an odd value as Python has it; of what json cannot read, only the type is right."""
    try:
        return json.loads(text, parse_int=partial(str)) if text is not None else None
    except RecursionError:
        return [[]]
