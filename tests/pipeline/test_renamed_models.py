"""A repository that is renamed on the Hub, hour by hour over real HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import CorrectionRequest, DecisionRequest
from pipeline.explain import explain
from pipeline.report import Report
from samples.catalog import Catalog, SampleModel
from samples.hub import Hub, serve
from tests.support.backends import WITHOUT_S3, correct, decide, replay
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.published import copy_landing, exported, rows
from warehouse.storage.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), WITHOUT_S3]

OLD, NEW = "acme/chat", "other/chat-2"
LOW, HIGH = ("0.2", "0.6"), ("200", "600")
HOUR = timedelta(hours=1)


def market(
    *models: SampleModel, price: tuple[str, str] = LOW, name: str = OLD, routed: str | None = None
) -> Catalog:
    """Return the model under a name on the Hub, and under `routed` (else the same) at the router.

    Novita is mapped and priced by both feeds, hyperbolic listed by the router alone.
    """
    return Catalog(
        [
            *models,
            mapped_model(name, mapping("novita", price=price), _id="id-of-chat"),
            mapped_model("zed/rest", mapping("scaleway"), _id="id-of-rest"),
        ],
        router=[
            routed_model(
                routed or name,
                offering("novita", price=price),
                offering("hyperbolic", price=price),
            )
        ],
    )


class Hours:
    """A home, its clock and its Hub; each call of `show` is one hour."""

    def __init__(self, home: Path, hub: Hub) -> None:
        self.home, self.hub, self.clock = home, hub, Clock()

    def show(self, catalog: Catalog) -> Report:
        self.hub.show(catalog)
        report = ingest(self.home, self.hub, clock=self.clock)
        self.clock.advance(HOUR)
        return report

    def cards(self) -> list[tuple[Any, ...]]:
        """Return model, provider, input cost, held and rankable of each card of the model."""
        return rows(
            self.home,
            "SELECT model_id, inference_provider, cost_per_input_token * 1000000, held, rankable "
            "FROM cards WHERE model_id <> 'zed/rest' ORDER BY ALL",
        )

    def links(self) -> list[tuple[Any, ...]]:
        return rows(
            self.home,
            "SELECT a.model_id, b.model_id, b.inference_provider, l.reason FROM offer_links l "
            "JOIN offers a ON a.offer_id = old_offer_id JOIN offers b ON b.offer_id = new_offer_id "
            "ORDER BY ALL",
        )

    def id_of(self, model: str, provider: str = "novita") -> str:
        """Return the offer of a model at a provider."""
        ((offer_id,),) = rows(
            self.home,
            f"SELECT offer_id FROM offers WHERE model_id = '{model}' "
            f"AND inference_provider = '{provider}'",
        )
        return str(offer_id)

    def require_same_after_replay(self, folder: Path) -> None:
        """Compare the export of a replay with that of this home, byte by byte."""
        again = copy_landing(self.home, folder)
        replay(again)
        assert exported(again) == exported(self.home)


def card(model: str, provider: str, price: str, *, held: bool = False) -> tuple[Any, ...]:
    return (model, provider, Decimal(price), held, not held)


BOTH = [card(NEW, "hyperbolic", "0.2"), card(NEW, "novita", "0.2")]


@pytest.fixture
def hours(tmp_path: Path) -> Any:
    with serve(market()) as hub:
        yield Hours(tmp_path / "home", hub)


def test_a_rename_at_the_same_price_is_relabelled_and_nothing_else(
    hours: Hours, tmp_path: Path
) -> None:
    hours.show(market())
    report = hours.show(market(name=NEW))
    assert report.events == {"relabelled": 2}
    assert hours.cards() == BOTH
    assert hours.links() == [
        (OLD, NEW, "hyperbolic", "renamed"),
        (OLD, NEW, "novita", "renamed"),
    ]
    assert rows(hours.home, "SELECT model_id, hub_id FROM models ORDER BY 1") == [
        (NEW, "id-of-chat"),
        ("zed/rest", "id-of-rest"),
    ]
    assert hours.show(market(name=NEW)).outcome == "unchanged"
    hours.require_same_after_replay(tmp_path / "again")


@pytest.mark.sampled
@pytest.mark.parametrize("routed", [OLD, NEW, NEW.upper()])
def test_a_rename_with_a_price_times_thousand_is_held(
    hours: Hours, tmp_path: Path, routed: str
) -> None:
    hours.show(market())
    report = hours.show(market(name=NEW, price=HIGH, routed=routed))
    assert report.events == {"held": 2, "relabelled": 2}
    held = [card(NEW, provider, "0.2", held=True) for provider in ("hyperbolic", "novita")]
    assert hours.cards() == held
    hours.show(market(name=NEW, price=HIGH))
    assert hours.cards() == held
    hours.require_same_after_replay(tmp_path / "again")


def test_a_rejected_price_and_a_correction_stay_so_under_the_new_name(
    hours: Hours, tmp_path: Path
) -> None:
    hours.show(market())
    report = hours.show(market(price=("200", "0.6")))
    checks = [held.check_id for held in report.held if held.offer_id == hours.id_of(OLD)]
    decide(hours.home, DecisionRequest(checks, "rejected", "ada", "no"), clock=hours.clock)
    fix = CorrectionRequest(
        hours.id_of(OLD, "hyperbolic"), "output_token", "0.5", 10**6, "ada", "x"
    )
    correct(hours.home, fix, clock=hours.clock)
    report = hours.show(market(name=NEW, price=("200", "0.6")))
    assert report.events == {"relabelled": 2}
    assert [row[3] for row in hours.cards()] == [True, True]
    assert rows(
        hours.home,
        "SELECT decision FROM checks WHERE severity = 'hold' AND decision <> 'pending'",
    ) == [("rejected",)]
    hours.show(market(name=NEW))
    assert rows(
        hours.home,
        "SELECT cost_per_output_token * 1000000 FROM cards WHERE inference_provider = 'hyperbolic'",
    ) == [(Decimal("0.5"),)]
    hours.require_same_after_replay(tmp_path / "again")


def test_price_as_of_has_one_price_of_each_offer_before_and_after_the_rename(
    hours: Hours,
) -> None:
    moments = []
    for catalog in (market(), market(name=NEW, price=("0.3", "0.6")), market(name=NEW)):
        hours.show(catalog)
        moments.append(hours.clock())
    found = [
        rows(
            hours.home,
            "SELECT model_id, inference_provider, amount * 1000000 "
            f"FROM price_as_of(TIMESTAMPTZ '{_text(moment)}') WHERE unit = 'input_token' "
            "ORDER BY ALL",
        )
        for moment in moments
    ]
    providers = ("hyperbolic", "novita")
    assert found == [
        [(OLD, name, Decimal("0.2")) for name in providers],
        [(NEW, name, Decimal("0.3")) for name in providers],
        [(NEW, name, Decimal("0.2")) for name in providers],
    ]


def test_a_walk_that_lists_a_repository_under_both_names_counts_the_later_row(
    hours: Hours, tmp_path: Path
) -> None:
    hours.show(market())
    twice = mapped_model(OLD, mapping("novita", price=HIGH), _id="id-of-chat")
    report = hours.show(market(twice, name=NEW))
    assert hours.cards() == BOTH
    assert report.rejected == {"hub_id:repeated": 1}
    assert rows(hours.home, "SELECT count(*) FROM checks WHERE NOT passed") == [(0,)]
    hours.require_same_after_replay(tmp_path / "again")


def test_records_that_differ_in_case_are_a_repeat(hours: Hours) -> None:
    other = mapped_model("ACME/chat", mapping("novita", price=LOW), _id="id-of-another")
    report = hours.show(market(other))
    assert report.rejected == {"model_id:repeated": 1}
    assert {row[0] for row in hours.cards()} == {"ACME/chat"}


def test_a_missed_hour_and_a_failed_walk_between_two_names(hours: Hours, tmp_path: Path) -> None:
    hours.show(market())
    hours.hub.show(market(name="third/name", routed=OLD))
    ingest(hours.home, hours.hub, clock=hours.clock, feeds=("router",))
    hours.clock.advance(HOUR)
    report = hours.show(market(name=NEW))
    assert "gone" not in report.events
    assert {row[0] for row in hours.cards()} == {NEW}
    hours.require_same_after_replay(tmp_path / "again")


def test_explain_names_the_offer_that_an_earlier_id_continues_as(hours: Hours) -> None:
    hours.show(market())
    hours.show(market(name=NEW))
    proof = explain(Home.at(hours.home), hours.id_of(OLD)).proof
    assert proof.continues_as is not None
    assert (proof.continues_as.offer_id, proof.continues_as.model_id) == (hours.id_of(NEW), NEW)
    assert proof.continues_as.reason == "renamed"
    assert explain(Home.at(hours.home), hours.id_of(NEW)).proof.continues_as is None


def _text(moment: datetime) -> str:
    return moment.isoformat()
