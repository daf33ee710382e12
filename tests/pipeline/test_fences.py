"""One odd row or one mistake of ours in a feed: the rest of the hour goes on."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from polars.exceptions import PanicException

from pipeline.replay import replay
from samples.catalog import Catalog
from samples.hub import serve
from samples.list_routes import PriceLists
from samples.routes import ServerReply, ServerRequest, json_reply
from schemas.errors import LandingError, SettingsError
from schemas.kept_rows import FrameStore
from schemas.registry import Feed
from tests.support.broken_feeds import raising, with_specs
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.list_rows import FAL_KEY, deepinfra_row, fal_row
from tests.support.odd_values import ENTRIES, odd_records, page_of, representatives
from tests.support.published import copy_landing, exported, rows
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import ParsedFeed
from transforms.parsing.quotes import PriceListCollector, Quote

HOUR = timedelta(hours=1)
LISTS = ("hub", "router", "deepinfra_list")
STEPS = ("parse", "validate", "resolve", "price")


def catalog(price: str = "0.2") -> Catalog:
    """Return chat priced by both feeds, and two models that DeepInfra's list prices."""
    received = [
        mapped_model(
            f"acme/{name}",
            mapping("deepinfra", providerId=f"di/{name}", task="automatic-speech-recognition"),
        )
        for name in ("hear", "odd")
    ]
    return Catalog(
        [*received, mapped_model("acme/chat", mapping("novita", price=(price, "0.6")))],
        router=[routed_model("acme/chat", offering("novita", price=(price, "0.6")))],
    )


def image_row(name: str, **pricing: Any) -> str:
    """Return a row of DeepInfra's list that is priced per image unit."""
    stated = {
        "type": "image_units",
        "cents_per_image_unit": 3.0,
        "default_width": 0,
        "default_height": 0,
        "default_iterations": 0,
        "default_price_cents": None,
        **pricing,
    }
    return json.dumps({"model_name": name, "deprecated": None, "pricing": stated})


def cached_row(rate: str) -> str:
    pricing = (
        '{"type":"tokens","cents_per_input_token":0.00001,"cents_per_output_token":0.00002,'
        f'"rate_per_input_token_cached":{rate}}}'
    )
    return f'{{"model_name":"di/odd","deprecated":null,"pricing":{pricing}}}'


def outcome_of(report: Any, feed: str) -> tuple[Any, ...]:
    (found,) = [f for f in report.feeds if f.feed == feed]
    return found.outcome, found.error_code, found.error


def chat_price(home: Path) -> list[tuple[Any, ...]]:
    return rows(
        home,
        "SELECT amount * 1000000 FROM prices WHERE model_id = 'acme/chat' AND unit = 'input_token'",
    )


def list_price(home: Path) -> list[tuple[Any, ...]]:
    return rows(home, "SELECT amount FROM prices WHERE model_id = 'acme/hear'")


ODD_ROWS = [
    image_row("di/odd", default_width=None),
    image_row("di/odd", default_width=None, default_height=None),
    image_row("di/odd", default_width=10**30, default_height=1024),
    image_row("di/odd", default_price_cents=3, cents_per_image_unit=None),
    '{"model_name":"di/odd","pricing":{"type":"image_units","default_price_cents":3}}',
    '{"model_name":"di/odd","pricing":{"type":"image_units","default_price_cents":1e99999}}',
    cached_row("1e12"),
    cached_row("1e400"),
    cached_row("1e9999999999999999999"),
    cached_row("0.1234567890123456789012345678901"),
    '{"model_name":"di/odd","pricing":{"type":"\\ud800","x":"\\udfff"}}',
    '{"model_name":"di/odd","pricing":' + "[" * 3000 + "]" * 3000 + "}",
]


@pytest.mark.slow
def test_odd_rows_of_a_list_cost_nothing_but_their_own_prices(tmp_path: Path) -> None:
    named = [row.replace("di/odd", f"di/odd{number}") for number, row in enumerate(ODD_ROWS)]
    clock, lists = Clock(), PriceLists(deepinfra=[*named, deepinfra_row("di/hear", 0.00075)])
    with serve(catalog(), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        clock.advance(HOUR)
        hub.show(catalog("0.25"))
        report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
    assert (report.outcome, report.exit_status) == ("published", 0)
    (feed,) = [f for f in report.feeds if f.feed == "deepinfra_list"]
    assert (feed.outcome, feed.accepted, feed.rejected) == ("complete", len(ODD_ROWS) + 1, 0)
    assert chat_price(tmp_path) == [(Decimal("0.25"),)]
    assert list_price(tmp_path) == [(Decimal("0.0000075"),)]
    again = copy_landing(tmp_path, tmp_path / "again")
    replay(again)
    assert exported(again) == exported(tmp_path)


def fragile(pages: Any, entry: Feed, store: FrameStore) -> ParsedFeed:
    """Parse DeepInfra's list with a mistake: two kinds of rows raise an error."""
    del entry, store
    out = PriceListCollector("deepinfra_list", "deepinfra", id_field="model_name")
    out.read(
        (
            EntryLocation(page.payload_hash, f"$[{at}]", msgspec.Raw(json.dumps(row).encode()))
            for page in pages
            for at, row in enumerate(json.loads(page.body))
        ),
        partial(_read_fragile, out),
    )
    return out.finish()


def _read_fragile(out: PriceListCollector, location: EntryLocation) -> None:
    row = json.loads(bytes(location.raw))
    if row["model_name"].startswith("di/bad"):
        row["no such key"]
    factor = Decimal("1e30") if row["model_name"] == "di/huge" else Decimal("0.01")
    out.add(row["model_name"], location, [Quote("input_second", "0.045", factor=factor)])


def test_rows_that_a_parser_raises_about_are_rejected_with_their_evidence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("di/hear", "di/bad1", "di/bad2", "di/huge", "di/bad3")
    lists = PriceLists(deepinfra=[deepinfra_row(name, 0.045) for name in names])
    broken = with_specs({"deepinfra_list": {"parse": fragile}})
    with serve(catalog(), price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=LISTS, step=broken)
    assert (report.outcome, report.exit_status) == ("published", 0)
    assert report.rejected == {"entry:unreadable": 4}
    (feed,) = [f for f in report.feeds if f.feed == "deepinfra_list"]
    assert (feed.outcome, feed.records, feed.accepted, feed.rejected) == ("complete", 5, 1, 4)
    found = rows(
        tmp_path,
        "SELECT json_path, record_key, reasons, value_text FROM rejected_rows ORDER BY 1",
    )
    assert [row[:3] for row in found] == [
        (f"$[{at}]", names[at], ["entry:unreadable"]) for at in (1, 2, 3, 4)
    ]
    assert all(f'"{row[1]}"' in row[3] for row in found)
    assert list_price(tmp_path) == [(Decimal("0.00045"),)]
    texts = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert [text.count("Traceback (most recent call last)") for text in texts] == [1, 1]
    assert "3 entries rejected" in texts[0]
    assert "KeyError: 'no such key'" in texts[0]


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("parse", KeyError("x")),
        ("price", PanicException("rust")),
        *(pytest.param(step, KeyError("x"), marks=pytest.mark.slow) for step in STEPS[1:]),
        pytest.param("parse", RecursionError("deep"), marks=pytest.mark.slow),
    ],
)
def test_a_list_whose_code_raises_fails_alone_and_keeps_its_prices(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, step: str, error: BaseException
) -> None:
    clock, lists = Clock(), PriceLists(deepinfra=[deepinfra_row("di/hear", 0.045)])
    broken = with_specs({"deepinfra_list": {step: raising(error)}})
    with serve(catalog(), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        before = list_price(tmp_path)
        caplog.clear()
        clock.advance(HOUR)
        hub.show(catalog("0.25"))
        lists.deepinfra = [deepinfra_row("di/hear", 0.05)]
        report = ingest(tmp_path, hub, clock=clock, feeds=LISTS, step=broken)
    assert (report.outcome, report.exit_status) == ("published", 0)
    outcome, code, message = outcome_of(report, "deepinfra_list")
    assert (outcome, code) == ("failed", "parser_failed")
    assert message.startswith("deepinfra_list: its ")
    assert message.endswith(f"{type(error).__name__} (internal error); the log has the traceback")
    assert chat_price(tmp_path) == [(Decimal("0.25"),)]
    assert list_price(tmp_path) == before != []
    assert caplog.text.count("Traceback (most recent call last)") == 1
    again = copy_landing(tmp_path, tmp_path / "again")
    replay(again, step=_only_last(broken))
    assert exported(again) == exported(tmp_path)


def _only_last(broken: Any) -> Any:
    """Return a step that is broken in every run but a home's first."""

    def step(function: Any, /) -> Any:
        whole, other = function, broken(function)
        return lambda run, *rest: (whole if run.last is None else other)(run, *rest)

    return step


@pytest.mark.parametrize(
    "step", ["resolve", *(pytest.param(s, marks=pytest.mark.slow) for s in STEPS if s != "resolve")]
)
def test_a_required_feed_whose_code_raises_ends_with_status_1(tmp_path: Path, step: str) -> None:
    clock, lists = Clock(), PriceLists(deepinfra=[deepinfra_row("di/hear", 0.045)])
    broken = with_specs({"hub": {step: raising(ZeroDivisionError("secret-text"))}})
    with serve(catalog(), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        clock.advance(HOUR)
        hub.show(catalog("0.25"))
        report = ingest(tmp_path, hub, clock=clock, feeds=LISTS, step=broken)
    assert (report.outcome, report.exit_status) == ("published", 1)
    outcome, code, message = outcome_of(report, "hub")
    assert (outcome, code) == ("failed", "parser_failed")
    assert "secret-text" not in message
    assert chat_price(tmp_path) == [(Decimal("0.25"),)]
    assert list_price(tmp_path) == [(Decimal("0.00045"),)]
    assert rows(tmp_path, "SELECT count(*) FROM offers WHERE gone_at IS NULL") == [(3,)]


def test_a_first_hour_without_its_required_feed_publishes_nothing(tmp_path: Path) -> None:
    broken = with_specs({"hub": {"parse": raising(KeyError("x"))}})
    with serve(catalog()) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), step=broken)
    assert (report.outcome, report.exit_status) == ("failed", 1)
    assert "(internal error)" in str(report.error)


@pytest.mark.slow
def test_a_list_never_prices_offers_of_a_catalogue_that_failed_to_be_priced(
    tmp_path: Path,
) -> None:
    clock, lists = Clock(), PriceLists(deepinfra=[deepinfra_row("di/new", 0.045)])
    broken = with_specs({"hub": {"price": raising(KeyError("x"))}})
    with serve(catalog(), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock)
        clock.advance(HOUR)
        new = mapped_model("acme/new", mapping("deepinfra", providerId="di/new"))
        hub.show(Catalog([*catalog().hub, new], router=catalog().router))
        report = ingest(tmp_path, hub, clock=clock, feeds=LISTS, step=broken)
    outcome, code, message = outcome_of(report, "deepinfra_list")
    assert (outcome, code) == ("failed", "parser_failed")
    assert message == "deepinfra_list: it prices offers of hub, which could not be priced"
    assert rows(tmp_path, "SELECT count(*) FROM offers WHERE model_id = 'acme/new'") == [(0,)]


@pytest.mark.parametrize("step", ["resolve", "price"])
def test_an_estimate_whose_code_raises_fails_alone(tmp_path: Path, step: str) -> None:
    broken = with_specs({"hf_inference_estimate": {step: raising(KeyError("x"))}})
    with serve(catalog()) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), step=broken)
    assert (report.outcome, report.exit_status) == ("published", 0)
    assert outcome_of(report, "hf_inference_estimate")[:2] == ("failed", "parser_failed")


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), MemoryError(), LandingError("gone"), SettingsError("no"), OSError(28)],
)
def test_what_no_feed_is_to_blame_for_ends_the_run(tmp_path: Path, error: BaseException) -> None:
    broken = with_specs({"router": {"parse": raising(error)}})
    with serve(catalog()) as hub, pytest.raises(type(error)):
        ingest(tmp_path, hub, clock=Clock(), step=broken)


def test_fal_s_cursor_of_another_type_is_a_failure_of_fal_alone(tmp_path: Path) -> None:
    def reply(request: ServerRequest) -> ServerReply | None:
        if request.path != "/v1/models/pricing":
            return None
        row = fal_row("fal/x", "0.025")
        return json_reply(200, f'{{"prices":[{row}],"next_cursor":5}}'.encode(), {})

    models = [mapped_model("acme/x", mapping("fal-ai", providerId="fal/x", task="text-to-image"))]
    chat = routed_model("acme/chat", offering("novita", price=("0.2", "0.6")))
    with serve(Catalog(models, router=[chat]), on_request=reply) as hub:
        feeds = ("hub", "router", "fal_pricing")
        report = ingest(tmp_path, hub, clock=Clock(), feeds=feeds, key=FAL_KEY)
    assert (report.outcome, report.exit_status) == ("published", 0)
    assert outcome_of(report, "fal_pricing")[:2] == ("partial", "wrong_shape")


@pytest.mark.slow
def test_an_adapter_that_raises_is_a_failure_of_its_feed_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    models = [mapped_model("acme/x", mapping("fal-ai", providerId="fal/x", task="text-to-image"))]
    chat = routed_model("acme/chat", offering("novita", price=("0.2", "0.6")))
    broken = with_specs({"hub": {"mapped_ids": raising(KeyError("x"))}})
    with serve(Catalog(models, router=[chat])) as hub:
        feeds = ("hub", "router", "fal_pricing")
        report = ingest(tmp_path, hub, clock=Clock(), feeds=feeds, key=FAL_KEY, step=broken)
    assert (report.outcome, report.exit_status) == ("published", 0)
    assert outcome_of(report, "fal_pricing")[:2] == ("failed", "adapter_failed")
    assert caplog.text.count("Traceback (most recent call last)") == 1


@pytest.mark.slow
def test_an_hour_of_odd_models_and_rows_is_published_and_replayed(tmp_path: Path) -> None:
    few = {feed: representatives(feed)[:1] for feed in ("hub", "router", "deepinfra_list")}
    odd = {feed: [o.record for o in odd_records(feed, among)] for feed, among in few.items()}
    plain = {feed: page_of(feed, among) for feed, among in odd.items()}
    paths = {"/api/models": "hub", "/v1/models": "router", "/models/list": "deepinfra_list"}

    def reply(request: ServerRequest) -> ServerReply | None:
        feed = paths.get(request.path)
        return json_reply(200, plain[feed], {}) if feed else None

    home = tmp_path / "home"
    with serve(catalog(), on_request=reply) as hub:
        report = ingest(home, hub, clock=Clock(), feeds=LISTS)
    assert (report.outcome, report.exit_status) == ("published", 0)
    for feed in report.feeds:
        if feed.feed in {*ENTRIES, "deepinfra_list"}:
            assert feed.outcome == "complete"
            assert feed.records == (feed.accepted or 0) + (feed.rejected or 0) > 100
    again = copy_landing(home, tmp_path / "again")
    replay(again)
    assert exported(again) == exported(home)
