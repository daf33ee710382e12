"""docs/api.md: its requests work, and its table has every route."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import CHECKOUT, blocks, first_column, section
from tests.support.serving import Site

PAGE = (CHECKOUT / "docs" / "api.md").read_text("utf-8")
PAGE_URL = "http://127.0.0.1:8400"
CURLS = [line for block in blocks(PAGE, "sh") for line in block.text.splitlines() if "curl" in line]
SCRIPTS = [block.text for block in blocks(PAGE, "python")]


def test_the_page_has_requests() -> None:
    assert len(CURLS) >= 8
    assert len(SCRIPTS) == 2


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_every_curl_command_of_the_page_works(site: Site, tmp_path: Path) -> None:
    for line in CURLS:
        command = line.replace(PAGE_URL, site.url).replace("curl ", "curl -sSf --noproxy '*' ")
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert done.stdout or "-O" in line
    assert (tmp_path / "cards.parquet").stat().st_size > 1000


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_of_the_page_prints_the_sql_result(site: Site, script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script.replace(PAGE_URL, site.url)],
        capture_output=True,
        text=True,
        check=False,
        env={"NO_PROXY": "*"},
    )
    assert done.returncode == 0, done.stderr
    if "cost_per_token" in script:
        wanted = site.sql(
            "SELECT count(*) FROM cards WHERE rankable AND task_group = 'text' AND region = 'eu'"
        )
        assert [(len(done.stdout.splitlines()),)] == wanted
    else:
        ((last,),) = site.sql("SELECT max(change_id) FROM changes")
        assert f"up to {last} of" in done.stdout


def test_the_table_of_routes_equals_the_openapi_document(site: Site) -> None:
    paths = set(site.get_json("/openapi.json")["paths"])
    in_document = {path for path in paths if not path.startswith("/v1/exports/")}
    # /mcp has a protocol of its own, /metrics the text format of Prometheus
    others = {"/mcp", "/metrics"}
    assert set(first_column(section(PAGE, "## Call the API"))) == in_document | others
