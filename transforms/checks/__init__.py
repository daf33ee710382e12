"""The checks of a run: what was expected, what was found, and how much it matters."""

from transforms.checks.all_checks import (
    CHECKS,
    CheckDescription,
    describe_checks,
    join_checks,
    run_checks,
)
from transforms.checks.check import SHORT_WALKS, Check, CheckInputs
from transforms.checks.comparison import Comparison
from transforms.checks.entry_counts import count_pages

__all__ = [
    "CHECKS",
    "SHORT_WALKS",
    "Check",
    "CheckDescription",
    "CheckInputs",
    "Comparison",
    "count_pages",
    "describe_checks",
    "join_checks",
    "run_checks",
]
