"""Entries that are read in columns: the same rows as one by one, whatever an answer holds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from samples.catalog import STEPS, load
from schemas.errors import FeedMalformed
from tests.support.fuzzing import RECORDINGS, broken
from tests.support.histories import entry, offering, page, price, priced_entry
from tests.support.mutations import mutations
from transforms.parsing.columns import Chunk, read_columns
from transforms.parsing.hub import parse_hub
from transforms.parsing.hub_columns import read_listed
from transforms.parsing.limits import MAX_ENTRY_BYTES
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.router import parse_router
from transforms.parsing.router_columns import read_routed

PARSERS: dict[str, Callable[..., ParsedFeed]] = {"hub": parse_hub, "router": parse_router}
FILES = [(feed, path.name) for feed in PARSERS for path in sorted((RECORDINGS / feed).glob("*"))]
HUB_MODEL: dict[str, Any] = {
    "_id": "65a",
    "id": "org/a",
    "pipeline_tag": "text-generation",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "tags": ["license:mit"],
    "gated": False,
    "inferenceProviderMapping": [
        priced_entry(0.2, 0.4, features={"toolCalling": True}),
        entry("together", "y", performance={"tokensPerSecond": 12}),
    ],
}
ROUTER_MODEL: dict[str, Any] = {
    "id": "org/a",
    "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
    "providers": [offering(price(0.1, 3)), offering(None, is_free=True)],
}


def result_of(parse: Callable[..., ParsedFeed], pages: list[Page], at_once: int) -> Any:
    """Return what a parser returns, or the code of its error."""
    try:
        return parse(pages, at_once=at_once)
    except FeedMalformed as error:
        return error.code, str(error)


def require_same(feed: str, *bodies: bytes, at_once: tuple[int, ...] = (1, 2, 1_000)) -> None:
    """Assert that a feed's pages give the same, read in columns and one by one."""
    pages = [Page(body, f"{number}" * 64) for number, body in enumerate(bodies)]
    wanted = result_of(PARSERS[feed], pages, 0)
    for size in at_once:
        found = result_of(PARSERS[feed], pages, size)
        if not isinstance(wanted, ParsedFeed):
            assert found == wanted
            continue
        for name in ("offerings", "models", "rejected"):
            assert_frame_equal(getattr(found, name), getattr(wanted, name))
        for name in ("records", "rows", "distinct", "repeats", "nameless"):
            assert getattr(found.summary, name) == getattr(wanted.summary, name), name
        assert_frame_equal(found.summary.providers, wanted.summary.providers)
        assert_frame_equal(found.summary.drift, wanted.summary.drift)
        assert [(f.kind, f.rows, f.path) for f in found.failures] == [
            (f.kind, f.rows, f.path) for f in wanted.failures
        ]


def texts(feed: str, *models: str) -> bytes:
    """Return an answer of models in JSON."""
    array = f"[{','.join(models)}]"
    return (array if feed == "hub" else f'{{"data":{array}}}').encode()


@pytest.mark.parametrize("step", STEPS)
def test_the_sample_is_read_in_columns_alone(step: int) -> None:
    catalog = load(step)
    hub = [record.json() for record in catalog.hub]
    require_same("hub", texts("hub", *hub[:400]), texts("hub", *hub[400:]), at_once=(1_000,))
    require_same("router", catalog.router_answer, at_once=(1_000,))
    raws = [msgspec.Raw(text.encode()) for text in hub]
    assert read_columns(Chunk("h", 0, raws), read_listed) is not None
    routed = msgspec.json.decode(catalog.router_answer, type=dict[str, msgspec.Raw])["data"]
    chunk = Chunk("h", 0, msgspec.json.decode(routed, type=list[msgspec.Raw]))
    assert read_columns(chunk, read_routed) is not None


@pytest.mark.skipif(not FILES, reason="the recordings are not beside this checkout")
@pytest.mark.parametrize(("feed", "name"), FILES)
def test_a_recording_gives_the_same_rows(feed: str, name: str) -> None:
    require_same(feed, (RECORDINGS / feed / name).read_bytes(), at_once=(7, 1_000))


@pytest.mark.parametrize("feed", PARSERS)
def test_broken_pages_give_the_same_rows(feed: str) -> None:
    chance = random.Random(13)  # noqa: S311 - wounds, not secrets
    for _ in range(60):
        require_same(feed, *(broken(chance, feed) for _ in range(chance.choice((1, 1, 2)))))


@settings(max_examples=40, deadline=None)
@given(mutations([HUB_MODEL, {**HUB_MODEL, "id": "org/b", "_id": "65b"}]), st.booleans())
def test_broken_models_of_the_hub_give_the_same_rows(answer: Any, ascii_only: bool) -> None:
    require_same("hub", json.dumps(answer, ensure_ascii=ascii_only).encode())


@settings(max_examples=40, deadline=None)
@given(mutations({"data": [ROUTER_MODEL, {**ROUTER_MODEL, "id": "org/b"}]}), st.booleans())
def test_broken_models_of_the_router_give_the_same_rows(answer: Any, ascii_only: bool) -> None:
    require_same("router", json.dumps(answer, ensure_ascii=ascii_only).encode())


HUB_TEXT = json.dumps(HUB_MODEL, separators=(",", ":"))
ODD = {
    "a key twice in an entry": ('"task":', '"task":"x","task":'),
    "a key twice that an escape hides": ('"task":', '"\\u0074ask":"x","task":'),
    "a key that an escape hides": ('"task":', '"\\u0074ask":'),
    "a price twice": ('"pricing":', '"pricing":{"input":9},"pricing":'),
    "an unwatched key twice beside an escape": ('"_id":', '"_id":"\\u00e9","_id":'),
    "an unwatched key twice": ('"toolCalling":', '"toolCalling":false,"toolCalling":'),
    "an id twice": ('"id":', '"id":"org/z","id":'),
    "a value that reads like a key": ('"status":"live"', '"status":"provider"'),
    "null for a mapping": (HUB_TEXT[HUB_TEXT.index("[{") : -1], "null"),
    "null for a price": ('"pricing":{', '"pricing":null,"x":{'),
    "a price in another currency": ('"pricing":{', '"pricing":{"currency":"EUR",'),
    "an unknown key of a price": ('"pricing":{', '"pricing":{"per_image":1,'),
    "an unknown key": ('"task":', '"added":[1],"task":'),
    "a long status": ('"status":"live"', f'"status":"{"x" * 300}"'),
    "an unprintable status": ('"status":"live"', '"status":"li\\nve\u202e"'),
    "an unprintable id": ('"_id":"', '"_id":"\u200b'),
    "a long id": ('"_id":"', f'"_id":"{"x" * 300}'),
    "an empty type": ('"type":"single-model"', '"type":""'),
    "a time in another zone": ("00.000Z", "00.000+02:00"),
    "a time without a zone": ("00.000Z", "00"),
    "the first day of the calendar": ("2026-01-01T00:00:00.000Z", "0001-01-01T00:00:00+09:00"),
    "an entry that is too large": ('"_id":"', f'"_id":"{"x" * MAX_ENTRY_BYTES}'),
    "a number above what a column holds": ('"pipeline_tag":', '"likes":1e30,"pipeline_tag":'),
    "half a surrogate pair": ('"_id":"', '"_id":"\\ud800'),
    "white space": (":", " :\n "),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_model_of_the_hub_gives_the_same_rows(case: str) -> None:
    old, new = ODD[case]
    odd = HUB_TEXT.replace(old, new)
    assert odd != HUB_TEXT
    whole = HUB_TEXT.replace("org/a", "org/whole").replace('"65a"', '"65w"')
    require_same("hub", texts("hub", whole, odd))


def test_repeats_and_renames_on_a_walk_give_the_same_rows() -> None:
    other_case = HUB_TEXT.replace("org/a", "ORG/A")
    renamed = HUB_TEXT.replace("org/a", "org/renamed")
    fine = HUB_TEXT.replace("org/a", "org/b").replace('"65a"', '"65b"')
    require_same("hub", texts("hub", HUB_TEXT, fine), texts("hub", other_case))
    require_same("hub", texts("hub", HUB_TEXT, fine, other_case))
    require_same("hub", texts("hub", HUB_TEXT), texts("hub", fine, renamed))


def test_a_number_keeps_its_text() -> None:
    texts_of = ["0.030000000000000002", "1E-7", "3", "-0", "1e400"]
    models = [
        HUB_TEXT.replace("org/a", f"org/m{n}")
        .replace('"65a"', f'"{n}"')
        .replace('"input":0.2', f'"input":{text}')
        for n, text in enumerate(texts_of)
    ]
    parsed = parse_hub([Page(texts("hub", *models), "h")])
    assert parsed.offerings["price_input_text"].drop_nulls().to_list() == texts_of
    assert parsed.offerings["evidence"].drop_nulls().len() == len(texts_of)


def test_page_positions_go_on_over_chunks() -> None:
    models = [{**ROUTER_MODEL, "id": f"org/m{n}"} for n in range(5)]
    parsed = parse_router([page({"data": models})], at_once=2)
    assert parsed.offerings["json_path"].to_list() == [
        f"$.data[{model}].providers[{index}]" for model in range(5) for index in range(2)
    ]
