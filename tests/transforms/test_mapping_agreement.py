"""The check `partners_agree` finds an incomplete walk, and lets a mapping come or go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.delta import Findings, State
from tests.support.checks import check_inputs
from transforms.checks import Comparison
from transforms.checks.all_checks import check_rows
from transforms.checks.mapping_agreement import MAPPING_CHECKS

Row = tuple[str, str | None, str, str, bool, str]
NOTHING = check_inputs(
    State.empty(), State.empty(), Findings(pl.DataFrame(), pl.DataFrame(), pl.DataFrame())
)
COLUMNS = ("inference_provider", "model_id", "task", "provider_model_id", "is_rule", "status")


def row(model: str | None, own_id: str = "x", **more: Any) -> Row:
    facts = {
        "provider": "novita",
        "task": "conversational",
        "rule": model is None,
        "status": "live",
    }
    facts |= more
    return (facts["provider"], model, facts["task"], own_id, facts["rule"], facts["status"])


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    types = dict.fromkeys(COLUMNS, pl.String) | {"is_rule": pl.Boolean}
    return pl.DataFrame(list(rows), schema=types, orient="row")


def findings(
    stated: Iterable[Row],
    walked: Iterable[Row],
    *,
    answered: tuple[str, ...] = ("novita",),
    allowed: int = 0,
    share: float = 0.0,
) -> list[dict[str, Any]]:
    comparison = Comparison(
        "partners", "hub", frame(stated), frame(walked), answered, allowed, share
    )
    (check,) = MAPPING_CHECKS
    found = check_rows(check, replace(NOTHING, comparisons=(comparison,)), "run")
    return found.sort("inference_provider").to_dicts()


def passed(*args: Any, **limits: Any) -> bool:
    (found,) = findings(*args, **limits)
    assert found["severity"] == ("info" if found["passed"] else "warn")
    return bool(found["passed"])


def models(count: int, **more: Any) -> list[Row]:
    return [row(f"org/m{n}", f"m{n}", **more) for n in range(count)]


def test_a_walk_that_lacks_mappings_is_a_finding_with_counts_and_examples() -> None:
    (found,) = findings(models(9), [*models(5), row("org/other")], allowed=2)
    assert (found["passed"], found["severity"]) == (False, "warn")
    assert (found["feed"], found["inference_provider"]) == ("partners", "novita")
    assert (found["expected"], found["observed"]) == ("9 mappings", "5 of them, and 1 others")
    assert found["message"] == (
        "partners states 9 mappings live at novita; hub lacks 4 (org/m5 (conversational, m5); "
        "org/m6 (conversational, m6); org/m7 (conversational, m7), …), and states 1 others "
        "(org/other (conversational, x))"
    )


@pytest.mark.parametrize(
    ("stated", "walked", "allowed", "share", "agrees"),
    [
        (10, 8, 2, 0.01, True),
        (10, 7, 2, 0.01, False),
        (1000, 990, 2, 0.01, True),
        (1000, 989, 2, 0.01, False),
        (8, 10, 2, 0.01, True),
        (7, 10, 2, 0.01, False),
        (0, 3, 2, 0.01, False),
        (3, 0, 2, 0.01, False),
        (0, 0, 0, 0.0, True),
    ],
)
def test_the_larger_of_both_limits_counts(
    stated: int, walked: int, allowed: int, share: float, agrees: bool
) -> None:
    assert passed(models(stated), models(walked), allowed=allowed, share=share) is agrees


def test_an_entry_that_stopped_being_live_is_no_missing_one() -> None:
    assert passed(models(3), models(3, status="error"))
    assert not passed(models(3), models(3, task="text-generation"))


def test_a_mapping_that_only_one_answer_calls_live_counts_there_alone() -> None:
    assert passed(models(3, status="staging"), [])
    assert passed([], models(3, status="staging"))
    assert not passed([], models(3))


def test_names_are_compared_without_case() -> None:
    assert passed([row("Org/Model")], [row("org/model")])


def test_a_rule_counts_once_however_many_adapters_it_serves() -> None:
    adapters = [row(f"org/lora{n}", "rule-1", rule=True) for n in range(50)]
    (found,) = findings([row(None, "rule-1"), *models(2)], [*adapters, *models(2)])
    assert found["expected"] == "2 mappings and 1 tag-filter rules"
    assert found["passed"]
    assert not passed([row(None, "rule-2")], adapters)


def test_a_second_id_of_a_model_is_no_difference_of_an_answer_keyed_by_model() -> None:
    assert passed([row("org/a", "x")], [row("org/a", "x"), row("org/a", "y")])
    assert not passed([row("org/a", "z")], [row("org/a", "x"), row("org/a", "y")])


def test_only_providers_that_were_answered_about_are_compared() -> None:
    walked = [*models(5), *models(5, provider="groq")]
    found = findings(models(5), walked, answered=("novita", "cohere"))
    assert [(f["inference_provider"], f["passed"]) for f in found] == [
        ("cohere", True),
        ("novita", True),
    ]


keys = st.sets(st.integers(0, 40), max_size=40)


@settings(max_examples=60, deadline=None)
@given(keys, keys, st.integers(0, 3))
def test_the_verdict_is_that_of_the_sets(stated: set[int], walked: set[int], allowed: int) -> None:
    def rows_of(numbers: set[int]) -> list[Row]:
        return [row(f"org/m{n}", f"m{n}") for n in sorted(numbers)]

    worst = max(len(stated - walked), len(walked - stated))
    assert passed(rows_of(stated), rows_of(walked), allowed=allowed) is (worst <= allowed)
