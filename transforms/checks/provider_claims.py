"""Checks of compliance claims: those that expired, and provider facts on cards that changed."""

from __future__ import annotations

import polars as pl

from transforms.checks.check import Check, CheckInputs

_CARD_FACTS = ("region", "operator_country", "compliance_tags")


def _find_expired(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per claim that expired; of a provider that left, no page is to be read."""
    left = inputs.after.providers.filter(pl.col("left_on").is_not_null())
    expired = inputs.compliance_claims.filter(~pl.col("in_force")).join(
        left, on="inference_provider", how="anti", maintain_order="left"
    )
    return expired.select(
        "inference_provider",
        expected=pl.format("{} in force", "claim_id"),
        observed=pl.format("expired on {}", "expires_on"),
        message=pl.format(
            "{}: its {} ({}) was checked on {} and counts no longer since {}; look at {} again",
            "inference_provider",
            "claim",
            "value",
            "checked_on",
            "expires_on",
            "source_url",
        ),
    )


def _find_changed_facts(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per provider fact on cards that changed in this run.

    A provider that was not described before has changed nothing.
    """
    found = []
    left = inputs.after.providers.select("inference_provider", "left_on")
    for fact in _CARD_FACTS:
        was = _fact_as_text(inputs.before.providers, fact, as_="was")
        now = _fact_as_text(inputs.after.providers, fact, as_="is")
        found.append(
            was.join(now, on="inference_provider")
            .join(left, on="inference_provider", how="left", maintain_order="left")
            .filter(pl.col("was") != pl.col("is"))
            .select(
                "inference_provider",
                expected=pl.format(f"{fact}: {{}}", "was"),
                observed=pl.format(f"{fact}: {{}}", "is"),
                message=pl.format(
                    f"{{}}: cards now say {fact} {{}}, before {{}}{{}}",
                    "inference_provider",
                    "is",
                    "was",
                    _why_left(),
                ),
            )
        )
    return pl.concat(found)


def _why_left() -> pl.Expr:
    """Return what a message adds about a provider that left, else nothing."""
    return (
        pl.when(pl.col("left_on").is_not_null())
        .then(pl.format("; the provider left Hugging Face on {}", "left_on"))
        .otherwise(pl.lit(""))
    )


def _fact_as_text(providers: pl.DataFrame, fact: str, *, as_: str) -> pl.DataFrame:
    column = pl.col(fact)
    if fact == "compliance_tags":
        column = pl.when(column.list.len() > 0).then(column.list.join(" "))
    return providers.select("inference_provider", column.fill_null("(none)").alias(as_))


COMPLIANCE_CHECKS = (
    Check(
        "claim_expired",
        "warn",
        _find_expired,
        "A claim about law, place or data counts no longer: read its page again, and date it in "
        "`providers/compliance_claims.json`.",
        "The claim gets a newer `checked_on`, or is removed.",
    ),
    Check(
        "provider_fact_changed",
        "warn",
        _find_changed_facts,
        "Cards show another region, operator's country or tags of a provider than before.",
        "Nothing: it is reported when the fact changes.",
    ),
)
