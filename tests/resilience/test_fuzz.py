"""Broken pieces of real answers: no parser falls over, no entry is lost, no number is made up."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fuzzing import BATCH, INPUTS, PAIRS, VALUES, corpus, fuzz, fuzz_price


def test_the_corpus_is_made_of_real_answers() -> None:
    assert {feed: len(records) > 50 for feed, records in corpus().items()} == {
        "hub": True,
        "router": True,
    }


@pytest.mark.slow
@pytest.mark.parametrize("feed", ["hub", "router"])
def test_no_broken_page_breaks_a_parser_or_loses_an_entry(feed: str) -> None:
    seen = dict[str, int]()

    @settings(
        max_examples=INPUTS // BATCH // 2,
        deadline=None,
        derandomize=False,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**32))
    def batches(seed: int) -> None:
        for what, count in fuzz(seed, feed).items():
            seen[what] = seen.get(what, 0) + count

    batches()
    # Most pages are still read, else only the first lines of the parsers were tried.
    malformed = sum(count for what, count in seen.items() if what in {"not_array", "wrong_shape"})
    assert malformed + seen["pages_read"] >= 0.9 * INPUTS / 2
    assert seen["pages_read"] > malformed
    assert min(seen["accepted"], seen["rejected"], seen["claims"]) > 1000


JSON = st.sampled_from([*VALUES, b"0.42", b"3", b"0"])
KEY = st.sampled_from([b'"input"', b'"output"', b'"\\u0069nput"', b'"per_image"', b'""'])


@given(
    st.lists(st.tuples(KEY, JSON), max_size=4).map(
        lambda pairs: b"{" + b", ".join(key + b" : " + value for key, value in pairs) + b"}"
    )
    | st.binary(max_size=60)
    | st.sampled_from(VALUES + PAIRS)
)
def test_a_price_object_is_read_or_reported_as_a_problem(price: bytes) -> None:
    fuzz_price(price)
