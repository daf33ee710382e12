"""Commands under the proxy settings of company machines: real proxies, dead ones, odd ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.command import UNUSED_URL, answered, pricehouse
from tests.support.hours import small_catalog
from tests.support.proxies import PROXY_CANARY, RunningProxy, http_proxy, socks_proxy
from tests.support.raw_server import Connection, RawServer, tls_context

pytestmark = pytest.mark.slow

LOGIN = f"ada:{PROXY_CANARY}"
ODD = [
    ("NO_PROXY", "localhost,fd00::/8,a;b"),
    ("NO_PROXY", "[::1"),
    ("HTTP_PROXY", f"foo://ada:{PROXY_CANARY}@x"),
    ("https_proxy", f"http://ada:{PROXY_CANARY}#@x:3128"),
    ("ALL_PROXY", "socks4://x:1080"),
]
VALID = {
    "NO_PROXY": "localhost,fd00::/8,[::1],10.0.0.0/8, ,.Corp.example:8443",
    "HTTP_PROXY": UNUSED_URL,
    "HTTPS_PROXY": "socks5://127.0.0.1:9",
    "ALL_PROXY": "127.0.0.1:9",
}
"""Settings that HTTP libraries refuse, and proxies that do not listen."""


@pytest.mark.parametrize(("name", "value"), ODD)
@pytest.mark.parametrize("command", ["ingest", "record", "up"])
def test_an_odd_setting_is_one_sentence(
    tmp_path: Path, command: str, name: str, value: str
) -> None:
    arguments = [command, str(tmp_path / "recorded")] if command == "record" else [command]
    done = pricehouse(*arguments, home=tmp_path / "home", **{name: value})
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {name} ")
    assert PROXY_CANARY not in line
    assert not (tmp_path / "home" / "landing" / "runs").exists()


def test_vault_gets_no_request_under_an_odd_setting(tmp_path: Path) -> None:
    vault = {"VAULT_ADDR": "http://vault.test:8200", "VAULT_TOKEN": "t"}
    done = pricehouse("secrets", "check", home=tmp_path, HTTP_PROXY="foo://x", **vault)
    assert done.returncode == 2
    assert done.stderr.startswith("error: HTTP_PROXY has the scheme foo;")


def test_doctor_reports_proxies(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        assert pricehouse("ingest", home=tmp_path, url=hub.url, **VALID).returncode == 0
    for variables, ok, text in (
        ({}, True, "no proxy is set"),
        ({"HTTPS_PROXY": f"http://{LOGIN}@x:1"}, True, "https through http://x:1 (HTTPS_PROXY)"),
        ({"HTTP_PROXY": "foo://x"}, False, "HTTP_PROXY has the scheme foo"),
    ):
        done = pricehouse("doctor", "--json", home=tmp_path, **variables)
        found = {f["check"]: f for f in json.loads(done.stdout)["findings"]}["proxies"]
        assert (found["well"], done.returncode) == (ok, 0 if ok else 1)
        assert found["said"].startswith(text)
        assert PROXY_CANARY not in done.stdout


@pytest.mark.sampled
@pytest.mark.parametrize("variables", [VALID, {"HTTP_PROXY": "foo://x", "NO_PROXY": "[::1"}])
def test_the_demo_needs_no_proxy(tmp_path: Path, variables: dict[str, str]) -> None:
    reports = answered(pricehouse("demo", "--json", home=tmp_path, **variables))
    assert [report["outcome"] for report in reports] == ["published", "published"]


@pytest.mark.parametrize("run_proxy", [http_proxy, socks_proxy])
def test_an_hour_goes_through_a_proxy_that_wants_a_login(tmp_path: Path, run_proxy) -> None:
    """Only the proxy knows the name; its password is in no file and no output."""
    with (
        serve(small_catalog()) as hub,
        run_proxy({"hub.test": int(hub.url.rpartition(":")[2])}, login=LOGIN) as proxy,
    ):
        done = pricehouse(
            "ingest", "--json", home=tmp_path, url="http://hub.test", ALL_PROXY=proxy.url_with_login
        )
        report = answered(done)
        assert {f["feed"]: f["outcome"] for f in report["feeds"]}["router"] == "complete"
        assert set(proxy.targets) == {"hub.test:80"}
        assert PROXY_CANARY not in done.stdout + done.stderr
        assert no_file_holds(tmp_path, PROXY_CANARY)


def no_file_holds(folder: Path, text: str) -> bool:
    """Return whether no file below a folder has the text."""
    return not [p for p in folder.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


@pytest.mark.parametrize("run_proxy", [http_proxy, socks_proxy])
def test_tls_goes_through_a_proxy_to_the_server_itself(tmp_path: Path, run_proxy) -> None:
    with https_server(tmp_path) as server, run_proxy({"hub.test": server.port}) as proxy:
        report = answered(
            pricehouse(
                *("ingest", "--json"),
                home=tmp_path / "home",
                url="https://hub.test",
                HTTPS_PROXY=proxy.url,
                SSL_CERT_FILE=str(tmp_path / "server.pem"),
            )
        )
    assert {f["feed"]: f["outcome"] for f in report["feeds"]}["router"] == "complete"
    assert set(proxy.targets) == {"hub.test:443"}


@contextmanager
def https_server(folder: Path) -> Iterator[RawServer]:
    """Serve a small catalog by TLS as hub.test, with a certificate of its own."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=hub.test", "-addext", "subjectAltName=DNS:hub.test"),
            *("-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")),
        ],
        check=True,
        capture_output=True,
    )

    def answer(connection: Connection) -> None:
        connection.read_request()
        connection.send_good_reply()

    with RawServer(answer, catalog=small_catalog(), tls=tls_context(folder)).running() as server:
        yield server


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_refuses_is_named_in_the_report(tmp_path: Path, scheme: str) -> None:
    with ExitStack() as stack:
        run_proxy = http_proxy if scheme == "http" else socks_proxy
        proxy: RunningProxy = stack.enter_context(run_proxy({}, login="ada:another"))
        url = f"{scheme}://{LOGIN}@127.0.0.1:{proxy.port}"
        done = pricehouse("ingest", home=tmp_path, url="https://hub.test", HTTPS_PROXY=url)
    assert done.returncode == 1
    assert f"through the proxy {proxy.url} (HTTPS_PROXY)" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert PROXY_CANARY not in done.stdout + done.stderr
    assert no_file_holds(tmp_path, PROXY_CANARY)
