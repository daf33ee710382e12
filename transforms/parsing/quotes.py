"""Collect the entries of a provider's own price list, each id once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import msgspec
import polars as pl

from schemas.offerings import REJECTED
from schemas.quotes import NOT_OFFERED, QUOTES
from schemas.text import replace_unprintable
from schemas.units import STANDARD
from schemas.unreadable import UNREADABLE
from transforms.parsing.decode import excerpt
from transforms.parsing.fence import UNREADABLE_ENTRY, EntryLocation, RowFence, text_field
from transforms.parsing.parsed_feed import PROVIDER_ENTRIES, AnswerSummary, ParsedFeed
from transforms.parsing.parsed_rows import RejectedRow
from transforms.parsing.sentence_agreement import STATED_IN_TEXT, StatedRate, is_contradicted

LONGEST_NUMBER = 100
"""Characters of a number that is read; a price has about twenty."""
_NUMBER_STARTS = frozenset(b"-0123456789")
_USABLE_POWERS = range(-40, 40)
"""Powers of ten of a number that can be a price; another one is none, whatever stands beside it."""
_ONE, _NOTHING = Decimal(1), Decimal(0)
_Key = tuple[str, str]
"""The provider's own id, and the part of its prices that a row states."""
_ENTRY_COLUMNS = (
    "feed",
    "payload_hash",
    "json_path",
    "inference_provider",
    "provider_model_id",
    "evidence",
)


class Quote(NamedTuple):
    """One price of an entry; the fields are columns of QUOTES."""

    native_unit: str | None = None
    raw_text: str | None = None
    native_quantity: Decimal = _ONE
    factor: Decimal = _ONE
    times: int = 1
    per: int = 1
    formula_text: str = "price"
    currency: str = "USD"
    scope: str = "public"
    derived: bool = False
    problem: str | None = None
    no_price_reason: str | None = None
    tier: str = STANDARD
    video_caveat: str | None = None
    remark: str | None = None
    discount: Decimal = _NOTHING
    until: datetime | None = None


def number_text(raw: msgspec.Raw) -> str | None:
    """Return a JSON number as it is written, never through a float.

    None without a number, or with one of more characters than any price has.
    """
    text = bytes(raw).strip()
    if text[:1] and text[0] in _NUMBER_STARTS and len(text) <= LONGEST_NUMBER:
        return text.decode("ascii")
    return None


def decimal_of(raw: msgspec.Raw) -> Decimal | None:
    """Return a JSON number exactly, None without one or with an exponent beyond any decimal."""
    text = number_text(raw)
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        return None


def text_of(raw: msgspec.Raw) -> str | None:
    """Return a JSON string, None for anything else."""
    try:
        return msgspec.json.decode(raw, type=str)
    except UNREADABLE:
        return None


def fields_of(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    """Return the members of a JSON object, None when it is none or names one twice."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        members = json.loads(  # msgspec keeps the last of two; numbers may have any length
            bytes(raw), object_pairs_hook=list, parse_int=str, parse_float=str
        )
    except (*UNREADABLE, ValueError):
        return None
    return found if len(members) == len(found) else None


@dataclass
class PriceListCollector:
    """The entries of one list. An id that comes twice with two prices gets none."""

    feed: str
    inference_provider: str
    id_field: str
    """The key that holds the provider's own id in each entry."""
    _fence: RowFence = field(default_factory=RowFence)
    _entries: dict[_Key, tuple[EntryLocation, list[Quote]]] = field(default_factory=dict)
    _rejected: list[RejectedRow] = field(default_factory=list)
    _nameless: int = 0
    _repeats: int = 0

    def read(self, entries: Iterable[EntryLocation], read: Callable[[EntryLocation], None]) -> None:
        """Read every entry of a page; one that raises an error is rejected, the others count."""
        self._fence.each(entries, read, self._reject_unreadable)

    def add(
        self,
        name: str | None,
        location: EntryLocation,
        quotes: list[Quote],
        *,
        part: str = "",
        texts_read: bool = False,
    ) -> None:
        """Add an entry with its prices; `name` is the provider's own id, as it is written.

        `part` names the prices of a list that has several rows for one id, like a service tier.
        A price that the texts of the entry contradict is withheld. `texts_read`: the quotes are
        what these texts state.
        """
        if not texts_read:
            quotes = without_contradicted(quotes, location.raw)
        if not name:
            self._nameless += 1
            self._reject(None, location, "provider_model_id:missing")
            return
        key = (name, part)
        if key not in self._entries:
            self._entries[key] = location, quotes
            return
        self._repeats += 1
        first, earlier = self._entries[key]
        if quotes == earlier or _states_nothing(quotes):
            self._reject(name, location, "provider_model_id:repeated")
        elif _states_nothing(earlier):
            self._entries[key] = location, quotes
            self._reject(name, first, "provider_model_id:repeated")
        else:
            self._entries[key] = first, [q._replace(problem="listed_twice") for q in earlier]
            self._reject(name, location, "provider_model_id:repeated_with_another_price")

    def reject(self, name: str, location: EntryLocation, reason: str) -> None:
        """Reject an entry whose id is in doubt."""
        self._nameless += 1
        self._reject(name, location, reason)

    def finish(self) -> ParsedFeed:
        """Return one row of `quotes` for each price of an entry."""
        quotes = self._fence.frame(list(self._entries), self._quotes_of, self._unbuilt)
        records = len(self._entries) + len(self._rejected)
        return ParsedFeed(
            AnswerSummary(
                feed=self.feed,
                records=records,
                rows=records,
                distinct=len(self._entries),
                repeats=self._repeats,
                nameless=self._nameless,
                providers=PROVIDER_ENTRIES.clear()
                if not records
                else pl.DataFrame(
                    [(self.feed, self.inference_provider, records)],
                    schema=PROVIDER_ENTRIES.schema,
                    orient="row",
                ),
            ),
            rejected=REJECTED.build(_columns(REJECTED.dtypes, self._rejected)),
            quotes=quotes,
            failures=self._fence.failures,
        )

    def _quotes_of(self, keys: list[_Key]) -> pl.DataFrame:
        rows = [
            (
                self.feed,
                location.payload_hash,
                location.path,
                self.inference_provider,
                key[0],
                bytes(location.raw).decode("utf-8", "replace"),
                *quote,
            )
            for key in keys
            for location, quotes in (self._entries[key],)
            for quote in quotes
        ]
        return QUOTES.build(_columns((*_ENTRY_COLUMNS, *Quote._fields), rows))

    def _reject_unreadable(self, location: EntryLocation) -> None:
        self._nameless += 1
        self._reject(text_field(location.raw, self.id_field), location, UNREADABLE_ENTRY)

    def _unbuilt(self, key: _Key) -> str:
        """Reject an entry that polars cannot hold; return its path."""
        location, _ = self._entries.pop(key)
        self._nameless += 1
        self._reject(key[0], location, UNREADABLE_ENTRY)
        return location.path

    def _reject(self, name: str | None, location: EntryLocation, reason: str) -> None:
        self._rejected.append(
            RejectedRow(
                self.feed,
                location.payload_hash,
                location.path,
                replace_unprintable(name) if name is not None else None,
                [reason],
                None,
                excerpt(location.raw),
                self.inference_provider,
            )
        )


def without_contradicted(quotes: list[Quote], entry: msgspec.Raw) -> list[Quote]:
    """Withhold every price of an entry whose texts state more, or other, than its numbers."""
    return without_prices(quotes, STATED_IN_TEXT) if differs_from_texts(quotes, entry) else quotes


def differs_from_texts(quotes: list[Quote], entry: msgspec.Raw) -> bool:
    """Return whether the texts of an entry state more, or other, than these quotes.

    Beside a discount they may repeat the numbers before it as well as after it.
    """
    rates = stated_rates(quotes)
    if not rates or not is_contradicted(entry, rates):
        return False
    full = undiscounted(quotes)
    return full == quotes or is_contradicted(entry, stated_rates(full))


def undiscounted(quotes: list[Quote]) -> list[Quote]:
    """Return the quotes as they are without their discount."""
    return [quote._replace(discount=_NOTHING, until=None) for quote in quotes]


def stated_rates(quotes: list[Quote]) -> list[StatedRate]:
    """Return what one unit costs by each quote that states a price, of the standard tier first.

    Of other tiers only where the quotes have no standard one.
    """
    compared = [quote for quote in quotes if quote.tier == STANDARD] or quotes
    return [rate for quote in compared if (rate := _rate_of(quote)) is not None]


def without_prices(quotes: list[Quote], reason: str) -> list[Quote]:
    """Return the quotes without prices, for one reason; of further tiers there is no row."""
    stated = [quote for quote in quotes if quote.no_price_reason != NOT_OFFERED] or quotes
    kept = [quote for quote in stated if quote.tier == STANDARD] or stated
    return [quote._replace(problem=None, no_price_reason=reason) for quote in kept]


def _rate_of(quote: Quote) -> StatedRate | None:
    """Return what one unit costs by a quote, None where it states no price."""
    if quote.raw_text is None or quote.no_price_reason is not None:
        return None
    try:
        number = Decimal(quote.raw_text)
    except InvalidOperation:
        return None
    if number.adjusted() not in _USABLE_POWERS:
        return None
    amount = number * quote.factor * quote.times / (quote.per * quote.native_quantity)
    amount *= 1 - quote.discount
    return StatedRate(quote.native_unit, amount, quote.currency)


def _states_nothing(quotes: list[Quote]) -> bool:
    """Return whether an entry states no price; one that its texts contradict does state one."""
    return all(quote.no_price_reason not in {None, STATED_IN_TEXT} for quote in quotes)


def _columns(names: Iterable[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Turn rows into columns of these names, which are empty without rows."""
    if not rows:
        return {name: [] for name in names}
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
