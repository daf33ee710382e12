"""Checks of what providers promise: claims that expired, and cards that say something else now."""

from __future__ import annotations

import polars as pl

_SHOWN = ("region", "operator_country", "compliance_tags")


def check_expiry(claims: pl.DataFrame) -> pl.DataFrame:
    """One row per claim that is no longer in force; it is told once."""
    return claims.filter(~pl.col("in_force")).select(
        "inference_provider",
        name=pl.lit("claim_expired"),
        severity=pl.lit("warn"),
        passed=pl.lit(value=False),
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


def check_providers(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One row per fact about a provider that cards show otherwise than before.

    Both are PROVIDERS; a provider that was not described before has changed nothing.
    """
    found = []
    for fact in _SHOWN:
        was, now = _said(before, fact, as_="was"), _said(after, fact, as_="is")
        found.append(
            was.join(now, on="inference_provider")
            .filter(pl.col("was") != pl.col("is"))
            .select(
                "inference_provider",
                name=pl.lit("provider_fact_changed"),
                severity=pl.lit("warn"),
                passed=pl.lit(value=False),
                expected=pl.format(f"{fact}: {{}}", "was"),
                observed=pl.format(f"{fact}: {{}}", "is"),
                message=pl.format(
                    f"{{}}: cards now say {fact} {{}}, before {{}}",
                    "inference_provider",
                    "is",
                    "was",
                ),
            )
        )
    return pl.concat(found)


def _said(providers: pl.DataFrame, fact: str, *, as_: str) -> pl.DataFrame:
    column = pl.col(fact)
    if fact == "compliance_tags":
        column = pl.when(column.list.len() > 0).then(column.list.join(" "))
    return providers.select("inference_provider", column.fill_null("(none)").alias(as_))
