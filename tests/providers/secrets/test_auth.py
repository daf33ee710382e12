"""The token goes to the configured hosts only, and no response brings it into our messages."""

from __future__ import annotations

import logging

import pytest

from providers.http.auth import Bearer
from providers.http.client import HttpClient
from providers.huggingface import HuggingFaceAdapter
from providers.interface import AdapterContext
from providers.registry import load_registry
from schemas.errors import FeedBusy, FeedError, FeedRefused, FeedUnreachable, PagingError
from schemas.payload import Traffic
from schemas.secrets import Secret
from tests.support.bao import CANARY
from tests.support.raw_server import RawReply, serving

SENT = f"Bearer {CANARY}"


def client(*base_urls):
    bearer = Bearer(Secret(CANARY), base_urls=base_urls)
    return HttpClient(bearer=bearer, sleep=lambda _: None)


def get(http, url):
    return http.get(url, feed="hub", traffic=Traffic(), deadline=http.deadline(30))


def models(http, url):
    adapter = HuggingFaceAdapter(
        load_registry().sources[0],
        AdapterContext(
            base_urls={"hub": url, "router": url},
            client=http,
            traffic={"hub": Traffic(), "router": Traffic()},
            deadline_s=30,
        ),
    )
    return list(adapter.list_models(details=False))


def sent_to(server):
    return [request.headers.get("authorization") for request in server.requests]


def test_only_configured_hosts_get_the_token():
    with (
        serving(lambda _: RawReply()) as ours,
        serving(lambda _: RawReply()) as other,
        client(ours.url + "/gateway") as http,
    ):
        get(http, ours.url + "/api/models")
        get(http, other.url + "/api/models")
    assert (sent_to(ours), sent_to(other)) == ([SENT], [None])


def test_without_a_token_nothing_is_sent():
    with serving(lambda _: RawReply()) as server, HttpClient() as http:
        get(http, server.url)
    assert sent_to(server) == [None]


def test_the_same_host_on_another_port_or_under_another_name_is_another_host():
    with (
        serving(lambda _: RawReply()) as server,
        client("http://127.0.0.1", server.url.replace("127.0.0.1", "localhost")) as http,
    ):
        get(http, server.url)
    assert sent_to(server) == [None]


def test_a_redirection_on_the_same_host_keeps_the_token():
    def script(request):
        moved = RawReply(302, headers={"Location": "/new"})
        return moved if request.target == "/old" else RawReply()

    with serving(script) as server, client(server.url) as http:
        get(http, server.url + "/old")
    assert sent_to(server) == [SENT, SENT]


def test_redirection_to_another_configured_host_is_not_followed():
    with serving(lambda _: RawReply()) as other:
        moved = RawReply(302, headers={"Location": other.url + "/new"})
        with (
            serving(lambda _: moved) as server,
            client(server.url, other.url) as http,
            pytest.raises(FeedRefused) as caught,
        ):
            get(http, server.url)
    assert caught.value.code == "redirect"
    assert other.requests == []


def test_a_next_link_to_another_host_is_not_followed():
    with serving(lambda _: RawReply()) as other:
        link = f'<{other.url}/api/models?cursor=x>; rel="next"'
        page = RawReply(body=b'[{"id": "a/b"}]', headers={"Link": link})
        with (
            serving(lambda _: page) as server,
            client(server.url) as http,
            pytest.raises(PagingError) as caught,
        ):
            models(http, server.url)
    assert caught.value.code == "paging_foreign"
    assert other.requests == []


def test_an_anonymous_answer_may_hold_anything():
    with (
        serving(lambda _: RawReply(body=CANARY.encode())) as server,
        HttpClient() as http,
    ):
        assert get(http, server.url).body == CANARY.encode()


ECHOES = {
    "a whole body": RawReply(body=f'[{{"id": "{CANARY}"}}]'.encode()),
    "a header": RawReply(headers={"X-Request-Id": CANARY}),
    "a next link": RawReply(headers={"Link": f'</?cursor={CANARY}>; rel="next"'}),
    "a capture date": RawReply(headers={"Memento-Datetime": CANARY}),
    "an encoding": RawReply(headers={"Content-Encoding": CANARY}),
    "a redirection": RawReply(302, headers={"Location": f"http://127.0.0.1:9/{CANARY}"}),
    "a redirection here": RawReply(302, headers={"Location": f"/{CANARY}"}),
    "a refusal": RawReply(401, f'{{"error": "bad token {CANARY}"}}'.encode()),
    "a refusal cut short": RawReply(403, ("x" * 195 + CANARY).encode()),
    "a refusing header": RawReply(404, headers={"X-Error-Message": f"not for {CANARY}"}),
    "a failure": RawReply(500, f"<title>{CANARY}</title>".encode()),
}


@pytest.mark.parametrize("reply", ECHOES.values(), ids=list(ECHOES))
def test_echoed_token_is_not_kept_reported_or_logged(reply, caplog):
    caplog.set_level(logging.DEBUG)
    with (
        serving(lambda _: reply) as server,
        client(server.url) as http,
        pytest.raises(FeedError) as caught,
    ):
        models(http, server.url)
    error = caught.value
    assert isinstance(error, FeedBusy | FeedRefused)
    assert error.code == ("echoed_secret" if reply.status < 400 else f"http_{reply.status}")
    chain = []
    link: BaseException | None = error
    while link is not None:
        chain.append(str(link) + repr(link))
        link = link.__cause__ or link.__context__
    assert not [text for text in [*chain, caplog.text] if CANARY[:8] in text]
    assert len(caplog.records) > 3  # httpx and httpcore did log
    assert {request.target.partition("?")[0] for request in server.requests} == {"/api/models"}


def test_response_that_breaks_http_is_not_quoted(caplog):
    caplog.set_level(logging.DEBUG)
    bad = RawReply(headers={"X-Bad\x00": CANARY})
    with (
        serving(lambda _: bad) as server,
        client(server.url) as http,
        pytest.raises(FeedUnreachable) as caught,
    ):
        get(http, server.url)
    assert CANARY not in str(caught.value) + caplog.text
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
