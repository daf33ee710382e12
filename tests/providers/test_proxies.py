"""Proxies: what variables mean, which requests go through one, and what programs get."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from base64 import b64encode

import pytest

from providers.http.client import HttpClient
from providers.http.proxies import read_proxies
from schemas.errors import FeedBusy, FeedRefused, FeedUnreachable, SettingsError
from schemas.payload import Traffic
from tests.support.proxies import PROXY_CANARY, http_proxy, socks_proxy
from tests.support.raw_server import RawReply, serving, unused_port

PROXY = "http://proxy.example:3128"
LOOPBACK = ("http://localhost:8", "http://a.localhost", "http://127.8.9.1:3", "https://[::1]:4200")


def fetch(url: str, **environment: str) -> bytes:
    """Return what a GET returns, with these proxy variables."""
    with HttpClient(sleep=lambda _: None, proxies=read_proxies(environment)) as client:
        deadline = client.deadline(60)
        return client.get(url, feed="hub", traffic=Traffic(), deadline=deadline).body


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("", "http://hub.test", False),
        ("hub.test", "http://hub.test:8080/x", True),
        ("HUB.test", "https://Hub.Test", True),
        ("hub.test", "http://my.hub.test", True),
        ("hub.test", "http://myhub.test", False),
        (".hub.test", "http://hub.test", True),
        ("*.hub.test", "http://my.hub.test", True),
        ("hub.test.", "http://hub.test", True),
        ("hub.test", "http://hub.test.", True),
        ("hub.test:8080", "http://hub.test:8080", True),
        ("hub.test:8080", "http://hub.test", False),
        ("hub.test:80", "http://hub.test", True),
        ("hub.test:443", "https://hub.test", True),
        ("*", "http://hub.test", True),
        ("a, ,, * ,b", "http://hub.test", True),
        ("10.0.0.1", "http://10.0.0.1", True),
        ("10.0.0.1:81", "http://10.0.0.1:81", True),
        ("10.0.0.1:81", "http://10.0.0.1", False),
        ("10.0.0.0/8", "http://10.255.1.1", True),
        ("10.1.2.3/8", "http://10.255.1.1", True),
        ("10.0.0.0/8", "http://11.0.0.1", False),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]", True),
        ("fd00::/8", "http://[fd12::1]:80", True),
        ("[fd00::]/8", "http://[fd12::1]:80", True),
        ("fd00::/8", "http://[fe80::1]", False),
        ("[fd00::1]", "https://[fd00:0::1]", True),
        ("fd00::1", "https://[fd00::1]", True),
        ("[fd00::1]:8080", "http://[fd00::1]:8080", True),
        ("[fd00::1]:8080", "http://[fd00::1]", False),
        ("bücher.test", "http://bücher.test", True),
        ("localhost fd00::/8\thub.test", "http://hub.test", True),
    ],
)
def test_no_proxy_excepts(no_proxy: str, url: str, direct: bool) -> None:
    proxies = read_proxies({"ALL_PROXY": PROXY, "NO_PROXY": no_proxy})
    assert (proxies.proxy_of(url) is None) is direct


@pytest.mark.parametrize("url", LOOPBACK)
def test_this_machine_is_never_reached_through_a_proxy(url: str) -> None:
    assert read_proxies({"ALL_PROXY": PROXY}).proxy_of(url) is None


@pytest.mark.parametrize(
    ("environment", "http", "https"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": "one:1"}, "http://one:1", None),
        ({"HTTPS_PROXY": "one:1"}, None, "http://one:1"),
        ({"ALL_PROXY": "one:1", "HTTPS_PROXY": "two:2"}, "http://one:1", "http://two:2"),
        ({"HTTP_PROXY": "one:1", "http_proxy": "two:2"}, "http://two:2", None),
        ({"HTTP_PROXY": "foo://x", "http_proxy": ""}, None, None),
        ({"HTTP_PROXY": " http://one:1/ "}, "http://one:1", None),
        ({"HTTP_PROXY": "one:1", "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": "one:1", "REQUEST_METHOD": "GET"}, "http://one:1", None),
        ({"ALL_PROXY": "socks5://one"}, "socks5://one:1080", "socks5://one:1080"),
        ({"ALL_PROXY": "SOCKS5H://one:1"}, "socks5h://one:1", "socks5h://one:1"),
        ({"HTTPS_PROXY": "https://[fd00::1]"}, None, "https://[fd00::1]:443"),
        ({"FTP_PROXY": "foo://x"}, None, None),
    ],
)
def test_the_variable_of_the_scheme_names_the_proxy(
    environment: dict[str, str], http: str | None, https: str | None
) -> None:
    proxies = read_proxies(environment)
    for url, address in (("http://hub.test", http), ("https://hub.test", https)):
        found = proxies.proxy_of(url)
        assert (found.address if found else None) == address


@pytest.mark.parametrize(
    "value",
    [
        "foo://x",
        "socks://x:1",
        "socks4://x:1",
        "://x",
        "http://",
        "'http://x:1'",
        "http://x:99999",
        "http://x:0",
        "http://x y:1",
        "http://x:1/proxy.pac",
        f"http://user:{PROXY_CANARY}#1@x:1",
        f"http://user:{PROXY_CANARY}/1@x:1",
        f"foo://user:{PROXY_CANARY}@x:1",
        f"http://user:{PROXY_CANARY}@",
    ],
)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_an_odd_proxy_is_one_sentence_without_its_password(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_proxies({name: value})
    assert str(raised.value).startswith(f"{name} ")
    assert "http://proxy.example:3128" in str(raised.value)
    assert PROXY_CANARY not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    "item", ["10.*", "<local>", "a;b", "a:b", "a:0", "[::1", "10.0.0.0/33", "a|b", "*:80", "a/b"]
)
def test_an_odd_item_of_no_proxy_is_named(item: str) -> None:
    with pytest.raises(SettingsError, match=r"^NO_PROXY has ") as raised:
        read_proxies({"NO_PROXY": f"localhost,{item}"})
    assert item in str(raised.value)


def test_a_password_in_no_proxy_is_not_quoted() -> None:
    with pytest.raises(SettingsError, match=r"^no_proxy has an item with @;") as raised:
        read_proxies({"no_proxy": f"http://user:{PROXY_CANARY}@x"})
    assert PROXY_CANARY not in str(raised.value)


def test_the_login_is_in_no_text_about_proxies() -> None:
    proxies = read_proxies({"HTTP_PROXY": f"http://user:{PROXY_CANARY}@proxy.example:3128"})
    assert PROXY_CANARY not in f"{proxies!r} {proxies.describe()}"
    assert (
        proxies.describe()
        == "http through http://proxy.example:3128 (HTTP_PROXY); none for " + ("this machine")
    )


READ_BY_LIBRARIES = """
import httpx, requests, sys
from websockets.proxy import get_proxy
from websockets.uri import parse_uri
client = httpx.Client()
for url in sys.argv[1:]:
    by_httpx = client._transport_for_url(httpx.URL(url)) is not client._transport
    by_requests = bool(requests.utils.get_environ_proxies(url))
    by_websockets = bool(get_proxy(parse_uri(url.replace("http", "ws", 1))))
    print(by_httpx, by_requests, by_websockets)
"""


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_every_library_accepts_what_programs_get(scheme: str) -> None:
    no_proxy = "[::1],fd00::/8,[fd00::1]:80,fd00::2,10.0.0.0/8,.a.test, ,*.B.test,c.test:8080"
    proxies = read_proxies({"HTTP_PROXY": f"{scheme}://u@proxy.example", "NO_PROXY": no_proxy})
    direct = [*LOOPBACK, "http://10.2.3.4/api", "http://x.a.test", "http://b.test"]
    direct[2] = "http://127.0.0.1:4200"  # websockets knows no networks
    kept = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-c", READ_BY_LIBRARIES, *direct, "http://hub.test"],
        env=kept | proxies.variables("10.2.3.4"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["False False False"] * len(direct) + ["True True True"]


@pytest.mark.parametrize("proxy_of", [http_proxy, socks_proxy])
@pytest.mark.parametrize("login", [None, f"user:{PROXY_CANARY}"])
def test_a_request_goes_through_the_proxy_which_resolves_the_name(proxy_of, login) -> None:
    with (
        serving([RawReply(body=b"[1]")]) as server,
        proxy_of({"hub.test": server.port}, login=login) as proxy,
    ):
        url = proxy.url_with_login if login else proxy.url
        assert fetch("http://hub.test:8080/api", ALL_PROXY=url) == b"[1]"
        assert proxy.targets == ["hub.test:8080"]
        assert fetch(server.url, ALL_PROXY=url) == b"[1]"
        assert proxy.targets == ["hub.test:8080"]
        assert all("proxy-authorization" not in request.headers for request in server.requests)


@pytest.mark.parametrize("proxy_of", [http_proxy, socks_proxy])
def test_a_wrong_password_is_refused_once_and_not_quoted(proxy_of, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    with proxy_of({}, login="user:right-one") as proxy:
        url = f"{proxy.scheme}://user:{PROXY_CANARY}@127.0.0.1:{proxy.port}"
        with pytest.raises(FeedRefused) as raised:
            fetch("http://hub.test/api", HTTP_PROXY=url)
    assert proxy.targets == ["refused"]
    assert f"through the proxy {proxy.url} (HTTP_PROXY)" in str(raised.value)
    assert PROXY_CANARY not in f"{raised.value}{caplog.text}"
    assert "".join(b64encode(f"user:{PROXY_CANARY}".encode()).decode()) not in caplog.text


def test_a_proxy_that_is_down_is_named() -> None:
    url = f"http://user:{PROXY_CANARY}@127.0.0.1:{unused_port()}"
    with pytest.raises(FeedUnreachable, match=r"tried 5 times") as raised:
        fetch("https://hub.test/api", https_proxy=url)
    assert "(https_proxy)" in str(raised.value)
    assert PROXY_CANARY not in str(raised.value)


def test_a_name_that_the_proxy_does_not_know() -> None:
    with socks_proxy({}) as proxy, pytest.raises(FeedUnreachable, match="Host unreachable"):
        fetch("http://hub.test/api", ALL_PROXY=proxy.url)
    with http_proxy({}) as proxy, pytest.raises(FeedBusy, match=r"502 .*"):
        fetch("http://hub.test/api", ALL_PROXY=proxy.url)
    with http_proxy({}) as proxy, pytest.raises(FeedUnreachable, match="502 Bad Gateway"):
        fetch("https://hub.test/api", ALL_PROXY=proxy.url)
    assert len(proxy.targets) == 5


def test_an_http_server_is_no_socks_proxy() -> None:
    with serving([RawReply()]) as server, pytest.raises(FeedUnreachable, match="SOCKS5 proxy does"):
        fetch("http://hub.test", ALL_PROXY=f"socks5://127.0.0.1:{server.port}")


def test_the_environment_of_the_process_is_not_read() -> None:
    code = "from tests.providers.test_proxies import fetch; import sys; fetch(sys.argv[1])"
    with serving([RawReply()]) as server:
        done = subprocess.run(
            [sys.executable, "-c", code, server.url],
            env={**os.environ, "ALL_PROXY": "foo://x", "NO_PROXY": "[::1"},
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 1
