"""The registry and the claims are complete, and a fault in one is reported by file and place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from providers.http.client import HttpClient
from providers.huggingface import HuggingFaceAdapter
from providers.interface import AdapterContext, ProviderInterface
from providers.registry import (
    PRICE_FEED_REASONS,
    adapter_for,
    claims_bytes,
    load_claims,
    load_registry,
    registry_bytes,
    schema_text,
)
from schemas.errors import SettingsError

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the facts beside the checkout are not here to compare with"
)


def changed(change):
    """Return the packaged registry's bytes after `change` was applied to its JSON."""
    registry = json.loads(registry_bytes())
    change(registry)
    return json.dumps(registry).encode()


def test_committed_schema_equals_the_generated_one():
    committed = (ROOT / "providers" / "provider_registry.schema.json").read_text()
    assert committed == schema_text(), "write it anew: python -m providers.registry > the file"


def test_packaged_registry_loads_with_the_feeds_of_hugging_face():
    registry = load_registry()
    source = registry.sources[0]
    feeds = [(f.feed, f.setting, f"{f.base_url}", f.path, f.required) for f in source.feeds]
    assert feeds == [
        ("hub", "PRICEHOUSE_HUB_URL", "https://huggingface.co/", "/api/models", True),
        (
            "router",
            "PRICEHOUSE_ROUTER_URL",
            "https://router.huggingface.co/",
            "/v1/models",
            False,
        ),
        ("partners", "PRICEHOUSE_PARTNERS_URL", "https://huggingface.co/", "/api/partners", False),
    ]
    assert registry.roles()["partners"] == "cross_check"
    assert set(source.precedence) == {"price", "status", "speed", "context", "capabilities"}


def test_every_price_feed_reason_is_known_and_used():
    reasons = {p.price_feed_reason for p in load_registry().inference_providers} - {None}
    assert reasons == set(PRICE_FEED_REASONS)


def test_every_provider_with_a_claim_is_in_the_registry():
    known = {entry.inference_provider for entry in load_registry().inference_providers}
    assert {claim.inference_provider for claim in load_claims().claims} <= known


@needs_shared
def test_registry_has_every_recorded_provider_and_its_price_feed():
    serving, priced = set(), {}
    for path in sorted((SHARED / "recordings" / "hub").glob("*.json")):
        for model in json.loads(path.read_bytes()):
            for entry in model.get("inferenceProviderMapping", []):
                serving.add(entry["provider"])
                if (entry.get("providerDetails") or {}).get("pricing"):
                    priced.setdefault(entry["provider"], "hub")
    for path in sorted((SHARED / "recordings" / "router").glob("*.json")):
        answer = json.loads(path.read_bytes())
        for model in answer.get("data", [answer]):  # a list, or one model alone
            for entry in model["providers"]:
                serving.add(entry["provider"])
                if entry.get("pricing"):
                    priced[entry["provider"]] = "router"
    registry = {p.inference_provider: p.price_feed for p in load_registry().inference_providers}
    own = {feed.inference_provider: feed.feed for feed in load_registry().lists()}
    assert serving <= set(registry)
    named = {key: feed for key, feed in registry.items() if feed is not None}
    assert named == own | priced  # a feed with a chat price goes before the own list


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("compares", "router", "compares 'router', which is no catalogue before it"),
        ("compares", "nobody", "no catalogue before it"),
        ("kind", "price_list", "only a catalog compares its rows"),
        ("difference_share", 1, "difference_share"),
        ("differences_allowed", -1, "differences_allowed"),
    ],
)
def test_a_comparison_needs_a_catalogue_and_limits_that_mean_something(field, value, message):
    def change(registry):
        registry["sources"][0]["feeds"][2][field] = value

    with pytest.raises(SettingsError, match=message):
        load_registry(changed(change))


def test_a_catalogue_comes_before_what_is_compared_with_it():
    with pytest.raises(SettingsError, match="no catalogue before it"):
        load_registry(changed(lambda registry: registry["sources"][0]["feeds"].reverse()))


@needs_shared
def test_packaged_claims_equal_the_given_ones_with_their_check_date():
    given = json.loads((SHARED / "claims.json").read_bytes())
    for claim in given:
        assert claim.pop("page_seen") is None
        claim["checked_on"] = "2026-11-23"
    assert json.loads(claims_bytes()) == {"version": 1, "claims": given}


def test_the_packaged_claims_are_fifty_four_for_eighteen_providers():
    claims = load_claims().claims
    assert len(claims) == 54
    assert len({claim.inference_provider for claim in claims}) == 18


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{", "provider_registry.json: the file: Invalid JSON"),
        (
            changed(lambda r: r["sources"][0]["feeds"][1].update(kind="list")),
            "provider_registry.json: sources.0.feeds.1.kind: Input should be 'catalog'",
        ),
        (
            changed(lambda r: r["sources"][0].update(colour="red")),
            "sources.0.colour: Extra inputs are not permitted",
        ),
        (
            changed(lambda r: r["sources"][0]["precedence"].update(price=["nowhere"])),
            "precedence of price names unknown feeds: ['nowhere']",
        ),
        (
            changed(lambda r: r["inference_providers"].append(r["inference_providers"][0])),
            "inference_provider named more than once: baseten",
        ),
        (
            changed(lambda r: r["sources"][0]["feeds"].append(r["sources"][0]["feeds"][0])),
            "feed named more than once: hub",
        ),
        (
            changed(lambda r: r["inference_providers"][0].update(price_feed="nowhere")),
            "inference_providers: baseten: price_feed 'nowhere' is no feed",
        ),
        (
            changed(
                lambda r: r["inference_providers"][0].update(
                    price_feed=None, price_feed_reason="just_because"
                )
            ),
            "price_feed_reason 'just_because' is none of compute_time_only",
        ),
    ],
)
def test_wrong_registry_is_reported_by_file_and_place(raw, message):
    with pytest.raises(SettingsError) as caught:
        load_registry(raw)
    assert message in str(caught.value)


def test_wrong_claim_is_reported_by_file_and_place():
    claims = json.loads(claims_bytes())
    claims["claims"][3]["confidence"] = "certain"
    with pytest.raises(SettingsError) as caught:
        load_claims(json.dumps(claims).encode())
    assert "compliance_claims.json: claims.3.confidence: Input should be 'high'" in str(
        caught.value
    )


def adapter_named(name):
    source = load_registry().sources[0].model_copy(update={"adapter": name})
    with HttpClient() as client:
        return adapter_for(source, AdapterContext({}, client, {}))


def test_an_adapter_is_found_by_its_module_and_class():
    adapter = adapter_named("providers.huggingface:HuggingFaceAdapter")
    assert isinstance(adapter, HuggingFaceAdapter)
    assert isinstance(adapter, ProviderInterface)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "providers.nowhere:Adapter",
        "providers.huggingface:Nobody",
        "providers.huggingface",
        "providers.huggingface:below",
        "schemas.payload:Payload",
    ],
)
def test_bad_adapter_is_named_with_its_source(name):
    with pytest.raises(SettingsError, match=r"provider_registry\.json: huggingface: adapter"):
        adapter_named(name)


def test_a_registry_that_an_earlier_version_landed_is_still_read():
    def as_it_was(registry):
        del registry["estimates"]
        registry["sources"] = registry["sources"][:1]
        del registry["sources"][0]["feeds"][2]
        for entry in registry["inference_providers"]:
            if (entry["price_feed"] or "hub") not in {"hub", "router"}:
                entry.update(price_feed=None, price_feed_reason="list_not_read")

    earlier = load_registry(changed(as_it_was))
    assert [feed.feed for _, feed in earlier.feeds()] == ["hub", "router"]
    assert (earlier.lists(), earlier.estimates) == ([], [])


CLIENT_PROVIDERS = [
    "baseten",
    "cerebras",
    "cohere",
    "deepinfra",
    "fal-ai",
    "featherless-ai",
    "fireworks-ai",
    "groq",
    "hf-inference",
    "novita",
    "nscale",
    "openai",
    "ovhcloud",
    "publicai",
    "replicate",
    "scaleway",
    "together",
    "wavespeed",
    "zai-org",
]
"""The providers of Hugging Face's own clients in August 2026."""
LEFT = ["black-forest-labs", "clarifai", "hyperbolic", "nebius", "nvidia", "sambanova"]


def test_the_registry_has_the_providers_of_today_and_those_that_left():
    entries = {p.inference_provider: p for p in load_registry().inference_providers}
    assert sorted(entries) == sorted(CLIENT_PROVIDERS + LEFT)
    assert [name for name, entry in entries.items() if entry.left_on] == LEFT
    assert all(entry.display_name.strip() for entry in entries.values())
    dated = [entry for entry in entries.values() if entry.joined_on]
    assert all(f"{e.joined_source}".startswith("https://") for e in dated)


def test_a_registry_without_dates_of_providers_is_still_read():
    def as_it_was(registry):
        for entry in registry["inference_providers"]:
            for name in ("joined_on", "joined_source", "left_on", "left_source"):
                entry.pop(name, None)

    earlier = load_registry(changed(as_it_was)).inference_providers
    assert {(p.joined_on, p.left_on, p.left_source) for p in earlier} == {(None, None, None)}


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({"left_on": "2026-07-01"}, "acme: give left_on with left_source, or neither"),
        ({"left_source": "https://e.org/"}, "acme: give left_on with left_source, or neither"),
        ({"joined_on": "2026-07-01"}, "acme: give joined_on with joined_source, or neither"),
        (
            {
                "joined_on": "2026-07-02",
                "joined_source": "https://e.org/",
                "left_on": "2026-07-01",
                "left_source": "https://e.org/",
            },
            "acme: joined_on 2026-07-02 is after left_on 2026-07-01",
        ),
        ({"left_on": "July", "left_source": "https://e.org/"}, "left_on: Input should be a valid"),
        ({"left_on": "2026-07-01", "left_source": "a page"}, "left_source: Input should be a"),
    ],
)
def test_dates_of_a_provider_need_sources_and_their_order(dates, message):
    acme = {
        "inference_provider": "acme",
        "display_name": "Acme",
        "price_feed": None,
        "price_feed_reason": "none_seen",
    }
    with pytest.raises(SettingsError) as caught:
        load_registry(changed(lambda r: r["inference_providers"].append(acme | dates)))
    assert message in str(caught.value)


def test_a_provider_that_joins_and_leaves_on_one_day_is_read():
    day = {"joined_on": "2026-07-01", "left_on": "2026-07-01"}
    pages = {"joined_source": "https://e.org/", "left_source": "https://e.org/"}
    registry = load_registry(changed(lambda r: r["inference_providers"][0].update(day | pages)))
    assert registry.inference_providers[0].has_left(registry.inference_providers[0].left_on)


def test_disabled_feed_needs_a_reason_and_price_list_a_known_provider():
    with pytest.raises(SettingsError, match="off_because"):
        load_registry(changed(lambda r: r["sources"][0]["feeds"][1].update(enabled=False)))
    with pytest.raises(SettingsError, match="deepinfra_list prices 'nobody'"):
        load_registry(
            changed(lambda r: r["sources"][1]["feeds"][0].update(inference_provider="nobody"))
        )
    with pytest.raises(SettingsError, match="only a price_list joins"):
        load_registry(
            changed(lambda r: r["sources"][0]["feeds"][0].update(inference_provider="novita"))
        )
