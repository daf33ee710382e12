"""`pricehouse up` where it cannot be: a clear word, nothing started, nothing left."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.command import UNUSED_URL, pricehouse
from tests.support.hours import small_catalog
from tests.support.postgres import postgres
from tests.support.running_server import free_port

CANARY = "canary-of-the-database"


@pytest.mark.slow
def test_an_unreachable_server_is_named_with_what_to_do(tmp_path: Path) -> None:
    done = pricehouse("up", home=tmp_path / "home", PREFECT_API_URL=f"{UNUSED_URL}/api")
    assert done.returncode == 1
    assert "no server answers there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_server_that_is_not_prefect_is_refused(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        done = pricehouse("up", home=tmp_path / "home", PREFECT_API_URL=f"{hub.url}/api")
    assert done.returncode == 1
    assert "is no Prefect server" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (["--host", "192.0.2.1"], {}, "PREFECT_SERVER_API_AUTH_STRING"),
        ([], {"PREFECT_SERVER_API_PORT": "many"}, "PREFECT_SERVER_API_PORT"),
        (["--port", "0"], {}, "--port"),
        (["--server-only", "--worker-only"], {}, "exclude each other"),
        (["--server-only", "--serve-port", "8500"], {}, "--serve-port is about the marketplace"),
        (["--worker-only", "--host", "10.0.0.5"], {}, "--host is about Prefect's server"),
        (["--worker-only"], {}, "PREFECT_API_URL is not set"),
        (["--server-only"], {"PREFECT_API_URL": f"{UNUSED_URL}/api"}, "PREFECT_API_URL names"),
        (
            ["--server-only"],
            {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql://u:{CANARY}@127.0.0.1/p"},
            "must begin with postgresql+asyncpg://",
        ),
    ],
)
def test_wrong_settings_are_status_2(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], message: str
) -> None:
    done = pricehouse("up", *arguments, home=tmp_path / "home", **settings)
    assert done.returncode == 2
    assert message in done.stderr
    assert CANARY not in done.stderr
    assert not (tmp_path / "home" / "prefect").exists()


@pytest.mark.slow
def test_a_worker_alone_names_a_server_that_does_not_answer(tmp_path: Path) -> None:
    url = f"{UNUSED_URL}/api"
    done = pricehouse("up", "--worker-only", home=tmp_path / "home", PREFECT_API_URL=url)
    assert done.returncode == 1
    assert f"PREFECT_API_URL is {url} and no server answers there; start that" in done.stderr
    assert "unset it" not in done.stderr


@pytest.mark.slow
def test_a_database_that_refuses_us_leaks_no_password(tmp_path: Path) -> None:
    with postgres() as database:
        url = database.url("postgresql+asyncpg").replace(database.password, CANARY)
        done = pricehouse(
            *("up", "--server-only", "--port", str(free_port())),
            home=tmp_path / "home",
            PREFECT_SERVER_DATABASE_CONNECTION_URL=url,
        )
        assert "password authentication failed" in database.log
    assert done.returncode == 1
    assert "Prefect's server ended with status" in done.stderr
    assert CANARY not in done.stderr + done.stdout


def test_a_port_that_is_taken_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = pricehouse("up", "--serve-port", port, home=tmp_path / "home")
    assert done.returncode == 2
    assert f"cannot listen at 127.0.0.1 port {port}: Address already in use" in done.stderr
    assert "--no-serve" in done.stderr
    assert "starting" not in done.stderr


def test_one_port_for_two_servers_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    done = pricehouse("up", "--port", "4999", "--serve-port", "4999", home=tmp_path / "home")
    assert done.returncode == 2
    assert "cannot both listen at port 4999" in done.stderr
    assert "starting" not in done.stderr


def test_a_setting_of_the_marketplace_is_refused_before_anything_is_started(
    tmp_path: Path,
) -> None:
    done = pricehouse("up", home=tmp_path / "home", PRICEHOUSE_CORS_ORIGINS="shop.example")
    assert done.returncode == 2
    assert "PRICEHOUSE_CORS_ORIGINS" in done.stderr


def test_a_home_of_the_sample_is_not_scheduled(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"origin": "sample", "format": 1}')
    done = pricehouse("up", home=tmp_path)
    assert done.returncode == 2
    assert "PRICEHOUSE_HOME" in done.stderr
