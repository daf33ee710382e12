"""What each step of a run took: seconds, processor seconds, and the peak of memory after it."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from pipeline.report import StepTime
from pipeline.watch import RunWatch

if TYPE_CHECKING:  # pipeline.py imports this module
    from pipeline.pipeline import Step

P = ParamSpec("P")
T = TypeVar("T")


class StepTimes:
    """Wrap the steps of a run, and keep what each took, in the order in which they ended."""

    def __init__(self, step: Step, watch: RunWatch) -> None:
        self.taken: list[StepTime] = []
        self._step = step
        self._watch = watch

    def __call__(self, function: Callable[P, T], /) -> Callable[P, T]:
        """Return the wrapped step, which is measured each time it is called."""
        wrapped = self._step(function)

        def measured(*args: P.args, **kwargs: P.kwargs) -> T:
            started, used = time.perf_counter(), _processor_seconds()
            try:
                with self._watch.step(function.__name__):
                    return wrapped(*args, **kwargs)
            finally:
                self.taken.append(
                    StepTime(
                        step=function.__name__,
                        seconds=round(time.perf_counter() - started, 3),
                        cpu_s=round(_processor_seconds() - used, 3),
                        peak_mb=round(_peak_bytes() / 1e6),
                    )
                )

        return measured


def _processor_seconds() -> float:
    """Return the processor seconds of this process, its threads and its ended children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in kibibytes
