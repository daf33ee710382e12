"""The data files say what was recorded, no more and no less, and every number in its own text."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from samples.build import DATA, build
from samples.catalog import STEPS, load
from samples.columns import Record, pack, unpack
from samples.hub import serve
from samples.verbatim import Number, decode, encode

HUB = {1: "hub/2026-02-26T03-08.json", 2: "hub/2026-02-26T12-27.json"}
ROUTER = {1: "router/a.json", 2: "router/b.json"}
FIELDS = ("pipeline_tag", "likes", "downloads", "library_name", "safetensors")
COUNTS = {1: (829, 1441, 127, 293), 2: (836, 1448, 128, 295)}


def by_text(body: str | bytes) -> object:
    """Read JSON by other means than the sample does: a number is a pair with its text."""
    return json.loads(
        body, parse_int=lambda text: ("number", text), parse_float=lambda text: ("number", text)
    )


@pytest.mark.parametrize("step", STEPS)
def test_every_recorded_hub_fact_comes_back_over_http_with_its_number_texts(
    step: int, client: httpx.Client, recordings: Path
) -> None:
    recorded = by_text((recordings / HUB[step]).read_bytes())
    assert isinstance(recorded, list)
    expected = {}
    for model in recorded:
        model.pop("is_moe", None)
        if "inferenceProviderMapping" in model:
            expected[model["id"]] = model
    query = [("expand[]", key) for key in ("inferenceProviderMapping", *FIELDS)]
    with serve(load(step)) as hub:
        body = client.get(
            f"{hub.url}/api/models", params=[("inference_provider", "all"), *query]
        ).content
    answered = by_text(body)
    assert isinstance(answered, list)
    assert len(answered) == COUNTS[step][0]
    assert sum(len(model["inferenceProviderMapping"]) for model in answered) == COUNTS[step][1]
    assert {model["id"]: model for model in answered} == expected


@pytest.mark.parametrize("step", STEPS)
def test_every_recorded_router_offering_comes_back_over_http_in_order_with_its_number_texts(
    step: int, client: httpx.Client, recordings: Path
) -> None:
    with serve(load(step)) as hub:
        body = client.get(f"{hub.url}/v1/models").content
    assert by_text(body) == by_text((recordings / ROUTER[step]).read_bytes())
    answer = json.loads(body)
    assert len(answer["data"]) == COUNTS[step][2]
    assert sum(len(model["providers"]) for model in answer["data"]) == COUNTS[step][3]


def test_the_data_files_are_byte_for_byte_what_the_recordings_give(recordings: Path) -> None:
    built = build(recordings)
    assert sorted(built) == sorted(path.name for path in DATA.glob("*.json"))
    for name, text in built.items():
        assert (DATA / name).read_bytes() == text.encode(), name


def test_the_data_is_under_a_megabyte_and_every_file_names_origin_licence_and_date() -> None:
    files = list(DATA.glob("*.json"))
    assert len(files) == 4
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 1_000_000
    for path in files:
        provenance = json.loads(path.read_bytes())["provenance"]
        assert set(provenance) == {"source", "repository", "licence", "captured_at", "note"}
        assert provenance["repository"] in (DATA / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("step", STEPS)
def test_the_readme_counts_what_the_files_hold(step: int) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    catalog = load(step)
    entries = [json.loads(entry.fields["inferenceProviderMapping"]) for entry in catalog.hub]
    offerings = [json.loads(entry.fields["providers"]) for entry in catalog.router]
    assert COUNTS[step] == (
        len(entries),
        sum(map(len, entries)),
        len(offerings),
        sum(map(len, offerings)),
    )
    models, rows, routed, offered = COUNTS[step]
    assert f"`hub-{step}.json` | {models} models, {rows:,} mapping entries" in readme
    assert f"`router-{step}.json` | {routed} models, {offered} offerings" in readme


@pytest.mark.parametrize("step", STEPS)
def test_the_quirks_of_the_recordings_are_still_there(step: int) -> None:
    catalog = load(step)
    mapping = "".join(entry.fields["inferenceProviderMapping"] for entry in catalog.hub)
    router = catalog.router_answer.decode()
    assert '"providerDetails":{}' in mapping
    assert '"pricing":{"input":0,"output":0}' in mapping
    assert '"pricing":{"input":0,"output":0},"is_free":false' in router
    assert "0.030000000000000002" in router


def test_a_number_keeps_its_text() -> None:
    text = '{"a":[2,2.0,0.030000000000000002,1e-7,-0,12345678901234567890],"b":"2"}'
    assert encode(decode(text)) == text


@pytest.mark.parametrize("text", ["NaN", "Infinity", "[1,]", "{"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_columns_give_back_records_of_different_shapes() -> None:
    records: list[Record] = [
        {"id": "a", "details": {"pricing": {"input": Number("2.0")}}, "modes": ["text"]},
        {"id": "b", "details": {}, "live": False},
        {"id": "c"},
        {"id": "d", "details": {"pricing": {}}, "modes": []},
    ]
    packed = decode(encode(pack(records)))
    assert isinstance(packed, dict)
    assert unpack(packed) == records
    assert unpack(pack([])) == []


@pytest.mark.parametrize("record", [{"a": None}, {"a": {"b": None}}, {"a.b": "c"}])
def test_columns_refuse_what_would_not_come_back(record: Record) -> None:
    with pytest.raises(ValueError, match="would come back"):
        pack([record])


def test_there_is_no_third_step() -> None:
    with pytest.raises(ValueError, match="not 3"):
        load(3)
