"""The rules of single formats, on routes made here: units, tiers, days and what is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.formats import genai_prices, langfuse, litellm, llm_prices, models_dev, openrouter
from marketplace.formats.encoding import Origin
from marketplace.formats.price_sets import by_day, is_known, price_sets
from marketplace.formats.routes import Route
from marketplace.formats.tiers import context_tiers, is_expressible
from tests.support.documents import CHECKOUT

ORIGIN = Origin("run", "sample", "Somebody.", "2026-03-01")
START = datetime(2026, 3, 1, tzinfo=UTC)
CHAT = {("input_token", "standard"): "0.0000002", ("output_token", "standard"): "0.0000006"}


def interval(
    unit: str,
    amount: str | None,
    hours: tuple[int, int | None],
    tier: str = "standard",
    **more: Any,
) -> dict[str, Any]:
    """Return an interval of a price, in hours from START."""
    since, until = hours
    return {
        "unit": unit,
        "tier": tier,
        "amount": None if amount is None else Decimal(amount),
        "native_unit": unit,
        "valid_from": START + timedelta(hours=since),
        "valid_to": None if until is None else START + timedelta(hours=until),
        **more,
    }


def route(stated: dict[tuple[str, str], str], **facts: Any) -> Route:
    """Return a live route of chat with prices since START."""
    rows = [interval(unit, amount, (0, None), tier) for (unit, tier), amount in stated.items()]
    return Route(
        {
            "offer_id": "0123456789abcdef",
            "model_id": "acme/chat",
            "inference_provider": "novita",
            "provider_name": "Novita",
            "task": "conversational",
            "task_group": "text",
            "status": "live",
            "context_length": 8192,
            "supports_tools": True,
            "supports_structured_output": None,
            "input_modalities": None,
            "output_modalities": None,
            "is_default": False,
            "created_at": None,
            "first_seen_at": START,
            "seen_at": START,
            "prices": rows,
            "intervals": rows,
            **facts,
        }
    )


def text_of(pieces: Iterable[bytes]) -> str:
    return b"".join(pieces).decode()


def parsed(pieces: Iterable[bytes]) -> Any:
    """Return the JSON with each number as its text."""
    return json.loads(text_of(pieces), parse_float=str, parse_int=str)


def costs_of(entry: dict[str, Any]) -> dict[str, str]:
    """Return the costs of an entry of LiteLLM per token, without that in their names."""
    return {
        name.replace("_cost_per_token", ""): amount
        for name, amount in entry.items()
        if "_cost_per_token" in name
    }


def chained(draw: st.DrawFn, unit: str) -> Iterator[dict[str, Any]]:
    hours = sorted(draw(st.sets(st.integers(0, 200), min_size=2, max_size=6)))
    for since, until in zip(hours, [*hours[1:], None], strict=True):
        amount = draw(st.sampled_from([None, "0.1", "0.2", "0.3"]))
        if draw(st.booleans()):
            yield interval(unit, amount, (since, until))


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw intervals of two units, with gaps and unknown prices, none of one unit overlapping."""
    return [*chained(draw, "input_token"), *chained(draw, "output_token")]


@given(histories())
def test_sets_have_the_prices_of_every_moment_and_do_not_overlap(
    rows: list[dict[str, Any]],
) -> None:
    sets = price_sets(rows, None, "text")
    for one, other in pairwise(sets):
        assert one.until == other.since
        assert one.amounts != other.amounts
    for hour in range(0, 210, 3):
        moment = START + timedelta(hours=hour, minutes=30)
        stated = {
            (row["unit"], row["tier"]): row["amount"]
            for row in rows
            if row["valid_from"] <= moment
            and (row["valid_to"] is None or moment < row["valid_to"])
            and row["amount"] is not None
        }
        found = [s for s in sets if s.since <= moment and (s.until is None or moment < s.until)]
        assert (found[0].amounts if found else {}) == (stated if len(stated) == 2 else {})
    days = by_day(sets)
    for day, next_day in pairwise(days):
        assert day.until is not None
        assert day.first < day.until <= next_day.first


def test_offers_that_state_different_prices_of_one_name_prove_none() -> None:
    rows = [
        interval("input_token", "0.1", (0, None)),
        interval("output_token", "0.3", (0, None)),
        interval("input_token", "0.2", (24, 48)),
    ]
    assert [(s.since.day, bool(s.amounts)) for s in price_sets(rows, None, "text")] == [
        (1, True),
        (2, False),
        (3, True),
    ]


def test_an_amount_per_minute_is_exact_again_per_hour() -> None:
    minute = interval("second_of_audio", "0.000083333333333333", (0, None), native_unit="minute")
    speech = route({}, task_group="audio", prices=[minute], intervals=[minute])
    assert bytes(genai_prices.prices(speech.amounts)["audio_hours"]) == b"0.3"


@pytest.mark.parametrize(
    ("units", "group", "expected"),
    [
        (("input_token", "output_token"), "text", True),
        (("input_token",), "text", False),
        (("input_token",), "embedding", True),
        (("output_token",), "embedding", False),
        (("cached_input_token",), "text", False),
        (("image",), "image", True),
        ((), "text", False),
    ],
)
def test_a_call_can_be_costed_only_with_every_main_price(
    units: tuple[str, ...], group: str, expected: bool
) -> None:
    assert is_known({(unit, "standard"): Decimal(1) for unit in units}, group) is expected


def test_a_price_in_a_unit_that_a_format_lacks_leaves_the_route_out() -> None:
    priced = route({**CHAT, ("image", "standard"): "0.01"})
    assert parsed(genai_prices.write([priced], ORIGIN)) == []
    assert parsed(litellm.write([priced], ORIGIN)) == {}
    assert parsed(openrouter.write([priced], ORIGIN))["data"] == []
    assert text_of(langfuse.write([priced], ORIGIN)) == ""
    assert parsed(llm_prices.write([priced], ORIGIN))["prices"] == []
    assert not is_expressible(priced.amounts, {"input_token", "output_token"})


def test_numbers_keep_their_digits_and_have_no_exponent() -> None:
    exact = route({**CHAT, ("input_token", "standard"): "0.000000037000000000"})
    (entry,) = parsed(litellm.write([exact], ORIGIN)).values()
    assert costs_of(entry) == {"input": "0.000000037", "output": "0.0000006"}
    assert parsed(llm_prices.write_current([exact], ORIGIN))["prices"][0]["input"] == "0.037"
    (model,) = parsed(openrouter.write([exact], ORIGIN))["data"]
    assert model["pricing"] == {"prompt": "0.000000037", "completion": "0.0000006"}
    assert parsed(genai_prices.write([exact], ORIGIN))[0]["models"][0]["prices"] == {
        "input_mtok": "0.037",
        "output_mtok": "0.6",
    }


def test_prices_of_long_prompts_and_service_tiers_are_where_a_format_has_room() -> None:
    tiered = route(
        {
            **CHAT,
            ("input_token", "context>32768"): "0.0000004",
            ("input_token", "flex"): "0.0000001",
            ("input_token", "batch"): "0.00000005",
        }
    )
    assert list(context_tiers(tiered.amounts)) == [32768]
    (entry,) = parsed(litellm.write([tiered], ORIGIN)).values()
    assert costs_of(entry) == {
        "input": "0.0000002",
        "output": "0.0000006",
        "input_above_32768_tokens": "0.0000004",
        "input_flex": "0.0000001",
        "input_batches": "0.00000005",
    }
    model = parsed(genai_prices.write([tiered], ORIGIN))[0]["models"][0]
    assert model["prices"]["input_mtok"]["tiers"] == [{"start": "32768", "price": "0.4"}]
    assert [each["when"]["service_tier"] for each in model["price_variants"]] == ["flex", "batch"]
    (listed,) = parsed(openrouter.write([tiered], ORIGIN))["data"]
    assert listed["pricing"]["overrides"] == [{"min_prompt_tokens": "32768", "prompt": "0.0000004"}]
    endpoints = parsed(openrouter.write_endpoints("acme/chat", [tiered], ORIGIN, created=1))
    assert [each["tag"] for each in endpoints["data"]["endpoints"]] == ["novita", "novita/flex"]
    body = parsed(langfuse.write([tiered], ORIGIN))
    assert [tier["name"] for tier in body["pricingTiers"]] == ["Standard", "flex", "context>32768"]
    ids = [each["id"] for each in parsed(llm_prices.write_current([tiered], ORIGIN))["prices"]]
    assert ids == ["acme/chat:novita", "acme/chat:novita>32768"]


def test_the_day_on_which_a_price_was_last_seen_is_where_a_format_has_room() -> None:
    seen = route(CHAT, seen_at=datetime(2026, 2, 26, 23, 30, tzinfo=UTC))
    note = "Price last seen on 2026-02-26."
    (entry,) = parsed(litellm.write([seen], ORIGIN)).values()
    assert entry["metadata"]["price_last_seen_on"] == "2026-02-26"
    assert '"price_last_seen_on":"2026-02-26"' in text_of(litellm.write_config([seen], ORIGIN))
    assert parsed(genai_prices.write([seen], ORIGIN))[0]["models"][0]["price_comments"] == note
    (listed,) = parsed(openrouter.write([seen], ORIGIN))["data"]
    assert note in listed["description"]
    assert "answers until 2026-03-01" in listed["description"]


def test_a_model_name_leads_to_its_default_route_where_there_is_one() -> None:
    def names(*routes: Route) -> list[str]:
        return [each["id"] for each in parsed(openrouter.write(routes, ORIGIN))["data"]]

    other = route(CHAT, inference_provider="groq")
    assert names(route(CHAT), other) == ["acme/chat:novita", "acme/chat:groq"]
    default = route(CHAT, is_default=True)
    assert names(default, other) == ["acme/chat", "acme/chat:novita", "acme/chat:groq"]


def test_an_endpoint_without_a_context_length_is_left_out_of_endpoints_alone() -> None:
    unknown = route(CHAT, context_length=None, status="error")
    data = parsed(openrouter.write_endpoints("acme/chat", [unknown], ORIGIN, created=1))["data"]
    assert data["endpoints"] == []
    (model,) = parsed(openrouter.write([unknown], ORIGIN))["data"]
    assert model["context_length"] is None
    down = route(CHAT, status="error")
    data = parsed(openrouter.write_endpoints("acme/chat", [down], ORIGIN, created=1))["data"]
    assert "status" not in data["endpoints"][0], "what a status but 0 means is documented nowhere"


def test_a_route_that_is_not_live_is_no_deployment() -> None:
    assert text_of(litellm.write_config([route(CHAT, status="error")], ORIGIN)).endswith(
        "model_list: []\n"
    )


def test_an_id_of_genai_prices_is_short_and_unique() -> None:
    long, other = f"org/{'a' * 120}", f"org/{'a' * 119}b"
    ids = {genai_prices.short_id(name) for name in (long, other, "org/a")}
    assert len(ids) == 3
    assert max(map(len, ids)) == 100


def test_langfuse_matches_a_name_literally() -> None:
    dotted = route(CHAT, model_id="acme/chat-1.5")
    body = json.loads(text_of(langfuse.write([dotted], ORIGIN)))
    assert body["matchPattern"] == r"(?i)^(openai/)?acme/chat\-1\.5:novita$"


def test_models_dev_takes_a_model_once_every_required_fact_is_known() -> None:
    stated = models_dev.stated_facts(route(CHAT))
    assert models_dev.REQUIRED - stated.keys() == {
        "attachment",
        "reasoning",
        "release_date",
        "last_updated",
        "modalities",
        "open_weights",
    }
    assert models_dev.complete(stated) is None
    known = {
        **dict.fromkeys(("attachment", "reasoning", "open_weights"), False),
        **dict.fromkeys(("release_date", "last_updated"), "2026-03-01"),
        **stated,
        "modalities": {"input": ["text"], "output": ["text"]},
    }
    assert models_dev.complete(known) is None, "the longest output is not known"
    model = models_dev.complete({**known, "limit": {"context": 8192, "output": 4096}})
    assert model is not None
    model["cost"] = {name: float(bytes(amount)) for name, amount in model["cost"].items()}
    assert model["cost"] == {"input": 0.2, "output": 0.6}
    schema = json.loads(
        (CHECKOUT / "tests" / "support" / "schemas" / "models-dev.schema.json").read_text()
    )
    provider = json.loads(text_of(models_dev.write([], ORIGIN)))
    provider["huggingface"]["models"]["acme/chat:novita"] = model
    jsonschema.validate(provider, schema)
