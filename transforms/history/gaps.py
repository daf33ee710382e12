"""Find gaps: two whole answers of a feed in a row that are further apart than they should be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from schemas.elapsed import elapsed
from schemas.load import GAPS

TOLERANCE = 1.5


def find_gaps(
    before: Mapping[str, datetime],
    after: Mapping[str, datetime],
    expected_every_s: Mapping[str, int],
    *,
    run_id: str,
) -> pl.DataFrame:
    """Return a gap per feed whose last two whole answers are more than 1.5 × its interval apart."""
    late = [
        (feed, before[feed], at)
        for feed, at in sorted(after.items())
        if feed in before
        and at - before[feed] > timedelta(seconds=TOLERANCE * expected_every_s[feed])
    ]
    return GAPS.build(
        {
            "feed": [feed for feed, _, _ in late],
            "from_at": [start for _, start, _ in late],
            "to_at": [end for _, _, end in late],
            "reason": [f"no whole answer for {elapsed(end - start)}" for _, start, end in late],
            "run_id": [run_id] * len(late),
        }
    )
