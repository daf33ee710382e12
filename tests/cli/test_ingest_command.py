"""`pricehouse ingest` from outside: what it prints, leaves behind, and with which status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.catalog import load
from samples.hub import Hub, serve
from samples.list_routes import PriceLists
from samples.routes import ServerReply, ServerRequest, error
from tests.support.command import answered, pricehouse
from tests.support.hours import small_catalog


@pytest.fixture
def hub() -> Iterator[Hub]:
    lists = PriceLists(deepinfra=['{"model_name": "acme/nobody-maps-it"}'])
    with serve(small_catalog(), price_lists=lists) as hub:
        yield hub


def published(home: Path) -> Path:
    return (home / "marketplace.duckdb").resolve()


def test_a_first_hour_publishes_and_says_what_came(tmp_path: Path, hub: Hub) -> None:
    report = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    assert report["outcome"] == "published"
    assert report["publication_id"] == report["run_id"]
    assert published(tmp_path).name == f"marketplace-{report['run_id']}.duckdb"
    outcomes = {f["feed"]: f["outcome"] for f in report["feeds"]}
    assert outcomes == {
        "hub": "complete",
        "router": "complete",
        "deepinfra_list": "complete",
        "fal_pricing": "skipped",
        "wavespeed_list": "skipped",
        "hf_inference_estimate": "complete",
    }
    whole = [f for f in report["feeds"] if f["outcome"] == "complete"]
    assert all(f["records"] == f["accepted"] + f["rejected"] for f in whole)
    assert report["rejected"] == {"inference_provider:str_matches": 1}


def test_nothing_listens_is_status_1_and_names_what_was_tried(tmp_path: Path, hub: Hub) -> None:
    first = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    before = published(tmp_path).read_bytes()
    done = pricehouse("ingest", home=tmp_path)
    assert done.returncode == 1
    assert "http://127.0.0.1:9/api/models" in done.stderr
    assert "tried 5 times" in done.stderr
    assert f"the last publication stands: {first['run_id']}" in done.stderr
    assert "Traceback" not in done.stderr
    assert published(tmp_path).read_bytes() == before
    status = answered(pricehouse("status", "--json", home=tmp_path))
    assert status["publication_id"] == first["run_id"]
    assert status["last_run"]["outcome"] == "failed"
    assert "127.0.0.1:9" in status["last_failure"]["error"]


def test_a_failed_hour_stands_in_runs_once_the_next_one_publishes(tmp_path: Path, hub: Hub) -> None:
    pricehouse("ingest", home=tmp_path, url=hub.url)
    with serve(small_catalog(), on_request=lambda _: error(403, "not today")) as refusing:
        assert pricehouse("ingest", home=tmp_path, url=refusing.url).returncode == 1
    pricehouse("ingest", home=tmp_path, url=hub.url)
    rows = answered(
        pricehouse(
            "sql",
            "--json",
            "SELECT outcome, publication_id = run_id AS own FROM runs ORDER BY run_id",
            home=tmp_path,
        )
    )
    assert rows == [
        {"outcome": "published", "own": True},
        {"outcome": "failed", "own": None},
        {"outcome": "unchanged", "own": True},
    ]


def test_the_router_s_failure_leaves_the_hub_s_rows_published_and_status_0(tmp_path: Path) -> None:
    with serve(small_catalog(), on_request=failing("/v1/models")) as hub:
        report = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    assert report["outcome"] == "published"
    outcomes = {f["feed"]: f["outcome"] for f in report["feeds"]}
    assert (outcomes["hub"], outcomes["router"]) == ("complete", "failed")


def test_the_hub_s_failure_is_status_1_and_the_router_s_rows_are_published(
    tmp_path: Path, hub: Hub
) -> None:
    pricehouse("ingest", home=tmp_path, url=hub.url)
    dearer = small_catalog(input_price="0.4")
    with serve(dearer, on_request=failing("/api/models")) as broken:
        done = pricehouse("ingest", "--json", home=tmp_path, url=broken.url)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["outcome"] == "published"
    assert report["events"] == {"up": 3}
    assert "the failed feed keeps its last rows" in done.stderr


def test_what_a_server_says_is_shown_as_it_is_and_each_feed_named_once(
    tmp_path: Path, hub: Hub
) -> None:
    pricehouse("ingest", home=tmp_path, url=hub.url)
    said = "[/red] [bold]not[/] today [x"
    with serve(small_catalog(), on_request=lambda _: error(403, said)) as refusing:
        failed = pricehouse("ingest", home=tmp_path, url=refusing.url)
    status = pricehouse("status", home=tmp_path)
    assert (failed.returncode, status.returncode) == (1, 0)
    for text in (failed.stdout, failed.stderr, status.stdout):
        assert said in text.replace("\n", "")
        assert "hub: hub:" not in text
    assert "Traceback" not in failed.stderr + status.stderr


def test_a_folder_that_cannot_be_one_is_status_2_before_anything_is_asked(
    tmp_path: Path, hub: Hub
) -> None:
    pricehouse("ingest", home=tmp_path / "home", url=hub.url)
    file = tmp_path / "file"
    file.touch()
    asked: list[ServerRequest] = []
    with serve(small_catalog(), on_request=asked.append) as listening:
        for command in ("export", "record"):
            done = pricehouse(command, str(file / "sub"), home=tmp_path / "home", url=listening.url)
            assert done.returncode == 2
            assert str(file) in done.stderr
            assert "name another one" in done.stderr
            assert "PRICEHOUSE_HOME" not in done.stderr
    assert asked == []


def test_before_the_hub_came_whole_once_nothing_is_published(tmp_path: Path) -> None:
    with serve(small_catalog(), on_request=failing("/api/models")) as hub:
        done = pricehouse("ingest", home=tmp_path, url=hub.url)
    assert done.returncode == 1
    assert "there is no earlier publication" in done.stderr
    assert not (tmp_path / "marketplace.duckdb").is_symlink()


def test_a_dry_run_says_what_would_change_and_changes_nothing(tmp_path: Path, hub: Hub) -> None:
    first = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    hub.show(small_catalog(input_price="0.3"))
    report = answered(pricehouse("ingest", "--dry-run", "--json", home=tmp_path, url=hub.url))
    assert report["outcome"] == "dry_run"
    assert report["events"] == {"up": 4}
    assert report["publication_id"] == first["run_id"]
    again = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    assert again["events"] == {"up": 4}


def test_a_sample_never_enters_a_live_home(tmp_path: Path) -> None:
    with serve(load(1)) as sample:
        done = pricehouse("ingest", home=tmp_path, url=sample.url)
    assert done.returncode == 2
    assert "serves a sample" in done.stderr
    assert not (tmp_path / "marketplace.duckdb").is_symlink()


def test_live_data_never_enters_a_home_of_the_sample(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "home.json").write_text('{"origin": "sample", "format": 1}')
    done = pricehouse("ingest", home=tmp_path, url=hub.url)
    assert done.returncode == 2
    assert "PRICEHOUSE_HOME" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["ingest", "--provider", "nobody"], {}, "known: huggingface"),
        (["ingest"], {"PRICEHOUSE_HUB_URL": "huggingface.co"}, "PRICEHOUSE_HUB_URL"),
        (["ingest"], {"PRICEHOUSE_HUB_URL": "http://user:secret@host"}, "without user"),
        (["ingest"], {"PANDERA_VALIDATION_ENABLED": "False"}, "PANDERA_VALIDATION_ENABLED"),
        (["ingest", "--nonsense"], {}, "No such option"),
        (["status"], {}, "nothing here yet"),
        (["sql", "SELECT 1"], {}, "nothing here yet"),
        (["export", "out"], {}, "nothing here yet"),
        (["replay"], {}, "no committed run"),
    ],
)
def test_wrong_usage_is_status_2_with_a_word_and_no_traceback(
    tmp_path: Path, hub: Hub, arguments: list[str], settings: dict[str, str], said: str
) -> None:
    done = pricehouse(*arguments, home=tmp_path / "home", url=hub.url, **settings)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_a_wrong_query_is_status_2_in_duckdb_s_words(tmp_path: Path, hub: Hub) -> None:
    pricehouse("ingest", home=tmp_path, url=hub.url)
    done = pricehouse("sql", "SELECT nothing FROM cards", home=tmp_path)
    assert done.returncode == 2
    assert "nothing" in done.stderr
    written = pricehouse("sql", "CREATE TABLE mine (i INT)", home=tmp_path)
    assert written.returncode == 2
    assert "read-only" in written.stderr
    piped = pricehouse("sql", "--json", home=tmp_path, stdin="SELECT count(*) AS n FROM offers")
    assert answered(piped)[0]["n"] > 0


def failing(path: str):  # type: ignore[no-untyped-def]
    """Return a hook that refuses one path for good."""

    def refuse(request: ServerRequest) -> ServerReply | None:
        return error(403, "not today") if request.path == path else None

    return refuse
