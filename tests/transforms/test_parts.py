"""A catalogue whose rows are put aside: the same rows in parts of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.kept_rows import FramesInMemory
from schemas.offerings import MODELS
from tests.support.histories import entry, page, priced_entry
from transforms.parsing.collector import PARTS_AT_LEAST
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page

PROVIDERS = ("novita", "together", "groq")
MOST_ENTRIES = 3
PAGE_MODELS = 4


@dataclass
class CountedParts:
    """A store that counts the rows of each part."""

    part_rows: int
    heights: list[int] = field(default_factory=list)

    def put(self, *frames: pl.DataFrame) -> FramesInMemory:
        """Keep the frames, and count the first one's rows."""
        self.heights.append(frames[0].height)
        return FramesInMemory(frames)


def walk(seed: int) -> list[Page]:
    """Return pages of models, a few of which are repeated, renamed during the walk, or odd."""
    random = Random(seed)  # noqa: S311 - no secret
    models: list[dict[str, Any]] = []
    for number in range(random.randrange(60)):
        name = f"org/model-{number}"
        hub_id = f"{number:024x}"
        if models and random.random() < 0.1:
            earlier = random.choice(models)
            name = earlier["id"].upper() if random.random() < 0.5 else name
            hub_id = earlier["_id"]
        models.append({"id": name, "_id": hub_id, "inferenceProviderMapping": entries(random)})
    return [page(models[at : at + PAGE_MODELS]) for at in range(0, len(models), PAGE_MODELS)]


def entries(random: Random) -> list[Any]:
    served = random.sample(PROVIDERS, random.randrange(MOST_ENTRIES + 1))
    odd: Sequence[Any] = ("no entry", entry("groq", added=1))
    return [
        random.choice(odd) if random.random() < 0.05 else priced_entry(0.2, 0.4, provider)
        for provider in served
    ]


@given(st.integers(0, 10_000), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_parts_have_the_rows_of_the_whole_answer_and_few_each(seed: int, part_rows: int) -> None:
    pages, store = walk(seed), CountedParts(part_rows)
    whole, parsed = parse_hub(pages), parse_hub(pages, store=store)
    assert bool(parsed.parts) == (sum(store.heights) >= part_rows)
    again = parsed.whole()
    assert_frame_equal(again.offerings, whole.offerings)
    assert_frame_equal(again.models, whole.models)
    assert_frame_equal(
        again.rejected.sort("json_path", "payload_hash"),
        whole.rejected.sort("json_path", "payload_hash"),
    )
    assert_frame_equal(again.summary.providers, whole.summary.providers)
    assert (again.summary.records, again.summary.repeats) == (
        whole.summary.records,
        whole.summary.repeats,
    )
    if parsed.parts:
        assert_frame_equal(parsed.names.drop("part"), whole.models.select("model_id", "hub_id"))
        assert parsed.offerings.is_empty()
    limit = max(part_rows, whole.summary.records // PARTS_AT_LEAST) + PAGE_MODELS * MOST_ENTRIES
    assert all(height < limit for height in store.heights)


def test_a_model_is_refused_by_its_names_alone() -> None:
    # so the names that a catalogue's models have today follow without their other columns
    assert MODELS.checks is not None
    assert list(MODELS.checks.columns) == ["model_id"]
    assert set(MODELS.filled) == {"model_id"}
