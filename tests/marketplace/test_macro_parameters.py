"""The macros refuse a parameter that has no meaning, and choose by region as the routes do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from providers.registry import load_claims
from schemas.regions import COUNTRIES, REGIONS, read_region
from tests.support.serving import Site
from warehouse.connect import Connection, open_reader
from warehouse.publication.newest import newest
from warehouse.storage.home import Home


@pytest.fixture(scope="module")
def con(sample_home: Path) -> Iterator[Connection]:
    with open_reader(newest(Home(sample_home))) as con:
        con.execute("CREATE TEMP TABLE one_call AS SELECT 'openai/gpt-oss-120b' AS model")
        yield con


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("recommend('txt')", "“txt” is no task; valid: text, image"),
        ("recommend(models := ['openai/gpt-oss-120b', 'nosuch/x'])", "“nosuch/x” is no model"),
        ("recommend(models := [NULL])", "“NULL” is no model"),
        ("recommend(inference_providers := ['novit'])", "“novit” is no inference provider; valid:"),
        ("recommend(tags := ['nosuch'])", "“nosuch” is no tag; valid: no-retention"),
        ("recommend(region := 'nowhere')", "“nowhere” is no region; valid: eu, eea"),
        ("recommend(region := '')", "“” is no region"),
        ("recommend(region := 'zz')", "“zz” is no region; valid: eu, eea, us, multi"),
        ("cheapest('text', region := 'zz')", "“zz” is no region; valid: eu, eea, us, multi"),
        ("cheapest('text', region := 'uk')", "“uk” is no region"),
        ("cards_in('ZZ')", "“ZZ” is no place; valid: eu, eea, us, multi"),
        ("recommend(lenient := NULL)", "lenient is NULL"),
        ("recommend(no_training := NULL)", "no_training is NULL"),
        ("recommend(no_retention := NULL)", "no_retention is NULL"),
        ("recommend(output_tokens := -1000)", "output_tokens is -1000.0; it must be a whole"),
        ("recommend(input_tokens := NULL)", "input_tokens is NULL; it must be a whole number"),
        ("recommend(images := 1.5)", "images is 1.5; it must be a whole number"),
        ("recommend(characters := 1e16)", "characters is 1e+16; it must be a whole number"),
        ("recommend(audio_minutes := 'nan'::DOUBLE)", "audio_minutes is nan"),
        ("recommend(input_tokens := 5, cached_share := 1.5)", "cached_share is 1.5; it must be"),
        ("recommend(input_tokens := 5, cached_share := NULL)", "cached_share is NULL"),
        ("recommend(max_cost_per_month := -1)", "max_cost_per_month is -1.0; it must be a number"),
        ("recommend(min_throughput_tps := 'nan'::DOUBLE)", "min_throughput_tps is nan"),
        ("cheapest('txt')", "“txt” is no task group"),
        ("cheapest('text', region := 'nowhere')", "“nowhere” is no region; valid: eu"),
        ("cheapest('text', cached_share := 2)", "cached_share is 2; it must be from 0 to 1"),
        ("cheapest('text', cached_share := NULL)", "cached_share is NULL"),
        ("cheapest('text', n := -1)", "n is -1; it must be a number from 0"),
        ("cheapest('text', n := NULL)", "n is NULL"),
        ("blended(1.5)", "input_share is 1.5 and cached_share is 0; both must be"),
        ("blended(cached_share := NULL)", "cached_share is NULL"),
        ("cards_in('nowhere')", "“nowhere” is no place; valid: eu"),
        ("price_as_of(NULL)", "ts is NULL; it must be a time"),
        ("price_as_of(NULL, known_at := now())", "ts is NULL; it must be a time"),
        ("cost('one_call', default_route := NULL)", "default_route is NULL"),
        ("cards_in(NULL)", "“NULL” is no place"),
        ("cards_in('eu', lenient := NULL)", "lenient is NULL"),
    ],
)
def test_a_parameter_of_a_macro_that_has_no_meaning_is_an_error(
    con: Connection, call: str, problem: str
) -> None:
    for query in (f"FROM {call}", f"SELECT count(*) FROM {call}"):
        with pytest.raises(duckdb.InvalidInputException, match=f"^.*{re.escape(problem)}"):
            con.execute(query)


def test_macros_and_routes_know_the_same_regions(con: Connection) -> None:
    rows = con.execute("SELECT code FROM internal._ph_region").fetchall()
    codes = [code for (code,) in rows]
    assert len(codes) == len(set(codes))
    assert {read_region(code) for code in codes} == {*REGIONS, *COUNTRIES} - {"US"}
    assert read_region("zz") is read_region("") is read_region("eu ") is None
    assert (read_region("US"), read_region("Eu"), read_region("fr")) == ("us", "eu", "FR")


def test_every_place_that_a_claim_names_is_a_region() -> None:
    claims = load_claims().claims
    places = {
        place
        for claim in claims
        if claim.claim in {"serving_region", "operator_jurisdiction"}
        for place in (claim.value if isinstance(claim.value, list) else [claim.value])
    }
    assert places
    assert {place for place in places if read_region(place) is None} == set()


def test_a_macro_takes_names_in_any_case(con: Connection) -> None:
    call = "models := ['{}/{}-oss-120b'], inference_providers := ['{}'], tags := ['{}']"
    named = call.format("openai", "gpt", "novita", "no-training")
    spelled = call.format("OpenAI", "GPT", "Novita", "No-Training")
    for region in ("eu", "us", "fr"):
        for lower, upper in (
            (
                f"recommend('text', {named}, region := '{region}')",
                f"recommend('text', {spelled}, region := '{region.upper()}')",
            ),
            (
                f"cheapest('text', region := '{region}')",
                f"cheapest('text', region := '{region.upper()}')",
            ),
            (f"cards_in('{region}')", f"cards_in('{region.upper()}')"),
        ):
            rows = con.execute(f"FROM {lower} ORDER BY ALL").fetchall()
            assert rows == con.execute(f"FROM {upper} ORDER BY ALL").fetchall()
            assert rows or not lower.startswith("recommend")


@pytest.mark.parametrize("region", ["fr", "FR", "eu", "eea", "us", "DE"])
def test_every_answer_about_a_region_has_the_same_offers(
    site: Site, con: Connection, region: str
) -> None:
    """A provider that serves from one country alone is in it, though its region is wider."""
    text = "task_group = 'text' AND offer_type = 'model'"
    expected = con.execute(f"""
        SELECT offer_id, rankable FROM cards_in('{region}') WHERE {text} ORDER BY ALL
    """).fetchall()
    assert bool(expected) == (region not in ("us", "DE"))
    recommended = con.execute(f"""
        SELECT offer_id FROM recommend('text', region := '{region}')
        WHERE NOT list_contains(left_out, 'region') ORDER BY ALL
    """).fetchall()
    assert [offer for (offer,) in recommended] == [offer for offer, _ in expected]
    cheapest = con.execute(f"""
        SELECT offer_id FROM cheapest('text', region := '{region}', n := 9999)
        WHERE offer_id IN (SELECT offer_id FROM cards WHERE cost_per_token IS NOT NULL)
        ORDER BY ALL
    """).fetchall()
    rankable = {offer for offer, is_rankable in expected if is_rankable}
    assert {offer for (offer,) in cheapest} == rankable
    body = site.get_json("/v1/offers", ("task", "text"), ("region", region), ("limit", 1))
    assert body["total"] == len(expected)
