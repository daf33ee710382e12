"""Decide whether what a walk lacks is absent: not where it had pages shorter than is usual.

A page with fewer rows than the request asked for, and with a next one behind it, may lack rows. A
source that always sends such pages is believed all the same: its earlier walks had them too.
"""

from __future__ import annotations

from collections.abc import Sequence

EARLIER_WALKS = 24
"""So many earlier whole walks of a feed are compared: those of a day."""


def absences_count(short_pages: int | None, earlier: Sequence[int]) -> bool:
    """Return whether an absence from this walk counts.

    It does without a short page, and where more than half of the `earlier` whole walks had at least
    as many. None is a feed whose requests ask for no size of a page.
    """
    if not short_pages:
        return True
    as_short = sum(number >= short_pages for number in earlier)
    return 2 * as_short > len(earlier)
