"""What a price list must have: two modules, a registry entry and a row of FEEDS. The test of a list
that lacks a part names the part."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.epilog import epilog
from pipeline.feed_specs import Parse
from pipeline.feeds import spec_of
from providers.http.client import HttpClient
from providers.interface import AdapterContext
from providers.price_list import PriceListAdapter
from providers.registry import adapter_for, load_registry
from providers.secrets import VARIABLES
from schemas.errors import PricehouseError
from schemas.kept_rows import IN_MEMORY
from schemas.payload import Traffic
from schemas.quotes import QUOTES
from schemas.registry import Feed, Source
from tests.support.documents import CHECKOUT
from tests.support.list_answers import LIST_ANSWERS
from transforms.parsing.parsed_feed import Page

SOURCES = {
    feed.feed: (source, feed)
    for source, feed in load_registry().feeds()
    if feed.inference_provider is not None
}


def missing(source: Source, feed: Feed, *, reference: str, tests: Path) -> list[str]:
    """Return what a price list lacks, each as a sentence that names what to write."""
    found = []
    try:
        with HttpClient() as client:
            base_urls = {feed.feed: "http://127.0.0.1:9"}
            context = AdapterContext(base_urls, client, {feed.feed: Traffic()})
            adapter = adapter_for(source, context)
        if not isinstance(adapter, PriceListAdapter):
            found.append(f"providers/: {source.adapter} is no PriceListAdapter")
    except PricehouseError as error:
        found.append(f"providers/: {error}")
    try:
        spec = spec_of(feed.feed)
        if spec.role != "price_list" or spec.parse is None:
            found.append(f"pipeline/feeds.py: the role of {feed.feed} is {spec.role}")
        else:
            found += missing_of_parser(spec.parse, feed)
    except PricehouseError as error:
        found.append(f"pipeline/feeds.py: {error}")
    if len(source.feeds) != 1:
        found.append(f"registry: {source.source} must have one feed, its price list")
    if feed.required:
        found.append(f"registry: {feed.feed} must not be required")
    if feed.secret is not None and feed.secret not in VARIABLES:
        found.append(
            f"providers/secrets/__init__.py: VARIABLES names no variable for {feed.secret}"
        )
    for page, text in (("docs/reference.md", reference), ("cli/epilog.py", epilog())):
        found += [
            f"{page}: {setting} is not in the settings"
            for setting in feed.settings
            if setting not in text
        ]
    if not any(feed.feed in path.read_text("utf-8") for path in tests.glob("test_list_*.py")):
        found.append(f"tests/transforms: no test_list_….py reads a row of {feed.feed}")
    return found


def missing_of_parser(parse: Parse, feed: Feed) -> list[str]:
    """Return what the parser of a list lacks when it reads an answer without a row."""
    if (answer := LIST_ANSWERS.get(feed.feed)) is None:
        return [f"tests/support/list_answers.py: LIST_ANSWERS has no row for {feed.feed}"]
    module = f"transforms/parsing/{feed.feed}.py"
    try:
        parsed = parse(iter([Page(answer.envelope([]).encode(), "hash")]), feed, IN_MEMORY)
    except PricehouseError as error:
        return [f"{module} or its row in LIST_ANSWERS: {error}"]
    if (parsed.summary.feed, parsed.quotes.schema) != (feed.feed, QUOTES.empty().schema):
        return [f"{module} gives no quotes of {feed.feed}"]
    return []


def lacks(source: Source, feed: Feed) -> list[str]:
    reference = (CHECKOUT / "docs" / "reference.md").read_text("utf-8")
    return missing(source, feed, reference=reference, tests=CHECKOUT / "tests" / "transforms")


def test_the_lists_were_found() -> None:
    assert set(SOURCES) >= {"deepinfra_list", "fal_pricing", "wavespeed_list"}


@pytest.mark.parametrize("name", SOURCES)
def test_a_list_lacks_nothing(name: str) -> None:
    assert lacks(*SOURCES[name]) == []


def test_a_list_that_is_only_in_the_registry_lacks_every_other_part() -> None:
    source, feed = SOURCES["deepinfra_list"]
    new = feed.model_copy(
        update={
            "feed": "example_list",
            "setting": "PRICEHOUSE_NSCALE_URL",
            "required": True,
            "secret": "nscale",
        }
    )
    entry = source.model_copy(
        update={"source": "nscale", "adapter": "providers.nscale:NscaleAdapter", "feeds": [new]}
    )
    lacking = "\n".join(lacks(entry, new))
    for part in (
        "providers.nscale:NscaleAdapter",
        "pipeline/feeds.py has no row for it",
        "transforms/parsing/example_list.py",
        "must not be required",
        "VARIABLES names no variable for nscale",
        "docs/reference.md: PRICEHOUSE_NSCALE_URL",
        "cli/epilog.py: PRICEHOUSE_NSCALE_URL",
        "no test_list_….py reads a row of example_list",
    ):
        assert part in lacking


def test_only_its_own_modules_and_the_feed_table_name_a_list() -> None:
    """Else another list would need more than two modules, an entry and a row."""
    own = (
        {f"{name}.py" for name in SOURCES}
        | {"feeds.py", "token_lists.py"}  # one parser for the lists of its table
        | {
            f"{source.adapter.partition(':')[0].rpartition('.')[2]}.py"
            for source, _ in SOURCES.values()
        }
    )
    packages = ("cli", "flows", "pipeline", "providers", "schemas", "transforms", "warehouse")
    naming = {
        path.relative_to(CHECKOUT).as_posix()
        for package in packages
        for path in (CHECKOUT / package).rglob("*")
        if path.suffix in {".py", ".sql"} and path.name not in own
        for name in SOURCES
        if name in path.read_text("utf-8").strip()
    }
    assert naming == set()
