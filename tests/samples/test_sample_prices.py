"""What the sample's price lists cost, image by image, held against figures worked out by hand."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.report import Report
from samples.catalog import Catalog
from samples.hub import SAMPLE_FEEDS, serve
from samples.list_routes import load_price_lists
from tests.support.hours import mapped_model, mapping, offering, routed_model
from tests.support.sample_home import ingest_as_sample, ingest_sample_with_lists
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home

WAVESPEED_DAY = datetime(2026, 9, 17, tzinfo=UTC)
DEEPINFRA_DAY = datetime(2026, 9, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(sample: tuple[Path, list[Report]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample's home, which a test ingests once more."""
    root = tmp_path_factory.mktemp("sample") / "home"
    return Path(shutil.copytree(sample[0] / "data", root, symlinks=True))


@pytest.fixture(scope="module")
def deepinfra_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose Hub, made up, maps ids of DeepInfra's list: the captured Hub maps none."""
    root = tmp_path_factory.mktemp("deepinfra")
    mistral = "mistralai/Mistral-Small-3.2-24B-Instruct-2506"
    tasks = {
        "black-forest-labs/FLUX-2-pro": "text-to-image",
        "Bria/video_foreground_mask": "text-to-video",
        "hexgrad/Kokoro-82M": "text-to-speech",
        "sesame/csm-1b": "text-to-speech",
        "openai/whisper-large-v3": "automatic-speech-recognition",
        "google/gemma-2-9b-it": "conversational",
        mistral: "conversational",
    }
    models = [
        mapped_model(name, mapping("deepinfra", providerId=name, task=task))
        for name, task in tasks.items()
    ]
    # the same list entry behind a model that no router prices
    models.append(mapped_model("acme/tuned", mapping("deepinfra", providerId=mistral)))
    catalog = Catalog(
        models,
        router=[routed_model(mistral, offering("deepinfra", price=("0.075", "0.2")))],
        hub_captured_at=DEEPINFRA_DAY,
        router_captured_at=DEEPINFRA_DAY,
    )
    with serve(catalog, price_lists=load_price_lists()) as hub:
        ingest_as_sample(root, hub, ("hub", "router", "deepinfra_list"))
    return root


def query(home: Path, sql: str) -> list[dict[str, Any]]:
    return rows(newest(Home.at(home)), sql)


def card(home: Path, model_id: str, provider: str, task: str) -> dict[str, Any]:
    found = query(
        home,
        f"FROM cards WHERE model_id = '{model_id}' AND inference_provider = '{provider}' "
        f"AND task = '{task}' AND offer_type = 'model'",
    )
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("model_id", "task", "cost"),
    [
        # base_price is in millionths of a dollar, and a run makes one image
        ("black-forest-labs/FLUX.1-schnell", "text-to-image", "0.003"),  # 3000
        ("black-forest-labs/FLUX.1-dev", "text-to-image", "0.012"),  # 12000
        ("black-forest-labs/FLUX.2-dev", "image-to-image", "0.024"),  # 24000
        ("black-forest-labs/FLUX.1-Kontext-dev", "image-to-image", "0.025"),  # 25000
    ],
)
def test_the_sample_prices_flux_images_by_wavespeeds_list(
    home: Path, model_id: str, task: str, cost: str
) -> None:
    found = card(home, model_id, "wavespeed", task)
    assert found["cost_per_image"] == Decimal(cost)
    assert (found["currency"], found["price_status"]) == ("USD", "priced")
    assert (found["price_feed"], found["origin"]) == ("wavespeed_list", "sample")
    assert found["price_observed_at"] == WAVESPEED_DAY


def test_the_sample_prices_a_second_of_video_by_wavespeeds_formula(home: Path) -> None:
    found = card(home, "Wan-AI/Wan2.2-I2V-A14B", "wavespeed", "image-to-video")
    assert found["cost_per_video_second"] == Decimal("0.06")  # 300000 millionths for 5 seconds
    assert (found["price_basis"], found["price_observed_at"]) == ("derived", WAVESPEED_DAY)


def test_adapters_cost_what_their_base_endpoint_costs(home: Path) -> None:
    found = query(
        home,
        "SELECT cost_per_image AS cost, count(*) AS adapters FROM cards "
        "WHERE offer_type = 'adapter' AND cost_per_image IS NOT NULL GROUP BY ALL ORDER BY ALL",
    )
    # in millionths: z-image/turbo-lora 10000, flux-dev-lora 15000, qwen-image/edit-plus-lora 25000,
    # flux-2-dev/edit-lora 30000
    assert [(row["cost"], row["adapters"]) for row in found] == [
        (Decimal("0.01"), 9),
        (Decimal("0.015"), 155),
        (Decimal("0.025"), 18),
        (Decimal("0.03"), 1),
    ]


def test_image_prices_older_than_a_day_are_not_ranked(home: Path) -> None:
    (about,) = query(home, "SELECT observed_to FROM publication")
    assert about["observed_to"] == datetime(2026, 9, 21, 1, tzinfo=UTC)
    ranked = query(home, "FROM cards WHERE rankable AND price_feed = 'wavespeed_list'")
    assert ranked == []


def test_every_answer_of_the_sample_keeps_its_own_date(home: Path) -> None:
    found = query(home, "SELECT feed, observed_at FROM internal._ph_feed_time")
    days = {row["feed"]: f"{row['observed_at']:%Y-%m-%d}" for row in found}
    assert {feed: days[feed] for feed in SAMPLE_FEEDS} == {
        "hub": "2026-02-26",
        "router": "2026-09-21",
        "deepinfra_list": "2026-09-08",
        "wavespeed_list": "2026-09-17",
    }


def test_deepinfras_list_prices_nothing_that_the_captured_hub_maps(home: Path) -> None:
    assert query(home, "FROM price_claims WHERE feed = 'deepinfra_list'") == []
    assert query(home, "FROM cards WHERE cost_per_million_characters IS NOT NULL") == []
    outcomes = query(home, "SELECT rejected, accepted FROM run_feeds WHERE feed = 'deepinfra_list'")
    assert {"accepted": 83, "rejected": 0} in outcomes


@pytest.mark.slow
def test_a_second_ingest_of_the_sample_changes_nothing(home: Path) -> None:
    tables = ("cards", "prices", "price_history", "price_claims", "changes", "models", "offers")
    before = [query(home, f"FROM {table} ORDER BY ALL") for table in tables]
    assert [report.outcome for report in ingest_sample_with_lists(home)] == ["unchanged"] * 2
    assert [query(home, f"FROM {table} ORDER BY ALL") for table in tables] == before


@pytest.mark.parametrize(
    ("model_id", "task", "column", "cost"),
    [
        # the list is in cents
        ("black-forest-labs/FLUX-2-pro", "text-to-image", "cost_per_image", "0.015"),  # 1.5
        ("Bria/video_foreground_mask", "text-to-video", "cost_per_video_second", "0.14"),  # 14.0
        # 6.2e-05 and 0.0007 a character, times a million
        ("hexgrad/Kokoro-82M", "text-to-speech", "cost_per_million_characters", "0.62"),
        ("sesame/csm-1b", "text-to-speech", "cost_per_million_characters", "7"),
        # 0.00075 a second, times 60
        (
            "openai/whisper-large-v3",
            "automatic-speech-recognition",
            "cost_per_audio_minute",
            "0.00045",
        ),
    ],
)
def test_deepinfras_excerpt_prices_offers_that_a_hub_maps(
    deepinfra_home: Path, model_id: str, task: str, column: str, cost: str
) -> None:
    found = card(deepinfra_home, model_id, "deepinfra", task)
    assert found[column] == Decimal(cost)
    assert (found["price_feed"], found["price_observed_at"]) == ("deepinfra_list", DEEPINFRA_DAY)
    assert found["rankable"]


def test_a_list_adds_the_prices_that_the_router_lacks(deepinfra_home: Path) -> None:
    mistral = "mistralai/Mistral-Small-3.2-24B-Instruct-2506"
    found = card(deepinfra_home, mistral, "deepinfra", "conversational")
    assert (found["price_status"], found["price_feed"], found["held"]) == (
        "priced",
        "router",
        False,
    )
    assert found["cost_per_input_token"] == Decimal("0.000000075")
    assert _prices(deepinfra_home, mistral) == {
        ("standard", "input_token"): ("router", Decimal("0.000000075")),
        ("standard", "output_token"): ("router", Decimal("0.0000002")),
        **LISTED,
    }


def test_a_list_alone_prices_an_offer_that_no_router_prices(deepinfra_home: Path) -> None:
    found = card(deepinfra_home, "acme/tuned", "deepinfra", "conversational")
    assert (found["price_status"], found["rankable"]) == ("priced", True)
    assert found["cost_per_input_token"] == Decimal("0.000000075")
    assert _prices(deepinfra_home, "acme/tuned") == {
        ("standard", "input_token"): ("deepinfra_list", Decimal("0.000000075")),
        ("standard", "output_token"): ("deepinfra_list", Decimal("0.0000002")),
        **LISTED,
    }


LISTED = {
    # the list's own factors of the input and output price: 0.8 and 1.5
    ("flex", "input_token"): ("deepinfra_list", Decimal("0.00000006")),
    ("flex", "output_token"): ("deepinfra_list", Decimal("0.00000016")),
    ("priority", "input_token"): ("deepinfra_list", Decimal("0.0000001125")),
    ("priority", "output_token"): ("deepinfra_list", Decimal("0.0000003")),
    # null in the list: not offered
    ("standard", "cached_input_token"): ("deepinfra_list", None),
    ("standard", "cache_write_token"): ("deepinfra_list", None),
}


def _prices(home: Path, model_id: str) -> dict[tuple[str, str], tuple[str, Decimal | None]]:
    sql = f"SELECT tier, unit, feed, amount FROM prices WHERE model_id = '{model_id}'"
    return {(row["tier"], row["unit"]): (row["feed"], row["amount"]) for row in query(home, sql)}


def test_a_deprecated_list_entry_gives_no_price(deepinfra_home: Path) -> None:
    found = card(deepinfra_home, "google/gemma-2-9b-it", "deepinfra", "conversational")
    assert (found["price_status"], found["price_reason"]) == (
        "not_published",
        "deprecated_in_list",
    )
