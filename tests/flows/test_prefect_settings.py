"""Which server is used, and what its processes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.server.settings import (
    DEFAULTS,
    PrefectServer,
    find_server,
    prefect_environment,
    proxy_variables,
    without_database,
)
from providers.http.proxies import read_proxies
from schemas.errors import SettingsError

EVERYWHERE = "0.0.0.0"  # noqa: S104 - refused without a password, which is what is tested
LOCAL = PrefectServer("http://127.0.0.1:4200/api", ("127.0.0.1", 4200))


def child_environment(environment: dict[str, str], server: PrefectServer = LOCAL) -> dict[str, str]:
    return prefect_environment(environment, server, home=Path("data"), python=Path("/v/bin/python"))


@pytest.mark.parametrize(
    ("environment", "host", "port", "expected"),
    [
        ({}, None, None, LOCAL),
        ({}, None, 4300, PrefectServer("http://127.0.0.1:4300/api", ("127.0.0.1", 4300))),
        ({}, "::1", None, PrefectServer("http://[::1]:4200/api", ("::1", 4200))),
        (
            {"PREFECT_SERVER_API_PORT": "4301"},
            None,
            None,
            PrefectServer("http://127.0.0.1:4301/api", ("127.0.0.1", 4301)),
        ),
        (
            {"PREFECT_API_URL": "https://prefect.example/api/"},
            None,
            None,
            PrefectServer("https://prefect.example/api", None),
        ),
        ({"PREFECT_API_URL": "https://prefect.example/api"}, "127.0.0.1", None, LOCAL),
        (
            {"PREFECT_SERVER_API_AUTH_STRING": "a:b"},
            EVERYWHERE,
            None,
            PrefectServer("http://127.0.0.1:4200/api", (EVERYWHERE, 4200)),
        ),
    ],
)
def test_options_and_settings_choose_the_server(
    environment: dict[str, str], host: str | None, port: int | None, expected: PrefectServer
) -> None:
    assert find_server(environment, host=host, port=port) == expected


def test_a_server_that_others_reach_must_have_a_password() -> None:
    with pytest.raises(SettingsError, match="PREFECT_SERVER_API_AUTH_STRING"):
        find_server({}, host=EVERYWHERE, port=None)


@pytest.mark.parametrize("port", ["no", "0", "65536", "-1"])
def test_an_invalid_port_is_named(port: str) -> None:
    with pytest.raises(SettingsError, match="PREFECT_SERVER_API_PORT"):
        find_server({"PREFECT_SERVER_API_PORT": port}, host=None, port=None)


def test_an_invalid_address_is_named() -> None:
    with pytest.raises(SettingsError, match="PREFECT_API_URL is 'prefect'"):
        find_server({"PREFECT_API_URL": "prefect"}, host=None, port=None)


def test_paths_become_absolute_because_flow_runs_start_elsewhere() -> None:
    found = child_environment({"VAULT_CACERT": "ca.pem", "PATH": "/bin"})
    here = Path.cwd()
    assert found["PRICEHOUSE_HOME"] == str(here / "data")
    assert found["PREFECT_HOME"] == str(here / "data" / "prefect")
    assert found["VAULT_CACERT"] == str(here / "ca.pem")
    assert found["PATH"] == "/v/bin:/bin"


def test_a_store_in_a_folder_is_the_same_for_flow_runs() -> None:
    found = child_environment({"PRICEHOUSE_STORE": "../store", "PGPASSFILE": "pgpass"})
    assert found["PRICEHOUSE_STORE"] == str(Path("../store").absolute())
    assert found["PGPASSFILE"] == str(Path("pgpass").absolute())
    bucket = {"PRICEHOUSE_STORE": "s3://prices/home"}
    assert child_environment(bucket)["PRICEHOUSE_STORE"] == "s3://prices/home"


def test_flow_runs_load_the_packages_of_a_checkout() -> None:
    def pythonpath(environment: dict[str, str], checkout: Path | None) -> str | None:
        python = Path("/v/bin/python")
        found = prefect_environment(
            environment, LOCAL, home=Path("data"), python=python, checkout=checkout
        )
        return found.get("PYTHONPATH")

    assert pythonpath({}, None) is None
    assert pythonpath({}, Path("/c")) == "/c"
    assert pythonpath({"PYTHONPATH": "/mine"}, Path("/c")) == "/c:/mine"


def test_what_the_operator_set_stays() -> None:
    mine = dict.fromkeys(DEFAULTS, "mine") | {"PREFECT_HOME": "/p"}
    found = child_environment(mine)
    assert {name: found[name] for name in mine} == mine
    assert {name: child_environment({})[name] for name in DEFAULTS} == DEFAULTS


def test_only_the_server_has_the_address_of_its_database() -> None:
    url = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
    found = child_environment({url: "postgresql+asyncpg://u:p@h/d"})
    assert url in found
    assert found.keys() - without_database(found).keys() == {url}


def test_one_password_serves_both_sides() -> None:
    names = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
    for name in names:
        found = child_environment({name: "a:b"})
        assert [found[n] for n in names] == ["a:b", "a:b"]
    theirs = child_environment(
        {"PREFECT_API_AUTH_STRING": "a:b"}, PrefectServer("https://elsewhere/api", None)
    )
    assert "PREFECT_SERVER_API_AUTH_STRING" not in theirs
    assert not any(name in child_environment({}) for name in names)


@pytest.mark.parametrize(
    ("url", "listens", "direct"),
    [
        ("http://127.0.0.1:4200/api", True, True),
        ("http://10.0.0.5:4200/api", True, True),
        ("http://[fd00::5]:4200/api", True, True),
        ("http://[fd00::5]:4200/api", False, True),
        ("https://prefect.corp/api", False, True),
        ("https://prefect.test/api", False, False),
    ],
)
def test_prefect_is_reached_directly_where_no_proxy_serves_it(
    url: str, listens: bool, direct: bool
) -> None:
    """A network of IPv6 is in no NO_PROXY that httpx accepts; the server's own address is."""
    proxies = read_proxies({"ALL_PROXY": "proxy.corp", "NO_PROXY": "fd00::/8,prefect.corp"})
    server = PrefectServer(url, ("10.0.0.5", 4200) if listens else None)
    found = proxy_variables(proxies, server)
    host = url.partition("://")[2].rpartition("/")[0].removesuffix(":4200").strip("[]")
    assert (host in found["NO_PROXY"].split(",")) is direct
    assert found["NO_PROXY"] == found["no_proxy"]
    assert found["ALL_PROXY"] == found["all_proxy"] == "http://proxy.corp:80"
    assert "HTTP_PROXY" not in found
