"""How many calls it takes to find the ids that fal does not know, counted by a real server."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.fal import IDS_PER_CALL, MAX_REFUSALS_IN_VAIN
from providers.http.client import HttpClient
from providers.interface import AdapterContext
from providers.registry import adapter_for, load_registry
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest, error, json_reply
from schemas.errors import FeedError
from schemas.payload import Traffic
from tests.support.clocks import FakeClock
from tests.support.list_rows import fal_row, mapped

FEED = "fal_pricing"
[SOURCE] = [source for source in load_registry().sources if source.source == "fal"]
FULL_CALL = [f"fal-ai/model/{n:02}" for n in range(IDS_PER_CALL)]
MORE_FOR_ONE = 7  # ceil(log2(50)) + 1


class Walk(NamedTuple):
    """What one walk over the ids found, and the ids of each call."""

    priced: list[str]
    noted: list[str]
    calls: list[list[str]]
    code: str | None


class Fal:
    """fal as its documentation describes it: one unknown id refuses the whole call."""

    def __init__(self) -> None:
        self.unknown: Collection[str] = ()
        self.message = "Resource not found"
        self.status = 404
        self.calls: list[list[str]] = []

    def reply(self, request: ServerRequest) -> ServerReply | None:
        if request.path != "/v1/models/pricing":
            return None
        ids = dict(request.query)["endpoint_id"].split(",")
        self.calls.append(ids)
        if missing := [name for name in ids if name in self.unknown]:
            return error(self.status, self.message.format(missing[0], missing))
        rows = ",".join(fal_row(name, "0.01") for name in ids)
        body = f'{{"prices": [{rows}], "next_cursor": null, "has_more": false}}'
        return json_reply(200, body.encode(), {})


class WalkOver(Protocol):
    """Walk over ids as the adapter does, some of them left out as known to be unknown."""

    def __call__(self, ids: Sequence[str], *, left_out: Collection[str] = ()) -> Walk:
        """Return what the walk found."""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Fal, WalkOver]]:
    fal, clock = Fal(), FakeClock()
    with (
        serve(mapped(), on_request=fal.reply) as server,
        HttpClient(sleep=clock.sleep, monotonic=clock.monotonic) as client,
    ):

        def walk(ids: Sequence[str], *, left_out: Collection[str] = ()) -> Walk:
            fal.calls.clear()
            traffic, priced, code = Traffic(), list[str](), None
            context = AdapterContext(
                {FEED: server.url},
                client,
                {FEED: traffic},
                mapped_ids=lambda _: ids,
                unknown_ids=lambda _: left_out,
            )
            try:
                for page in adapter_for(SOURCE, context).get_pricing():
                    priced += [row["endpoint_id"] for row in json.loads(page.body)["prices"]]
            except FeedError as failure:
                code = failure.code
            assert traffic.requests == len(fal.calls)
            assert all(len(call) <= IDS_PER_CALL for call in fal.calls)
            return Walk(priced, traffic.unknown_ids, list(fal.calls), code)

        yield fal, walk


@pytest.fixture
def walk(served: tuple[Fal, WalkOver]) -> WalkOver:
    fal, walk = served
    fal.unknown, fal.message, fal.status = (), "Resource not found", 404
    return walk


@pytest.fixture
def fal(served: tuple[Fal, WalkOver]) -> Fal:
    return served[0]


def others(ids: Sequence[str], unknown: Collection[str]) -> list[str]:
    return [name for name in ids if name not in unknown]


def test_an_unknown_id_costs_few_calls_wherever_it_is_and_no_price(
    fal: Fal, walk: WalkOver
) -> None:
    costs = []
    for name in FULL_CALL:
        fal.unknown = {name}
        found = walk(FULL_CALL)
        assert sorted(found.priced) == others(FULL_CALL, fal.unknown)
        assert (found.noted, found.code) == ([name], None)
        costs.append(len(found.calls) - 1)
    assert max(costs) == MORE_FOR_ONE
    assert sum(cost < MORE_FOR_ONE for cost in costs) >= 32  # no order of questions has more


def test_an_unknown_id_that_the_refusal_names_costs_one_call_more(fal: Fal, walk: WalkOver) -> None:
    fal.message = "Endpoint '{0}' not found."
    for name in (FULL_CALL[0], FULL_CALL[31], FULL_CALL[-1]):
        fal.unknown = {name}
        found = walk(FULL_CALL)
        assert len(found.calls) == 2
        assert (sorted(found.priced), found.noted) == (others(FULL_CALL, {name}), [name])


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_each_of_several_unknown_ids_costs_its_own_search(
    served: tuple[Fal, WalkOver], data: st.DataObject
) -> None:
    fal, walk = served
    ids = [f"fal-ai/model/{n:03}" for n in range(data.draw(st.integers(1, 120)))]
    fal.unknown = data.draw(st.sets(st.sampled_from(ids), max_size=min(6, len(ids) - 1)))
    fal.message = data.draw(st.sampled_from(["Not found", "{0} is unknown", "Unknown: {1}"]))
    found = walk(ids)
    assert sorted(found.priced) == others(ids, fal.unknown)
    assert sorted(found.noted) == sorted(fal.unknown)
    full = -(-len(ids) // IDS_PER_CALL)
    assert len(found.calls) <= full + (MORE_FOR_ONE + 1) * len(fal.unknown)
    if fal.message.startswith("{0}"):
        assert len(found.calls) <= full + 2 * len(fal.unknown) + 1


@pytest.mark.parametrize("named", [FULL_CALL[7], "fal-ai/model", "fal-ai/model/031/edit"])
def test_a_refusal_that_names_another_id_is_no_proof(fal: Fal, walk: WalkOver, named: str) -> None:
    fal.unknown, fal.message = {FULL_CALL[31]}, f"Not found. Try {named}."
    found = walk(FULL_CALL)
    assert (found.noted, found.code) == ([FULL_CALL[31]], None)
    assert sorted(found.priced) == others(FULL_CALL, fal.unknown)
    assert len(found.calls) <= MORE_FOR_ONE + 4


def test_ids_that_were_unknown_within_a_day_are_left_out(fal: Fal, walk: WalkOver) -> None:
    fal.unknown = {FULL_CALL[3], FULL_CALL[40]}
    found = walk(FULL_CALL, left_out=fal.unknown)
    assert found == Walk(others(FULL_CALL, fal.unknown), [], [found.priced], None)


@pytest.mark.parametrize(("ids", "calls"), [(330, MAX_REFUSALS_IN_VAIN), (1, 1)])
def test_a_refusal_of_everything_is_a_failure_and_makes_no_id_unknown(
    fal: Fal, walk: WalkOver, ids: int, calls: int
) -> None:
    mapped_ids = [f"fal-ai/model/{n:03}" for n in range(ids)]
    fal.unknown, fal.status = set(mapped_ids), 400
    found = walk(mapped_ids)
    assert (found.priced, found.noted, found.code) == ([], [], "http_400")
    assert calls <= len(found.calls) <= calls + MORE_FOR_ONE


def test_a_refused_key_is_no_unknown_id(fal: Fal, walk: WalkOver) -> None:
    fal.unknown, fal.status = {FULL_CALL[0]}, 403
    found = walk(FULL_CALL)
    assert (found.noted, found.code, len(found.calls)) == ([], "http_403", 1)
