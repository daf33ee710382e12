"""A search of signs alone is refused everywhere, and signs beside a name do not hide it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from marketplace.queries.search import is_search, search_terms
from tests.support.serving import Site

SIGNS = [":", " ", "   ", ".", "...", "-", "/", "_", "%", "'", '"', '""', "«»", "😀", "\u200b"]
SIGNS += ["\u2060\ufeff", "\u00a0", "\u3000", "::", ": /", "*", "?", "\\", "<>", "—"]
PATHS = ["/v1/offers", "/v1/models", "/v1/recommend", "/v1/estimate", "/", "/calculator"]


@pytest.mark.parametrize("text", SIGNS)
def test_signs_alone_name_nothing(text: str) -> None:
    assert not is_search(text)
    assert search_terms(text) == []


@pytest.mark.parametrize("path", PATHS)
def test_every_route_refuses_a_search_of_signs_alone(site: Site, path: str) -> None:
    for text in (":", "  ", "...", '""', "😀", "\u200b"):
        refused = site.get(f"{path}?q={quote(text)}")
        assert refused.status_code == 422, text
        assert "has nothing to search for; write letters or digits" in refused.text
    assert site.get(f"{path}?q=").status_code == 200, "as a form sends an empty field"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("gpt : oss", ["gpt", "oss"]),
        ("gpt - oss", ["gpt", "oss"]),
        ("“gpt” 'oss'", ["gpt", "oss"]),
        ("g\u200bpt\ufeff", ["gpt"]),
        ("ｇｐｔ", ["gpt"]),
        ("llama\u00a070b", ["llama", "70b"]),
        ("llama:fastest", ["llama"]),
        (":cheapest", ["cheapest"]),
        ("fastest", ["fastest"]),
        ("通义", ["通义"]),
    ],
)
def test_a_search_keeps_what_can_name_something(text: str, terms: list[str]) -> None:
    assert is_search(text)
    assert [term["plain"] for term in search_terms(text)] == terms


def test_the_name_of_a_route_alone_does_not_find_everything(site: Site) -> None:
    every = site.get_json("/v1/offers")["total"]
    for text in (":fastest", "cheapest", ":preferred"):
        assert site.get_json("/v1/offers", ("q", text))["total"] < every / 10
    assert site.get_json("/v1/offers", ("q", "gpt-oss:fastest"))["total"] > 0


@pytest.mark.parametrize(
    "path", ["/v1/offers", "/v1/estimate", "/v1/changes", "/v1/changes.atom", "/", "/changes"]
)
def test_an_unknown_model_is_refused_with_the_nearest_names(site: Site, path: str) -> None:
    refused = site.get(f"{path}?model_id=openai/gpt-oss-12b")
    assert refused.status_code == 422
    assert (
        "no model is called openai/gpt-oss-12b; the nearest names: openai/gpt-oss" in refused.text
    )


def test_an_unknown_author_is_refused_with_the_nearest_names(site: Site) -> None:
    refused = site.get("/v1/models?author=opena")
    assert refused.status_code == 422
    assert "author: no model is of “opena”; the nearest names: openai" in refused.json()["detail"]
    assert site.get_json("/v1/models", ("author", "OpenAI"))["total"] > 0
