"""The check of a walk: the mapping of each inference provider as two answers of Hugging Face state
it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class Mapping(NamedTuple):
    """A mapping, or a tag-filter rule, which has no model; a model's name is in lower case."""

    model_id: str
    task: str
    provider_model_id: str

    def __str__(self) -> str:
        """Return it for a message."""
        return f"{self.model_id or 'tag-filter rule'} ({self.task}, {self.provider_model_id})"


@dataclass(frozen=True)
class _Sides:
    """What two answers state of one provider; `live` are those that call themselves so."""

    stated: frozenset[Mapping]
    stated_live: frozenset[Mapping]
    walked: frozenset[Mapping]
    walked_live: frozenset[Mapping]

    @property
    def lacking(self) -> list[Mapping]:
        """The live mappings that the walk does not state in any status."""
        return sorted(self.stated_live - self.walked)

    @property
    def beyond(self) -> list[Mapping]:
        """The live mappings of the walk whose model and task the other answer does not state.

        That answer has one entry for a model and task, whatever number of ids the provider has.
        """
        keys = {mapping[:2] for mapping in self.stated if mapping.model_id}
        rules = {mapping for mapping in self.stated if not mapping.model_id}
        return sorted(
            mapping
            for mapping in self.walked_live
            if (mapping[:2] not in keys if mapping.model_id else mapping not in rules)
        )


def _find_differences(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per provider that both feeds answered about; within the limit it passed."""
    rows = [row for comparison in inputs.comparisons for row in _compare(comparison)]
    return pl.DataFrame(rows, schema=_FOUND, orient="row")


def _compare(comparison: Comparison) -> Iterator[tuple[str, str, bool, str, str, str]]:
    stated, walked = _by_provider(comparison.stated), _by_provider(comparison.walked)
    for provider in sorted(set(comparison.answered)):
        sides = _Sides(*stated.get(provider, _NOTHING), *walked.get(provider, _NOTHING))
        lacking, beyond = sides.lacking, sides.beyond
        size = max(len(sides.stated_live), len(sides.walked_live))
        allowed = max(comparison.allowed, int(size * comparison.share))
        passed = max(len(lacking), len(beyond)) <= allowed
        count = _count(sides.stated_live)
        observed = f"{len(sides.stated_live) - len(lacking)} of them, and {len(beyond)} others"
        message = (
            f"{comparison.feed} states {count} live at {provider}; {comparison.catalog} lacks "
            f"{len(lacking)}{_examples(lacking)}, and states {len(beyond)} "
            f"others{_examples(beyond)}"
        )
        yield comparison.feed, provider, passed, count, observed, message


_NOTHING: tuple[frozenset[Mapping], frozenset[Mapping]] = (frozenset(), frozenset())


def _by_provider(rows: pl.DataFrame) -> dict[str, tuple[frozenset[Mapping], frozenset[Mapping]]]:
    """Return inference provider → (its mappings, the live ones), rules once however many models
    they serve.
    """
    mappings: dict[str, set[Mapping]] = {}
    live: dict[str, set[Mapping]] = {}
    columns = ("inference_provider", "model_id", "task", "provider_model_id", "is_rule", "status")
    for provider, model, task, own_id, is_rule, status in rows.select(columns).iter_rows():
        mapping = Mapping("" if is_rule else model.lower(), task, own_id)
        mappings.setdefault(provider, set()).add(mapping)
        if status == "live":
            live.setdefault(provider, set()).add(mapping)
    return {
        provider: (frozenset(found), frozenset(live.get(provider, ())))
        for provider, found in mappings.items()
    }


def _count(mappings: Iterable[Mapping]) -> str:
    models = [bool(mapping.model_id) for mapping in mappings]
    rules = models.count(False)
    return f"{models.count(True)} mappings" + (f" and {rules} tag-filter rules" if rules else "")


def _examples(mappings: Sequence[Mapping]) -> str:
    if not mappings:
        return ""
    more = ", …" if len(mappings) > EXAMPLES else ""
    return f" ({'; '.join(str(mapping) for mapping in mappings[:EXAMPLES])}{more})"


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
