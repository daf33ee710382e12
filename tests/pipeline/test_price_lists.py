"""Providers' own price lists through the real hour, over real HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import DecisionRequest, decide
from samples.catalog import Catalog
from samples.hub import serve
from samples.list_routes import PriceLists
from samples.routes import ServerReply, ServerRequest, error
from samples.verbatim import Number
from tests.support.decided_home import require_replayable
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.list_rows import FAL_KEY, deepinfra_row, fal_row, mapped, wavespeed_row
from tests.support.published import rows
from tests.support.recorded_lists import recorded_catalog, recorded_files

HOUR = timedelta(hours=1)
LISTS = ("hub", "router", "deepinfra_list", "wavespeed_list")


def painters(count: int = 8) -> Catalog:
    return mapped(*[(f"acme/p{n}", "wavespeed", f"ws/p{n}", "text-to-image") for n in range(count)])


def priced(home: Path, provider: str) -> list[tuple[Any, ...]]:
    return rows(
        home,
        "SELECT model_id, cost_per_image, price_status, price_reason, rankable FROM cards "
        f"WHERE inference_provider = '{provider}' ORDER BY model_id",
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of one hour of the recordings, with the excerpts of both lists."""
    home = tmp_path_factory.mktemp("recorded")
    lists = PriceLists(
        deepinfra=recorded_files("deepinfra_list")[0], wavespeed=recorded_files("wavespeed_list")[0]
    )
    with serve(recorded_catalog(), price_lists=lists) as server:
        report = ingest(home, server, clock=Clock(), feeds=LISTS)
        assert report.outcome == "published"
    return home


def test_every_row_that_joins_is_priced_and_every_other_has_a_reason(recorded: Path) -> None:
    joined = rows(
        recorded,
        "SELECT count(DISTINCT provider_model_id), count(*), bool_and(price_status = 'priced'), "
        "bool_and(price_feed = 'wavespeed_list') FROM cards "
        "WHERE inference_provider = 'wavespeed' AND price_feed IS NOT NULL",
    )
    assert joined == [(17, 198, True, True)]
    why = rows(
        recorded,
        "SELECT inference_provider, list_sort(list(DISTINCT price_reason)) FROM cards "
        "WHERE price_status = 'not_published' AND inference_provider IN "
        "('wavespeed', 'fal-ai', 'hf-inference', 'replicate', 'deepinfra') GROUP BY ALL ORDER BY 1",
    )
    assert why == [
        ("fal-ai", ["list_unanswered"]),
        ("hf-inference", ["compute_time_only"]),
        ("replicate", ["adapter_without_own_price", "no_list_published"]),
        ("wavespeed", ["not_stated"]),
    ]
    assert rows(
        recorded,
        "SELECT count(*) FROM cards WHERE price_status <> 'priced' AND price_reason IS NULL",
    ) == [(0,)]


def test_deepinfras_list_joins_no_offer_without_provider_ids_of_the_hub(
    recorded: Path,
) -> None:
    assert rows(recorded, "SELECT count(*) FROM price_claims WHERE feed = 'deepinfra_list'") == [
        (0,)
    ]
    listed = len(recorded_files("deepinfra_list")[0])
    assert listed in {21, 83}
    assert rows(
        recorded,
        "SELECT records, accepted, rejected FROM run_feeds WHERE feed = 'deepinfra_list'",
    ) == [(listed, listed, 0)]


def test_the_costs_of_images_and_videos_are_those_of_the_excerpt(recorded: Path) -> None:
    found = rows(
        recorded,
        "SELECT provider_model_id, cost_per_image, cost_per_video_second, price_basis, rankable "
        "FROM cards WHERE inference_provider = 'wavespeed' AND offer_type = 'model' "
        "AND price_feed IS NOT NULL AND status = 'live' ORDER BY 1",
    )
    costs = {name: (image, video, basis) for name, image, video, basis, _ in found}
    assert costs["wavespeed-ai/flux-schnell"] == (Decimal("0.003"), None, "derived")
    assert costs["wavespeed-ai/flux-kontext-dev"] == (Decimal("0.025"), None, "derived")
    assert costs["wavespeed-ai/wan-2.2/i2v-720p"] == (None, Decimal("0.06"), "derived")
    assert costs["wavespeed-ai/wan-2.1/t2v-720p"] == (
        None,
        None,
        "list",
    )  # a run of no known length
    for name, image, video, _, rankable in found:
        assert rankable == (image is not None or video is not None), name


def test_adapters_have_their_rule_s_price_with_a_reason_and_never_rank(
    recorded: Path,
) -> None:
    assert rows(
        recorded,
        "SELECT DISTINCT price_status, price_reason, price_basis, rankable FROM cards "
        "WHERE offer_type = 'adapter' AND price_feed = 'wavespeed_list'",
    ) == [("priced", "price_of_adapter_rule", "derived", False)]
    assert rows(
        recorded,
        "SELECT DISTINCT provider_model_id, cost_per_image FROM cards "
        "WHERE offer_type = 'adapter' AND provider_model_id = 'wavespeed-ai/flux-dev-lora'",
    ) == [("wavespeed-ai/flux-dev-lora", Decimal("0.015"))]


def test_a_provider_s_priced_offers_are_counted_without_its_adapters(recorded: Path) -> None:
    found = rows(
        recorded,
        "SELECT offers, adapters, priced_offers, price_feed, price_feed_reason FROM providers "
        "WHERE inference_provider IN ('wavespeed', 'fal-ai') ORDER BY inference_provider",
    )
    assert found == [(73, 229, 0, None, "list_unanswered"), (15, 185, 13, "wavespeed_list", None)]


def test_an_estimate_is_in_its_own_column_alone(recorded: Path) -> None:
    found = rows(
        recorded,
        "SELECT DISTINCT price_status, rankable, price_feed, estimated_unit, currency, "
        "coalesce(cost_per_token, cost_per_image, cost_per_audio_minute, cost_per_video_second, "
        "cost_per_million_characters) FROM cards WHERE estimated_cost IS NOT NULL",
    )
    assert found == [("not_published", False, None, "request", "USD", None)]
    assert rows(
        recorded,
        "SELECT count(*) FROM cards c JOIN price_claims p USING (offer_id) "
        "WHERE p.feed = 'hf_inference_estimate' "
        "AND c.estimated_cost = round(c.request_latency_ms)::BIGINT::DECIMAL(18,0) * 0.00000012",
    ) == [(199,)]
    for relation in ("prices", "price_history"):
        assert rows(recorded, f"SELECT count(*) FROM {relation} WHERE basis = 'estimate'") == [(0,)]
    assert rows(recorded, "SELECT DISTINCT chosen FROM price_claims WHERE basis = 'estimate'") == [
        (False,)
    ]


def test_the_cheapest_of_a_group_are_compared_by_one_kind_of_cost(recorded: Path) -> None:
    found = rows(
        recorded,
        "SELECT model_id, cost_per_image FROM cheapest('image', n := 2)",
    )
    assert found == [
        ("black-forest-labs/FLUX.1-schnell", Decimal("0.003")),
        ("Tongyi-MAI/Z-Image-Turbo", Decimal("0.005")),
    ]
    assert len(rows(recorded, "FROM cheapest('text', n := 3)")) == 3


def test_a_list_is_joined_exactly_and_never_by_a_name_that_is_only_like_it(tmp_path: Path) -> None:
    catalog = mapped(
        ("acme/exact", "deepinfra", "acme/exact", "automatic-speech-recognition"),
        ("acme/case", "deepinfra", "acme/Case", "automatic-speech-recognition"),
        ("acme/other", "novita", "acme/exact", "automatic-speech-recognition"),
    )
    lists = PriceLists(deepinfra=[deepinfra_row(n, 0.00075) for n in ("acme/exact", "acme/case")])
    with serve(catalog, price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=Clock(), feeds=LISTS)
    found = rows(
        tmp_path,
        "SELECT model_id, cost_per_audio_minute, price_status FROM cards "
        "WHERE task <> 'conversational' ORDER BY 1",
    )
    assert found == [
        ("acme/case", None, "not_published"),
        ("acme/exact", Decimal("0.00045"), "priced"),
        ("acme/other", None, "not_published"),
    ]


@pytest.mark.slow
def test_a_list_that_fails_keeps_its_prices_and_they_age(tmp_path: Path) -> None:
    clock, broken = Clock(), set[str]()
    lists = PriceLists(wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(8)])

    def reply(request: ServerRequest) -> ServerReply | None:
        is_list = "page=" in request.target
        return error(403, "not now") if is_list and broken else lists.reply(request)

    with serve(painters(), on_request=reply) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        before = priced(tmp_path, "wavespeed")
        (seen,) = rows(tmp_path, "SELECT max(price_observed_at) FROM cards")
        broken.add("yes")
        for _ in range(2):
            clock.advance(HOUR)
            report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
            assert (report.outcome, report.exit_status) == ("unchanged", 0)
        assert priced(tmp_path, "wavespeed") == before
        assert before[0] == ("acme/p0", Decimal("0.012"), "priced", None, True)
        aged = "SELECT max(price_observed_at) FROM cards WHERE inference_provider = 'wavespeed'"
        assert rows(tmp_path, aged) == [seen]
        listed = rows(
            tmp_path,
            "SELECT max(observed_at) > max(price_observed_at) FROM cards "
            "WHERE inference_provider = 'wavespeed'",
        )
        assert listed == [(True,)]
        clock.advance(timedelta(hours=25))
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
    assert {line[2:] for line in priced(tmp_path, "wavespeed")} == {("priced", None, False)}
    feed = "SELECT failures_in_a_row, last_error FROM feeds WHERE feed = 'wavespeed_list'"
    ((failures, last_error),) = rows(tmp_path, feed)
    assert failures == 3
    assert "not now" in last_error


@pytest.mark.slow
def test_a_list_without_any_readable_row_fails_and_ends_no_price(
    tmp_path: Path,
) -> None:
    clock = Clock()
    lists = PriceLists(wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(8)])
    with serve(painters(), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        before = priced(tmp_path, "wavespeed")
        lists.wavespeed = [json.dumps({"model_id": 7, "base_price": 1}), wavespeed_row("a\x00b", 1)]
        for _ in range(3):
            clock.advance(HOUR)
            report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
            (feed,) = [f for f in report.feeds if f.feed == "wavespeed_list"]
            assert (feed.outcome, feed.error_code) == ("failed", "nothing_accepted")
    assert priced(tmp_path, "wavespeed") == before
    reasons = "SELECT DISTINCT unnest(reasons) FROM rejected_rows ORDER BY 1"
    assert rows(tmp_path, reasons) == [
        ("provider_model_id:missing",),
        ("provider_model_id:str_matches",),
    ]


@pytest.mark.slow
def test_a_list_that_shrinks_by_half_loses_no_price_and_holds_the_cards(
    tmp_path: Path,
) -> None:
    clock = Clock()
    lists = PriceLists(wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(12)])
    with serve(painters(12), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        whole, lists.wavespeed = lists.wavespeed, lists.wavespeed[:5]
        for _ in range(3):
            clock.advance(HOUR)
            report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
            assert "gone" not in report.events
        checks = rows(
            tmp_path,
            "SELECT severity, feed, expected, observed, decision FROM checks "
            "WHERE name = 'count_drop'",
        )
        assert checks == [("hold", "wavespeed_list", "12 offers", "5 offers", "pending")]
        assert {line[2] for line in priced(tmp_path, "wavespeed")} == {"priced"}
        held = rows(
            tmp_path,
            "SELECT held, hold_reason, rankable, count(*) FROM cards "
            "WHERE inference_provider = 'wavespeed' GROUP BY ALL ORDER BY ALL",
        )
        assert held == [(False, None, True, 5), (True, "count_drop", False, 7)]
        lists.wavespeed = whole
        clock.advance(HOUR)
        assert ingest(tmp_path, hub, clock=clock, feeds=LISTS).events == {"released": 7}


@pytest.mark.slow
def test_a_list_that_loses_a_few_loses_their_prices_with_the_second_answer(tmp_path: Path) -> None:
    clock = Clock()
    lists = PriceLists(wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(8)])
    with serve(painters(), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        lists.wavespeed = lists.wavespeed[:4]
        clock.advance(HOUR)
        assert ingest(tmp_path, hub, clock=clock, feeds=LISTS).events == {}
        assert {line[2] for line in priced(tmp_path, "wavespeed")} == {"priced"}
        clock.advance(HOUR)
        report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
    assert report.events == {"gone": 4}  # the second whole answer without them
    found = [line[2:4] for line in priced(tmp_path, "wavespeed")]
    assert found == [("priced", None)] * 4 + [("not_published", "not_stated")] * 4
    dates = rows(
        tmp_path, "SELECT DISTINCT closed_by FROM price_history WHERE valid_to IS NOT NULL"
    )
    assert dates == [("absence",)]


@pytest.mark.slow
def test_a_list_that_comes_back_whole_after_half_an_answer_changed_nothing(tmp_path: Path) -> None:
    clock = Clock()
    lists = PriceLists(wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(8)])
    with serve(painters(), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        whole, lists.wavespeed = lists.wavespeed, lists.wavespeed[:3]
        clock.advance(HOUR)
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        lists.wavespeed = whole
        clock.advance(HOUR)
        assert ingest(tmp_path, hub, clock=clock, feeds=LISTS).events == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "unit", "ours"),
    [("text-to-image", "megapixels", "image"), ("text-to-video", "videos", "run")],
)
def test_a_price_of_a_now_unknown_unit_is_held_and_the_card_keeps_the_last(
    tmp_path: Path, task: str, unit: str, ours: str
) -> None:
    clock = Clock()
    catalog = mapped(("acme/paint", "fal-ai", "fal/paint", task))
    lists = PriceLists(fal={"fal/paint": fal_row("fal/paint", "0.003", unit)}, fal_key=FAL_KEY)
    feeds = ("hub", "router", "fal_pricing")
    with serve(catalog, price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=feeds, key=FAL_KEY, account_prices=True)
        lists.fal = {"fal/paint": fal_row("fal/paint", "0.3", "furlongs")}
        for events in ({"held": 1}, {}):
            clock.advance(HOUR)
            report = ingest(
                tmp_path, hub, clock=clock, feeds=feeds, key=FAL_KEY, account_prices=True
            )
            assert report.events == events
        found = rows(
            tmp_path,
            "SELECT p.unit, p.amount, c.price_status, c.held, c.hold_reason "
            "FROM cards c JOIN prices p USING (offer_id) "
            "WHERE c.inference_provider = 'fal-ai'",
        )
        assert found == [(ours, Decimal("0.003"), "priced", True, "unreadable_price")]
        lists.fal = {"fal/paint": fal_row("fal/paint", "0.004", unit)}
        clock.advance(HOUR)
        report = ingest(tmp_path, hub, clock=clock, feeds=feeds, key=FAL_KEY, account_prices=True)
    assert report.events == {"released": 1, "up": 1}


@pytest.mark.slow
def test_the_same_cost_in_another_unit_is_a_unit_change(tmp_path: Path) -> None:
    clock = Clock()
    catalog = mapped(("acme/paint", "fal-ai", "fal/paint", "text-to-image"))
    lists = PriceLists(
        fal={"fal/paint": fal_row("fal/paint", "0.003", "megapixels")}, fal_key=FAL_KEY
    )
    feeds = ("hub", "router", "fal_pricing")
    with serve(catalog, price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=feeds, key=FAL_KEY, account_prices=True)
        lists.fal = {"fal/paint": fal_row("fal/paint", "0.004", "images")}
        clock.advance(HOUR)
        report = ingest(tmp_path, hub, clock=clock, feeds=feeds, key=FAL_KEY, account_prices=True)
    assert report.events == {"held": 1}  # a person looks at what a unit means
    (check,) = report.held
    report = decide(
        tmp_path, DecisionRequest([check.check_id], "accepted", "ada", "read"), clock=clock
    )
    assert report.events == {"released": 1, "unit_changed": 1}


@pytest.mark.slow
def test_an_estimate_outlives_a_failed_hub_and_ends_with_its_measurement(
    tmp_path: Path,
) -> None:
    clock, down = Clock(), set[str]()
    speed = {"requestLatencyMs": Number("2500")}
    timed = mapping("hf-inference", task="text-to-image", performance=speed)
    chat = routed_model("acme/chat", offering("novita", price=("0.2", "0.6")))
    card = "SELECT estimated_cost, estimated_unit FROM cards WHERE model_id = 'acme/paint'"

    def reply(request: ServerRequest) -> ServerReply | None:
        return error(403, "no") if request.path in down else None

    with serve(
        Catalog([mapped_model("acme/paint", timed)], router=[chat]), on_request=reply
    ) as hub:
        ingest(tmp_path, hub, clock=clock)
        assert rows(tmp_path, card) == [(Decimal("0.0003"), "request")]
        down.add("/api/models")
        ingest(tmp_path, hub, clock=clock)
        assert rows(tmp_path, card) == [(Decimal("0.0003"), "request")]
        down.clear()
        unmeasured = mapped_model("acme/paint", mapping("hf-inference", task="text-to-image"))
        hub.show(Catalog([unmeasured], router=[chat]))
        report = ingest(tmp_path, hub, clock=clock)
    assert rows(tmp_path, card) == [(None, None)]
    assert report.events == {}  # an estimate is no price, so its coming and going is no change


@pytest.mark.slow
def test_a_list_keeps_no_offer_alive_that_the_hub_no_longer_names(tmp_path: Path) -> None:
    clock = Clock()
    lists = PriceLists(wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(8)])
    with serve(painters(8), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        hub.show(painters(6))
        for _ in range(2):
            clock.advance(HOUR)
            report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
    assert report.events == {"gone": 4}  # two offers and their prices
    assert len(priced(tmp_path, "wavespeed")) == 6
    ended = rows(
        tmp_path,
        "SELECT count(*), bool_and(gone_at > last_seen_at) FROM offers WHERE gone_at IS NOT NULL",
    )
    assert ended == [(2, True)]


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param("%s", marks=pytest.mark.slow),
        pytest.param('{"models": %s}', marks=pytest.mark.slow),
        '{"code": 200, "message": "success", "data": {"total": 8, "items": %s, "tags": ["x"]}}',
        pytest.param('{"a": {"b": {"c": {"rows": %s}}}}', marks=pytest.mark.slow),
    ],
)
def test_the_rows_are_found_in_any_envelope(tmp_path: Path, envelope: str) -> None:
    lists = PriceLists(
        wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(8)],
        envelope=lambda rows: envelope % rows,
    )
    with serve(painters(), price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=LISTS)
    outcomes = {f.feed: (f.outcome, f.records) for f in report.feeds}
    assert outcomes["wavespeed_list"] == ("complete", 8)
    assert {line[2] for line in priced(tmp_path, "wavespeed")} == {"priced"}


@pytest.mark.parametrize(
    ("envelope", "outcome", "code"),
    [
        ('{"code": 500, "message": "later"}', "partial", "no_rows"),
        ('{"new": %s, "old": %s}', "failed", "two_arrays"),  # found where rows are parsed
        ("<!doctype html><title>Sign in</title>", "partial", "not_json"),
    ],
)
def test_an_envelope_without_one_array_of_rows_fails_its_feed_alone(
    tmp_path: Path, envelope: str, outcome: str, code: str
) -> None:
    lists = PriceLists(
        wavespeed=[wavespeed_row("ws/p0", 12000)],
        envelope=lambda rows: envelope.replace("%s", rows),
    )
    with serve(painters(), price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=LISTS)
    assert (report.outcome, report.exit_status) == ("published", 0)
    failed = {f.feed: (f.outcome, f.error_code) for f in report.feeds if f.failure}
    assert failed == {"wavespeed_list": (outcome, code), "deepinfra_list": ("failed", "http_404")}


def test_a_list_of_many_pages_is_walked_to_its_end(tmp_path: Path) -> None:
    lists = PriceLists(wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(1046)])
    with serve(painters(), price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=LISTS)
    (feed,) = [f for f in report.feeds if f.feed == "wavespeed_list"]
    assert (feed.pages, feed.records, feed.rejected) == (6, 1046, 0)
    assert {dict(r.query)["page_size"] for r in lists.requests if "page=" in r.target} == {"200"}


@pytest.mark.slow
def test_price_lists_are_replayed_byte_for_byte(tmp_path: Path) -> None:
    clock = Clock()
    lists = PriceLists(
        wavespeed=[wavespeed_row(f"ws/p{n}", 12000) for n in range(8)],
        deepinfra=[deepinfra_row("di/x", 0.1)],
        fal={"fal/paint": fal_row("fal/paint", "0.003")},
        fal_key=FAL_KEY,
    )
    catalog = mapped(
        ("acme/paint", "fal-ai", "fal/paint", "text-to-image"),
        ("acme/hear", "deepinfra", "di/x", "automatic-speech-recognition"),
        *[(f"acme/p{n}", "wavespeed", f"ws/p{n}", "text-to-image") for n in range(8)],
    )
    feeds = (*LISTS, "fal_pricing")
    home = tmp_path / "home"
    with serve(catalog, price_lists=lists) as hub:
        for count in (8, 3, 3):
            lists.wavespeed = lists.wavespeed[:count]
            ingest(home, hub, clock=clock, feeds=feeds, key=FAL_KEY, account_prices=count == 3)
            clock.advance(HOUR)
    require_replayable(home, tmp_path)
