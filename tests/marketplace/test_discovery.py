"""What browsers, crawlers and previews request; HEAD, parameters and ids of every route."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import httpx
import pytest
from starlette.testclient import TestClient

from marketplace.api.document import read_examples
from marketplace.app import create_app
from marketplace.pages.preview import HEIGHT, WIDTH
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

GPT = "openai/gpt-oss-120b"
BASE = "http://testserver/"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
PNG = b"\x89PNG\r\n\x1a\n"
REQUESTS = [
    example["request"] for key, example in read_examples().items() if key.startswith("GET ")
]
"""A request of every route of the API."""
OTHERS = [
    *("/", "/calculator", "/changes", "/status", "/api", f"/models/{GPT}", "/providers/novita"),
    *("/favicon.ico", "/robots.txt", "/sitemap.xml", "/sitemap-1.xml", "/previews/site.png"),
    *(f"/previews/models/{GPT}.png", "/static/app.css", "/openapi.json"),
    *("/nothing", "/v1/nothing", "/v1/offers?limit=0", "/v1/models/no/such", "/static/no"),
    *("/models/OPENAI/gpt-oss-120b", "/v1/cost", "/mcp", "/theme", "/v1/exports/cards.parquet"),
]


@pytest.fixture(scope="module")
def client(sample_home: Path) -> Iterator[TestClient]:
    app = create_app(PublicationPool(Home(sample_home)))
    with TestClient(app, follow_redirects=False) as running:
        yield running


def locations(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - our own response
    return [str(loc.text) for loc in root.iter(LOC)]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_head_has_the_headers_of_get_and_no_body(client: TestClient, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    for path in (*REQUESTS, *OTHERS):
        whole = client.get(path, headers=headers)
        head = client.head(path, headers=headers)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        # the body of the status has the age of the data, so that its length may differ
        live = {"content-length"} if path.endswith("/status") else set()
        assert head.headers.keys() == whole.headers.keys(), path
        different = {k for k in whole.headers if head.headers[k] != whole.headers[k]}
        assert different <= live, path


def test_a_matching_etag_of_a_fixed_name_returns_304(client: TestClient) -> None:
    for path in ("/favicon.ico", "/robots.txt", "/sitemap.xml", "/previews/site.png"):
        tag = client.get(path).headers["etag"]
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), path
        assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_the_icon_has_pictures_of_the_sizes_that_it_names(client: TestClient) -> None:
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/x-icon"
    _, kind, pictures = struct.unpack_from("<HHH", icon.content)
    assert (kind, pictures) == (1, 3)
    for number in range(pictures):
        width, height, *_, size, start = struct.unpack_from(
            "<BBBBHHII", icon.content, 6 + 16 * number
        )
        picture = icon.content[start : start + size]
        assert picture[:8] == PNG
        assert struct.unpack_from(">II", picture, 16) == (width, height)


def test_crawlers_find_the_pages_and_leave_the_data_alone(client: TestClient) -> None:
    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").text.splitlines())
    assert rules.site_maps() == [f"{BASE}sitemap.xml"]
    for path in ("/", f"/models/{GPT}", "/static/app.css", f"/previews/models/{GPT}.png"):
        assert rules.can_fetch("any", BASE + path.lstrip("/")), path
    for path in ("/v1/offers", "/theme", "/api/v1/models"):
        assert not rules.can_fetch("any", BASE + path.lstrip("/")), path


def test_the_sitemap_has_every_page(client: TestClient, sample_home: Path) -> None:
    found = locations(client.get("/sitemap.xml"))
    models = client.get("/v1/models", params={"limit": 1000}).json()["items"]
    assert len(set(found)) == len(found)
    assert {f"{BASE}models/{quote(model['model_id'])}" for model in models} < set(found)
    assert {BASE, f"{BASE}status", f"{BASE}providers/novita"} < set(found)
    for page in (found[0], found[6], found[-1]):
        assert client.get(urlsplit(page).path).status_code == 200


def test_many_pages_are_in_several_files_with_an_index(
    client: TestClient, sample_home: Path
) -> None:
    whole = locations(client.get("/sitemap.xml"))
    app = create_app(PublicationPool(Home(sample_home)), sitemap_urls=7 * 41)
    with TestClient(app) as small:
        files = locations(small.get("/sitemap.xml"))
        assert len(files) == -(-len(whole) // (7 * 41)) > 2
        parts = [locations(small.get(urlsplit(file).path)) for file in files]
        assert [loc for part in parts for loc in part] == whole
        assert max(map(len, parts)) <= 7 * 41
        assert small.get(f"/sitemap-{len(files) + 1}.xml").status_code == 404


@pytest.mark.parametrize("path", ["/sitemap-0.xml", "/sitemap--1.xml", "/sitemap-99999999999.xml"])
def test_a_file_of_the_sitemap_that_is_none_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 422)


def test_a_link_to_a_model_has_a_title_and_a_picture(client: TestClient) -> None:
    page = client.get(f"/models/{GPT}").text
    picture = f"{BASE}previews/models/{GPT}.png"
    for name, content in {
        "og:title": GPT,
        "og:url": f"{BASE}models/{GPT}",
        "og:image": picture,
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
    }.items():
        assert f'<meta property="{name}" content="{content}">' in page, name
    assert f'content="{BASE}previews/site.png"' in client.get("/").text


@pytest.mark.parametrize("name", [GPT, GPT.upper(), "black-forest-labs/FLUX.1-dev"])
def test_the_picture_of_a_model_is_drawn(client: TestClient, name: str) -> None:
    answer = client.get(f"/previews/models/{name}.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content[:8] == PNG
    assert struct.unpack_from(">II", answer.content, 16) == (WIDTH, HEIGHT)
    assert client.get("/previews/models/no/such.png").status_code == 404


def test_a_route_refuses_each_parameter_that_it_does_not_have(client: TestClient) -> None:
    for path in REQUESTS:
        if path in ("/healthz", "/readyz"):  # a probe may add what it likes
            continue
        answer = client.get(f"{path}{'&' if '?' in path else '?'}regoin=eu")
        assert answer.status_code == 422, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Unknown parameter “regoin”. " in answer.json()["detail"], path
        assert answer.json()["errors"][0]["field"] == "regoin"


def test_ids_are_found_in_any_case(client: TestClient) -> None:
    offer_id = client.get("/v1/offers?limit=1").json()["items"][0]["offer_id"]
    for path, other in (
        (f"/v1/offers/{offer_id}", f"/v1/offers/{offer_id.upper()}"),
        (f"/v1/prices/{offer_id}/history", f"/v1/prices/{offer_id.upper()}/history"),
        (f"/v1/models/{GPT}", f"/v1/models/{GPT.upper()}"),
        (f"/v1/models/{GPT}", f"/v1/models/{quote(GPT.title(), safe='')}/"),
        ("/v1/providers/novita", "/v1/providers/NOVITA"),
        (f"/api/v1/models/{GPT}/endpoints", f"/api/v1/models/{GPT.upper()}/endpoints"),
        (f"/v1/changes?model_id={GPT}", f"/v1/changes?model_id={GPT.upper()}"),
        ("/v1/changes?inference_provider=groq", "/v1/changes?inference_provider=GROQ"),
        ("/v1/offers?inference_provider=groq", "/v1/offers?inference_provider=GROQ"),
        (f"/v1/offers?model_id={GPT}", f"/v1/offers?model_id={GPT.upper()}"),
        (f"/v1/estimate?images=1&model_id={GPT}", f"/v1/estimate?images=1&model_id={GPT.upper()}"),
        (f"/v1/recommend?model_id={GPT}", f"/v1/recommend?model_id={GPT.upper()}"),
    ):
        wanted, found = client.get(path), client.get(other)
        assert wanted.status_code == found.status_code == 200, other
        assert wanted.json() == found.json(), other
    assert client.get(f"/offers/{offer_id.upper()}").status_code == 200
    compared = client.get(f"/compare?offer={offer_id.upper()}").text
    assert f"/offers/{offer_id}" in compared


@pytest.mark.parametrize(
    "odd",
    [
        *("a//b", "/", "//", "a", "ä/ö", "日本/語", "%2F", "a%2Fb%2Fc", "a%252Fb", "a:b", "%00"),
        *(f"{GPT}:novita", "..%2F..%2Fetc", "%ff%fe", "a%0Ab", "x" * 400, "a/b?", "a b", "'\"<"),
        *("gpt-oss", "{model_id}", "%F0%9F%98%80"),
    ],
)
def test_an_odd_id_is_a_problem_with_a_clear_status(client: TestClient, odd: str) -> None:
    for route in ("/v1/models/", "/v1/providers/", "/v1/offers/", "/api/v1/models/"):
        answer = client.get(route + odd)
        if answer.status_code == 307:  # a slash at the end
            continue
        assert answer.status_code in (404, 422), (route, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    assert client.get(f"/models/{odd}").status_code in (307, 404, 422)


def test_an_unknown_model_is_answered_with_the_nearest_names(client: TestClient) -> None:
    for path in ("/v1/models/openai/gpt-os-120b", "/api/v1/models/openai/gpt-os-120b/endpoints"):
        assert GPT in client.get(path).json()["detail"]
