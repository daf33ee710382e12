"""`status`, the page, the API and /readyz give one verdict; `--max-age` serves any monitor."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from cli.main import main
from marketplace.app import create_app
from samples.hub import serve
from samples.routes import error
from schemas.clock import utc_now
from tests.support.hours import Clock, chat_catalog, ingest
from tests.support.receivers import webhook
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose data is forty days old: so old that its age in text has days alone."""
    path = tmp_path_factory.mktemp("health") / "home"
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(path, hub, clock=Clock(utc_now() - timedelta(days=40, hours=12)))
    return path


def run(home: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    done = CliRunner(env={"PRICEHOUSE_ALERT_URLS": None, "VAULT_ADDR": None, **environment}).invoke(
        main, ["--home", str(home), *arguments]
    )
    return done.exit_code, done.output


def test_every_surface_gives_the_same_verdict(home: Path) -> None:
    status, output = run(home, "status", "--json")
    verdict = json.loads(output)["verdict"]
    assert (status, verdict["state"]) == (0, "stale")
    assert verdict["reason"] == "the data is 40 days old, more than 2h"
    assert "cron" in verdict["remedy"]
    assert run(home, "status")[1].startswith("stale: the data is 40 days old, more than 2h\n")
    with TestClient(create_app(PublicationPool(Home(home)))) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["verdict"]) == (200, verdict)
        assert client.get("/v1/status").json()["verdict"] == verdict
        page = client.get("/status").text
        assert "<strong>Stale</strong>: the data is 40 days old, more than 2h." in page


def surfaces(home: Path) -> tuple[dict, dict, str]:
    """Return the bodies of /readyz and of the API's status, which are 503, and the page."""
    with TestClient(create_app(PublicationPool(Home(home)))) as client:
        answers = [client.get(path) for path in ("/readyz", "/v1/status", "/status")]
        assert [answer.status_code for answer in answers] == [503, 503, 503]
        assert "verdict" not in client.get("/v1/offers").json()
        assert client.get("/api").status_code == 200, "it needs no publication"
        assert "data-publication" not in client.get("/api").text
    return answers[0].json(), answers[1].json(), answers[2].text


def test_every_surface_gives_the_verdict_before_the_first_publication(tmp_path: Path) -> None:
    ready, api, page = surfaces(tmp_path)
    assert ready["verdict"] == api["verdict"]
    assert ready["verdict"]["reason"] == "nothing is published yet"
    with serve(chat_catalog(("0.2", "0.6")), on_request=lambda _: error(403, "no")) as hub:
        ingest(tmp_path, hub, clock=Clock(utc_now() - timedelta(hours=1)))
    status, output = run(tmp_path, "status", "--json")
    verdict = json.loads(output)["verdict"]
    assert (status, verdict["state"]) == (0, "failing")
    assert verdict["reason"].startswith("nothing is published yet; the last run: ")
    ready, api, page = surfaces(tmp_path)
    assert ready["verdict"] == api["verdict"] == verdict
    assert "<strong>Failing</strong>: nothing is published yet" in page


def test_a_publication_that_cannot_be_read_has_a_verdict_too(tmp_path: Path) -> None:
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(tmp_path, hub, clock=Clock(utc_now() - timedelta(hours=1)))
    (published,) = (tmp_path / "published").glob("marketplace-*.duckdb")
    published.write_bytes(b"no database")
    ready, api, page = surfaces(tmp_path)
    assert ready["verdict"] == api["verdict"]
    assert ready["verdict"]["state"] == "failing"
    assert ready["verdict"]["reason"].startswith("the newest publication cannot be read")
    assert str(tmp_path) not in page


def test_the_age_from_which_on_data_is_stale_is_a_setting(home: Path) -> None:
    _, output = run(home, "status", "--json", PRICEHOUSE_STALE_AFTER="50d")
    assert json.loads(output)["verdict"]["state"] == "ok"
    status, output = run(home, "status", PRICEHOUSE_STALE_AFTER="soon")
    assert status == 2
    assert "PRICEHOUSE_STALE_AFTER is 'soon'; it must be a duration like 2h" in output


def test_max_age_prints_one_line_and_decides_the_exit_status(home: Path) -> None:
    status, output = run(home, "status", "--max-age", "2h")
    assert (status, output.count("\n")) == (1, 1)
    assert output.startswith("old: the data is 40 days old")
    assert output.endswith("the limit is 2h\n")
    status, output = run(home, "status", "--max-age", "50d")
    assert (status, output.count("\n")) == (0, 1)
    assert output.startswith("ok: the data is 40 days old")
    assert run(home, "status", "--max-age", "2")[0] == 2
    status, output = run(home, "status", "--max-age", "2h", "--json")
    assert status == 1
    assert json.loads(output)["age_s"] > 7200


def test_max_age_before_the_first_publication_is_one_line_too(tmp_path: Path) -> None:
    Home.open(tmp_path, origin="live")
    status, output = run(tmp_path, "status", "--max-age", "2h")
    assert (status, output) == (1, "old: nothing is published yet\n")


def test_alerts_lists_what_is_open_and_tests_the_addresses(home: Path) -> None:
    status, output = run(home, "alerts")
    assert status == 0
    assert "Old data: the newest complete answer is of" in output
    assert output.endswith("1 open\n")
    (alert,) = json.loads(run(home, "alerts", "--json")[1])["alerts"]
    assert (alert["kind"], alert["subject"], alert["urgent"]) == ("stale", "data", True)
    status, output = run(home, "alerts", "test")
    assert status == 2
    assert "PRICEHOUSE_ALERT_URLS" in output
    with webhook() as receiver:
        urls = f"{receiver.address('canary')} json://127.0.0.1:9/canary"
        status, output = run(home, "alerts", "test", PRICEHOUSE_ALERT_URLS=urls)
        assert (status, "canary" in output) == (1, False)
        assert "address 1 took the message" in output
        assert "address 2 did not take it" in output
        assert receiver.texts == ["pricehouse: test\nThis is a test of the alerts of pricehouse."]
        only = receiver.address("canary")
        assert run(home, "alerts", "test", PRICEHOUSE_ALERT_URLS=only)[0] == 0
