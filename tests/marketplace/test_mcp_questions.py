"""Twenty questions to the MCP tools, over stdio and HTTP, equal to SQL on the publication."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from samples.hub import serve
from tests.support.hours import START, Clock, chat_catalog, ingest, small_catalog
from tests.support.mcp_sessions import McpSession, session, stdio_command
from tests.support.serving import Site, as_json, serving

Result = dict[str, Any]
GPT = "openai/gpt-oss-120b"
PRICE = ("unit", "tier", "amount", "currency", "observed_at", "payload_hash", "json_path")
THEN = (
    "p.inference_provider, p.unit, p.amount, p.currency, p.valid_from, p.payload_hash, p.json_path"
)


class Question(NamedTuple):
    """A question, the call that answers it, the rows in its result, and the query with the same."""

    text: str
    tool: str
    arguments: dict[str, Any]
    rows: Callable[[Result], list[tuple[Any, ...]]]
    sql: str


def columns(*names: str) -> Callable[[Result], list[tuple[Any, ...]]]:
    """Return the function that reads these fields of each item."""
    return lambda result: [tuple(item[name] for name in names) for item in result["items"]]


def counts(*names: str) -> Callable[[Result], list[tuple[Any, ...]]]:
    """Return the function that reads these fields of the result."""
    return lambda result: [tuple(result[name] for name in names)]


def costs(name: str) -> Callable[[Result], list[tuple[Any, ...]]]:
    """Return the function that reads each item's offer, and amount and currency of a cost."""
    return lambda result: [
        (item["offer_id"], cost["amount"], cost["currency"], cost["observed_at"])
        for item in result["items"]
        for cost in item["costs"]
        if cost["cost"] == name
    ]


def prices(result: Result) -> list[tuple[Any, ...]]:
    """Return the prices of each offer with their evidence."""
    return [
        (item["offer_id"], *(price[name] for name in PRICE))
        for item in result["items"]
        for price in item["prices"]
    ]


def at(hours: float) -> str:
    """Return a time so many hours after the first one."""
    return (START + timedelta(hours=hours)).isoformat()


SAMPLE = [
    Question(
        "What are the cheapest offers of text at novita?",
        "find_offers",
        {"task": ["text"], "inference_provider": ["novita"], "rankable_only": True, "limit": 5},
        costs("cost_per_token"),
        "SELECT offer_id, cost_per_token, currency, price_observed_at FROM cards WHERE rankable "
        "AND task_group = 'text' AND inference_provider = 'novita' AND cost_per_token IS NOT NULL "
        "ORDER BY cost_per_token, model_id, offer_id LIMIT 5",
    ),
    Question(
        "How many offers are proven to run in the EU?",
        "find_offers",
        {"region": ["eu"], "limit": 1},
        counts("total", "models", "rankable"),
        "SELECT count(*), count(DISTINCT model_id), count(*) FILTER (rankable) FROM cards "
        "WHERE region = 'eu' AND offer_type = 'model'",
    ),
    Question(
        "Who serves gpt-oss-120b, and for what?",
        "find_offers",
        {"model_id": GPT.upper(), "sort": "cost_per_output_token", "limit": 50},
        costs("cost_per_output_token"),
        "SELECT offer_id, cost_per_output_token, currency, price_observed_at FROM cards WHERE "
        f"model_id = '{GPT}' AND cost_per_output_token IS NOT NULL ORDER BY NOT rankable, "
        "status <> 'live', cost_per_output_token, inference_provider, offer_id",
    ),
    Question(
        "Which live offers with tools are the fastest?",
        "find_offers",
        {"tools": True, "status": ["live"], "sort": "throughput_tps", "rankable_only": True},
        columns("offer_id", "throughput_tps", "speed_observed_at"),
        "SELECT offer_id, throughput_tps, speed_observed_at FROM cards WHERE supports_tools AND "
        "status = 'live' AND rankable ORDER BY throughput_tps DESC NULLS LAST, model_id LIMIT 10",
    ),
    Question(
        "Which offers of 128k tokens cost at most $0.20 per million?",
        "find_offers",
        {
            "min_context_length": 128_000,
            "max_cost_per_million_tokens": "0.2",
            "rankable_only": True,
            "limit": 50,
        },
        lambda result: sorted(columns("offer_id", "context_length")(result)),
        "SELECT offer_id, context_length FROM cards WHERE context_length >= 128000 AND "
        "cost_per_token <= 0.0000002 AND rankable ORDER BY offer_id",
    ),
    Question(
        "How many offers keep nothing by default?",
        "find_offers",
        {"tag": ["no-retention"], "offer_type": "all", "limit": 1},
        counts("total", "models"),
        "SELECT count(*), count(DISTINCT model_id) FROM cards "
        "WHERE list_contains(compliance_tags, 'no-retention')",
    ),
    Question(
        "What does each unit of gpt-oss-120b cost at groq, and where is that stated?",
        "find_offers",
        {"model_id": GPT, "inference_provider": ["groq"]},
        prices,
        "SELECT offer_id, unit, tier, amount, currency, observed_at, payload_hash, json_path "
        f"FROM prices WHERE model_id = '{GPT}' AND inference_provider = 'groq' "
        "ORDER BY unit IN ('cached_input_token', 'cache_write_token', 'reasoning_token'), unit",
    ),
    Question(
        "How many adapters are there?",
        "find_offers",
        {"offer_type": "adapter", "limit": 1},
        counts("total", "models", "rankable"),
        "SELECT count(*), count(DISTINCT model_id), count(*) FILTER (rankable) FROM cards "
        "WHERE offer_type = 'adapter'",
    ),
    Question(
        "Which offers of images are there, by name, and have they a price?",
        "find_offers",
        {"task": ["text-to-image"], "sort": "model_id"},
        columns("offer_id", "price_status", "price_reason"),
        "SELECT offer_id, price_status, price_reason FROM cards WHERE task = 'text-to-image' AND "
        "offer_type = 'model' ORDER BY model_id, inference_provider, offer_id LIMIT 10",
    ),
    Question(
        "Which routes with tools are the cheapest for 10 million tokens in and 2 million out?",
        "recommend",
        {
            "task": ["conversational"],
            "tools": True,
            "input_tokens": 10**7,
            "output_tokens": 2 * 10**6,
        },
        columns("route", "cost_per_month", "currency"),
        "SELECT model_id || ':' || inference_provider, "
        "10000000 * cost_per_input_token + 2000000 * cost_per_output_token AS bill, currency "
        "FROM cards WHERE rankable AND supports_tools AND task = 'conversational' "
        "ORDER BY bill, throughput_tps DESC NULLS LAST, first_token_latency_ms NULLS LAST, "
        "model_id LIMIT 5",
    ),
    Question(
        "How many routes proven in the EU can serve embeddings or text?",
        "recommend",
        {"region": ["eu"], "input_tokens": 1000, "limit": 1, "left_out_limit": 0},
        counts("total"),
        "SELECT count(*) FROM cards WHERE region = 'eu' AND rankable "
        "AND cost_per_input_token IS NOT NULL",
    ),
    Question(
        "What did a call of gpt-oss-120b cost at groq, and by which statements?",
        "cost",
        {
            "rows": [
                {
                    "model": f"{GPT}:groq",
                    "timestamp": "2026-09-21T00:30:00Z",
                    "input_tokens": 12_000,
                    "output_tokens": 345,
                }
            ]
        },
        lambda result: [
            (item["cost"], item["currency"], price["payload_hash"], price["json_path"])
            for item in result["items"]
            for price in item["prices"]
        ],
        "WITH price AS (SELECT * FROM price_as_of(TIMESTAMPTZ '2026-09-21 00:30:00+00') "
        f"WHERE model_id = '{GPT}' AND inference_provider = 'groq' "
        "AND unit IN ('input_token', 'output_token')) "
        "SELECT sum(amount * CASE unit WHEN 'input_token' THEN 12000 ELSE 345 END) OVER (), "
        "currency, payload_hash, json_path FROM price ORDER BY unit",
    ),
    Question(
        "Which statements are behind the numbers of gpt-oss-120b at groq?",
        "explain",
        {"router_model": f"{GPT}:groq"},
        lambda result: [
            (
                p["unit"],
                p["amount"],
                p["currency"],
                p["shown"]["payload_hash"],
                p["shown"]["json_path"],
            )
            for p in sorted(result["proof"]["prices"], key=lambda p: str(p["unit"]))
        ],
        "SELECT unit, amount, currency, payload_hash, json_path FROM prices "
        f"WHERE model_id = '{GPT}' AND inference_provider = 'groq' ORDER BY unit",
    ),
]
HOURS = [
    Question(
        "What did chat cost at novita in the first hour?",
        "price_on",
        {"model_id": "acme/chat", "inference_provider": "novita", "at": at(0.5)},
        columns(
            "inference_provider",
            "unit",
            "amount",
            "currency",
            "observed_at",
            "payload_hash",
            "json_path",
        ),
        f"SELECT {THEN} FROM price_as_of(TIMESTAMPTZ '{at(0.5)}') p "
        "WHERE model_id = 'acme/chat' AND inference_provider = 'novita' ORDER BY unit",
    ),
    Question(
        "What did every offer of chat cost in the gap?",
        "price_on",
        {"model_id": "acme/chat", "at": at(2.5)},
        columns("inference_provider", "unit", "amount", "in_gap"),
        "SELECT inference_provider, unit, amount, in_gap "
        f"FROM price_as_of(TIMESTAMPTZ '{at(2.5)}') WHERE model_id = 'acme/chat' "
        "ORDER BY inference_provider, unit",
    ),
    Question(
        "What was known in the first hour about the price of the third?",
        "price_on",
        {"router_model": "acme/chat:novita", "at": at(2.5), "known_at": at(0.5)},
        columns("unit", "amount", "last_seen_at"),
        "SELECT unit, amount, last_seen_at FROM price_as_of(TIMESTAMPTZ "
        f"'{at(2.5)}', known_at := TIMESTAMPTZ '{at(0.5)}') "
        "WHERE model_id = 'acme/chat' AND inference_provider = 'novita' ORDER BY unit",
    ),
    Question(
        "What did the same call cost in the first hour, in the gap and after it?",
        "cost",
        {
            "rows": [
                {"model": "acme/chat:novita", "timestamp": at(hours), "input_tokens": 1000}
                for hours in (0.5, 2.5, 4.5)
            ]
        },
        lambda result: [
            (item["cost"] or item["last_known_cost"], item["currency"], item["why"])
            for item in result["items"]
        ],
        " UNION ALL ".join(
            f"SELECT 1000 * amount, currency, CASE WHEN in_gap THEN 'gap' END "
            f"FROM price_as_of(TIMESTAMPTZ '{at(hours)}') WHERE model_id = 'acme/chat' "
            "AND inference_provider = 'novita' AND unit = 'input_token'"
            for hours in (0.5, 2.5, 4.5)
        ),
    ),
    Question(
        "What did it cost before anybody looked?",
        "price_on",
        {"model_id": "acme/chat", "at": at(-1)},
        lambda result: [(item["unit"],) for item in result["items"]],
        f"SELECT unit FROM price_as_of(TIMESTAMPTZ '{at(-1)}') WHERE model_id = 'acme/chat'",
    ),
    Question(
        "Which prices went up or down, and where was the new one stated?",
        "changes_since",
        {"after": 0, "event": ["up", "down"], "limit": 100},
        lambda result: [
            (
                item["change_id"],
                item["old_amount"],
                item["new_amount"],
                item["currency"],
                item["new_statement"]["payload_hash"],
                item["new_statement"]["json_path"],
                item["old_statement"]["payload_hash"],
            )
            for item in result["items"]
        ],
        "SELECT c.change_id, c.old_amount, c.new_amount, c.currency, new.payload_hash, "
        "new.json_path, old.payload_hash FROM changes c "
        "JOIN price_history new ON (new.offer_id, new.unit, new.tier, new.valid_from) "
        "= (c.offer_id, c.unit, c.tier, c.occurred_at) "
        "JOIN price_history old ON (old.offer_id, old.unit, old.tier, old.valid_to) "
        "= (c.offer_id, c.unit, c.tier, c.occurred_at) "
        "WHERE c.event IN ('up', 'down') ORDER BY c.change_id",
    ),
    Question(
        "What changed since the gap?",
        "changes_since",
        {"since": at(3), "limit": 100},
        columns("change_id", "event", "offer_id", "occurred_at"),
        "SELECT change_id, event, offer_id, occurred_at FROM changes "
        f"WHERE recorded_at >= TIMESTAMPTZ '{at(3)}' ORDER BY change_id",
    ),
    Question(
        "Which offers of novita and fal-ai ended?",
        "changes_since",
        {"after": 0, "event": ["gone"], "inference_provider": ["fal-ai", "novita"]},
        columns("offer_id", "model_id"),
        "SELECT offer_id, model_id FROM changes WHERE event = 'gone' "
        "AND inference_provider IN ('fal-ai', 'novita') ORDER BY change_id",
    ),
    Question(
        "What do output tokens cost now, of all offers of chat?",
        "price_on",
        {"model_id": "acme/CHAT", "at": at(9), "unit": ["output_token"], "tier": ["standard"]},
        columns("inference_provider", "amount", "currency", "payload_hash"),
        "SELECT inference_provider, amount, currency, payload_hash FROM prices "
        "WHERE model_id = 'acme/chat' AND unit = 'output_token' ORDER BY inference_provider",
    ),
]
each_sample = pytest.mark.parametrize("question", SAMPLE, ids=lambda q: q.text)
each_hours = pytest.mark.parametrize("question", HOURS, ids=lambda q: q.text)


@pytest.fixture(scope="module")
def hours_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A home of five hours: prices that changed, a gap, and offers that ended."""
    home, clock = tmp_path_factory.mktemp("mcp") / "home", Clock()
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=clock)
        for hours, catalog in (
            (1, small_catalog(input_price="0.3")),
            (3, chat_catalog(("0.25", "0.9"), other="0.25")),
            (1, chat_catalog(("0.25", "0.8"), other="0.25")),
        ):
            clock.advance(timedelta(hours=hours))
            hub.show(catalog)
            ingest(home, hub, clock=clock)
    with serving(home) as running:
        yield running


@pytest.fixture(scope="module", params=["stdio", "http"])
def sample_session(request: pytest.FixtureRequest, site: Site) -> Iterator[McpSession]:
    """A session with the sample, over each transport."""
    with session(stdio_command(site.home) if request.param == "stdio" else f"{site.url}/mcp") as s:
        yield s


@pytest.fixture(scope="module", params=["stdio", pytest.param("http", marks=pytest.mark.slow)])
def hours_session(request: pytest.FixtureRequest, hours_site: Site) -> Iterator[McpSession]:
    """A session with the home of five hours, over each transport."""
    url = f"{hours_site.url}/mcp"
    with session(stdio_command(hours_site.home) if request.param == "stdio" else url) as s:
        yield s


def test_there_are_at_least_twenty_questions() -> None:
    assert len({question.text for question in (*SAMPLE, *HOURS)}) >= 20


@each_sample
def test_an_answer_about_now_equals_sql(
    question: Question, sample_session: McpSession, site: Site
) -> None:
    check(question, sample_session, site)


@each_hours
def test_an_answer_about_the_past_equals_sql(
    question: Question, hours_session: McpSession, hours_site: Site
) -> None:
    check(question, hours_session, hours_site)


def check(question: Question, connected: McpSession, site: Site) -> None:
    """Compare a result with the rows of its query, as JSON values and in their order."""
    result = connected.call(question.tool, **question.arguments)
    expected = [tuple(as_json(value) for value in row) for row in site.sql(question.sql)]
    assert question.rows(result) == expected
    assert result["publication"] == site.sql("SELECT publication_id FROM publication")[0][0]


def amounts_without_evidence(value: object) -> list[dict[str, Any]]:
    """Return each object of a result with a price that lacks one of the facts of its evidence."""
    if isinstance(value, list):
        return [found for each in value for found in amounts_without_evidence(each)]
    if not isinstance(value, dict):
        return []
    found = [found for each in value.values() for found in amounts_without_evidence(each)]
    evidence = ("currency", "unit", "observed_at", "payload_hash", "json_path")
    is_price = value.get("amount") is not None and "raw_text" in value and "feed" in value
    return [*found, value] if is_price and any(value.get(e) is None for e in evidence) else found


def test_each_price_now_has_currency_unit_time_hash_and_path(sample_session: McpSession) -> None:
    found = sample_session.call("find_offers", task=["text"], priced_only=True, limit=50)
    assert len(prices(found)) > 90
    assert amounts_without_evidence(found) == []
    assert all(cost["statements"] for item in found["items"] for cost in item["costs"])


def test_each_past_price_has_currency_unit_time_hash_and_path(hours_session: McpSession) -> None:
    found = hours_session.call("price_on", model_id="acme/chat", at=at(0.5))
    assert len(found["items"]) > 5
    assert amounts_without_evidence(found) == []
