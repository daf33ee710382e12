"""A live hour recorded: what the files hold is what was answered, and it can be served again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.context import RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.record import Recording, record
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import load_registry
from samples.catalog import Catalog, hub_model, load, load_recording
from samples.hub import FEEDS, Hub, serve
from samples.routes import ServerReply, ServerRequest, error, json_reply
from samples.verbatim import Json, Number
from schemas.errors import FeedError, FeedRefused, UsageError
from schemas.secrets import FoundSecret, Secret, VariablePlace
from tests.support.command import answered, environment, pricehouse
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.published import rows

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PRICES = (
    "SELECT offer_id, unit, tier, amount, price_status, raw_text, feed FROM prices ORDER BY ALL"
)
MODELS = "SELECT * EXCLUDE (first_seen_at, observed_at) FROM models ORDER BY model_id"
CHECKOUT = Path(__file__).parents[2]


def live_catalog() -> Catalog:
    """What the sample's recordings lack: dates, `_id`, nulls, tags, a mapping by provider."""
    daily: dict[str, Json] = {
        "_id": "621ffdc036468d709f17434d",
        "createdAt": "2026-01-02T03:04:05.000Z",
        "lastModified": "2026-02-03T04:05:06.000Z",
        "gated": "auto",
        "tags": ["license:apache-2.0", "größe", 'a "quoted" one'],
        "author": "acme",
        "likes": Number("7"),
        "downloads": Number("12345678901234567890"),
        "safetensors": {"parameters": {"BF16": Number("8030261248")}, "total": Number("803e7")},
        "pipeline_tag": "text-generation",
    }
    price = ("0.030000000000000002", "2.50")
    by_name: dict[str, Json] = {
        "novita": {key: value for key, value in mapping("novita").items() if key != "provider"}
    }
    return Catalog(
        [
            mapped_model("acme/chat", mapping("novita", price=price), mapping("groq"), **daily),
            mapped_model(
                "acme/odd",
                mapping("sambanova", price=("1e-1", "2.0"), previousStatus=None),
                **{**daily, "library_name": None, "gated": False, "_id": "x"},
            ),
            mapped_model("acme/dotted", mapping("together", features={"a.b": Number("1.0")})),
            hub_model({"id": "acme/keyed", "inferenceProviderMapping": by_name}),
            mapped_model("acme/none", pipeline_tag="text-generation"),
            mapped_model("acme/paint", mapping("fal-ai", task="text-to-image")),
        ],
        router=[
            routed_model("zeta/last-but-first", offering("groq", price=("1", "1.00"))),
            routed_model("acme/chat", offering("novita", price=price, context_length=None)),
            routed_model("acme/chat2", offering("novita", price=price, odd={"x": {}})),
        ],
    )


def settings_for(hub: Hub, home: Path) -> Settings:
    urls = {feed.feed: hub.url for _, feed in load_registry().feeds()}
    return Settings(home=home, base_urls=urls)


def recorded(folder: Path, hub: Hub, **more: Any) -> Recording:
    return record(folder, settings_for(hub, folder / "unused"), clock=Clock(NOW), **more)


def by_text(body: bytes) -> Any:
    """Read JSON by other means than the recorder: a number is a pair with its text."""
    return json.loads(body, parse_int=lambda t: ("number", t), parse_float=lambda t: ("number", t))


def fetched(hub: Hub) -> tuple[Any, Any]:
    """Ask for both answers with all fields, as a run does once a day."""
    fields = (
        "inferenceProviderMapping",
        "pipeline_tag",
        "likes",
        "downloads",
        "library_name",
        "createdAt",
        "lastModified",
        "gated",
        "tags",
        "safetensors",
        "author",
    )
    params = [("inference_provider", "all"), *(("expand[]", field) for field in fields)]
    with httpx.Client(trust_env=False, timeout=120) as client:
        models = client.get(f"{hub.url}/api/models", params=params).content
        return by_text(models), by_text(client.get(f"{hub.url}/v1/models").content)


def ingested_as_sample(home: Path, catalog: Catalog) -> Path:
    """Ingest a recording into a home of the sample's kind, the only one that takes it."""
    with (
        serve(catalog) as hub,
        open_run(
            settings_for(hub, home),
            RunOptions(origin="sample", flow="test", trigger="test", feeds=frozenset(FEEDS)),
        ) as run,
    ):
        assert run_pipeline(run).outcome == "published"
    return home


def test_every_answered_fact_comes_back_with_its_number_texts(tmp_path: Path) -> None:
    with serve(live_catalog()) as hub:
        recorded(tmp_path / "hour", hub)
        live = fetched(hub)
    with serve(load_recording(tmp_path / "hour")) as again:
        assert fetched(again)[1] == live[1]  # the router's in its own order
        models = {model["id"]: model for model in fetched(again)[0]}
        assert models == {model["id"]: model for model in live[0]}
    assert models["acme/chat"]["downloads"] == ("number", "12345678901234567890")
    assert models["acme/odd"]["inferenceProviderMapping"][0]["previousStatus"] is None


@pytest.mark.slow
def test_a_recording_in_a_sample_home_gives_the_prices_of_the_live_hour(
    tmp_path: Path,
) -> None:
    with serve(live_catalog()) as hub:
        ingest(tmp_path / "live", hub, clock=Clock(NOW))
        done = recorded(tmp_path / "hour", hub)
    sample = ingested_as_sample(tmp_path / "sample", load_recording(tmp_path / "hour"))
    live = tmp_path / "live"
    assert len(rows(live, PRICES)) >= 6
    assert rows(sample, PRICES) == rows(live, PRICES)
    assert rows(sample, MODELS) == rows(live, MODELS)
    observed = rows(sample, "SELECT DISTINCT observed_to::VARCHAR FROM publication")
    assert observed == [(f"{done.feeds[1].captured_at:%Y-%m-%d %H:%M:%S}+00",)]
    assert NOW <= done.feeds[0].captured_at <= NOW + timedelta(minutes=1)


def test_the_sample_of_real_answers_recorded_again_is_the_same(tmp_path: Path) -> None:
    sample = load(2)
    with serve(sample) as hub:
        done = recorded(tmp_path / "hour", hub)
    again = load_recording(tmp_path / "hour")
    assert [json.loads(e.json()) for e in again.hub] == [json.loads(e.json()) for e in sample.hub]
    assert by_text(again.router_answer) == by_text(sample.router_answer)
    assert (again.hub_captured_at, again.router_captured_at) == (
        sample.hub_captured_at,
        sample.router_captured_at,
    )
    assert [(f.models, f.rows) for f in done.feeds] == [(836, 1448), (128, 295)]


def test_the_files_name_their_origin_and_what_was_left_out(tmp_path: Path) -> None:
    def answer(request: ServerRequest) -> ServerReply | None:
        if request.path == "/v1/models":
            return json_reply(200, b'{"object":"list","data":[{"id":"a/b"},{}],"cost":1}', {})
        first = {"id": "a/b", "inferenceProviderMapping": [{"provider": "groq"}]}
        body = json.dumps([first, {"name": "nobody"}, {**first, "likes": 3}])
        return json_reply(200, body.encode(), {"x-request-id": "Root=secret", "set-cookie": "c=1"})

    with serve(load(1), on_request=answer) as hub:
        done = recorded(tmp_path / "hour", hub)
    hub_file, router_file = (
        json.loads((tmp_path / "hour" / feed.file).read_bytes()) for feed in done.feeds
    )
    text = "".join(path.read_text() for path in (tmp_path / "hour").iterdir())
    for unwanted in ("Root=secret", "c=1", "127.0.0.1", "cookie"):
        assert unwanted not in text
    provenance = hub_file["provenance"]
    assert "GET /api/models?inference_provider=all" in provenance["source"]
    assert provenance["source"].endswith("author")
    assert provenance["captured_at"] == "2026-11-23T09:30:01Z"
    assert {"1 entries without an id", "1 repeated models, of which the first is kept"} <= set(
        provenance["dropped"]
    )
    assert "the answer's own key cost" in router_file["provenance"]["dropped"]
    assert done.feeds[1].dropped == router_file["provenance"]["dropped"]
    assert json.loads(load_recording(tmp_path / "hour").hub[0].json()).get("likes") is None


def test_our_token_is_sent_and_is_in_no_file(tmp_path: Path) -> None:
    token = "hf_canaryCanaryCanary"  # noqa: S105 - a made-up one
    seen: list[str] = []

    def note(request: ServerRequest) -> ServerReply | None:
        seen.append(request.headers.get("authorization", ""))
        return None

    def find() -> FoundSecret:
        return FoundSecret(Secret(token), VariablePlace("HF_TOKEN"))

    with serve(live_catalog(), on_request=note) as hub:
        recorded(tmp_path / "hour", hub, token=find)
    assert set(seen) == {f"Bearer {token}"}
    assert all(token not in path.read_text() for path in (tmp_path / "hour").iterdir())
    echo = Catalog([mapped_model("acme/x", mapping("groq"), pipeline_tag=token)], router=[])
    with serve(echo) as hub, pytest.raises(FeedRefused) as refused:
        recorded(tmp_path / "echo", hub, token=find)
    assert token not in str(refused.value)
    assert not (tmp_path / "echo").exists()


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/v1/models", error(403, "not today")),
        ("/api/models", error(404, "gone")),
        ("/v1/models", json_reply(200, b'{"object":"list"}', {})),
        ("/v1/models", json_reply(200, b'{"data":[1]}', {})),
        ("/api/models", json_reply(200, b'[{"id":"a/b"},7]', {})),
    ],
)
def test_a_feed_that_is_not_whole_leaves_nothing(
    tmp_path: Path, path: str, reply: ServerReply
) -> None:
    def refuse(request: ServerRequest) -> ServerReply | None:
        return reply if request.path == path else None

    with serve(live_catalog(), on_request=refuse) as hub, pytest.raises(FeedError) as failed:
        recorded(tmp_path / "hour", hub)
    assert "Nothing was recorded" in str(failed.value)
    assert not (tmp_path / "hour").exists()


def test_a_folder_in_use_is_refused_before_any_request(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with serve(live_catalog(), on_request=lambda request: pytest.fail("asked")) as hub:
        with pytest.raises(UsageError, match="not empty"):
            recorded(tmp_path, hub)
        with pytest.raises(UsageError, match="not empty"):
            recorded(tmp_path / "kept.txt", hub)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.slow
def test_the_command_records_and_makes_no_home(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "hour"
    with serve(live_catalog()) as hub:
        done = pricehouse("record", str(folder), home=home, url=hub.url)
        assert done.returncode == 0, done.stderr
        assert "hub.json: 6 models, 6 rows" in done.stdout
        assert pricehouse("record", str(folder), home=home, url=hub.url).returncode == 2
        done = answered(pricehouse("record", str(tmp_path / "b"), "--json", home=home, url=hub.url))
    assert [feed["file"] for feed in done["feeds"]] == ["hub.json", "router.json"]
    assert not home.exists()
    with serve(live_catalog(), on_request=lambda request: error(403, "not today")) as hub:
        failed = pricehouse("record", str(tmp_path / "c"), home=home, url=hub.url)
    assert failed.returncode == 1
    assert "Nothing was recorded" in failed.stderr
    assert "Traceback" not in failed.stderr


@contextmanager
def served(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "samples.hub", *arguments],
        cwd=CHECKOUT,
        env=environment(CHECKOUT),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_sample_s_server_serves_a_recording_by_hand(tmp_path: Path) -> None:
    with serve(live_catalog()) as hub:
        recorded(tmp_path / "hour", hub)
    with served("--recording", str(tmp_path / "hour")) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("the recording at http://127.0.0.1:")
        done = pricehouse("ingest", home=tmp_path / "live", url=line.split(" at ")[1].strip())
        assert done.returncode == 2
        assert "serves a sample (captured 2026-11-23)" in done.stderr


def test_a_folder_without_a_recording_is_refused_with_a_message(tmp_path: Path) -> None:
    (tmp_path / "hub.json").write_text('{"provenance":{}}')
    with served("--recording", str(tmp_path)) as process:
        _, stderr = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "hub.json is not a capture" in stderr
