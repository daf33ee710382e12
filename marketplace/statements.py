"""SQL statements by name; each is a file under sql/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("sql")


@cache
def statement(*names: str) -> str:
    """Return the text of `sql/<name>.sql`; several names make one statement in that order."""
    return "".join((_FOLDER / f"{name}.sql").read_text("utf-8") for name in names)


MATCHED = "match_cards"
"""The beginning of each statement that filters cards."""
PLACED = (MATCHED, "match_places")
"""The beginning of each statement about an order of cards."""
MONTHS = "match_months"
"""What follows it in statements about the cost of a month."""
CONTENDERS = (MATCHED, MONTHS, "match_contenders")
"""The beginning of each statement about a recommendation."""
TRACED = ("match_offer_ids", "match_traces")
"""The beginning of each statement about the history of offers under every id that they had."""
STATUSES = ("match_card_ids", "match_traces", "match_statuses")
"""The beginning of each statement about availability."""
SPEEDS = (*STATUSES, "match_speeds")
"""The beginning of each statement about speed over time."""
