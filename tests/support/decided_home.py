"""A home with a person at it: hours of a server, decisions and corrections, and the replay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline.decisions import CorrectionRequest, DecisionRequest
from pipeline.report import Report
from samples.catalog import Catalog
from samples.hub import Hub
from tests.support.backends import correct, decide, replay
from tests.support.hours import Clock, ingest
from tests.support.published import copy_landing, exported
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home


class DecidedHome:
    """A home, the server of its feeds, a clock, and a person who decides."""

    def __init__(self, home: Path, hub: Hub) -> None:
        self.home, self.hub, self.clock = home, hub, Clock()

    def hour(self, served: Catalog) -> Report:
        """Run an hour over what is served now."""
        self.clock.advance(timedelta(hours=1))
        self.hub.show(served)
        return ingest(self.home, self.hub, clock=self.clock)

    def query_rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query on the newest publication."""
        return rows(newest(Home.at(self.home)), query)

    def card(self, provider: str = "novita") -> dict[str, Any]:
        """Return the only card of a provider."""
        (card,) = self.query_rows(f"FROM cards WHERE inference_provider = '{provider}'")
        return card

    def decide(self, *check_ids: str, decision: Any = "accepted") -> Report:
        """Decide about findings, five minutes later."""
        self.clock.advance(timedelta(minutes=5))
        request = DecisionRequest(check_ids, decision, decided_by="ada", reason="asked them")
        return decide(self.home, request, clock=self.clock)

    def correct(self, **fields: Any) -> Report:
        """Correct the input price of a provider's only card, five minutes later."""
        self.clock.advance(timedelta(minutes=5))
        request = {
            "offer_id": self.card()["offer_id"],
            "unit": "input_token",
            "tier": "standard",
            "at": None,
            "price": None,
            "per": 1_000_000,
            "decided_by": "ada",
            "reason": "their page says so",
        } | fields
        return correct(self.home, CorrectionRequest(**request), clock=self.clock)


def require_replayable(home: Path, to: Path) -> None:
    """Replay into an empty home beside it: the same export, byte for byte."""
    again = copy_landing(home, to / "again")
    replay(again)
    assert exported(again) == exported(home)
