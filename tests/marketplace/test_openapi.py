"""The API against its OpenAPI document: no undocumented response, no valid request refused."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path

import jsonschema
import pytest

from scripts.docs.api_examples import FILE, examples_text
from tests.support.serving import Site

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.slow
def test_schemathesis_finds_no_error_and_no_undocumented_response(
    site: Site, tmp_path: Path
) -> None:
    command = Path(sysconfig.get_path("scripts")) / "schemathesis"
    done = subprocess.run(
        [
            command,
            "--no-color",
            "--config-file",
            CONFIG,
            "run",
            f"{site.url}/openapi.json",
            "--max-examples",
            "5",
            "--seed",
            "1",
            "--suppress-health-check",
            "all",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 36" in done.stdout


def test_each_example_is_valid_by_its_schema(site: Site) -> None:
    document = site.get_json("/openapi.json")
    binary, checked = set(), 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation["responses"]["200"]["content"]
            examples = {kind: each for kind, each in content.items() if "example" in each}
            assert examples, (method, path)
            binary |= content.keys() - examples.keys()
            for each in examples.values():
                schema = {**each.get("schema", {}), "components": document["components"]}
                jsonschema.validate(each["example"], schema)
                checked += bool(each.get("schema"))
    assert checked >= 18
    assert binary <= {"application/vnd.apache.parquet", "application/x-ndjson", "text/csv"}


def test_the_examples_are_what_the_sample_returns(sample_home: Path) -> None:
    written = json.loads(FILE.read_text("utf-8"))
    assert json.loads(examples_text(sample_home)) == written, "python -m scripts.docs.api_examples"


def test_the_document_describes_every_route_and_its_errors(site: Site) -> None:
    document = site.get_json("/openapi.json")
    assert set(document["paths"]) >= {
        "/v1/offers",
        "/v1/offers/{offer_id}",
        "/v1/models/{model_id}",
        "/v1/prices/{offer_id}/history",
        "/v1/changes",
        "/v1/changes.atom",
        "/v1/estimate",
        "/v1/recommend",
        "/v1/cost",
        "/v1/status",
        "/v1/exports",
        "/healthz",
        "/readyz",
    }
    for path, item in document["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    kinds = list(response["content"])
                    assert kinds == ["application/problem+json"], (path, status)
    for parameter in document["paths"]["/v1/offers"]["get"]["parameters"]:
        if parameter["name"].startswith(("min_", "max_")):
            text = parameter.get("description", "") + str(parameter["schema"])
            assert any(unit in text for unit in ("USD", "Tokens", "Milliseconds")), parameter
