"""A few hours of the soak; `python -m tests.support.soak 200 FOLDER` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.moved_clock import COMPILER
from tests.support.soak import soak
from tests.support.soak_truth import require_bounded, require_truth

HOURS, SEED = 5, 849
"""This seed has a fault, a kill and hours asleep within so few hours."""

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(COMPILER is None, reason="no C compiler here; apt-get install gcc"),
]


def test_hours_with_faults_and_kills_count_nothing_twice_and_no_interval_wrong(
    tmp_path: Path,
) -> None:
    soaked = soak(tmp_path, hours=HOURS, seed=SEED)
    assert soaked.states["COMPLETED"] >= 2
    assert soaked.done["faults of servers"]
    assert soaked.done["hours asleep"]
    assert any(name.startswith("kills") for name in soaked.done)
    figures = require_truth(soaked)
    assert figures["whole answers of hub"] >= 3
    require_bounded(soaked)
