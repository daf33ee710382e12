"""Two simulated days, with failures, missed hours, decisions and corrections.

At the end the cards of every publication are reconstructed from the history of the last one, every
change is in the feed, and landing alone gives the same home.
"""

from __future__ import annotations

import random
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import CorrectionRequest, DecisionRequest
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest, error
from tests.support.backends import TOO_LONG_FOR_CI, correct, decide, replay
from tests.support.hours import Clock, ingest
from tests.support.published import exported
from tests.support.simulator import Market
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home

pytestmark = [pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

HOURS = 48
SEED = 2026
CARDS = """
SELECT offer_id, cost_per_input_token AS i, cost_per_output_token AS o, price_status
FROM cards WHERE offer_id IN (SELECT offer_id FROM prices)
ORDER BY offer_id
"""
CARDS_AS_OF = """
SELECT offer_id, max(amount) FILTER (unit = 'input_token') AS i,
       max(amount) FILTER (unit = 'output_token') AS o,
       CASE WHEN bool_or(price_status = 'suspect') THEN 'suspect'
            WHEN bool_or(price_status = 'unparsed') THEN 'unparsed'
            WHEN bool_and(price_status = 'free') THEN 'free' ELSE 'priced' END AS price_status
FROM price_as_of(TIMESTAMPTZ '{at}', known_at := TIMESTAMPTZ '{known_at}')
GROUP BY offer_id ORDER BY offer_id
"""
PUBLICATION = """
SELECT p.publication_id, p.observed_to, r.started_at,
       (SELECT max(change_id) FROM changes) AS last_change
FROM publication p JOIN runs r USING (run_id)
"""


class Weather:
    """Now and then a feed fails."""

    def __init__(self) -> None:
        self.failing: str | None = None

    def __call__(self, request: ServerRequest) -> ServerReply | None:
        router = request.path.startswith("/v1/")
        if self.failing == ("router" if router else "hub"):
            return error(403, "not today")
        return None


@pytest.mark.slow
def test_every_card_of_two_days_can_be_reconstructed(tmp_path: Path) -> None:
    home, market, weather, clock = tmp_path / "home", Market(SEED), Weather(), Clock()
    chance = random.Random(SEED)  # noqa: S311 - a seeded test, no secret
    published: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    followed: list[dict[str, Any]] = []

    def run_query(query: str) -> list[dict[str, Any]]:
        return rows(newest(Home.at(home)), query)

    def note() -> None:
        (publication,) = run_query(PUBLICATION)
        if published and published[-1][0]["publication_id"] == publication["publication_id"]:
            return
        published.append((publication, run_query(CARDS)))
        if len(published) % 6 == 0:  # a reader of the feed who comes by now and then
            after = followed[-1]["change_id"] if followed else 0
            followed.extend(run_query(f"FROM changes WHERE change_id > {after} ORDER BY change_id"))

    with serve(market.catalog(), on_request=weather) as hub:
        for hour in range(HOURS):
            if hour and chance.random() < 0.1:
                clock.advance(timedelta(hours=2))  # nobody ran it
            weather.failing = chance.choice([None] * 8 + ["hub", "router"]) if hour else None
            hub.show(market.catalog())
            ingest(home, hub, clock=clock)
            note()
            waiting = run_query("FROM checks WHERE decision = 'pending' ORDER BY check_id")
            if waiting and chance.random() < 0.3:
                chosen = chance.choice(waiting)["check_id"]
                verdict: Any = chance.choice(["accepted", "rejected"])
                decide(home, DecisionRequest([chosen], verdict, "ada", "seeded"), clock=clock)
                note()
            if chance.random() < 0.1:
                current = run_query("FROM price_history WHERE price_status = 'priced' ORDER BY ALL")
                wrong = chance.choice(current)
                correct(
                    home,
                    CorrectionRequest(
                        offer_id=wrong["offer_id"],
                        unit=wrong["unit"],
                        tier=wrong["tier"],
                        at=wrong["valid_from"],
                        price=chance.choice(["0.123", None]),
                        per=1_000_000,
                        decided_by="ada",
                        reason="seeded",
                        force=True,
                    ),
                    clock=clock,
                )
                note()
            market.step()
            clock.advance(timedelta(minutes=57))

    events = {row["event"] for row in run_query("SELECT DISTINCT event FROM changes")}
    assert events >= {"up", "down", "held", "released", "relabelled", "status", "corrected", "gone"}
    assert len(run_query("FROM gaps")) > 0
    assert len(published) > HOURS
    for publication, cards in published:
        then = CARDS_AS_OF.format(at=publication["observed_to"], known_at=publication["started_at"])
        assert run_query(then) == cards, publication
    everything = run_query("FROM changes ORDER BY change_id")
    assert [row["change_id"] for row in everything] == list(range(1, len(everything) + 1))
    assert followed == everything[: len(followed)]
    shutil.copytree(home / "landing", tmp_path / "again" / "landing")
    replay(tmp_path / "again")
    assert exported(tmp_path / "again") == exported(home)
