"""Check one feed's parsed rows against their contract and keep the reason for each rejection."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.contract import Contract, filter_rows
from schemas.offerings import MODELS, OFFERINGS, REJECTED
from schemas.quotes import QUOTES
from schemas.text import LONGEST_NAME, UNPRINTABLE
from transforms.parsing.parsed_feed import AnswerSummary, ParsedFeed

KEY_JOINT = " | "
UNREADABLE_OFFERS = pl.DataFrame(schema={"model_id": pl.String, "inference_provider": pl.String})
_ENTRY = ["payload_hash", "json_path"]


@dataclass(frozen=True)
class ValidatedFeed:
    """The rows of one feed that meet their contract.

    `unreadable` has model_id and inference_provider (null where the row has none) of the offers
    that a rejected row may be about: those are neither listed nor missed.
    """

    summary: AnswerSummary
    offerings: pl.DataFrame
    models: pl.DataFrame
    quotes: pl.DataFrame
    unreadable: pl.DataFrame

    def is_empty(self) -> bool:
        """Return whether no row of the feed was accepted."""
        return self.offerings.is_empty() and self.quotes.is_empty()


def validate_offerings(
    parsed: ParsedFeed, *, contract: Contract
) -> tuple[ValidatedFeed, pl.DataFrame]:
    """Return what meets the contract, and REJECTED of everything that does not."""
    offerings = filter_rows(parsed.offerings, contract)
    models = filter_rows(parsed.models, MODELS).accepted  # a bad model id rejects its offerings too
    rejected = pl.concat(
        [parsed.rejected, _rejected_offerings(parsed.offerings, offerings.rejected)]
    )
    unreadable = rejected.select(
        "inference_provider", model_id=pl.col("record_key").str.split(KEY_JOINT).list.first()
    )
    kept = ValidatedFeed(parsed.summary, offerings.accepted, models, QUOTES.empty(), unreadable)
    return kept, rejected


def validate_quotes(parsed: ParsedFeed) -> tuple[ValidatedFeed, pl.DataFrame]:
    """Return the entries of which every price meets the contract, and REJECTED of the others.

    A price list names no offers, so none of them is unreadable.
    """
    quotes, rejected = parsed.quotes, parsed.rejected
    failed = filter_rows(quotes, QUOTES).rejected
    if not failed.is_empty():
        rows = quotes.with_row_index("row").join(failed, on="row")
        entries = REJECTED.shape(
            rows.unique(_ENTRY, keep="first", maintain_order=True).with_columns(
                record_key=pl.col("provider_model_id")
            )
        )
        quotes = quotes.join(entries, on=_ENTRY, how="anti", maintain_order="left")
        rejected = pl.concat([rejected, entries])
    kept = ValidatedFeed(
        parsed.summary, OFFERINGS.empty(), MODELS.empty(), quotes, UNREADABLE_OFFERS.clone()
    )
    return kept, rejected


def quoted_entries(quotes: pl.DataFrame) -> pl.DataFrame:
    """Return feed and inference_provider of each entry of a price list, once per entry."""
    return quotes.unique(_ENTRY, maintain_order=True).select("feed", "inference_provider")


def _rejected_offerings(offerings: pl.DataFrame, failed: pl.DataFrame) -> pl.DataFrame:
    rows = offerings.with_row_index("row").join(failed, on="row")
    return REJECTED.shape(
        rows.with_columns(
            record_key=pl.concat_str(
                [
                    _printable(pl.col(name)).fill_null("")
                    for name in ("model_id", "inference_provider", "task", "provider_model_id")
                ],
                separator=KEY_JOINT,
            ),
            inference_provider=_printable(pl.col("inference_provider")),
            value_text=_printable(pl.col("value_text")),
        )
    )


def _printable(text: pl.Expr) -> pl.Expr:
    """Shorten a source's text and replace what cannot be seen: people read it in terminals."""
    return text.str.slice(0, LONGEST_NAME).str.replace_all(f"[{UNPRINTABLE}]", "\ufffd")
