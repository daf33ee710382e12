"""The token goes to the configured hosts only, and no answer brings it back into our words."""

from __future__ import annotations

import logging

import pytest

from providers.http.auth import Bearer
from providers.http.client import HttpClient
from providers.huggingface import HuggingFaceAdapter
from providers.registry import load_registry
from schemas.errors import FeedBusy, FeedError, FeedRefused, FeedUnreachable, PagingError
from schemas.payload import Traffic
from schemas.secrets import Secret
from tests.support.bao import CANARY
from tests.support.loopback import Loopback, Reply

TAKEN = f"Bearer {CANARY}"


def client(*base_urls):
    bearer = Bearer(Secret(CANARY), base_urls=base_urls)
    return HttpClient(bearer=bearer, sleep=lambda _: None)


def get(http, url):
    return http.get(url, feed="hub", traffic=Traffic(), deadline=http.deadline(30))


def models(http, url):
    adapter = HuggingFaceAdapter(
        load_registry().sources[0],
        base_urls={"hub": url, "router": url},
        client=http,
        traffic={"hub": Traffic(), "router": Traffic()},
        deadline_s=30,
    )
    return list(adapter.list_models(details=False))


def seen(server):
    return [request.headers.get("authorization") for request in server.requests]


def test_the_configured_hosts_get_the_token_and_no_other_does():
    with (
        Loopback(lambda _: Reply()).running() as ours,
        Loopback(lambda _: Reply()).running() as other,
        client(ours.url + "/gateway") as http,
    ):
        get(http, ours.url + "/api/models")
        get(http, other.url + "/api/models")
    assert (seen(ours), seen(other)) == ([TAKEN], [None])


def test_without_a_token_nothing_is_sent():
    with Loopback(lambda _: Reply()).running() as server, HttpClient() as http:
        get(http, server.url)
    assert seen(server) == [None]


def test_the_same_host_on_another_port_or_under_another_name_is_another_host():
    with (
        Loopback(lambda _: Reply()).running() as server,
        client("http://127.0.0.1", server.url.replace("127.0.0.1", "localhost")) as http,
    ):
        get(http, server.url)
    assert seen(server) == [None]


def test_a_redirection_on_the_same_host_keeps_the_token():
    def script(request):
        moved = Reply(302, headers={"Location": "/new"})
        return moved if request.target == "/old" else Reply()

    with Loopback(script).running() as server, client(server.url) as http:
        get(http, server.url + "/old")
    assert seen(server) == [TAKEN, TAKEN]


def test_a_redirection_to_another_host_is_not_followed_though_both_are_configured():
    with Loopback(lambda _: Reply()).running() as other:
        moved = Reply(302, headers={"Location": other.url + "/new"})
        with (
            Loopback(lambda _: moved).running() as server,
            client(server.url, other.url) as http,
            pytest.raises(FeedRefused) as caught,
        ):
            get(http, server.url)
    assert caught.value.code == "redirect"
    assert other.requests == []


def test_a_next_link_to_another_host_is_not_followed():
    with Loopback(lambda _: Reply()).running() as other:
        page = Reply(headers={"Link": f'<{other.url}/api/models?cursor=x>; rel="next"'})
        with (
            Loopback(lambda _: page).running() as server,
            client(server.url) as http,
            pytest.raises(PagingError) as caught,
        ):
            models(http, server.url)
    assert caught.value.code == "paging_foreign"
    assert other.requests == []


def test_an_anonymous_answer_may_hold_anything():
    with Loopback(lambda _: Reply(body=CANARY.encode())).running() as server, HttpClient() as http:
        assert get(http, server.url).body == CANARY.encode()


ECHOES = {
    "a whole body": Reply(body=f'[{{"id": "{CANARY}"}}]'.encode()),
    "a header": Reply(headers={"X-Request-Id": CANARY}),
    "a next link": Reply(headers={"Link": f'</?cursor={CANARY}>; rel="next"'}),
    "a capture date": Reply(headers={"Memento-Datetime": CANARY}),
    "an encoding": Reply(headers={"Content-Encoding": CANARY}),
    "a redirection": Reply(302, headers={"Location": f"http://127.0.0.1:9/{CANARY}"}),
    "a redirection here": Reply(302, headers={"Location": f"/{CANARY}"}),
    "a refusal": Reply(401, f'{{"error": "bad token {CANARY}"}}'.encode()),
    "a refusal cut short": Reply(403, ("x" * 195 + CANARY).encode()),
    "a refusing header": Reply(404, headers={"X-Error-Message": f"not for {CANARY}"}),
    "a failure": Reply(500, f"<title>{CANARY}</title>".encode()),
}


@pytest.mark.parametrize("reply", ECHOES.values(), ids=list(ECHOES))
def test_a_token_that_is_sent_back_is_neither_kept_nor_told_nor_logged(reply, caplog):
    caplog.set_level(logging.DEBUG)
    with (
        Loopback(lambda _: reply).running() as server,
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


def test_an_answer_that_breaks_http_is_not_quoted(caplog):
    caplog.set_level(logging.DEBUG)
    bad = Reply(headers={"X-Bad\x00": CANARY})
    with (
        Loopback(lambda _: bad).running() as server,
        client(server.url) as http,
        pytest.raises(FeedUnreachable) as caught,
    ):
        get(http, server.url)
    assert CANARY not in str(caught.value) + caplog.text
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
