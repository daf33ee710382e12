"""The marketplace under a path of a proxy: every link, form, redirect and address leads there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from marketplace.app import create_app
from marketplace.cursor import ModelsCursor, hash_query
from marketplace.queries.catalogue import CatalogueQuery
from marketplace.root_path import checked_root_path, under_root
from schemas.errors import SettingsError
from tests.support.command import pricehouse
from tests.support.prefix_proxy import prefix_proxy
from tests.support.serving import Site, serving
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

pytestmark = pytest.mark.slow

ROOT = "/open/prices"
GPT = "openai/gpt-oss-120b"


@pytest.fixture(scope="module")
def rooted(sample_home: Path) -> Iterator[Site]:
    with serving(sample_home, PRICEHOUSE_ROOT_PATH=f"{ROOT}/") as site:
        yield site


@contextmanager
def behind_proxy(site: Site, *, removes: bool) -> Iterator[httpx.Client]:
    """Yield a client of a proxy; its base is the address of the first page."""
    with (
        prefix_proxy(site.url, ROOT, removes=removes) as url,
        httpx.Client(base_url=f"{url}{ROOT}", timeout=120, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module", params=[True, False], ids=["removes", "keeps"])
def proxied(rooted: Site, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with behind_proxy(rooted, removes=request.param) as client:
        yield client


class Links(HTMLParser):
    """The addresses that a page names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        is_picture = tag == "meta" and (named.get("property") or "") in {"og:image", "og:url"}
        for name, value in attrs:
            if value and (name in {"href", "src", "action", "xlink:href"} or is_picture):
                if is_picture and name != "content":
                    continue
                self.found.add(value)


def shape(url: str) -> tuple[object, ...]:
    """Return what addresses of one page have in common, so that each is visited once."""
    parts = urlsplit(url)
    names = sorted({name for name, _ in parse_qsl(parts.query)})
    segments = parts.path.removeprefix(ROOT).split("/")
    if segments[1] in ("static", "v1"):  # each of these is an address of its own
        return (parts.path,)
    return (*segments[:2], len(segments) > 2, *names[:1])


def test_every_address_that_a_page_names_is_under_the_path_and_works(rooted: Site) -> None:
    with behind_proxy(rooted, removes=True) as proxied:
        crawl(proxied)


def crawl(proxied: httpx.Client) -> None:
    """Visit a page of each shape, and what it names."""
    start = f"{proxied.base_url}"
    nothing = f"{start}nothing"
    waiting, seen, pages = [start, f"{start}models/{GPT}", nothing], set(), 0
    while waiting:
        url = waiting.pop()
        if shape(url) in seen:
            continue
        seen.add(shape(url))
        answer = proxied.get(url)
        assert answer.status_code in ((404,) if url == nothing else (200, 303, 307)), url
        if "location" in answer.headers:
            waiting.append(urljoin(url, answer.headers["location"]))
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        pages += 1
        for link in Links(answer.text).found:
            target = urljoin(url, link).partition("#")[0]
            if urlsplit(target).netloc == urlsplit(start).netloc:
                assert f"{target}/".startswith(start), (url, link)
                waiting.append(target)
            else:
                assert target.startswith("https://"), (url, link)
    assert pages >= 10
    for name in ("static", "v1", "models", "offers", "providers", "previews", "favicon.ico"):
        assert any(name in str(each) for each in seen), name


def test_every_address_in_an_answer_is_under_the_path(proxied: httpx.Client) -> None:
    start = str(proxied.base_url)
    for path in ("v1/exports", "v1/changes.atom?limit=3", "sitemap.xml", "robots.txt", "v1/models"):
        text = proxied.get(path).text
        own = re.findall(r"http://127\.0\.0\.1:\d+[^\s\"<]*", text)
        assert own, path
        assert all(each.startswith(start) for each in own), path
        assert proxied.get(own[-1]).status_code == 200
    listed = proxied.get("api/v1/models?limit=1").json()
    links = [listed["links"]["next"], listed["data"][0]["links"]["details"]]
    assert all(proxied.get(urljoin(start, link)).status_code == 200 for link in links)
    assert all(link.startswith(f"{ROOT}/") for link in links)
    assert proxied.get("openapi.json").json()["servers"] == [{"url": ROOT}]


def test_redirects_and_restarts_stay_under_the_path(proxied: httpx.Client) -> None:
    for path, target in {
        "models/OPENAI/GPT-OSS-120B": f"models/{GPT}",
        "providers/OVHcloud AI Endpoints": "providers/ovhcloud",
        "theme?to=dark&back=/changes": "changes",
        f"theme?to=dark&back={ROOT}/changes": "changes",
        "v1/offers/": "v1/offers",
        "v1/models/": "v1/models",
    }.items():
        location = proxied.get(path).headers["location"]
        assert urlsplit(location).path == f"{ROOT}/{target}", path
    cookie = proxied.get("theme?to=dark").headers["set-cookie"]
    assert f"Path={ROOT}/" in cookie
    gone = ModelsCursor("gone", hash_query(CatalogueQuery(q="qwen").fingerprint()), 0, 0.0, "a")
    answer = proxied.get("v1/models", params={"q": "qwen", "cursor": gone.pack()})
    assert answer.status_code == 410
    assert answer.json()["restart"] == f"{ROOT}/v1/models?q=qwen"
    assert answer.json()["type"] == f"{ROOT}/api#publication-gone"


@pytest.mark.parametrize("text", ["", " ", "/", "/prices", "/prices/", "/a/b.c/~d", "/v1-prices"])
def test_a_root_path_is_read_with_or_without_a_slash_at_its_end(text: str) -> None:
    assert checked_root_path(text) == text.strip().removesuffix("/")


@pytest.mark.parametrize(
    "text",
    [
        *("prices", "//prices", "/a//b", "/a b", "/a?b", "/a#b", "/../a", "/a/./b", "/ä", "/a%2Fb"),
        *("https://a.example/b", '/a"b', "/a\nb", "/a//"),
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="it must be a path like /prices"):
        checked_root_path(text)


@pytest.mark.parametrize("root", ["/v1", "/models/x", "/static", "/api", "/healthz", "/mcp"])
def test_a_path_that_begins_like_an_address_of_its_own_is_refused(
    root: str, sample_home: Path
) -> None:
    with pytest.raises(SettingsError, match="is an address of the marketplace itself"):
        create_app(PublicationPool(Home(sample_home)), root_path=root)


def test_the_command_refuses_a_bad_path_in_one_sentence(tmp_path: Path) -> None:
    for done in (
        pricehouse("serve", "--root-path", "prices", home=tmp_path),
        pricehouse("serve", home=tmp_path, PRICEHOUSE_ROOT_PATH="prices"),
    ):
        assert done.returncode == 2
        assert "--root-path, PRICEHOUSE_ROOT_PATH" in done.stderr
        assert "Traceback" not in done.stderr


def test_without_a_root_path_nothing_of_a_page_changes(sample_home: Path) -> None:
    html = '<a href="/models/a">&#34; href=&#34;/x</a> <a href="//b"> <form action="/">'
    assert under_root(html, "") == html
    assert under_root(html, "/p") == (
        '<a href="/p/models/a">&#34; href=&#34;/x</a> <a href="//b"> <form action="/p/">'
    )
    with TestClient(create_app(PublicationPool(Home(sample_home)))) as client:
        assert 'data-root=""' in client.get("/").text
