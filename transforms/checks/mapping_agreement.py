"""The check of a walk: the mapping of each inference provider as two answers of Hugging Face state
it."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from transforms.checks.check import Check, CheckInputs
from transforms.checks.comparison import Comparison

EXAMPLES = 3
"""How many mappings a message names of each side."""
_FOUND = {
    "feed": pl.String,
    "inference_provider": pl.String,
    "passed": pl.Boolean,
    "expected": pl.String,
    "observed": pl.String,
    "message": pl.String,
}


_MAPPING = ["inference_provider", "model_id", "task", "provider_model_id"]


def _find_differences(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per provider that both feeds answered about; within the limit it passed."""
    rows = [row for comparison in inputs.comparisons for row in _compare(comparison)]
    return pl.DataFrame(rows, schema=_FOUND, orient="row")


def _compare(comparison: Comparison) -> Iterator[tuple[str, str, bool, str, str, str]]:
    for provider in sorted(set(comparison.answered)):  # all of them at once would be much memory
        stated, walked = (
            _mappings(rows.filter(pl.col("inference_provider") == provider))
            for rows in (comparison.stated, comparison.walked)
        )
        lacking, beyond = _lacking(stated, walked), _beyond(stated, walked)
        own, of_walk = _live_counts(stated), _live_counts(walked)
        live = sum(own.values())
        allowed = max(comparison.allowed, int(max(live, sum(of_walk.values())) * comparison.share))
        passed = max(lacking.height, beyond.height) <= allowed
        count = _count(**own)
        observed = f"{live - lacking.height} of them, and {beyond.height} others"
        message = (
            f"{comparison.feed} states {count} live at {provider}; {comparison.catalog} lacks "
            f"{lacking.height}{_examples(lacking)}, and states {beyond.height} "
            f"others{_examples(beyond)}"
        )
        yield comparison.feed, provider, passed, count, observed, message


def _mappings(rows: pl.DataFrame) -> pl.DataFrame:
    """Return each mapping of a provider once, with `is_live`: whether any row of it calls it so.

    A model's name is in lower case; a tag-filter rule has none, however many models it serves.
    """
    return (
        rows.select(
            "inference_provider",
            "task",
            "provider_model_id",
            model_id=pl.when("is_rule")
            .then(pl.lit(""))
            .otherwise(pl.col("model_id").str.to_lowercase()),
            is_live=(pl.col("status") == "live").fill_null(value=False),
        )
        .group_by(_MAPPING)
        .agg(pl.col("is_live").any())
    )


def _lacking(stated: pl.DataFrame, walked: pl.DataFrame) -> pl.DataFrame:
    """Return the live mappings that the walk does not state in any status, sorted."""
    return stated.filter("is_live").join(walked, on=_MAPPING, how="anti").sort(_MAPPING)


def _beyond(stated: pl.DataFrame, walked: pl.DataFrame) -> pl.DataFrame:
    """Return the live mappings of the walk whose model and task the other answer does not state.

    That answer has one entry for a model and task, whatever number of ids the provider has.
    """
    is_rule = pl.col("model_id") == ""
    live = walked.filter("is_live")
    return pl.concat(
        [
            live.filter(~is_rule).join(
                stated.filter(~is_rule),
                on=["inference_provider", "model_id", "task"],
                how="anti",
            ),
            live.filter(is_rule).join(stated.filter(is_rule), on=_MAPPING, how="anti"),
        ]
    ).sort(_MAPPING)


def _live_counts(mappings: pl.DataFrame) -> dict[str, int]:
    """Return how many live mappings of models, and how many live rules."""
    rules = mappings.filter("is_live")["model_id"] == ""
    return {"models": int((~rules).sum()), "rules": int(rules.sum())}


def _count(*, models: int, rules: int) -> str:
    return f"{models} mappings" + (f" and {rules} tag-filter rules" if rules else "")


def _examples(mappings: pl.DataFrame) -> str:
    if mappings.is_empty():
        return ""
    more = ", …" if mappings.height > EXAMPLES else ""
    named = [
        f"{model or 'tag-filter rule'} ({task}, {own_id})"
        for _, model, task, own_id in mappings.select(_MAPPING).head(EXAMPLES).iter_rows()
    ]
    return f" ({'; '.join(named)}{more})"


MAPPING_CHECKS = (
    Check(
        "partners_agree",
        "warn",
        _find_differences,
        "The Hub's walk lacks live mappings that Hugging Face states of the provider on another "
        "address, or has others: more than two of a provider, and more than 1 % of its mappings. "
        "Compared once a day; info where they agree.",
        "Each comparison counts again; an incomplete walk ends when the next one is whole.",
        every_run=True,
    ),
)
