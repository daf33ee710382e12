"""The sample's server replies as the Hub, the router and two price lists do, over real HTTP."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from bench.measure import serving as bench_serving
from samples.catalog import Catalog, hub_model, load, router_model
from samples.hub import serve
from samples.list_routes import load_price_lists
from samples.quota import Quota
from samples.routes import ServerReply, ServerRequest
from samples.scale import is_changed, scaled

PATHS = ("/api/models?limit=1", "/v1/models")
HOURLY = "inference_provider=all&expand[]=inferenceProviderMapping&expand[]=pipeline_tag"


def small(*names: str) -> Catalog:
    """A catalog of a few models, each served by the provider that its name starts with."""
    models = [
        hub_model({"id": f"org/{n}", "inferenceProviderMapping": [{"provider": n[0]}], "likes": 1})
        for n in names
    ]
    return Catalog(models, router=[router_model({"id": "org/r", "providers": []})])


def walk(client: httpx.Client, url: str) -> list[list[str]]:
    """Follow next links to the end; return the ids of each page."""
    pages, next_url = [], url
    while next_url:
        answer = client.get(next_url)
        assert answer.status_code == 200, answer.text
        pages.append([model["id"] for model in answer.json()])
        next_url = answer.links.get("next", {}).get("url", "")
    return pages


@pytest.mark.parametrize("limit", [1, 7, 836, 1000])
def test_paging_yields_every_model_exactly_once(limit: int, client: httpx.Client) -> None:
    catalog = load(2)
    with serve(catalog, quota=Quota(1000)) as hub:
        pages = walk(client, f"{hub.url}/api/models?{HOURLY}&limit={limit}")
    ids = [model for page in pages for model in page]
    assert ids == [entry.id for entry in catalog.hub]
    assert len(ids) == len(set(ids)) == 836
    assert len(pages) == -(-836 // limit)
    assert all(len(page) == limit for page in pages[:-1])


def test_without_a_limit_a_page_holds_a_thousand(client: httpx.Client) -> None:
    with serve(scaled(1001)) as hub:
        assert [len(page) for page in walk(client, f"{hub.url}/api/models")] == [1000, 1]


def test_the_next_link_is_absolute_and_keeps_every_parameter(client: httpx.Client) -> None:
    query = f"{HOURLY}&sort=createdAt&direction=-1&limit=2"
    with serve(small("a", "b", "c")) as hub:
        link = client.get(f"{hub.url}/api/models?{query}").headers["link"]
    assert link.startswith(f"<{hub.url}/api/models?")
    assert link.endswith('>; rel="next"')
    *kept, (name, cursor) = parse_qsl(urlsplit(link[1 : link.index(">")]).query)
    assert kept == parse_qsl(query)
    assert name == "cursor"
    assert json.loads(base64.b64decode(cursor)) == {"id": {"$gt": "org/b"}}


def test_the_next_link_names_the_host_that_was_called(client: httpx.Client) -> None:
    with serve(small("a", "b")) as hub:
        called = hub.url.replace("127.0.0.1", "localhost")
        answer = client.get(
            f"{hub.url}/api/models?limit=1", headers={"host": urlsplit(called).netloc}
        )
    assert answer.links["next"]["url"].startswith(f"{called}/api/models?")


def test_only_requested_keys_are_returned_and_missing_ones_are_left_out(
    client: httpx.Client,
) -> None:
    with serve(small("a")) as hub:
        expand = "expand[]=likes&expand[]=createdAt&expand[]=_id"
        assert client.get(f"{hub.url}/api/models?{expand}").json() == [{"id": "org/a", "likes": 1}]
        assert client.get(f"{hub.url}/api/models").json() == [{"id": "org/a", "likes": 1}]


def test_the_provider_filter_takes_one_several_or_all(client: httpx.Client) -> None:
    with serve(small("a1", "a2", "b", "c")) as hub:
        for providers, ids in {
            "a": ["org/a1", "org/a2"],
            "b,c": ["org/b", "org/c"],
            "all": ["org/a1", "org/a2", "org/b", "org/c"],
            "nobody": [],
        }.items():
            url = f"{hub.url}/api/models?inference_provider={providers}"
            assert walk(client, f"{url}&limit=1000") == [ids]


def test_the_provider_filter_returns_the_models_of_that_provider(client: httpx.Client) -> None:
    with serve(load(1)) as hub:
        url = f"{hub.url}/api/models?inference_provider=groq&expand[]=inferenceProviderMapping"
        models = client.get(url).json()
    entries = [entry for model in models for entry in model["inferenceProviderMapping"]]
    assert sum(entry["provider"] == "groq" for entry in entries) == 14
    assert len(models) == 14


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=ten",
        "limit=",
        "cursor=nonsense",
        "cursor=bm90IGpzb24%3D",
        "cursor=e30%3D",
        "sort=likes",
        "direction=1",
        "author=org",
    ],
)
def test_an_unsupported_parameter_is_refused_in_the_hubs_form(
    query: str, client: httpx.Client
) -> None:
    with serve(small("a")) as hub:
        answer = client.get(f"{hub.url}/api/models?{query}")
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)
    assert "ratelimit" in answer.headers


def test_an_unknown_path_is_not_found(client: httpx.Client) -> None:
    with serve(small("a")) as hub:
        answers = [client.get(f"{hub.url}/pricing"), client.post(f"{hub.url}/v1/models")]
    for answer in answers:
        assert answer.status_code == 404
        assert answer.json() == {"error": "Sorry, we can't find the page you are looking for."}


def test_every_reply_reports_the_fixed_window_quota(client: httpx.Client) -> None:
    now = 0.0
    quota = Quota(2, window_s=300, clock=lambda: now)
    with serve(small("a"), quota=quota) as hub:
        seen = []
        for moment in (277.0, 277.4, 299.5, 300.0):
            now = moment
            answer = client.get(f"{hub.url}/api/models")
            assert answer.headers["ratelimit-policy"] == '"fixed window";"api";q=2;w=300'
            seen.append((answer.status_code, answer.headers["ratelimit"]))
        assert seen == [
            (200, '"api";r=1;t=23'),
            (200, '"api";r=0;t=23'),
            (429, '"api";r=0;t=1'),
            (200, '"api";r=1;t=300'),
        ]


def test_a_call_over_the_quota_gets_a_json_error(client: httpx.Client) -> None:
    with serve(small("a"), quota=Quota(0)) as hub:
        answer = client.get(f"{hub.url}/v1/models")
    assert answer.status_code == 429
    assert "rate limit" in answer.json()["error"]


def test_calls_at_once_are_counted_once_each() -> None:
    with serve(small("a"), quota=Quota(10)) as hub, ThreadPoolExecutor(8) as pool:
        url = f"{hub.url}/api/models"
        statuses = list(pool.map(lambda _: httpx.get(url, trust_env=False).status_code, range(24)))
    assert statuses.count(200) == 10
    assert statuses.count(429) == 14


def test_each_recorded_answer_carries_its_own_date(client: httpx.Client) -> None:
    seen = []
    with serve(load(1)) as hub:
        for step in (1, 2):
            hub.show(load(step))
            seen += [client.get(hub.url + path).headers["memento-datetime"] for path in PATHS]
    assert seen == [
        "Thu, 26 Feb 2026 03:08:00 GMT",
        "Mon, 21 Sep 2026 00:00:00 GMT",
        "Thu, 26 Feb 2026 12:27:00 GMT",
        "Mon, 21 Sep 2026 01:00:00 GMT",
    ]


def test_each_price_list_carries_its_own_date(client: httpx.Client) -> None:
    with serve(load(1), price_lists=load_price_lists(), quota=Quota(0)) as hub:
        deepinfra = client.get(f"{hub.url}/models/list")
        wavespeed = client.get(f"{hub.url}/api/models?page=1&page_size=200")
    assert deepinfra.headers["memento-datetime"] == "Tue, 08 Sep 2026 00:00:00 GMT"
    assert wavespeed.headers["memento-datetime"] == "Thu, 17 Sep 2026 00:00:00 GMT"
    assert "ratelimit" not in deepinfra.headers  # the quota is the Hub's
    assert (len(deepinfra.json()), len(wavespeed.json())) == (83, 37)


def test_wavespeeds_pages_hold_each_row_once_and_end_empty(client: httpx.Client) -> None:
    with serve(load(1), price_lists=load_price_lists()) as hub:
        pages = [
            client.get(f"{hub.url}/api/models?page={page}&page_size=15").json()
            for page in (1, 2, 3, 4)
        ]
    assert [len(page) for page in pages] == [15, 15, 7, 0]
    assert len({row["model_id"] for page in pages for row in page}) == 37
    assert set(pages[0][0]) == {"model_id", "type", "base_price", "formula"}


def test_a_list_that_is_not_served_is_not_found(client: httpx.Client) -> None:
    with serve(small("a")) as hub:
        assert client.get(f"{hub.url}/models/list").status_code == 404


def test_replies_without_a_recording_carry_no_date(client: httpx.Client) -> None:
    with serve(small("a")) as hub:
        for path in PATHS:
            assert "memento-datetime" not in client.get(hub.url + path).headers


def test_a_date_in_another_zone_is_sent_in_gmt(client: httpx.Client) -> None:
    berlin = datetime.fromisoformat("2026-02-26T04:08:00+01:00")
    catalog = Catalog([], router=[], router_captured_at=berlin)
    with serve(catalog) as hub:
        date = client.get(f"{hub.url}/v1/models").headers["memento-datetime"]
    assert date == "Thu, 26 Feb 2026 03:08:00 GMT"


def test_paging_continues_when_the_catalog_changes(client: httpx.Client) -> None:
    with serve(small("a", "b", "d")) as hub:
        first = client.get(f"{hub.url}/api/models?limit=2")
        hub.show(small("a", "c", "d"))
        assert walk(client, first.links["next"]["url"]) == [["org/c", "org/d"]]


def test_a_hook_gets_each_request_and_may_reply(client: httpx.Client) -> None:
    seen: list[ServerRequest] = []

    def on_request(request: ServerRequest) -> ServerReply | None:
        seen.append(request)
        if len(seen) == 1:
            return ServerReply(502, b"<html>bad gateway</html>", {"content-type": "text/html"})
        return None

    with serve(small("a"), on_request=on_request, quota=Quota(1)) as hub:
        hooked = client.get(f"{hub.url}/api/models?limit=3", headers={"Authorization": "Bearer x"})
        normal = client.get(f"{hub.url}/api/models")
        client.post(f"{hub.url}/v1/chat/completions", content=b"{}")
    assert (hooked.status_code, hooked.text) == (502, "<html>bad gateway</html>")
    assert hooked.headers["content-type"] == "text/html"
    assert "ratelimit" not in hooked.headers
    assert normal.status_code == 200
    assert (seen[0].path, seen[0].query) == ("/api/models", [("limit", "3")])
    assert seen[0].headers["authorization"] == "Bearer x"
    assert (seen[2].method, seen[2].body) == ("POST", b"{}")


def test_a_hook_may_cut_a_reply(client: httpx.Client) -> None:
    with (
        serve(small("a"), on_request=lambda _: ServerReply(200, b"[1,2,3]", cut_at=3)) as hub,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get(f"{hub.url}/api/models")


def test_gzip_is_sent_only_where_the_server_and_the_caller_want_it(client: httpx.Client) -> None:
    for compress, accepted, encoding in (
        (True, "gzip", "gzip"),
        (True, "identity", None),
        (False, "gzip", None),
    ):
        with serve(load(1), compress=compress) as hub:
            answer = client.get(f"{hub.url}/v1/models", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding
        assert answer.content == load(1).router_answer


def test_connections_are_kept_until_the_block_ends(client: httpx.Client) -> None:
    with serve(small("a")) as hub:
        for _ in range(2):
            assert client.get(f"{hub.url}/api/models").status_code == 200
    with pytest.raises(httpx.TransportError):
        client.get(f"{hub.url}/api/models")


def test_a_catalog_refuses_a_repeated_model() -> None:
    with pytest.raises(ValueError, match="twice"):
        small("a", "a")


def test_a_mapping_keyed_by_provider_is_filtered_too(client: httpx.Client) -> None:
    model = hub_model({"id": "org/a", "inferenceProviderMapping": {"novita": {"status": "live"}}})
    with serve(Catalog([model], router=[])) as hub:
        url = f"{hub.url}/api/models?inference_provider="
        assert walk(client, url + "novita") == [["org/a"]]
        assert walk(client, url + "groq") == [[]]


def test_the_scaled_catalog_keeps_proportions_under_new_ids(
    client: httpx.Client,
) -> None:
    sample, catalog = load(2), scaled(2000)
    with serve(catalog) as hub:
        assert [len(page) for page in walk(client, f"{hub.url}/api/models")] == [1000, 1000]
        models = client.get(f"{hub.url}/api/models?expand[]=inferenceProviderMapping").json()
        router = client.get(f"{hub.url}/v1/models").json()["data"]
    entries = sum(len(model["inferenceProviderMapping"]) for model in models)
    assert entries / 1000 == pytest.approx(1448 / 836, rel=0.05)
    assert len({model["id"] for model in router}) == len(router) == round(2000 * 128 / 836)
    assert all(model["id"].split("/")[0] == model["owned_by"] for model in router)
    assert not {model["id"] for model in models} & {entry.id for entry in sample.hub}


@pytest.mark.parametrize("providers", [None, frozenset({"novita"})])
def test_scaled_pages_hold_what_a_catalog_of_all_copies_holds(
    providers: frozenset[str] | None,
) -> None:
    sample = load(2)
    copies = [m.renamed(f"-copy{n:04}") for n in (1, 2, 3) for m in sample.hub][:2000]
    whole, keys = Catalog(copies, router=[]), frozenset({"inferenceProviderMapping"})
    expected, _ = whole.view(keys, providers).page(None, 5000)
    found, after = [], None
    while True:
        page, after = scaled(2000).view(keys, providers).page(after, 300)
        found += json.loads(page)
        if after is None:
            break
    assert sorted(found, key=lambda model: model["id"]) == json.loads(expected)
    for provider in ("novita", "hf-inference", "nobody"):
        mapping = scaled(2000).mapping_of(provider)
        whole_mapping = whole.mapping_of(provider)
        assert (mapping is None) == (whole_mapping is None)
        if mapping is not None and whole_mapping is not None:
            assert json.loads(mapping) == json.loads(whole_mapping)


def test_an_hour_with_changes_changes_one_model_of_a_hundred() -> None:
    keys = frozenset({"inferenceProviderMapping"})
    before, _ = scaled(5000).view(keys, None).page(None, 5000)
    after, _ = scaled(5000, changes=1).view(keys, None).page(None, 5000)
    pairs = zip(json.loads(before), json.loads(after), strict=True)
    changed = {old["id"] for old, new in pairs if old != new}
    assert 30 < len(changed) < 70
    assert all(is_changed(model_id, 1) for model_id in changed)
    router = [json.loads(scaled(5000, changes=n).router_answer)["data"] for n in (0, 1)]
    dearer = {old["id"] for old, new in zip(*router, strict=True) if old != new}
    assert dearer
    assert all(is_changed(model_id, 1) for model_id in dearer)


def test_a_server_changes_its_models_when_that_is_posted(client: httpx.Client) -> None:
    with bench_serving(900) as server:
        url = f"{server.url}/api/models?expand[]=inferenceProviderMapping"
        before = client.get(url).json()
        assert client.post(f"{server.url}/changes/1").status_code == 200
        changed = client.get(url).json()
        assert client.post(f"{server.url}/changes/0").status_code == 200
        assert client.get(url).json() == before != changed
        assert client.post(f"{server.url}/changes/one").status_code == 400


@pytest.mark.parametrize(
    ("module", "arguments", "models"),
    [("samples.hub", ["--step", "2"], 836), ("samples.scale", ["--models", "900"], 900)],
)
def test_the_programs_print_their_address_and_serve(
    module: str, arguments: list[str], models: int, client: httpx.Client
) -> None:
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().split()[-1]
            assert sum(map(len, walk(client, f"{url}/api/models"))) == models
        finally:
            program.terminate()
