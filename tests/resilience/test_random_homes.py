"""Random short lives of a home, over HTTP and on disk: landing alone gives the same home again.

What happens is drawn by hypothesis: hours of other prices, names and zeros, feeds that fail,
decisions and corrections. `change_id` is part of what must come out the same.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.decisions import CorrectionRequest, DecisionRequest, correct, decide
from pipeline.replay import replay
from samples.catalog import Catalog
from samples.hub import Hub, serve
from samples.routes import ServerReply, ServerRequest, error
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.published import exported
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home

PRICES = st.sampled_from([("0.2", "0.4"), ("0.3", "0.4"), ("0", "0"), ("9", "0.4"), None])


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Two models at one provider each, under names that change."""
    named = [f"made/{name}" for name in "ab"]
    return Catalog(
        [
            mapped_model(name, mapping("novita", providerId=draw(st.sampled_from("xy"))))
            for name in named
            if name == "made/a" or draw(st.booleans())
        ],
        router=[routed_model(name, offering("novita", price=draw(PRICES))) for name in named],
    )


class Life:
    """A home and what happens to it."""

    def __init__(self, home: Path, hub: Hub) -> None:
        self.home, self.hub, self.clock = home, hub, Clock()

    def query_rows(self, query: str) -> list[dict[str, Any]]:
        return rows(newest(Home.at(self.home)), query)

    def hour(self, catalog: Catalog) -> None:
        self.hub.show(catalog)
        ingest(self.home, self.hub, clock=self.clock)
        self.clock.advance(timedelta(minutes=59))

    def decide(self, draw: Any) -> None:
        waiting = self.query_rows(
            "FROM checks WHERE decision = 'pending' ORDER BY name, offer_id, unit"
        )
        if waiting:
            verdict = draw(st.sampled_from(["accepted", "rejected"]))
            decide(
                self.home,
                DecisionRequest([waiting[0]["check_id"]], verdict, "ada", "drawn"),
                clock=self.clock,
            )

    def correct(self, draw: Any) -> None:
        priced = self.query_rows(
            "FROM price_history WHERE price_status = 'priced' ORDER BY offer_id, unit, valid_from"
        )
        if priced:
            wrong = draw(st.sampled_from(priced))
            current = f"{wrong['native_amount'].normalize():f}"
            # a correction to what is shown already is refused
            prices = [price for price in ("0.123", "0.124", None) if price != current]
            correct(
                self.home,
                CorrectionRequest(
                    offer_id=wrong["offer_id"],
                    unit=wrong["unit"],
                    tier=wrong["tier"],
                    at=wrong["valid_from"],
                    price=draw(st.sampled_from(prices)),
                    per=1_000_000,
                    decided_by="ada",
                    reason="drawn",
                    force=True,
                ),
                clock=self.clock,
            )


@pytest.mark.slow
@settings(max_examples=3, derandomize=False, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_replay_of_any_life_gives_the_same_home(data: st.DataObject) -> None:
    failing: list[str] = []

    def weather(request: ServerRequest) -> ServerReply | None:
        feed = "router" if request.path.startswith("/v1/") else "hub"
        return error(403, "not today") if feed in failing else None

    with TemporaryDirectory() as folder, serve(data.draw(catalogs()), on_request=weather) as hub:
        life = Life(Path(folder) / "home", hub)
        life.hour(data.draw(catalogs()))
        for _ in range(data.draw(st.integers(2, 5))):
            failing[:] = data.draw(st.sampled_from([[], [], [], ["hub"], ["router"]]))
            life.hour(data.draw(catalogs()))
            if data.draw(st.booleans()):
                life.decide(data.draw)
            if data.draw(st.booleans()):
                life.correct(data.draw)
        ids = [
            row["change_id"] for row in life.query_rows("SELECT change_id FROM changes ORDER BY 1")
        ]
        assert ids == list(range(1, len(ids) + 1))
        again = Path(folder) / "again"
        shutil.copytree(life.home / "landing", again / "landing")
        replay(again)
        assert exported(again) == exported(life.home)
        require_same_with_every_model(life.home, Path(folder) / "all")


def require_same_with_every_model(home: Path, again: Path) -> None:
    """Require the same home of hours that look at every model: each is of another version."""
    shutil.copytree(home / "landing", again / "landing")
    for number, path in enumerate(sorted(again.glob("landing/runs/*/run.json"))):
        record = json.loads(path.read_text("utf-8")) | {"code_version": f"0.{number}"}
        path.write_text(json.dumps(record), "utf-8")
    replay(again)
    as_it_was, same = exported(home), exported(again)
    differ = {name for name, body in same.items() if as_it_was[name] != body}
    assert {name.partition(".")[0] for name in differ} <= {"runs", "publication"}
