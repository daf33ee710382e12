"""What each format has of a home with held, suspect, free, unknown and ended prices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from marketplace.formats.routes import Reach, Route, RouteQuery, checked_region, read_routes
from marketplace.formats.table import FILES, FORMATS, write_file
from schemas.errors import UsageError
from tests.support.dated_routes import MODEL_OVER_DAYS, dated_home
from warehouse.publication.reader_pool import PublicationPool, Reading
from warehouse.storage.home import Home

SCHEMAS = Path(__file__).parents[1] / "support" / "schemas"
PRICED = {"acme/chat:novita", "acme/chat:scaleway", "acme/gift:publicai"}
"""The routes whose price is known; nscale's 0/0 is suspect, groq has none, together's ended."""
ReadFile = Callable[..., Any]


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    pool = PublicationPool(Home.at(dated_home(tmp_path_factory.mktemp("dated") / "home")))
    with pool.reading(limited=False) as reading:
        yield reading
    pool.close()


@pytest.fixture
def load(reading: Reading, tmp_path: Path) -> ReadFile:
    """Return a function that writes a file and parses it, numbers as decimals."""

    def load_file(name: str, region: str | None = None) -> Any:
        write_file(reading, FILES[name], tmp_path / name, region=region)
        text = (tmp_path / name).read_text("utf-8")
        assert {path.name for path in tmp_path.iterdir()} <= FILES.keys(), "no partial file stays"
        if name.endswith(".yaml"):
            return yaml.safe_load(text)
        if name.endswith(".ndjson"):
            return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]
        return json.loads(text, parse_float=Decimal)

    return load_file


def test_only_routes_with_a_known_price_are_there(load: ReadFile) -> None:
    providers = load("genai-prices.json")
    named = {
        f"{model['id']}:{each['id'].removeprefix('huggingface_')}"
        for each in providers
        for model in each["models"]
    }
    assert named == PRICED
    assert {name.removeprefix("openai/") for name in load("litellm.json")} == PRICED
    assert {each["model_name"] for each in load("litellm-config.yaml")["model_list"]} == PRICED
    listed = load("openrouter.json")
    assert {each["id"] for each in listed["data"] if ":" in each["id"]} == PRICED
    assert listed["total_count"] == len(listed["data"])
    assert {body["modelName"] for body in load("langfuse.ndjson")} == PRICED
    assert {each["id"] for each in load("llm-prices-current.json")["prices"]} == PRICED


def test_zero_is_only_the_price_of_what_is_stated_free(load: ReadFile) -> None:
    entries = load("litellm.json")
    free = {name for name, entry in entries.items() if entry["input_cost_per_token"] == 0}
    assert free == {"openai/acme/gift:publicai"}
    held = entries["openai/acme/chat:scaleway"]
    assert held["input_cost_per_token"] == Decimal("0.0000003"), "the last good price"


def test_an_entry_states_the_day_on_which_its_price_was_last_seen(
    reading: Reading, load: ReadFile
) -> None:
    rows = reading.rows("SELECT offer_id, min(observed_at) AS at FROM prices GROUP BY ALL")
    days = {row["offer_id"]: row["at"].date().isoformat() for row in rows}
    stated = {
        entry["metadata"]["offer_id"]: entry["metadata"]["price_last_seen_on"]
        for entry in load("litellm.json").values()
    }
    assert stated == {offer: days[offer] for offer in stated}
    newest = reading.publication["observed_to"].date().isoformat()
    assert any(day < newest for day in stated.values()), "a held price was last seen before"


def test_genai_prices_has_the_price_at_the_end_of_each_day(load: ReadFile) -> None:
    (novita,) = [each for each in load("genai-prices.json") if each["id"].endswith("novita")]
    (model,) = novita["models"]
    assert [
        (each["constraint"]["start_date"], str(each["prices"]["input_mtok"]))
        for each in model["prices"]
    ] == [("2026-03-01", "0.2"), ("2026-03-03", "0.25"), ("2026-03-04", "0.28")]
    assert model["match"]["or"][1] == {"equals": "acme/chat:novita"}


def test_langfuse_has_a_body_for_each_price_from_its_moment(load: ReadFile) -> None:
    bodies = [b for b in load("langfuse.ndjson") if b["modelName"] == "acme/chat:novita"]
    prices = [body["pricingTiers"][0]["prices"] for body in bodies]
    per_million = [float(each["input"] * 1_000_000) for each in prices]
    assert per_million == [0.2, 0.25, 0.3, 0.28]
    assert [body["startDate"][:13] for body in bodies] == sorted(
        body["startDate"][:13] for body in bodies
    )
    for each in prices:
        assert each["input_cached_tokens"] == each["input"], "else it would be booked at zero"


def test_llm_prices_has_the_days_of_every_price_of_ended_routes_too(load: ReadFile) -> None:
    found = load("llm-prices.json")
    jsonschema.validate(
        json.loads(json.dumps(found, default=float)),
        json.loads((SCHEMAS / "llm-prices.schema.json").read_text()),
    )
    days = {
        name: [
            (each["from_date"], each["to_date"], str(each["input"]))
            for each in found["prices"]
            if each["id"] == f"{MODEL_OVER_DAYS}:{name}"
        ]
        for name in ("novita", "together", "nscale")
    }
    assert days == {
        "novita": [
            ("2026-03-04", None, "0.28"),
            ("2026-03-03", "2026-03-04", "0.25"),
            ("2026-03-01", "2026-03-03", "0.2"),
        ],
        "together": [("2026-03-01", "2026-03-04", "0.5")],
        "nscale": [],
    }


def test_models_dev_is_valid_and_has_no_model_with_a_guess(load: ReadFile) -> None:
    found = load("models-dev.json")
    jsonschema.validate(found, json.loads((SCHEMAS / "models-dev.schema.json").read_text()))
    assert found["huggingface"]["models"] == {}


def test_the_proxy_configuration_calls_the_router_at_the_price_of_the_card(load: ReadFile) -> None:
    (chosen,) = [
        each
        for each in load("litellm-config.yaml")["model_list"]
        if each["model_name"] == "acme/chat:novita"
    ]
    assert chosen["litellm_params"] == {
        "model": "openai/acme/chat:novita",
        "api_base": "https://router.huggingface.co/v1",
        "api_key": "os.environ/HF_TOKEN",
    }
    assert chosen["model_info"]["input_cost_per_token"] == 0.28e-6


@pytest.mark.parametrize("name", FILES)
def test_a_region_keeps_only_routes_that_provably_run_there(
    name: str, load: ReadFile, reading: Reading
) -> None:
    text = json.dumps(load(name, "eu"), default=str)
    assert "chat:novita" not in text
    assert "huggingface_novita" not in text
    proven = list(read_routes(reading, Reach.NOW, RouteQuery(region="eu")))
    assert [route.name for route in proven] == ["acme/chat:scaleway"]
    assert name == "models-dev.json" or "scaleway" in text
    assert [r.name for r in read_routes(reading, Reach.NOW, RouteQuery(region="de"))] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_the_same_twice_and_names_its_origin(
    name: str, reading: Reading, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_file(reading, FILES[name], tmp_path / folder / name)
    first = (tmp_path / "one" / name).read_bytes()
    assert first == (tmp_path / "two" / name).read_bytes()
    has_room = name not in ("langfuse.ndjson", "models-dev.json")
    assert (reading.publication["publication_id"].encode() in first) is has_room


@pytest.mark.parametrize(
    "text", ["", "europe", "e", "EU1", "u s", "multi", "unverified", "zz", "uk"]
)
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no region"):
        checked_region(text)


def test_a_file_belongs_to_one_format() -> None:
    assert sorted(FILES) == sorted(file.name for files in FORMATS.values() for file in files)


def test_a_route_is_named_as_a_call_names_it(reading: Reading) -> None:
    names = [route.name for route in read_routes(reading, Reach.NOW, RouteQuery())]
    assert names == sorted(PRICED)
    (one,) = read_routes(reading, Reach.NOW, RouteQuery(model_id="acme/gift"))
    assert isinstance(one, Route)
    assert one.is_live
