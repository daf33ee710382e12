"""docs/integrations.md: each example works with its tool, and prints the price of the card."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from marketplace.formats.table import FILES, FORMATS
from tests.support.documents import CHECKOUT, blocks, first_column, section
from tests.support.serving import Site
from tests.support.tools import OFFLINE, PYTHON, needs_tools

PAGE = (CHECKOUT / "docs" / "integrations.md").read_text("utf-8")
PAGE_URL = "http://127.0.0.1:8400"
SCRIPTS = [block.text for block in blocks(PAGE, "python")]
COMMANDS = [block.text for block in blocks(PAGE, "sh")]


@contextmanager
def recording_server() -> Iterator[tuple[str, list[bytes]]]:
    """Serve 200 to every POST; yield the address and the bodies."""
    bodies: list[bytes] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", bodies
        server.shutdown()
        thread.join()


def test_the_table_of_the_page_has_every_format_and_file() -> None:
    assert first_column(PAGE) == list(FORMATS)
    assert all(f"`{name}`" in PAGE for name in FILES)
    headings = ("genai-prices", "LiteLLM", "OpenRouter clients", "Langfuse", "llm-prices")
    assert all(section(PAGE, f"## {heading}") for heading in (*headings, "models.dev"))
    assert (len(SCRIPTS), len(COMMANDS)) == (4, 3)


@needs_tools
@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_of_the_page_prints_the_price_of_the_card(
    site: Site, script: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [PYTHON, "-c", script.replace(PAGE_URL, site.url)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**OFFLINE, "PATH": os.environ["PATH"], "HF_TOKEN": "unused", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    ((tokens_in, tokens_out),) = site.sql(
        "SELECT cost_per_input_token::DOUBLE, cost_per_output_token::DOUBLE FROM cards"
        " WHERE router_model = 'openai/gpt-oss-120b:novita'"
    )
    printed = float(done.stdout.split()[-1])
    if "mock_response" in script:  # LiteLLM's mock counts 10 tokens in and 20 out
        assert printed == pytest.approx(10 * tokens_in + 20 * tokens_out)
    else:
        assert printed == pytest.approx(1_000_000 * tokens_in)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_every_command_of_the_page_works(site: Site, tmp_path: Path) -> None:
    with recording_server() as (address, bodies):
        for command in COMMANDS:
            done = subprocess.run(
                ["sh", "-ec", command.replace(PAGE_URL, site.url)],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                env={
                    "PATH": os.environ["PATH"],
                    "NO_PROXY": "*",
                    "LANGFUSE_HOST": address,
                    "LANGFUSE_PUBLIC_KEY": "pk",
                    "LANGFUSE_SECRET_KEY": "sk",
                },
            )
            assert done.returncode == 0, f"{command}: {done.stderr}"
    assert bodies == site.get("/v1/exports/langfuse.ndjson?region=eu").content.splitlines()
    assert (tmp_path / "llm-prices.json").stat().st_size > 1000
    assert (tmp_path / "models-dev.json").exists()
