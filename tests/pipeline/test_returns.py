"""Offers that return: the gate compares with the last good price, and decisions still count."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import CorrectionRequest, DecisionRequest
from pipeline.explain import explain
from pipeline.report import Report
from samples.catalog import Catalog, hub_model
from samples.hub import Hub, serve
from samples.verbatim import Number, decode
from tests.support.backends import WITHOUT_S3, correct, decide, replay
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.published import exported
from tests.support.sampling import is_sampled
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), WITHOUT_S3]

Price = tuple[str, str] | None
GOOD: Price = ("0.2", "0.4")
WRONG: Price = ("200", "0.4")


def served(
    price: Price = None,
    *,
    provider_id: str | None = "novita-name",
    model_id: str = "acme/chat",
    hub_price: Price = None,
    **facts: Any,
) -> Catalog:
    """Return one model at novita by both feeds, at scaleway always; no `provider_id`: absent."""
    entries = [mapping("scaleway")]
    offerings = [offering("scaleway", price=("0.5", "0.9"))]
    if provider_id is not None:
        entries.append(mapping("novita", price=hub_price, providerId=provider_id))
        offerings.append(offering("novita", price=price, **facts))
    model = mapped_model(model_id, *entries)
    return Catalog(
        [hub_model({"_id": "repository", **model_facts(model)})],
        router=[routed_model(model_id, *offerings)],
    )


def model_facts(model: Any) -> dict[str, Any]:
    """Return a model as the Hub answers it."""
    facts = decode(model.json())
    assert isinstance(facts, dict)
    return facts


ABSENT = served(provider_id=None)


class Desk:
    """A home, a Hub that serves what the test wants, and a clock."""

    def __init__(self, home: Path, hub: Hub, *, replays: bool) -> None:
        self.home, self.hub, self.clock, self.replays = home, hub, Clock(), replays

    def hours(self, *catalogs: Catalog) -> Report:
        """Run one hour for each catalog and return the report of the last one."""
        for catalog in catalogs:
            self.clock.advance(timedelta(hours=1))
            self.hub.show(catalog)
            report = ingest(self.home, self.hub, clock=self.clock)
        return report

    def leave(self, days: int = 0) -> Report:
        """Let novita be gone: two whole answers without it, then some days without a run."""
        report = self.hours(ABSENT, ABSENT)
        self.clock.advance(timedelta(days=days))
        return report

    def decide(self, *check_ids: str, decision: Any = "accepted") -> Report:
        self.clock.advance(timedelta(minutes=5))
        return decide(
            self.home,
            DecisionRequest(check_ids, decision, decided_by="ada", reason="asked them"),
            clock=self.clock,
        )

    def query(self, query: str) -> list[dict[str, Any]]:
        return rows(newest(Home.at(self.home)), query)

    def card(self) -> dict[str, Any]:
        (card,) = self.query("FROM cards WHERE inference_provider = 'novita'")
        return card

    def shows(self) -> tuple[str | None, bool, bool]:
        """Return the input price per million, whether the card is held, and rankable."""
        card = self.card()
        cost = card["cost_per_input_token"]
        return (
            None if cost is None else f"{float(cost * 1_000_000):g}",
            card["held"],
            card["rankable"],
        )

    def events(self, run_id: str) -> list[tuple[str, str | None, str | None, str | None]]:
        """Return event, unit, old and new amount per million, of novita in a run."""
        return [
            (row["event"], row["unit"], row["old"], row["new"])
            for row in self.query(
                "SELECT event, unit, format('{:g}', (old_amount * 1000000)::DOUBLE) AS old, "
                "format('{:g}', (new_amount * 1000000)::DOUBLE) AS new FROM changes "
                f"WHERE run_id = '{run_id}' AND inference_provider = 'novita' "
                "AND offer_id IS NOT NULL ORDER BY change_id"
            )
        ]

    def require_sound(self, tmp_path: Path) -> None:
        """No two intervals of a series overlap, and a replay, if there is one, exports the same."""
        overlaps = self.query(
            "SELECT * FROM (SELECT *, lead(valid_from) OVER (PARTITION BY offer_id, unit, tier "
            "ORDER BY valid_from) AS next FROM price_history) "
            "WHERE valid_to <= valid_from OR next < coalesce(valid_to, 'infinity'::TIMESTAMPTZ)"
        )
        assert overlaps == []
        if not self.replays:
            return
        again = tmp_path / "again"
        shutil.copytree(self.home / "landing", again / "landing")
        replay(again)
        assert exported(again) == exported(self.home)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with serve(ABSENT) as hub:
        yield Desk(tmp_path / "home", hub, replays=is_sampled(request))


def held(report: Report) -> list[str]:
    return [finding.check_id for finding in report.held]


def test_a_rejected_value_is_still_rejected_after_an_absence(desk: Desk, tmp_path: Path) -> None:
    desk.hours(served(GOOD))
    (check_id,) = held(desk.hours(served(WRONG)))
    desk.decide(check_id, decision="rejected")
    desk.leave()
    report = desk.hours(served(WRONG))
    assert held(report) == [check_id]
    assert desk.shows() == ("0.2", True, False)
    card = desk.card()
    assert card["hold_reason"] == "unit_magnitude"
    assert card["price_observed_at"] < card["first_seen_at"] + timedelta(minutes=1)
    (check,) = desk.query("FROM checks WHERE severity = 'hold'")
    assert (check["check_id"], check["decision"]) == (check_id, "rejected")
    assert held(desk.hours(served(WRONG))) == [check_id]
    assert held(desk.hours(served(GOOD))) == []
    assert desk.shows() == ("0.2", False, True)
    (later,) = held(desk.hours(served(WRONG)))  # it stated another value meanwhile
    assert later != check_id
    desk.require_sound(tmp_path)


@pytest.mark.sampled
@pytest.mark.parametrize("when", ["before", "away", "after"])
def test_an_accepted_value_passes_when_it_returns(desk: Desk, tmp_path: Path, when: str) -> None:
    desk.hours(served(GOOD))
    (check_id,) = held(desk.hours(served(WRONG)))
    if when == "before":
        desk.decide(check_id)
    desk.leave()
    if when == "away":
        desk.decide(check_id)
    report = desk.hours(served(WRONG))
    if when == "after":
        assert held(report) == [check_id]
        assert ("held", "input_token", "0.2", "200") in desk.events(report.run_id)
        assert desk.decide(check_id).events == {"released": 1, "up": 1}
    else:
        old = "200" if when == "before" else "0.2"
        assert desk.events(report.run_id) == [
            ("back", None, None, None),
            ("back", "input_token", old, "200"),
            ("back", "output_token", "0.4", "0.4"),
        ]
    assert desk.shows() == ("200", False, True)
    history = desk.query(
        "SELECT * FROM price_history WHERE inference_provider = 'novita' "
        "AND unit = 'input_token' ORDER BY valid_from"
    )
    assert history[-1]["valid_from"] == report.feeds[1].observed_at
    desk.require_sound(tmp_path)


def test_a_price_ten_thousand_times_the_last_good_one_is_held_on_return(
    desk: Desk, tmp_path: Path
) -> None:
    desk.hours(served(GOOD))
    desk.leave(days=89)
    report = desk.hours(served(("2000", "0.4")))
    assert desk.shows() == ("0.2", True, False)
    assert [event for event, *_ in desk.events(report.run_id)] == ["back", "held"]
    explanation = explain(Home.at(desk.home), desk.card()["offer_id"])
    (finding,) = explanation.proof.checks
    assert "cards keep 0.0000002 per one input_token, last stated 2026-03-01" in finding.message
    (price,) = (p for p in explanation.proof.prices if p.unit == "input_token")
    assert price.chosen is not None
    desk.require_sound(tmp_path)


def test_a_price_that_was_last_stated_91_days_ago_is_a_first_price(desk: Desk) -> None:
    desk.hours(served(GOOD))
    (check_id,) = held(desk.hours(served(("2", "0.4"))))
    desk.leave(days=91)
    report = desk.hours(served(("2", "0.4")))
    assert held(report) == []
    assert desk.shows() == ("2", False, True)
    assert ("new", "input_token", None, "2") in desk.events(report.run_id)
    (check,) = desk.query(f"FROM checks WHERE check_id = '{check_id}'")
    assert check["decision"] == "expired"


@pytest.mark.sampled
@pytest.mark.parametrize(
    "returned",
    [
        served(WRONG, provider_id="another-name"),
        served(WRONG, model_id="Acme/Chat"),
        served(WRONG, model_id="acme/renamed"),
        served(hub_price=WRONG),
    ],
    ids=["provider_id", "case", "renamed", "feed"],
)
def test_a_return_is_compared_under_every_name_and_feed(
    desk: Desk, tmp_path: Path, returned: Catalog
) -> None:
    desk.hours(served(GOOD))
    (check_id,) = held(desk.hours(served(WRONG)))
    desk.decide(check_id, decision="rejected")
    desk.leave()
    report = desk.hours(returned)
    assert desk.shows() == ("0.2", True, False)
    if desk.card()["price_feed"] == "router" and len(desk.query("FROM offer_links")) == 1:
        assert held(report) == [check_id]
    desk.require_sound(tmp_path)


def test_a_new_name_after_an_absence_is_linked_and_back(desk: Desk, tmp_path: Path) -> None:
    desk.hours(served(GOOD))
    desk.hours(served(GOOD, provider_id="second-name"))
    desk.leave()
    report = desk.hours(served(("0.3", "0.4"), provider_id="third-name"))
    assert desk.events(report.run_id) == [
        ("back", None, None, None),
        ("back", "input_token", "0.2", "0.3"),
        ("back", "output_token", "0.4", "0.4"),
        ("relabelled", None, None, None),
    ]
    links = desk.query('FROM offer_links ORDER BY "at"')
    assert [link["reason"] for link in links] == ["provider_id_changed"] * 2
    assert links[0]["new_offer_id"] == links[1]["old_offer_id"]
    desk.require_sound(tmp_path)


@pytest.mark.sampled
@pytest.mark.parametrize("between", [None, ("0", "0"), "odd"], ids=["none", "zero", "odd"])
def test_a_price_that_is_lost_for_an_hour_is_compared_when_it_returns(
    desk: Desk, tmp_path: Path, between: Any
) -> None:
    odd = {"pricing": {"input": "0.2", "output": Number("0.4")}}
    lost = served(None, **odd) if between == "odd" else served(between)
    desk.hours(served(GOOD))
    (check_id,) = held(desk.hours(served(WRONG)))
    desk.decide(check_id, decision="rejected")
    desk.hours(lost, lost, lost)
    report = desk.hours(served(WRONG))
    assert held(report) == [check_id]
    assert desk.shows() == ("0.2", True, False)
    assert "new" not in {event for event, *_ in desk.events(report.run_id)}
    desk.require_sound(tmp_path)


def test_what_was_free_or_is_zero_on_return_is_compared_too(desk: Desk, tmp_path: Path) -> None:
    desk.hours(served(("0", "0"), is_free=True))
    desk.leave()
    report = desk.hours(served(GOOD))
    assert desk.events(report.run_id)[1:] == [
        ("back", "input_token", "0", "0.2"),
        ("back", "output_token", "0", "0.4"),
    ]
    desk.leave()
    report = desk.hours(served(("0", "0")))
    assert desk.shows() == ("0.2", True, False)
    assert desk.card()["hold_reason"] == "new_zero"
    desk.require_sound(tmp_path)


def test_a_corrected_price_is_still_corrected_after_an_absence(desk: Desk, tmp_path: Path) -> None:
    desk.hours(served(GOOD))
    for price in ("0.3", None):
        correct(
            desk.home,
            CorrectionRequest(
                offer_id=desk.card()["offer_id"],
                unit="input_token",
                price=price,
                per=1_000_000,
                decided_by="ada",
                reason="their page says so",
            ),
            clock=desk.clock,
        )
        desk.leave()
        assert held(desk.hours(served(GOOD))) == []
        assert desk.shows()[:2] == (price, False)
        assert desk.card()["price_reason"] == "corrected"
    desk.hours(served(("0.25", "0.4")))
    assert desk.shows() == ("0.25", False, True)
    desk.require_sound(tmp_path)


def test_a_refusal_outlives_its_last_good_price_without_a_number(
    desk: Desk, tmp_path: Path
) -> None:
    desk.hours(served(GOOD))
    (check_id,) = held(desk.hours(served(WRONG)))
    desk.clock.advance(timedelta(days=60))
    assert held(desk.hours(served(WRONG))) == [check_id]
    desk.leave(days=40)
    for _ in range(2):
        assert held(desk.hours(served(WRONG))) == [check_id]
        assert desk.shows() == (None, False, False)
        assert desk.card()["price_reason"] == "refused"
    desk.decide(check_id)
    assert desk.shows() == ("200", False, True)
    desk.require_sound(tmp_path)


def test_a_relabelled_offer_that_returns_under_its_old_id_is_the_same(
    desk: Desk, tmp_path: Path
) -> None:
    desk.hours(served(GOOD))
    desk.hours(served(("0.3", "0.4"), provider_id="second-name"))
    (check_id,) = held(desk.hours(served(WRONG, provider_id="second-name")))
    desk.decide(check_id, decision="rejected")
    desk.leave()
    assert held(desk.hours(served(WRONG))) == [check_id]
    assert desk.shows() == ("0.3", True, False)
    desk.leave()
    assert held(desk.hours(served(WRONG))) == [check_id]  # a second absence
    assert desk.shows() == ("0.3", True, False)
    desk.require_sound(tmp_path)


def test_a_unit_that_returns_later_than_the_offer_is_compared(desk: Desk, tmp_path: Path) -> None:
    desk.hours(served(("0.2", "0.4")))
    desk.leave()
    only_input = {"pricing": {"input": Number("0.2")}}
    desk.hours(served(None, **only_input))
    report = desk.hours(served(("0.2", "40")))
    assert desk.card()["hold_reason"] == "unit_magnitude"  # output was 0.4 before
    assert ("held", "output_token", "0.4", "40") in desk.events(report.run_id)
    desk.require_sound(tmp_path)
