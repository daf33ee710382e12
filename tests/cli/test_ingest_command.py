"""`pricehouse ingest` as a process: its output, its files and its exit status."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from providers.registry import load_registry
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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A home after one hour, to copy, and the report of that hour."""
    home = tmp_path_factory.mktemp("made") / "home"
    lists = PriceLists(deepinfra=['{"model_name": "acme/nobody-maps-it"}'])
    with serve(small_catalog(), price_lists=lists) as hub:
        return home, answered(pricehouse("ingest", "--json", home=home, url=hub.url))


@pytest.fixture
def home(made: tuple[Path, Any], tmp_path: Path) -> Path:
    """A home after one hour, of this test alone."""
    return Path(shutil.copytree(made[0], tmp_path / "home", symlinks=True))


def published(home: Path) -> Path:
    return (home / "marketplace.duckdb").resolve()


def test_first_hour_publishes_and_reports_every_feed(made: tuple[Path, Any]) -> None:
    home, report = made
    assert report["outcome"] == "published"
    assert report["publication_id"] == report["run_id"]
    assert published(home).name == f"marketplace-{report['run_id']}.duckdb"
    outcomes = {f["feed"]: f["outcome"] for f in report["feeds"]}
    registry = load_registry()
    assert set(outcomes) == set(registry.roles())
    required = {feed.feed for _, feed in registry.feeds() if feed.required}
    assert {outcomes[feed] for feed in required} == {"complete"}
    assert (outcomes["deepinfra_list"], outcomes["fal_pricing"]) == ("complete", "skipped")
    assert outcomes["hf_inference_estimate"] == "complete"
    whole = [f for f in report["feeds"] if f["outcome"] == "complete"]
    assert all(f["records"] == f["accepted"] + f["rejected"] for f in whole)
    assert report["rejected"] == {"inference_provider:str_matches": 1}


@pytest.mark.slow  # five tries with real pauses, for each feed
def test_unreachable_server_exits_1_and_names_the_address(tmp_path: Path, hub: Hub) -> None:
    first = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    before = published(tmp_path).read_bytes()
    done = pricehouse("ingest", "--provider", "huggingface", home=tmp_path)
    assert done.returncode == 1
    assert "http://127.0.0.1:9/api/models" in done.stderr
    assert "tried 5 times" in done.stderr
    assert f"readers keep publication {first['run_id']}" in done.stderr
    assert "Traceback" not in done.stderr
    assert published(tmp_path).read_bytes() == before
    status = answered(pricehouse("status", "--json", home=tmp_path))
    assert status["publication_id"] == first["run_id"]
    assert status["last_run"]["outcome"] == "failed"
    assert "127.0.0.1:9" in status["last_failure"]["error"]


@pytest.mark.slow
def test_failed_hour_is_in_runs_after_the_next_publication(home: Path, hub: Hub) -> None:
    with serve(small_catalog(), on_request=lambda _: error(403, "not today")) as refusing:
        assert pricehouse("ingest", home=home, url=refusing.url).returncode == 1
    pricehouse("ingest", home=home, url=hub.url)
    rows = answered(
        pricehouse(
            "sql",
            "--json",
            "SELECT outcome, publication_id = run_id AS own FROM runs ORDER BY run_id",
            home=home,
        )
    )
    assert rows == [
        {"outcome": "published", "own": True},
        {"outcome": "failed", "own": None},
        {"outcome": "unchanged", "own": True},
    ]


@pytest.mark.slow
def test_router_failure_publishes_the_hub_and_exits_0(tmp_path: Path) -> None:
    with serve(small_catalog(), on_request=failing("/v1/models")) as hub:
        report = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    assert report["outcome"] == "published"
    outcomes = {f["feed"]: f["outcome"] for f in report["feeds"]}
    assert (outcomes["hub"], outcomes["router"]) == ("complete", "failed")


def test_hub_failure_publishes_the_router_and_exits_1(home: Path) -> None:
    raised = small_catalog(input_price="0.4")
    with serve(raised, on_request=failing("/api/models")) as broken:
        done = pricehouse("ingest", "--json", home=home, url=broken.url)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["outcome"] == "published"
    assert report["events"] == {"up": 3}
    assert "the failed feed keeps its last rows" in done.stderr


def test_server_message_is_printed_verbatim_with_its_feed_once(home: Path) -> None:
    message = "[/red] [bold]not[/] today [x"
    with serve(small_catalog(), on_request=lambda _: error(403, message)) as refusing:
        failed = pricehouse("ingest", home=home, url=refusing.url)
    status = pricehouse("status", home=home)
    assert (failed.returncode, status.returncode) == (1, 0)
    for text in (failed.stdout, failed.stderr, status.stdout):
        assert message in text.replace("\n", "")
        assert "hub: hub:" not in text
    assert "Traceback" not in failed.stderr + status.stderr


def test_unusable_folder_exits_2_before_any_request(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    requests: list[ServerRequest] = []
    with serve(small_catalog(), on_request=requests.append) as listening:
        for command in ("export", "record"):
            done = pricehouse(command, str(file / "sub"), home=home, url=listening.url)
            assert done.returncode == 2
            assert str(file) in done.stderr
            assert "name another one" in done.stderr
            assert "PRICEHOUSE_HOME" not in done.stderr
    assert requests == []


def test_nothing_is_published_before_the_first_whole_hub_answer(tmp_path: Path) -> None:
    with serve(small_catalog(), on_request=failing("/api/models")) as hub:
        done = pricehouse("ingest", home=tmp_path, url=hub.url)
    assert done.returncode == 1
    assert "there is no earlier publication" in done.stderr
    assert not (tmp_path / "marketplace.duckdb").is_symlink()


def test_dry_run_reports_changes_and_commits_nothing(
    made: tuple[Path, Any], home: Path, hub: Hub
) -> None:
    hub.show(small_catalog(input_price="0.3"))
    report = answered(pricehouse("ingest", "--dry-run", "--json", home=home, url=hub.url))
    assert report["outcome"] == "dry_run"
    assert report["events"] == {"up": 4}
    assert report["publication_id"] == made[1]["run_id"]
    again = answered(pricehouse("ingest", "--json", home=home, url=hub.url))
    assert again["events"] == {"up": 4}


def test_sample_cannot_enter_a_live_home(tmp_path: Path) -> None:
    with serve(load(1)) as sample:
        done = pricehouse("ingest", home=tmp_path, url=sample.url)
    assert done.returncode == 2
    assert "serves a sample" in done.stderr
    assert not (tmp_path / "marketplace.duckdb").is_symlink()


def test_live_data_cannot_enter_a_sample_home(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "home.json").write_text('{"origin": "sample", "format": 1}')
    done = pricehouse("ingest", home=tmp_path, url=hub.url)
    assert done.returncode == 2
    assert "PRICEHOUSE_HOME" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (["ingest", "--provider", "nobody"], {}, "known: huggingface"),
        (["ingest", "--provider", "nebius"], {}, "nebius' is an inference provider that left"),
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
def test_wrong_usage_exits_2_with_a_message(
    tmp_path: Path, hub: Hub, arguments: list[str], settings: dict[str, str], message: str
) -> None:
    done = pricehouse(*arguments, home=tmp_path / "home", url=hub.url, **settings)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_help_lists_every_source_of_the_option_provider() -> None:
    helped = " ".join(CliRunner().invoke(main, ["ingest", "--help"]).output.split())
    assert f"only: {', '.join(source.source for source in load_registry().sources)}." in helped


def test_wrong_query_exits_2_with_the_message_of_duckdb(home: Path) -> None:
    done = pricehouse("sql", "SELECT nothing FROM cards", home=home)
    assert done.returncode == 2
    assert "nothing" in done.stderr
    written = pricehouse("sql", "CREATE TABLE mine (i INT)", home=home)
    assert written.returncode == 2
    assert "read-only" in written.stderr
    piped = pricehouse("sql", "--json", home=home, stdin="SELECT count(*) AS n FROM offers")
    assert answered(piped)[0]["n"] > 0


def failing(path: str):  # type: ignore[no-untyped-def]
    """Return a hook that answers one path with 403 each time."""

    def refuse(request: ServerRequest) -> ServerReply | None:
        return error(403, "not today") if request.path == path else None

    return refuse
