"""Providers' own lists of token prices through the real hour: beside the router, and alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.replay import replay
from samples.catalog import Catalog
from samples.hub import serve
from samples.list_routes import PriceLists
from tests.support.command import answered, pricehouse
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.published import copy_landing, exported, rows
from tests.support.recorded_lists import PRICES, recorded_catalog, recorded_files

FEEDS = (
    "hub",
    "router",
    "cerebras_list",
    "featherless_list",
    "fireworks_list",
    "novita_list",
    "ovhcloud_list",
    "sambanova_list",
    "together_list",
)
KEYS = {"TOGETHER_API_KEY": "together-canary-key", "FIREWORKS_API_KEY": "fireworks-canary-key"}
MILLION = 1_000_000


def market() -> Catalog:
    """Return one model at each provider; the router prices two of them."""
    return Catalog(
        [
            mapped_model(
                "acme/chat",
                mapping("together", providerId="acme/chat"),
                mapping("ovhcloud", providerId="chat"),
                mapping("featherless-ai", providerId="acme/chat"),
                mapping("fireworks-ai", providerId="accounts/fireworks/models/chat"),
                mapping("novita", providerId="acme/chat-n"),
                mapping("cerebras", providerId="chat-c"),
            ),
            mapped_model("acme/eu", mapping("ovhcloud", providerId="eu")),
            mapped_model("acme/other", mapping("featherless-ai", providerId="acme/other-name")),
        ],
        router=[
            routed_model(
                "acme/chat",
                offering("together", price=("2.7", "13.5")),
                offering("ovhcloud", price=("0.09", "0.47")),
            )
        ],
    )


def ovh(name: str, prompt: str, completion: str, currency: str = "USD") -> str:
    return (
        f'{{"id":"{name}","pricing":{{"currency_unit":"{currency}","prompt":"{prompt}",'
        f'"completion":"{completion}","input_cache_reads":"0"}},"context_length":131072}}'
    )


def lists() -> PriceLists:
    amount = '{"sku":"LLM %s","amount":"%s","unit":"1M tokens"}'
    tokens = [("input tokens (uncached)", "1.4"), ("output tokens", "4.4")]
    plain = ",".join(amount % one for one in tokens)
    prompt = '{"prompt":{"price_per_m_decimal":"%s"},"completion":{"price_per_m_decimal":"0.5"}}'
    ranges = (
        f'[{{"min_tokens":0,"max_tokens":32768,"pricing":{prompt % "0.15"}}},'
        f'{{"min_tokens":32769,"max_tokens":null,"pricing":{prompt % "0.3"}}}]'
    )
    fireworks = "accounts/fireworks/models/chat"
    return PriceLists(
        others={
            "together_list": [
                '{"serverlessEndpoint":"acme/chat","pricing":'
                '{"input":3,"output":13.5,"cachedInput":0.3}}'
            ],
            "ovhcloud_list": [
                ovh("chat", "0.00000009", "0.00000047"),
                ovh("eu", "0.0000002", "0.0000004", "EUR"),
            ],
            "featherless_list": [
                '{"id":"acme/chat","pricing":{"input":0.1,"output":0.2}}',
                '{"id":"acme/other","pricing":{"input":0.3,"output":0.4}}',
            ],
            "fireworks_list": [
                f'{{"id":"{fireworks}","service_tier":"priority","pricing":[{plain}]}}',
                f'{{"id":"{fireworks}","pricing":[{plain.replace("1.4", "0.7")}]}}',
            ],
            "novita_list": [
                '{"id":"acme/chat-n","is_tiered_billing":true,"tiered_billing_configs":'
                f'{ranges},"pricing":null}}'
            ],
            "cerebras_list": [
                '{"id":"chat-c","pricing":{"prompt":"0.00000035","completion":"0.00000075"}}'
            ],
        },
        keys={"together_list": "together-canary-key", "fireworks_list": "fireworks-canary-key"},
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of one hour of the market with every list."""
    folder = tmp_path_factory.mktemp("token-lists")
    with serve(market(), price_lists=lists()) as hub:
        report = ingest(folder, hub, clock=Clock(), feeds=FEEDS, keys=KEYS)
    outcomes = {feed.feed: feed.outcome for feed in report.feeds if feed.feed in FEEDS}
    assert outcomes == {**dict.fromkeys(FEEDS, "complete"), "sambanova_list": "failed"}
    return folder


def displayed(home: Path, provider: str, model: str = "acme/chat") -> dict[tuple[str, str], object]:
    """Return (unit, tier) → USD per million and the feed that it is from."""
    found = rows(
        home,
        f"SELECT unit, tier, amount * {MILLION}, feed FROM prices WHERE amount IS NOT NULL "
        f"AND inference_provider = '{provider}' AND model_id = '{model}'",
    )
    return {(unit, tier): (amount.normalize(), feed) for unit, tier, amount, feed in found}


def test_a_list_adds_what_the_router_s_price_lacks(home: Path) -> None:
    assert displayed(home, "together") == {
        ("input_token", "standard"): (Decimal("2.7"), "router"),
        ("output_token", "standard"): (Decimal("13.5"), "router"),
        ("cached_input_token", "standard"): (Decimal("0.3"), "together_list"),
    }


def test_a_list_that_differs_from_the_router_is_a_finding(
    home: Path,
) -> None:
    found = rows(
        home,
        "SELECT inference_provider, unit, expected, observed FROM checks "
        "WHERE name = 'feeds_agree_on_price' AND NOT passed",
    )
    assert found == [("together", "input_token", "0.000003", "0.0000027")]
    claims = rows(
        home,
        "SELECT feed, chosen FROM price_claims "
        "WHERE inference_provider = 'ovhcloud' AND unit = 'input_token' "
        "AND model_id = 'acme/chat' ORDER BY feed",
    )
    assert claims == [("ovhcloud_list", False), ("router", True)]


def test_offers_that_no_other_feed_prices_are_priced_by_the_list(home: Path) -> None:
    found = rows(
        home,
        f"SELECT inference_provider, cost_per_input_token * {MILLION}, price_feed, rankable "
        "FROM cards WHERE model_id = 'acme/chat' AND price_feed <> 'router' ORDER BY ALL",
    )
    assert [(who, str(amount.normalize()), feed, ranks) for who, amount, feed, ranks in found] == [
        ("cerebras", "0.35", "cerebras_list", True),
        ("featherless-ai", "0.1", "featherless_list", True),
        ("fireworks-ai", "0.7", "fireworks_list", True),
        ("novita", "0.15", "novita_list", True),
    ]


def test_an_id_of_another_spelling_joins_no_offer(home: Path) -> None:
    query = "SELECT price_status, price_reason FROM cards WHERE model_id = 'acme/other'"
    assert rows(home, query) == [("not_published", "not_stated")]


def test_a_price_in_euros_keeps_its_currency_and_is_not_ranked(home: Path) -> None:
    query = (
        f"SELECT cost_per_input_token * {MILLION}, currency, price_status, rankable "
        "FROM cards WHERE model_id = 'acme/eu'"
    )
    assert [(str(a.normalize()), *rest) for a, *rest in rows(home, query)] == [
        ("0.2", "EUR", "priced", False)
    ]


def test_tiers_are_prices_of_their_own(home: Path) -> None:
    assert displayed(home, "novita")["input_token", "context>32768"] == (
        Decimal("0.3"),
        "novita_list",
    )
    fireworks = displayed(home, "fireworks-ai")
    assert fireworks["input_token", "standard"] == (Decimal("0.7"), "fireworks_list")
    assert fireworks["input_token", "priority"] == (Decimal("1.4"), "fireworks_list")


def test_a_cache_rate_of_0_is_stated_as_not_offered(home: Path) -> None:
    found = rows(
        home,
        "SELECT DISTINCT price_status, reason, amount FROM price_claims "
        "WHERE feed = 'ovhcloud_list' AND unit = 'cached_input_token'",
    )
    assert found == [("not_published", "not_offered", None)]


@pytest.mark.slow
def test_replay_gives_the_same_export(home: Path, tmp_path: Path) -> None:
    again = copy_landing(home, tmp_path)
    replay(again)
    assert exported(again) == exported(home)


def test_each_key_goes_to_its_own_list_and_a_list_without_one_is_skipped(tmp_path: Path) -> None:
    served = lists()
    served.keys = {}
    only = {"FIREWORKS_API_KEY": KEYS["FIREWORKS_API_KEY"], "HF_TOKEN": "hf_canary"}
    with serve(market(), price_lists=served) as hub:
        done = pricehouse("ingest", "--json", home=tmp_path, url=hub.url, **only)
    feeds = {feed["feed"]: feed for feed in answered(done)["feeds"]}
    carried = {
        r.path.split("/")[2]: r.headers.get("authorization")
        for r in served.requests
        if r.path.startswith("/lists/")
    }
    assert carried.pop("fireworks_list") == f"Bearer {KEYS['FIREWORKS_API_KEY']}"
    assert carried == dict.fromkeys(
        ("cerebras_list", "featherless_list", "novita_list", "ovhcloud_list")
    )
    skipped = feeds["together_list"]
    assert (skipped["outcome"], skipped["error_code"]) == ("skipped", "no_key")
    assert "together/api_key" in skipped["error"]
    assert "TOGETHER_API_KEY" in skipped["error"]
    assert feeds["sambanova_list"]["error_code"] == "off"
    status = pricehouse("status", home=tmp_path)
    assert (done.returncode, status.returncode) == (0, 0)
    printed = " ".join(status.stdout.split())
    assert "together_list: last complete response never; not read: no key: store one" in printed
    assert KEYS["FIREWORKS_API_KEY"] not in done.stdout + done.stderr + status.stdout


@pytest.mark.slow
@pytest.mark.skipif(not PRICES.is_dir(), reason="the recordings are not beside the checkout")
def test_recorded_rows_join_the_recorded_hub_by_its_ids_alone(tmp_path: Path) -> None:
    recorded = ("featherless_list", "ovhcloud_list", "sambanova_list")
    others = {feed: recorded_files(feed)[0] for feed in recorded}
    with serve(recorded_catalog(), price_lists=PriceLists(others=others)) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=("hub", "router", *recorded))
    counts = {f.feed: (f.records, f.rejected) for f in report.feeds if f.feed in recorded}
    assert counts == {"featherless_list": (5, 0), "ovhcloud_list": (5, 0), "sambanova_list": (6, 0)}
    found = rows(
        tmp_path,
        "SELECT feed, model_id, unit, price_status, CAST(amount AS VARCHAR) "
        "FROM price_claims WHERE feed IN ('featherless_list', 'ovhcloud_list', 'sambanova_list') "
        "AND unit = 'input_token' ORDER BY ALL",
    )
    assert {(feed, model) for feed, model, *_ in found} == {
        ("ovhcloud_list", "Qwen/Qwen3-32B"),
        ("ovhcloud_list", "openai/gpt-oss-120b"),
        ("sambanova_list", "meta-llama/Llama-3.3-70B-Instruct"),
        ("sambanova_list", "openai/gpt-oss-120b"),
    }
    same = rows(
        tmp_path,
        "SELECT count(*) FROM checks WHERE name = 'feeds_agree_on_price' AND NOT passed "
        "AND (message LIKE '%ovhcloud_list%' OR message LIKE '%sambanova_list%')",
    )
    assert same == [(0,)]  # what both state in these recordings is the same
