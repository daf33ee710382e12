"""The data files hold what was recorded, no more and no less, and every number in its own text."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import httpx
import pytest

from samples.build import DATA, build
from samples.capture import Capture, read_capture, write_capture
from samples.catalog import STEPS, load
from samples.hub import serve
from samples.list_routes import load_price_lists
from samples.verbatim import Number, Record, decode, encode

HUB = {1: "hub/2026-02-26T03-08.json", 2: "hub/2026-02-26T12-27.json"}
ROUTER = {1: "router/a.json", 2: "router/b.json"}
LISTS = {
    "/models/list": "prices/deepinfra_list_2026-09-08.json",
    "/api/models?page=1&page_size=200": "prices/wavespeed_list_excerpt.json",
}
NAMES = ["deepinfra-list", "hub-1", "hub-2", "router-1", "router-2", "wavespeed-list"]
FIELDS = ("pipeline_tag", "likes", "downloads", "library_name", "safetensors")
DAILY = (
    "inferenceProviderMapping",
    "pipeline_tag",
    "likes",
    "downloads",
    "library_name",
    "createdAt",
    "lastModified",
    "gated",
    "tags",
    "safetensors",
    "author",
)
COUNTS = {1: (829, 1441, 127, 293), 2: (836, 1448, 128, 295)}
LANDED = {
    1: (
        "f5f946b107e545fbbbd81a99ed7bf79bc16f7da3b7ff867e12c4dfa2179ca0c5",
        "41584f3b5fefedf8af399a3c8cfda39ca42c57a732f4a347c39165d29f5c5e47",
    ),
    2: (
        "ccf23bec6d812bd7d1b7feb8e94f5bd2992fbb1d333a27cd64070d2bbe1e32f0",
        "1a6348e33a0a7718f1e313f83a61c7a0b0b56743c0123e3b8adf725d6441e328",
    ),
}
"""Step → sha256 of the Hub's and the router's answer, as demo homes have landed them so far."""


def by_text(body: str | bytes) -> object:
    """Read JSON by other means than the sample does: a number is a pair with its text."""
    return json.loads(
        body, parse_int=lambda text: ("number", text), parse_float=lambda text: ("number", text)
    )


@pytest.mark.parametrize("step", STEPS)
def test_the_server_returns_every_recorded_hub_fact_with_number_texts(
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
def test_the_server_returns_every_recorded_router_offering_in_order(
    step: int, client: httpx.Client, recordings: Path
) -> None:
    with serve(load(step)) as hub:
        body = client.get(f"{hub.url}/v1/models").content
    assert by_text(body) == by_text((recordings / ROUTER[step]).read_bytes())
    answer = json.loads(body)
    assert len(answer["data"]) == COUNTS[step][2]
    assert sum(len(model["providers"]) for model in answer["data"]) == COUNTS[step][3]


@pytest.mark.parametrize("path", LISTS)
def test_the_server_returns_every_recorded_list_row_with_number_texts(
    path: str, client: httpx.Client, recordings: Path
) -> None:
    with serve(load(1), price_lists=load_price_lists()) as hub:
        body = client.get(hub.url + path).content
    assert by_text(body) == by_text((recordings / LISTS[path]).read_bytes())


@pytest.mark.parametrize("step", STEPS)
def test_answers_have_the_payload_hashes_of_earlier_demo_homes(
    step: int, client: httpx.Client
) -> None:
    query = [
        ("inference_provider", "all"),
        ("limit", "1000"),
        *(("expand[]", field) for field in DAILY),
    ]
    with serve(load(step)) as hub:
        bodies = (
            client.get(f"{hub.url}/api/models", params=query).content,
            client.get(f"{hub.url}/v1/models").content,
        )
    assert tuple(hashlib.sha256(body).hexdigest() for body in bodies) == LANDED[step]


def test_the_data_files_hold_what_the_build_makes_of_the_recordings(recordings: Path) -> None:
    built = build(recordings)
    assert sorted(built) == [f"{name}.json" for name in NAMES]
    for name, text in built.items():
        gzipped = DATA / f"{name}.gz"
        data = gzip.decompress(gzipped.read_bytes()) if gzipped.exists() else None
        assert (data or (DATA / name).read_bytes()) == text.encode(), name


def test_every_data_file_names_origin_licence_and_date() -> None:
    files = [path for path in DATA.iterdir() if path.name != "README.md"]
    assert sorted(path.name.split(".")[0] for path in files) == NAMES
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 1_000_000
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        provenance = read_capture(DATA / f"{name}.json").provenance
        assert {"source", "licence", "captured_at", "note"} <= set(provenance), name
        assert set(provenance) <= {
            "source",
            "repository",
            "licence",
            "captured_at",
            "excerpt",
            "note",
        }
        assert str(provenance.get("repository", "")) in readme
        assert str(provenance["captured_at"])[:10] in readme


@pytest.mark.parametrize(
    ("name", "rows", "of", "date"),
    [("deepinfra-list", 83, "372", "2026-09-08"), ("wavespeed-list", 37, "1,046", "2026-09-17")],
)
def test_a_price_list_is_an_excerpt_and_marked_as_one(
    name: str, rows: int, of: str, date: str
) -> None:
    capture = read_capture(DATA / f"{name}.json")
    assert len(capture.records) == rows
    assert capture.provenance["excerpt"] == f"{rows} of {of} rows"
    assert str(capture.provenance["note"]).startswith("An excerpt.")
    assert f"{capture.captured_at:%Y-%m-%d}" == date
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"`{name}.json` | an excerpt, {rows} of {of} rows" in readme


@pytest.mark.parametrize("step", STEPS)
def test_the_readme_states_the_counts_of_the_files(step: int) -> None:
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
    assert f"`hub-{step}.json.gz` | {models} models, {rows:,} mapping entries" in readme
    assert f"`router-{step}.json.gz` | {routed} models, {offered} offerings" in readme


@pytest.mark.parametrize("step", STEPS)
def test_the_data_files_keep_the_quirks_of_the_recordings(step: int) -> None:
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
def test_decode_refuses_what_is_not_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


RECORDS: list[Record] = [
    {"id": "a", "details": {"pricing": {"input": Number("2.0")}}, "modes": ["text"]},
    {"id": "b", "details": {}, "live": None, "a.b": False},
    {"details": {"pricing": {}}, "id": "größe"},
]


@pytest.mark.parametrize("records", [RECORDS, []])
def test_a_capture_is_read_as_it_was_written(records: list[Record], tmp_path: Path) -> None:
    text = write_capture(Capture({"captured_at": "2026-01-02T03:04:05Z"}, records))
    (tmp_path / "plain.json").write_text(text)
    (tmp_path / "zipped.json.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("plain.json", "zipped.json"):
        capture = read_capture(tmp_path / name)
        assert capture.records == records
        assert list(map(encode, capture.records)) == list(map(encode, records))
        assert capture.captured_at.isoformat() == "2026-01-02T03:04:05+00:00"


def test_each_record_of_a_capture_takes_one_line() -> None:
    text = write_capture(Capture({"note": "n"}, RECORDS))
    assert [json.loads(line.rstrip(",")) for line in text.splitlines()[5:8]] == [
        json.loads(encode(record)) for record in RECORDS
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b'{"provenance":{}}',
        b'{"records":[]}',
        b'{"provenance":[],"records":[]}',
        b'{"provenance":{},"records":[1]}',
    ],
)
def test_a_damaged_capture_is_refused_with_its_file_name(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "hub.json").write_bytes(data)
    with pytest.raises(ValueError, match=r"hub\.json is not a capture"):
        read_capture(tmp_path / "hub.json")


def test_a_capture_with_damaged_gzip_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"provenance":{},"records":[]}')
    for damaged in (b"no gzip", whole[:-9], whole[:12] + b"\xff" * 8 + whole[20:]):
        (tmp_path / "hub.json.gz").write_bytes(damaged)
        with pytest.raises(ValueError, match="is not a capture"):
            read_capture(tmp_path / "hub.json")


def test_a_capture_without_a_date_is_refused() -> None:
    with pytest.raises(ValueError, match="captured_at"):
        _ = Capture({}, []).captured_at


def test_there_is_no_third_step() -> None:
    with pytest.raises(ValueError, match="not 3"):
        load(3)
