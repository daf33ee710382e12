"""The table of feeds against the registry."""

from __future__ import annotations

import pytest

from pipeline.feed_specs import RESOLVE_ORDER, in_resolve_order
from pipeline.feeds import FEEDS, feeds_of_registry, spec_of
from pipeline.steps.extract import feeds_of
from providers.registry import load_registry
from schemas.errors import SettingsError, UsageError
from schemas.registry import Feed, FeedRole

REGISTRY = load_registry()


def registered_role(entry: Feed) -> FeedRole:
    """Return the role that the registry's own facts give a feed."""
    if entry.kind == "catalog":
        return "cross_check" if entry.compares else "catalog"
    return "routed" if entry.inference_provider is None else "price_list"


def test_the_feed_table_equals_the_registry() -> None:
    roles = {entry.feed: registered_role(entry) for _, entry in REGISTRY.feeds()}
    roles |= {rule.feed: "estimate" for rule in REGISTRY.estimates}
    assert {spec.feed: spec.role for spec in FEEDS} == roles
    assert len(FEEDS) == len(roles)


def test_only_estimates_are_neither_parsed_nor_validated() -> None:
    for spec in FEEDS:
        fetched = spec.role != "estimate"
        assert (spec.parse is not None, spec.validate is not None) == (fetched, fetched)
        reads = (spec.mapped_ids is not None, spec.mapped_providers is not None)
        assert reads == (spec.role == "catalog",) * 2


def test_feeds_of_a_registry_keep_its_order_and_end_with_estimates() -> None:
    names = [feed.name for feed in feeds_of_registry(REGISTRY)]
    assert names == [f.feed for _, f in REGISTRY.feeds()] + [e.feed for e in REGISTRY.estimates]


def test_catalogues_are_resolved_first_and_estimates_last() -> None:
    ordered = in_resolve_order(feeds_of_registry(REGISTRY)[::-1])
    places = [RESOLVE_ORDER.index(feed.spec.role) for feed in ordered]
    assert places == sorted(places)


def test_a_source_has_at_most_one_catalogue() -> None:
    sources = [f.source for f in feeds_of_registry(REGISTRY) if f.spec.role == "catalog"]
    assert len(sources) == len(set(sources))


def test_a_feed_without_a_row_is_a_settings_error_that_names_the_files() -> None:
    with pytest.raises(SettingsError, match=r"example_list.*transforms/parsing/example_list\.py"):
        spec_of("example_list")


def test_precedences_of_sources_follow_one_another() -> None:
    (first, *_) = REGISTRY.sources
    other = first.model_copy(
        update={"source": "other", "precedence": {"price": ["other_list"], "speed": []}}
    )
    both = REGISTRY.model_copy(update={"sources": [first, other]}).precedence()
    assert both["price"] == [*first.precedence["price"], "other_list"]
    assert both["status"] == first.precedence["status"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "nebius",
            "'nebius' is an inference provider that left Hugging Face on 2026-07-01 "
            "(https://github.com/huggingface/huggingface.js/pull/2258): no source lists its offers "
            "any more, and --provider takes a source; known: huggingface, ",
        ),
        ("nscale", "'nscale' is an inference provider, whose offers are read with all others"),
        ("nobody", "there is no provider 'nobody'; known: huggingface, "),
        ("hugingface", "there is no provider 'hugingface' (did you mean huggingface?); known: "),
        ("", "there is no provider ''; known: huggingface, "),
    ],
)
def test_an_inference_provider_is_no_source_to_read(name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        feeds_of(REGISTRY, name)
    assert str(caught.value).startswith(message)


def test_a_source_is_known_in_any_case() -> None:
    assert feeds_of(REGISTRY, " HuggingFace") == feeds_of(REGISTRY, "huggingface")
