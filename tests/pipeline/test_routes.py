"""Which offers the router's routes lead to: its default, the fastest one, and its cheapest one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from samples.catalog import Catalog
from samples.hub import serve
from samples.verbatim import Json, Number
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.published import rows

HOUR = timedelta(hours=1)
Routes = dict[str, dict[str, tuple[bool | None, bool | None]]]


def offered(provider: str, output: str | None, speed: str | None, **more: Json) -> dict[str, Json]:
    price = None if output is None else ("0.1", output)
    measured: dict[str, Json] = {} if speed is None else {"throughput": Number(speed)}
    return offering(provider, price=price, **measured, **more)


def routes(home: Path) -> Routes:
    """Return model → provider → (is the default route, is the cheapest route)."""
    found: Routes = {}
    query = "SELECT model_name, inference_provider, router_default, router_cheapest FROM cards"
    for model, provider, default, cheapest in rows(home, query):
        found.setdefault(model, {})[provider] = (default, cheapest)
    return found


ROUTED = {
    "plain": [
        offered("novita", "0.5", "90"),
        offered("groq", "0.4", "80"),
        offered("cohere", None, None),
    ],
    "one-is-both": [offered("novita", "0.4", "90"), offered("groq", "0.5", "80")],
    "tied": [
        offered("novita", "0.5", "90"),
        offered("groq", "0.50", "90.0"),
        offered("cohere", "0.6", "9"),
    ],
    "not-live": [
        offered("novita", "0.1", "900", status="error"),
        offered("groq", "0.2", "800", status="staging"),
        offered("cohere", "0.3", "700", status="paused"),
        offered("nscale", "0.4", "600"),
        offered("together", "0.5", "650"),
    ],
    "nothing-stated": [offered("novita", None, None), offered("groq", None, None)],
    "zero": [
        offered("novita", "0", "80"),
        offered("groq", "0.4", "0"),
        offered("cohere", "0.5", "70"),
    ],
    "free": [
        offering("novita", price=("0", "0"), is_free=True),
        offered("groq", "0.4", "70"),
    ],
    "output-decides": [
        offering("novita", price=("0.05", "0.5"), throughput=Number("5")),
        offering("groq", price=("0.2", "0.4"), throughput=Number("6")),
    ],
    "hub-warns": [offered("novita", "0.1", "900"), offered("groq", "0.2", "800")],
    "router-only": [offered("nscale", "0.2", "30")],
}
EXPECTED: Routes = {
    "plain": {"novita": (True, False), "groq": (False, True), "cohere": (False, False)},
    "one-is-both": {"novita": (True, True), "groq": (False, False)},
    "tied": {"novita": (True, True), "groq": (True, True), "cohere": (False, False)},
    "not-live": {
        "novita": (False, False),
        "groq": (False, False),
        "cohere": (False, False),
        "nscale": (False, True),
        "together": (True, False),
    },
    "nothing-stated": {"novita": (False, False), "groq": (False, False)},
    "zero": {"novita": (True, False), "groq": (False, True), "cohere": (False, False)},
    "free": {"novita": (False, True), "groq": (True, False)},
    "output-decides": {"novita": (False, False), "groq": (True, True)},
    "hub-warns": {"novita": (False, False), "groq": (True, True)},
    "router-only": {"nscale": (True, True)},
    "unrouted": {"novita": (None, None)},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hour of every case; the Hub maps one of the models at a third provider, and warns."""
    folder = tmp_path_factory.mktemp("routes")
    hub = [
        mapped_model("acme/unrouted", mapping("novita", price=("1", "2"))),
        mapped_model("acme/hub-warns", mapping("novita", status="error"), mapping("groq")),
        mapped_model("acme/not-live", mapping("cohere", status="unknown")),
    ]
    routed = [routed_model(f"acme/{name}", *given) for name, given in ROUTED.items()]
    with serve(Catalog(hub, router=routed)) as server:
        ingest(folder, server, clock=Clock())
    return folder


@pytest.mark.parametrize("model", EXPECTED)
def test_routes_lead_where_the_router_s_answer_states(home: Path, model: str) -> None:
    assert routes(home)[model] == EXPECTED[model]


def test_what_is_not_live_is_no_route_and_is_not_ranked(home: Path) -> None:
    query = "SELECT DISTINCT status FROM cards WHERE router_default OR router_cheapest"
    assert rows(home, query) == [("live",)]
    unranked = (
        "SELECT inference_provider, status FROM cards WHERE model_name = 'not-live' "
        "AND NOT rankable ORDER BY 1"
    )
    assert rows(home, unranked) == [("cohere", "unknown"), ("groq", "staging"), ("novita", "error")]


@pytest.mark.slow
def test_routes_follow_the_router_s_last_whole_answer(tmp_path: Path) -> None:
    clock = Clock()

    def catalog(*offerings: dict[str, Json]) -> Catalog:
        hub = [mapped_model("acme/chat", mapping("novita"), mapping("groq"))]
        return Catalog(hub, router=[routed_model("acme/chat", *offerings)])

    novita, groq = offered("novita", "0.5", "90"), offered("groq", "0.6", "80")
    hours: list[tuple[list[dict[str, Json]], Any]] = [
        ([novita, groq], {"novita": (True, True), "groq": (False, False)}),
        ([{**novita, "status": "error"}, groq], {"novita": (False, False), "groq": (True, True)}),
        ([groq], {"novita": (None, None), "groq": (True, True)}),
        # a price that fell to a tenth is held, so nothing is chosen by it
        (
            [novita, {**groq, "pricing": {"input": Number("0.001"), "output": Number("0.006")}}],
            {"novita": (True, True), "groq": (False, False)},
        ),
    ]
    found = []
    with serve(catalog()) as hub:
        for offerings, _ in hours:
            hub.show(catalog(*offerings))
            ingest(tmp_path, hub, clock=clock)
            clock.advance(HOUR)
            found.append(routes(tmp_path)["chat"])
    assert found == [expected for _, expected in hours]
    changes = rows(tmp_path, "SELECT old_value, new_value FROM changes WHERE event = 'status'")
    assert ("live", "error") in changes
