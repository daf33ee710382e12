"""Each kind of alert, opened and closed by what real hours found."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import DecisionRequest
from samples.catalog import Catalog
from samples.hub import serve
from tests.support.backends import TOO_LONG_FOR_CI, decide, replay
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.providers_over_hours import catalog_of, run_hour
from tests.support.published import copy_landing, exported, rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

PRICE, DEAR = ("0.2", "0.6"), ("20", "60")


def alerts(home: Path) -> list[tuple[Any, ...]]:
    return rows(
        home, "SELECT kind, subject, closed_at IS NULL FROM alerts ORDER BY kind, subject, message"
    )


def catalog(*, changed: bool) -> Catalog:
    """Return a market; `changed`: an absurd price, a free one that is paid, keys nobody knows."""
    more: dict[str, Any] = {"surge": "0.1"} if changed else {}
    keyed = offering("scaleway", price=PRICE)
    keyed["pricing"] = {**keyed["pricing"], **more}  # type: ignore[dict-item]
    gift: dict[str, Any] = {"price": PRICE} if changed else {"price": ("0", "0"), "is_free": True}
    return Catalog(
        [
            mapped_model("acme/chat", mapping("novita", **more), mapping("scaleway")),
            mapped_model("acme/gift", mapping("publicai")),
            mapped_model("acme/odd", mapping("Not A Provider" if changed else "novita")),
        ],
        router=[
            routed_model("acme/chat", offering("novita", price=DEAR if changed else PRICE), keyed),
            routed_model("acme/gift", offering("publicai", **gift)),
        ],
    )


def test_each_finding_of_prices_and_of_forms_opens_and_closes(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(catalog(changed=False)) as hub:
        ingest(home, hub, clock=clock)
        assert alerts(home) == []
        clock.advance(timedelta(minutes=50))
        hub.show(catalog(changed=True))
        for _ in range(2):
            ingest(home, hub, clock=clock)
            found = alerts(home)
            kinds = {kind for kind, *_ in found}
            assert kinds == {"price_held", "became_paid", "schema_drift"}
            assert all(is_open for *_, is_open in found)
        subjects = {subject for _, subject, _ in found}
        assert "acme/chat at novita" in subjects
        assert "acme/gift at publicai" in subjects
        assert "scaleway (router): surge" in subjects
        assert "hub: rejected rows" in subjects
        hub.show(catalog(changed=False))
        ingest(home, hub, clock=clock)
    assert alerts(home) == [(kind, subject, False) for kind, subject, _ in found]
    again = copy_landing(home, tmp_path / "again")
    replay(again)
    assert exported(again) == exported(home)


def test_a_provider_that_leaves_and_one_that_drops_out(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    whole, rest = catalog_of("groq", "scaleway", many="nebius"), catalog_of("groq")
    with serve(whole) as hub:
        for served in (whole, rest, rest):
            run_hour(home, hub, clock, served)
        found = alerts(home)
        assert ("provider_left", "scaleway", True) in found
        (drop,) = rows(home, "SELECT subject, message FROM alerts WHERE kind = 'coverage_fell'")
        assert drop[0] == "nebius (hub)"
        assert "of nebius" in drop[1]
        run_hour(home, hub, clock, whole)
        found = alerts(home)
        assert {is_open for kind, _, is_open in found if kind != "stale"} == {False}
        assert rows(
            home, "SELECT recovery FROM internal._ph_alert WHERE kind = 'provider_left'"
        ) == [("scaleway lists offers again",)]


def test_a_hold_is_over_when_a_person_decides(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(catalog(changed=False)) as hub:
        ingest(home, hub, clock=clock)
        hub.show(catalog(changed=True))
        ingest(home, hub, clock=clock)
    held = rows(home, "SELECT check_id FROM checks WHERE severity = 'hold' AND decision='pending'")
    assert len(held) == len([kind for kind, *_ in alerts(home) if kind == "price_held"])
    ids = [check_id for (check_id,) in held]
    request = DecisionRequest(ids, "rejected", decided_by="a person", reason="a mistake")
    decide(home, request, clock=clock)
    assert {is_open for kind, _, is_open in alerts(home) if kind == "price_held"} == {False}
    assert {is_open for kind, _, is_open in alerts(home) if kind == "schema_drift"} == {True}
