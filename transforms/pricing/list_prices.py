"""From a list's quotes to claims: what one unit of an offer costs by its provider's own list."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from schemas.amounts import amount_text
from schemas.contract import MONEY
from schemas.quotes import NOT_OFFERED
from schemas.state import INCOMING_CLAIMS
from schemas.unknown_keys import is_marked, marked
from transforms.money import ratio, read_amount
from transforms.pricing.additional import without_doubtful
from transforms.pricing.units import NO_UNIT, SLOTS, Rule, rule_for

ADAPTER_REASON = "price_of_adapter_rule"
ACCOUNT_REASON = "account_price_not_shown"
_KEY = ["inference_provider", "provider_model_id"]
_PRICED = pl.col("price_status") == "priced"
_READ: dict[str, Any] = {
    "quote": pl.UInt32,
    "task_group": pl.String,
    "unit": pl.String,
    "native_amount": MONEY,
    "amount": MONEY,
    "price_status": pl.String,
    "reason": pl.String,
    "basis": pl.String,
    "formula": pl.String,
}


class _Read(NamedTuple):
    unit: str
    native_amount: Decimal | None
    amount: Decimal | None
    price_status: str
    reason: str | None
    basis: str
    formula: str | None


def price_listed(
    rows: pl.DataFrame, quotes: pl.DataFrame, *, run_id: str, show_account: bool
) -> pl.DataFrame:
    """Return one claim per price of each offer that a list names by its provider's own id.

    `rows` are identified statements with `mapped_latency_ms`. An adapter has the price of the
    rule that it runs on, with that reason. A price that only the asking account has leaves no
    number unless `show_account`. A price per second of compute adds an estimate where a
    request's time was measured.
    """
    numbered = quotes.with_row_index("quote")
    pairs = rows.select("offer_id", "offer_type", "task_group", "mapped_latency_ms", *_KEY).join(
        numbered, on=_KEY, maintain_order="left_right"
    )
    wanted = pairs.select("quote", "task_group").unique().sort("quote", "task_group")
    stated = dict(enumerate(numbered.iter_rows(named=True)))
    read = [
        (number, group, *found)
        for number, group in wanted.iter_rows()
        if (found := _read(stated[number], group)) is not None
    ]
    adapter = pl.col("offer_type") == "adapter"
    claims = (
        pairs.join(
            pl.DataFrame(read, schema=_READ, orient="row"),
            on=["quote", "task_group"],
            maintain_order="left",
        )
        .with_columns(run_id=pl.lit(run_id))
        .with_columns(
            native_unit=pl.coalesce("native_unit", "unit"),
            reason=pl.when(adapter & _PRICED & pl.col("reason").is_null())
            .then(pl.lit(ADAPTER_REASON))
            .otherwise("reason"),
            basis=pl.when(adapter).then(pl.lit("derived")).otherwise("basis"),
            until=pl.when(_PRICED).then("until"),
        )
    )
    shaped = pl.concat([without_doubtful(INCOMING_CLAIMS.shape(claims)), _estimates(claims)])
    unique = shaped.unique(INCOMING_CLAIMS.key, keep="first", maintain_order=True)
    return unique if show_account else _withhold_account_prices(unique)


def _read(quote: dict[str, Any], task_group: str) -> _Read | None:
    """Read one quote for offers of one task group; None where it states nothing of them."""
    rule = rule_for(quote["native_unit"], task_group)
    slot = rule.unit if rule else SLOTS.get(task_group, NO_UNIT)
    counts = quote["raw_text"] is not None and is_marked(quote["problem"])
    if quote["problem"] is not None and not counts:
        return _Read(slot, None, None, "unparsed", quote["problem"], "list", None)
    scale = _scale(quote, rule)
    money = (
        read_amount(quote["raw_text"], reciprocal=scale, factor=quote["factor"])
        if quote["raw_text"] is not None
        else None
    )
    native = money.native if money else None
    if quote["no_price_reason"] is not None:
        # what is not offered is said of its own unit; the other reasons are about the whole row
        at = slot if quote["no_price_reason"] == NOT_OFFERED else NO_UNIT
        return _Read(at, native, None, "not_published", quote["no_price_reason"], "list", None)
    if money is None:
        return _Read(slot, None, None, "unparsed", "not_a_usable_number", "list", None)
    if money.amount == 0:
        if quote["native_unit"] == "output_token" and task_group != "text":
            return None  # nothing comes out as tokens
        return _Read(slot, native, None, "suspect", "zero_not_stated_free", "list", None)
    if rule is None:
        reason = "unit_not_convertible"
        return _Read(NO_UNIT, native, None, "not_published", reason, "list", None)
    derived = quote["derived"] or rule.because is not None or quote["discount"] > 0
    return _Read(
        rule.unit,
        native,
        money.amount,
        "priced",
        quote["problem"] or quote["remark"],
        "derived" if derived else "list",
        _formula(quote, rule),
    )


def _scale(quote: dict[str, Any], rule: Rule | None) -> Decimal:
    times, per = (rule.times, rule.per) if rule else (1, 1)
    kept = (1 - quote["discount"]) * quote["times"] * times
    return ratio(kept, quote["per"] * per * quote["native_quantity"])


def _formula(quote: dict[str, Any], rule: Rule) -> str:
    """Return how `amount` follows from what the list states."""
    formula = f"round_12_digits({quote['formula_text']})"
    if quote["times"] != quote["per"]:
        formula += f" * {quote['times']} / {quote['per']}"
    if quote["native_quantity"] != 1:
        formula += f" / {amount_text(quote['native_quantity'])}"
    if rule.times != 1:
        formula += f" * {rule.times}"
    if rule.per != 1:
        formula += f" / {rule.per}"
    if quote["discount"] > 0:
        formula += f" * (1 - {amount_text(quote['discount'])})"
    caveat = quote["video_caveat"] if rule.unit == "second_of_video" else None
    return "; ".join(filter(None, (formula, rule.because, caveat)))


def _estimates(claims: pl.DataFrame) -> pl.DataFrame:
    """Return the estimated cost of a request where the list prices seconds of compute.

    A price beside an unknown key gives none: estimates pass no gate.
    """
    compute = _PRICED & ~marked() & (pl.col("unit") == "second_of_compute")
    timed = claims.filter(compute & pl.col("mapped_latency_ms").is_not_null())
    return estimate(timed, rate=pl.col("amount"))


def estimate(timed: pl.DataFrame, *, rate: pl.Expr) -> pl.DataFrame:
    """Return INCOMING_CLAIMS of basis `estimate`: `rate` per second × `mapped_latency_ms`.

    The unit is a request. `timed` has the claim's other columns. Whole milliseconds: it is a guess,
    not a measurement.
    """
    frame = timed.with_columns(
        # a float too large for a whole number of milliseconds is no measurement
        _ms=pl.col("mapped_latency_ms").round(0).cast(pl.Int64, strict=False),
        _rate=rate.cast(MONEY),
    ).filter(pl.col("_ms") > 0)
    pairs = frame.select("_rate", "_ms").unique().sort("_rate", "_ms")
    amounts = [
        money.amount if (money := read_amount(str(each), reciprocal=ratio(ms, 1000))) else None
        for each, ms in pairs.iter_rows()
    ]
    priced = pairs.with_columns(_amount=pl.Series(amounts, dtype=MONEY))
    return INCOMING_CLAIMS.shape(
        frame.join(priced, on=["_rate", "_ms"], maintain_order="left")
        .filter(pl.col("_amount").is_not_null())
        .with_columns(
            unit=pl.lit(NO_UNIT),
            amount=pl.col("_amount"),
            basis=pl.lit("estimate"),
            reason=pl.lit(None, pl.String),
            formula=pl.format("{} ms of a request * 0.001 * price of a second of compute", "_ms"),
        )
    )


def _withhold_account_prices(claims: pl.DataFrame) -> pl.DataFrame:
    """Keep of an account's own prices only that they exist, and drop their estimates."""
    own = pl.col("scope") == "account"
    kept = claims.filter(~(own & (pl.col("basis") == "estimate")))
    kept = kept.sort("offer_id", "unit", maintain_order=True)
    hidden = {
        name: pl.lit(None) for name in ("amount", "native_amount", "raw_text", "formula", "until")
    }
    withheld = kept.filter(own).with_columns(
        **hidden,
        unit=pl.lit(NO_UNIT),
        native_unit=pl.lit(NO_UNIT),
        price_status=pl.lit("not_published"),
        reason=pl.lit(ACCOUNT_REASON),
        basis=pl.lit("list"),
        evidence=pl.lit("{}"),
    )
    withheld = withheld.unique(INCOMING_CLAIMS.key, keep="first", maintain_order=True)
    return pl.concat([kept.filter(~own), INCOMING_CLAIMS.shape(withheld)])
