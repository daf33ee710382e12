"""Metrics that a run keeps in its home, and spans that it sends to a real receiver."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.watch import HomeWatch
from samples.hub import Hub, serve
from samples.routes import ServerReply, ServerRequest, error
from telemetry.exposition import as_text, read_text
from telemetry.metric_families import GAUGES, PREFIX, Sample
from telemetry.spans import NoSpans, spans_of
from tests.support.command import UNUSED_URL, pricehouse
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.span_receiver import SpanReceiver, attributes, receiving

STEPS = [
    "extract_feeds",
    "parse_feeds",
    "validate_rows",
    "resolve_rows",
    "price_rows",
    "load_inputs",
    "reconcile_run",
    "check_run",
    "load_run",
    "publish_run",
]
Values = dict[tuple[str, ...], float]


def metrics_of(home: Path) -> Values:
    """Return the values of the home's file by name and labels, read by the client's parser."""
    text = (home / "metrics" / "pricehouse.prom").read_text("utf-8")
    return {
        (sample.name.removeprefix(PREFIX), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def watched_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("watched")
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock(), watch=HomeWatch())
    return home


def test_a_run_keeps_its_figures_and_those_of_the_publication(watched_home: Path) -> None:
    found = metrics_of(watched_home)
    assert found["run_success",] == found["run_outcome", "published"] == 1
    assert found["run_outcome", "failed"] == 0
    assert START.timestamp() < found["data_observed_timestamp_seconds",]
    assert found["run_finished_timestamp_seconds",] >= found["data_observed_timestamp_seconds",]
    assert found["run_duration_seconds",] > 0
    assert [key[1] for key in found if key[0] == "run_step_duration_seconds"] == STEPS
    assert found["run_feed_rows", "hub", "accepted"] > 0
    assert found["run_feed_rows", "hub", "rejected"] == 1
    assert found["run_feed_bytes", "router"] > 100
    assert found["run_feed_retries", "hub"] == found["held_offers",] == found["gaps",] == 0
    assert found["run_prices", "free"] == 1
    assert found["feed_failures_in_a_row", "hub"] == 0
    json_status = pricehouse("status", "--json", home=watched_home)
    assert found["offers",] == json.loads(json_status.stdout)["offers"]


def test_every_sample_in_the_file_belongs_to_a_known_metric(watched_home: Path) -> None:
    names = {key[0] for key in metrics_of(watched_home)}
    assert len(names) > 25
    assert names <= GAUGES.keys()
    text = (watched_home / "metrics" / "pricehouse.prom").read_text("utf-8")
    assert as_text(list(read_text(text))).decode() == text


@pytest.mark.slow
def test_a_failed_run_replaces_the_figures_and_keeps_those_of_readers(tmp_path: Path) -> None:
    clock = Clock()
    refuse = {"paths": set[str]()}

    def fail(request: ServerRequest) -> ServerReply | None:
        return error(403, "no") if request.path in refuse["paths"] else None

    with serve(small_catalog(), on_request=fail) as hub:
        ingest(tmp_path, hub, clock=clock, watch=HomeWatch())
        before = metrics_of(tmp_path)
        clock.advance(timedelta(hours=1))
        refuse["paths"] = {"/api/models", "/v1/models"}
        ingest(tmp_path, hub, clock=clock, watch=HomeWatch())
    after = metrics_of(tmp_path)
    assert (after["run_success",], after["run_outcome", "failed"]) == (0, 1)
    assert after["run_feed_success", "hub"] == 0
    observed = "data_observed_timestamp_seconds"
    assert after[observed,] == before[observed,]
    assert after["run_finished_timestamp_seconds",] > before["run_finished_timestamp_seconds",]


def test_an_unexpected_error_counts_as_a_failed_run_and_shows_no_text(tmp_path: Path) -> None:
    def step(function):
        if function.__name__ == "check_run":
            return lambda *_: 1 / 0
        return function

    with serve(small_catalog()) as hub, receiving() as receiver:
        watch = HomeWatch.of({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url})
        with pytest.raises(ZeroDivisionError):
            ingest(tmp_path, hub, clock=Clock(), watch=watch, step=step)
    found = metrics_of(tmp_path)
    assert (found["run_success",], found["run_outcome", "failed"]) == (0, 1)
    assert ("offers",) not in found, "nothing is published"
    failed = {span.name: span.status.message for span in receiver.spans if span.status.code == 2}
    assert failed == {"check_run": "ZeroDivisionError", "pricehouse.run": "ZeroDivisionError"}


@pytest.mark.slow
def test_a_dry_run_keeps_no_metrics(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock(), watch=HomeWatch(), dry_run=True)
    assert not (tmp_path / "metrics").exists()


def test_metrics_that_cannot_be_written_do_not_fail_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "metrics").write_text("a file in the way")
    with serve(small_catalog()) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), watch=HomeWatch())
    assert report.outcome == "published"
    assert "the metrics of the run could not be kept" in caplog.text


def run_with_spans(home: Path, hub: Hub, receiver: SpanReceiver, **more: str) -> None:
    watch = HomeWatch.of({"OTEL_EXPORTER_OTLP_ENDPOINT": f"{receiver.url}/", **more})
    ingest(home, hub, clock=Clock(), watch=watch)


@pytest.mark.slow
def test_a_run_sends_a_span_of_itself_of_each_step_and_of_each_feed(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub, receiving() as receiver:
        run_with_spans(tmp_path, hub, receiver, OTEL_SERVICE_NAME="prices")
    assert receiver.paths == ["/v1/traces"]
    (resource,) = receiver.requests[0].resource_spans
    named = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
    assert named["service.name"] == "prices"
    spans = {span.name: span for span in receiver.spans}
    assert set(spans) == {"pricehouse.run", *STEPS, "feed hub", "feed router"}
    run = spans.pop("pricehouse.run")
    assert not run.parent_span_id
    assert {span.parent_span_id for span in spans.values()} == {run.span_id}
    assert {span.trace_id for span in spans.values()} == {run.trace_id}
    assert attributes(run)["pricehouse.outcome"] == "published"
    assert attributes(spans["feed hub"])["pricehouse.requests"] == 1
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in receiver.spans)
    assert {span.status.code for span in receiver.spans} == {0}


@pytest.mark.slow
def test_a_collector_that_refuses_is_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(small_catalog()) as hub, receiving() as receiver:
        receiver.status = 400
        run_with_spans(tmp_path, hub, receiver)
    assert [r.getMessage() for r in caplog.records if r.name.startswith("telemetry")] == [
        "13 spans were not taken by the collector at OTEL_EXPORTER_OTLP_ENDPOINT"
    ]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": UNUSED_URL, "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": UNUSED_URL, "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_without_an_endpoint_there_are_no_spans(environment: dict[str, str]) -> None:
    assert isinstance(spans_of(environment), NoSpans)


def test_a_protocol_that_is_not_supported_is_named(caplog: pytest.LogCaptureFixture) -> None:
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": UNUSED_URL,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    }
    assert isinstance(spans_of(environment), NoSpans)
    assert "only http/protobuf is supported" in caplog.text


def test_without_the_extra_the_message_names_what_to_install(
    caplog: pytest.LogCaptureFixture,
) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": UNUSED_URL}
    found = spans_of(environment, is_installed=lambda name: "sdk" not in name)
    assert isinstance(found, NoSpans)
    assert "pip install 'pricehouse[otel]'" in caplog.text


def test_a_sample_of_an_unknown_metric_is_refused() -> None:
    for sample in (Sample("prices_told", 1), Sample("run_feed_bytes", 1)):
        with pytest.raises(ValueError, match="belongs to no metric"):
            as_text([sample])
