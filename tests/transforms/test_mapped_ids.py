"""The ids that the Hub maps, read from its pages at a glance."""

from __future__ import annotations

import json

import pytest

from schemas.errors import FeedMalformed
from transforms.parsing.envelope import find_rows
from transforms.parsing.mapped_ids import mapped_ids, mapped_providers


def page(*mappings: object) -> bytes:
    return json.dumps(
        [
            {"id": f"a/{n}", "inferenceProviderMapping": mapping}
            for n, mapping in enumerate(mappings)
        ]
    ).encode()


def entry(provider: str | None, own: str | None) -> dict[str, str | None]:
    return {"provider": provider, "providerId": own, "status": "live"}


def test_the_ids_of_one_provider_come_once_each_and_sorted() -> None:
    pages = [
        page([entry("fal-ai", "b"), entry("novita", "n")], [entry("fal-ai", "a")]),
        page([entry("fal-ai", "a")], None),
    ]
    assert mapped_ids(pages, "fal-ai") == ["a", "b"]


def test_a_mapping_keyed_by_provider_is_read_too() -> None:
    keyed = {"fal-ai": entry(None, "x"), "novita": entry("novita", "n")}
    assert mapped_ids([page(keyed)], "fal-ai") == ["x"]


def test_unreadable_mappings_are_skipped() -> None:
    odd = page("no mapping", [entry("fal-ai", None)], [7], [entry("fal-ai", "y")])
    assert mapped_ids([b"<html>", b"{}", odd], "fal-ai") == ["y"]
    assert mapped_providers([b"<html>", b"{}", odd]) == ["fal-ai"]


def test_the_providers_come_once_each_in_either_form_of_a_mapping() -> None:
    pages = [page([entry("novita", "n"), entry("fal-ai", "a")]), page({"groq": entry(None, "x")})]
    assert mapped_providers([*pages, *pages]) == ["fal-ai", "groq", "novita"]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b' [{"id": 1}]', ["$[0]"]),
        (
            b'{"data": {"rows": [{"id": 1}, {"x": 2}], "other": [3]}}',
            ["$.data.rows[0]", "$.data.rows[1]"],
        ),
        (b'{"data": []}', []),
    ],
)
def test_rows_are_found_in_whatever_object_holds_them(body: bytes, paths: list[str]) -> None:
    assert [row.path for row in find_rows(body, key="id", feed="f")] == paths


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"nothing", "not_json"),
        (b'"text"', "not_json"),
        (b"{}", "no_rows"),
        (b'{"a": [], "b": []}', "no_rows"),
        (b'{"a": [{"id": 1}], "b": {"c": [{"id": 2}]}}', "two_arrays"),
        (b'{"a": {"b": {"c": {"d": {"e": [{"id": 1}]}}}}}', "no_rows"),
    ],
)
def test_answer_without_one_array_of_rows_is_refused_by_code(body: bytes, code: str) -> None:
    with pytest.raises(FeedMalformed) as caught:
        find_rows(body, key="id", feed="some_list")
    assert caught.value.code == code
    assert "some_list" in str(caught.value)
