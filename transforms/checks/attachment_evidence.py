"""The check of attachments: router offerings whose entry of the Hub no evidence decides."""

from __future__ import annotations

import polars as pl

from transforms.checks.check import Check, CheckInputs
from transforms.reconcile.batch import feeds_of_role
from transforms.resolve.attachments import AMBIGUOUS, find_ambiguous


def _find_ambiguous(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per offer; it is the same finding for as long as the entries are the same."""
    found = find_ambiguous(
        inputs.after,
        catalogs=feeds_of_role(inputs.roles, "catalog"),
        routed=feeds_of_role(inputs.roles, "routed"),
    )
    named = inputs.after.offers.select(
        "offer_id", "inference_provider", "model_id", "provider_model_id"
    )
    return found.join(named, on="offer_id", how="left", maintain_order="left").select(
        "feed",
        "inference_provider",
        "offer_id",
        expected=pl.lit("evidence for one entry"),
        observed="entries",
        message=pl.format(
            "{} at {}: {} may be about any of the entries {}; it is attached to {}, the first by "
            "name, and its price is not ranked there",
            "model_id",
            "inference_provider",
            "feed",
            "entries",
            "provider_model_id",
        ),
    )


ATTACHMENT_CHECKS = (
    Check(
        AMBIGUOUS,
        "warn",
        _find_ambiguous,
        "The Hub has several entries of a model at a provider, and nothing but their names decides "
        "which one the router's offering is; the card shows its price and is not ranked.",
        "Another type, price or status of an entry decides, or one entry is left.",
    ),
)
