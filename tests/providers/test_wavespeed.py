"""Where the walk over WaveSpeedAI's numbered pages ends, by the text of its pages alone."""

from __future__ import annotations

import pytest

from providers.http.client import HttpClient
from providers.interface import AdapterContext
from providers.registry import adapter_for, load_registry
from schemas.errors import FeedError
from schemas.payload import Traffic
from tests.support.clocks import FakeClock
from tests.support.raw_server import RawReply, json_reply, serving

[SOURCE] = [source for source in load_registry().sources if source.source == "wavespeed"]


def rows(first, count, *keys):
    names = [f"ws/{n}" for n in range(first, first + count)]
    return [{**dict.fromkeys(keys or ["model_id"], name), "base_price": 1} for name in names]


def walk(replies):
    """Return the pages that the adapter yields, the code of its error, and the request count."""
    clock, pages = FakeClock(), []
    with serving(replies) as server, HttpClient(sleep=clock.sleep) as client:
        context = AdapterContext(
            {"wavespeed_list": server.url}, client, {"wavespeed_list": Traffic()}
        )
        try:
            pages.extend(adapter_for(SOURCE, context).get_pricing())
        except FeedError as error:
            return len(pages), error.code, len(server.requests)
        return len(pages), None, len(server.requests)


FULL, SHORT = json_reply(rows(0, 200)), json_reply(rows(200, 7))


@pytest.mark.parametrize(
    "last",
    [
        json_reply([]),
        json_reply({"data": {"items": [], "page": 3}}),
        RawReply(404),
        json_reply({"data": None}),
        SHORT,
        json_reply({"page": 3, "data": rows(200, 7)}),
    ],
    ids=["empty", "empty envelope", "refused", "no array", "repeated", "same rows"],
)
def test_walk_ends_behind_a_short_page(last):
    assert walk([FULL, SHORT, last]) == (2, None, 3)


@pytest.mark.parametrize("keys", [["model_uuid"], ["model_uuid", "model_id"]])
def test_walk_ends_alike_whichever_key_holds_the_id(keys):
    full, short = rows(0, 200, *keys), rows(200, 150, *keys)
    pages = [{"total": 350, "items": part} for part in (full, short, [])]
    assert walk(map(json_reply, pages)) == (2, None, 3)
    refused = [json_reply({"items": full}), json_reply({"items": short}), RawReply(404)]
    assert walk(refused) == (2, None, 3)


def test_an_id_beside_another_one_fills_no_page():
    odd = [{"model_uuid": f"ws/{n}", "model_id": n, "base_price": 1} for n in range(150)]
    assert walk([json_reply({"items": odd}), RawReply(404)]) == (1, None, 2)


def test_walk_continues_after_a_short_page_with_new_rows_behind_it():
    more = json_reply(rows(300, 3))
    assert walk([SHORT, more, json_reply([])]) == (2, None, 3)


@pytest.mark.parametrize("last", [json_reply([]), FULL], ids=["empty", "repeated"])
def test_walk_ends_behind_a_full_last_page(last):
    assert walk([FULL, last]) == (1, None, 2)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (json_reply({"code": 500, "message": "later"}), "no_rows"),
        (RawReply(body=b"<!doctype html><title>Sign in</title>"), "not_json"),
    ],
)
def test_page_without_rows_behind_a_full_one_is_kept_and_refused(reply, code):
    assert walk([FULL, reply]) == (2, code, 2)


def test_refusal_behind_a_full_page_is_an_error():
    assert walk([FULL, RawReply(404)]) == (1, "http_404", 2)


def test_broken_page_behind_a_short_one_is_no_end():
    assert walk([SHORT, RawReply(body=b"<html>")]) == (2, "not_json", 2)


def test_first_page_without_rows_is_kept_and_refused():
    assert walk([json_reply({"message": "later"})]) == (1, "no_rows", 1)


def test_empty_list_is_one_page():
    assert walk([json_reply([])]) == (1, None, 2)


def test_pages_without_an_end_are_endless():
    pages = iter(range(10**6))
    assert walk(lambda _: json_reply(rows(next(pages) * 5, 5))) == (200, "paging_endless", 200)
