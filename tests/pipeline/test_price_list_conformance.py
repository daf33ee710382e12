"""What a price list must have to be one: two files and a registry entry. A list that lacks a part
is told which."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import EPILOG
from pipeline.feeds import parser_for
from providers.price_list import PriceListAdapter
from providers.registry import adapter_for, load_registry
from providers.secrets import VARIABLES
from schemas.errors import PricehouseError
from schemas.payload import Traffic
from schemas.quotes import QUOTES
from schemas.registry import Feed, Source
from tests.support.documents import CHECKOUT
from transforms.parsing.collector import Page

SOURCES = {
    feed.feed: (source, feed)
    for source, feed in load_registry().feeds()
    if feed.inference_provider is not None
}
EMPTY = {"fal_pricing": b'{"prices": []}'}
"""Answers without a row, where it is not an empty array."""


def missing(source: Source, feed: Feed, *, readme: str, tests: Path) -> list[str]:
    """Return what a price list lacks, each as a sentence that says what to write."""
    found = []
    try:
        adapter = adapter_for(
            source,
            base_urls={feed.feed: "http://127.0.0.1:9"},
            client=None,
            traffic={feed.feed: Traffic()},
        )  # type: ignore[arg-type]
        if not isinstance(adapter, PriceListAdapter):
            found.append(f"providers/: {source.adapter} is no PriceListAdapter")
    except PricehouseError as error:
        found.append(f"providers/: {error}")
    try:
        parsed = parser_for(feed)(iter([Page(EMPTY.get(feed.feed, b"[]"), "hash")]))
        if parsed.feed != feed.feed or parsed.quotes.schema != QUOTES.empty().schema:
            found.append(f"transforms/parse_{feed.feed}.py gives no quotes of {feed.feed}")
    except PricehouseError as error:
        found.append(f"transforms/: {error}")
    if len(source.feeds) != 1:
        found.append(f"registry: {source.source} must have one feed, its price list")
    if feed.required:
        found.append(f"registry: {feed.feed} must not be required")
    if feed.secret is not None and feed.secret not in VARIABLES:
        found.append(
            f"providers/secrets/__init__.py: VARIABLES names no variable for {feed.secret}"
        )
    for page, text in (("docs/reference.md", readme), ("cli/main.py", EPILOG)):
        if feed.setting not in text:
            found.append(f"{page}: {feed.setting} is not in the settings")
    if not any(feed.feed in path.read_text("utf-8") for path in tests.glob("test_list_*.py")):
        found.append(f"tests/transforms: no test_list_….py reads a row of {feed.feed}")
    return found


def lacks(source: Source, feed: Feed) -> list[str]:
    readme = (CHECKOUT / "docs" / "reference.md").read_text("utf-8")
    return missing(source, feed, readme=readme, tests=CHECKOUT / "tests" / "transforms")


def test_the_lists_were_found() -> None:
    assert set(SOURCES) >= {"deepinfra_list", "fal_pricing", "wavespeed_list"}


@pytest.mark.parametrize("name", SOURCES)
def test_a_list_lacks_nothing(name: str) -> None:
    assert lacks(*SOURCES[name]) == []


def test_a_list_that_is_only_an_entry_in_the_registry_is_told_all_that_it_lacks() -> None:
    source, feed = SOURCES["deepinfra_list"]
    new = feed.model_copy(
        update={
            "feed": "nscale_list",
            "setting": "PRICEHOUSE_NSCALE_URL",
            "required": True,
            "secret": "nscale",
        }
    )
    entry = source.model_copy(
        update={"source": "nscale", "adapter": "providers.nscale:NscaleAdapter", "feeds": [new]}
    )
    said = "\n".join(lacks(entry, new))
    for part in (
        "providers.nscale:NscaleAdapter",
        "transforms/parsing/nscale_list.py",
        "must not be required",
        "VARIABLES names no variable for nscale",
        "docs/reference.md: PRICEHOUSE_NSCALE_URL",
        "cli/main.py: PRICEHOUSE_NSCALE_URL",
        "no test_list_….py reads a row of nscale_list",
    ):
        assert part in said


def test_no_module_but_its_own_two_and_the_registry_names_a_list() -> None:
    """Else another list would need more than two files and an entry."""
    own = {f"{name}.py" for name in SOURCES} | {"deepinfra.py", "fal.py", "wavespeed.py"}
    rooms = ("cli", "flows", "pipeline", "providers", "schemas", "transforms", "warehouse")
    naming = {
        path.relative_to(CHECKOUT).as_posix()
        for room in rooms
        for path in (CHECKOUT / room).rglob("*")
        if path.suffix in {".py", ".sql"} and path.name not in own
        for name in SOURCES
        if name in path.read_text("utf-8").strip()
    }
    assert naming == set()
