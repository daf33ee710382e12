"""The files for other tools over HTTP and from the command line: the same bytes, with ETags."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from marketplace.formats.table import FILES, FORMATS
from tests.support.serving import Site

GPT = "openai/gpt-oss-120b"
PROBLEM = "application/problem+json"


def export(site: Site, folder: Path, *arguments: str) -> Result:
    """Run `pricehouse export` on the home of a site."""
    home = {"PRICEHOUSE_HOME": str(site.home)}
    return CliRunner().invoke(main, ["export", str(folder), *arguments], env=home)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_the_same_bytes_over_http_and_as_files(
    site: Site, name: str, tmp_path: Path
) -> None:
    done = export(site, tmp_path, "--format", name, "--region", "EU", "--json")
    assert done.exit_code == 0, done.output
    written = [Path(path) for path in json.loads(done.stdout)["files"]]
    assert [path.name for path in written] == [file.name for file in FORMATS[name]]
    for path in written:
        answer = site.get(f"/v1/exports/{path.name}?region=eu")
        assert answer.status_code == 200
        assert answer.content == path.read_bytes()
        assert answer.headers["content-type"].startswith(FILES[path.name].media_type)
        digest = hashlib.sha256(answer.content).hexdigest()
        checksum = site.get(f"/v1/exports/{path.name}.sha256?region=eu")
        assert checksum.text == f"{digest}  {path.name}\n"


@pytest.mark.parametrize("arguments", [[], ["--format", "litellm"], ["--json"]])
def test_an_export_into_a_folder_in_use_writes_nothing(
    site: Site, arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".kept").write_text("mine")
    done = export(site, tmp_path, *arguments)
    assert done.exit_code == 2
    assert f"{tmp_path} is there and not empty, so nothing was written" in done.stderr
    assert "name a new folder, or remove what is in this one" in done.stderr
    assert (done.stdout, [path.name for path in tmp_path.iterdir()]) == ("", [".kept"])


def test_an_export_is_not_repeated_over_an_earlier_one(site: Site, tmp_path: Path) -> None:
    first = export(site, tmp_path / "new", "--format", "litellm")
    assert first.exit_code == 0
    assert export(site, tmp_path / "new", "--format", "langfuse").exit_code == 2
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        file.name for file in FORMATS["litellm"]
    }


@pytest.mark.parametrize("path", [*(f"/v1/exports/{name}" for name in FILES), "/api/v1/models"])
def test_a_file_has_an_etag_a_head_and_its_publication(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 200
    ((publication,),) = site.sql("SELECT publication_id FROM publication")
    assert answer.headers["pricehouse-publication"] == publication
    head = site.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == answer.headers["etag"]
    again = site.get(path, **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        (
            "/v1/exports/litellm.json?region=europe",
            422,
            "“europe” is no region; valid: eu, eea, us",
        ),
        ("/v1/exports/litellm.json?region=", 422, "is no region"),
        ("/v1/exports/litellm.json?region=zz", 422, "“zz” is no region"),
        ("/v1/exports/litellm.json?region=multi", 422, "“multi” is no region"),
        ("/v1/exports/litellm.json.sha256?region=1", 422, "is no region"),
        ("/v1/exports/litellm.json?regions=eu", 422, "regions"),
        ("/v1/exports/helicone.json", 404, "genai-prices.json, litellm.json"),
        ("/v1/exports/helicone", 404, "genai-prices.json, litellm.json"),
        ("/v1/exports/litellm.parquet", 404, "genai-prices.json, litellm.json"),
        ("/api/v1/models?region=x", 422, "is no region"),
        ("/api/v1/models?limit=0", 422, "limit"),
        ("/api/v1/models?category=programming", 422, "category"),
        ("/api/v1/models/nobody/nothing/endpoints", 404, "nobody/nothing"),
        (f"/api/v1/models/{GPT}/endpoints?region=everywhere", 422, "is no region"),
        ("/api/v1/nothing", 404, "nothing is at this address"),
    ],
)
def test_a_wrong_request_is_a_problem_that_names_the_way_out(
    site: Site, path: str, status: int, detail: str
) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert detail in answer.json()["detail"]


def test_the_listing_names_every_file(site: Site) -> None:
    formats = site.get_json("/v1/exports")["formats"]
    assert [each["format"] for each in formats] == list(FORMATS)
    for each in formats:
        for address in each["files"]:
            assert site.client.head(address).status_code == 200


def test_pages_of_the_list_of_models_make_the_whole(site: Site) -> None:
    whole = site.get_json("/api/v1/models")
    assert whole == site.get_json("/v1/exports/openrouter.json")
    path, found = "/api/v1/models?limit=150", []
    while path:
        page = site.get_json(path)
        assert page["total_count"] == whole["total_count"]
        found += page["data"]
        path = page["links"]["next"]
    assert found == whole["data"]
    assert site.get_json("/api/v1/models?offset=100000")["data"] == []


def test_the_endpoints_of_a_model_are_its_priced_routes(site: Site) -> None:
    data = site.get_json(f"/api/v1/models/{GPT.upper()}/endpoints")["data"]
    assert data["id"] == GPT, "any case of the name leads to the model"
    found = {each["tag"]: each["pricing"] for each in data["endpoints"]}
    rows = site.sql(
        "SELECT inference_provider, cost_per_input_token, cost_per_output_token FROM cards"
        " WHERE model_id = ? AND price_status = 'priced' AND context_length IS NOT NULL",
        GPT,
    )
    assert len(rows) > 3
    assert {tag: (float(p["prompt"]), float(p["completion"])) for tag, p in found.items()} == {
        provider: (float(tokens_in), float(tokens_out)) for provider, tokens_in, tokens_out in rows
    }
    assert all(each["uptime_last_30m"] is None for each in data["endpoints"]), "never measured"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "litellm", "--region", "europe"], "“europe” is no region"),
        (["--region", "eu"], "--region needs --format"),
        (["--format", "helicone"], "genai-prices"),
    ],
)
def test_the_command_refuses_what_it_cannot_write(
    site: Site, arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = export(site, tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr.replace("\n", " ")
    assert not (tmp_path / "out").exists()
