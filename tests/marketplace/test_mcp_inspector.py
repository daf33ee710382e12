"""The inspector of the protocol's authors lists and calls every tool, over both transports.

It is installed from tests/support/inspector/, whose lock has hashes and no addresses. Version 1.0.3
is the last of its line; the next one needs Node 22, which Debian does not have.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import environment
from tests.support.serving import Site

LOCKED = Path(__file__).parents[1] / "support" / "inspector"
AT = "2026-09-21T00:30:00Z"
CALLS: dict[str, dict[str, object]] = {
    "find_offers": {"task": ["text"], "limit": 2},
    "price_on": {"model_id": "openai/gpt-oss-120b", "inference_provider": "groq", "at": AT},
    "cost": {"rows": [{"model": "openai/gpt-oss-120b:groq", "timestamp": AT, "input_tokens": 9}]},
    "recommend": {"task": ["text"], "input_tokens": 1000, "limit": 1, "tools": True},
    "explain": {"router_model": "openai/gpt-oss-120b:groq"},
    "changes_since": {"after": 0, "limit": 3},
}
"""Tool → the arguments of a call with a result; a test holds the tools complete."""


class Inspector:
    """The installed inspector, and the servers that it connects to."""

    def __init__(self, folder: Path, site: Site) -> None:
        command = folder / "node_modules" / ".bin" / "mcp-inspector"
        self._start = [str(command), "--cli", "--config", str(self._config(folder, site))]

    def run(self, server: str, method: str, *arguments: str) -> dict[str, Any]:
        """Return the JSON that it prints for a method of one of the servers."""
        done = subprocess.run(
            [*self._start, "--server", server, "--method", method, *arguments],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
        return found

    def _config(self, folder: Path, site: Site) -> Path:
        command = {
            "command": sys.executable,
            "args": ["-m", "cli.main", "mcp"],
            "env": environment(site.home),
        }
        served = {"type": "streamable-http", "url": f"{site.url}/mcp"}
        path = folder / "servers.json"
        path.write_text(json.dumps({"mcpServers": {"stdio": command, "http": served}}), "utf-8")
        return path


def as_option(name: str, value: object) -> tuple[str, str]:
    """Return the option that gives a tool an argument; all but text is JSON."""
    return "--tool-arg", f"{name}={value if isinstance(value, str) else json.dumps(value)}"


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Inspector:
    """Install the inspector in a folder of its own."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here")
    folder = tmp_path_factory.mktemp("inspector")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, folder)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the inspector here: {done.stderr.strip()[-300:]}")
    return Inspector(folder, site)


@pytest.mark.slow
@pytest.mark.parametrize("server", ["stdio", "http"])
def test_inspector_lists_and_calls_every_tool(inspector: Inspector, server: str) -> None:
    tools = inspector.run(server, "tools/list")["tools"]
    assert {tool["name"] for tool in tools} == set(CALLS)
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools)
    for tool, arguments in CALLS.items():
        given = [part for argument in arguments.items() for part in as_option(*argument)]
        result = inspector.run(server, "tools/call", "--tool-name", tool, *given)
        assert not result.get("isError"), result
        assert result["structuredContent"] == json.loads(result["content"][0]["text"])
        assert result["structuredContent"]["origin"] == "sample"
    assert len(inspector.run(server, "resources/list")["resources"]) > 20
