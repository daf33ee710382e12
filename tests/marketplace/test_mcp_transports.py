"""The transports of MCP: headers and methods at /mcp, streams and signals of the command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import StdioServerParameters
from starlette.testclient import TestClient

from cli.serve import PORT, mcp_hosts
from marketplace.app import create_app
from marketplace.headers import POLICY
from marketplace.mcp.failures import ToolFailure, errors_as_failures
from marketplace.mcp.http_endpoint import MAX_BODY_BYTES, PATH, AllowedCallers
from schemas.errors import SettingsError
from tests.support.command import environment
from tests.support.documents import CHECKOUT, blocks
from tests.support.mcp_sessions import session
from tests.support.serving import Site
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

SHOP = "https://shop.example"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens here
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
CALL = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "find_offers", "arguments": {"limit": 1}},
}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
JSON = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(sample_home: Path) -> Iterator[TestClient]:
    """A client of an application that others reach as prices.example, and a shop's pages call."""
    callers = AllowedCallers.at("127.0.0.1", ["prices.example"], [SHOP])
    app = create_app(PublicationPool(Home(sample_home)), cors_origins=[SHOP], callers=callers)
    with TestClient(app, base_url="http://127.0.0.1:8400") as running:
        yield running


@pytest.mark.parametrize(
    ("listening", "names", "host", "allowed"),
    [
        ("127.0.0.1", [], "127.0.0.1:8400", True),
        ("127.0.0.1", [], "LOCALHOST:9", True),
        ("127.0.0.1", [], "[::1]:8400", True),
        ("::1", [], "localhost", True),
        ("localhost", [], "127.1.2.3", True),
        ("127.0.0.1", [], "prices.example", False),
        ("127.0.0.1", [], "localhost.evil.example", False),
        ("127.0.0.1", [], "127.0.0.1.evil.example:8400", False),
        ("127.0.0.1", [], "", False),
        ("127.0.0.1", [], "[::1", False),
        ("127.0.0.1", ["Prices.example"], "prices.EXAMPLE:443", True),
        ("127.0.0.1", ["prices.example"], "other.example", False),
        (EVERYWHERE, [], "192.0.2.7:8400", True),
        ("::", [], "prices.example", True),
        (EVERYWHERE, ["prices.example"], "other.example", False),
        ("192.0.2.7", ["prices.example"], "192.0.2.7:8400", True),
        ("192.0.2.7", ["prices.example"], "localhost:8400", True),
    ],
)
def test_host_must_be_a_name_of_the_server(
    listening: str, names: list[str], host: str, allowed: bool
) -> None:
    assert AllowedCallers.at(listening, names, []).allows_host(host) is allowed


@pytest.mark.parametrize(
    ("origin", "host", "origins", "allowed"),
    [
        (None, "127.0.0.1:8400", [], True),
        ("http://127.0.0.1:8400", "127.0.0.1:8400", [], True),
        ("http://localhost:6274", "127.0.0.1:8400", [], True),
        ("http://[::1]:6274", "localhost:8400", [], True),
        ("https://prices.example", "prices.example", [], True),
        ("https://prices.example:444", "prices.example", [], False),
        ("http://localhost:6274", "prices.example", [], False),
        ("https://evil.example", "127.0.0.1:8400", [], False),
        ("http://localhost.evil.example", "127.0.0.1:8400", [], False),
        ("null", "127.0.0.1:8400", [], False),
        ("", "127.0.0.1:8400", [], False),
        ("file://", "127.0.0.1:8400", [], False),
        (SHOP, "127.0.0.1:8400", [SHOP], True),
        ("https://evil.example", "127.0.0.1:8400", ["*"], True),
    ],
)
def test_origin_must_be_the_server_or_an_allowed_one(
    origin: str | None, host: str, origins: list[str], allowed: bool
) -> None:
    callers = AllowedCallers.at("127.0.0.1", [], origins)
    assert callers.allows_origin(origin, host) is allowed


def test_settings_of_hosts_are_names_without_scheme_or_port() -> None:
    value = "prices.example, 192.0.2.7 [2001:db8::1]"
    assert mcp_hosts({"PRICEHOUSE_MCP_HOSTS": value}) == [
        "prices.example",
        "192.0.2.7",
        "2001:db8::1",
    ]
    for wrong in ("https://prices.example", "prices.example:443", "*"):
        with pytest.raises(SettingsError, match="PRICEHOUSE_MCP_HOSTS has"):
            mcp_hosts({"PRICEHOUSE_MCP_HOSTS": wrong})


def test_a_request_is_answered_without_a_session_and_with_security_headers(
    client: TestClient,
) -> None:
    answer = client.post("/mcp", json=LIST, headers=JSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "mcp-session-id" not in answer.headers
    assert len(answer.json()["result"]["tools"]) > 4
    plain = client.post("/mcp", json=LIST, headers={**JSON, "Accept-Encoding": "identity"})
    assert plain.json() == answer.json()
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ({"Host": "evil.example"}, 421, "PRICEHOUSE_MCP_HOSTS"),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421, "evil.example"),
        ({"Origin": "https://evil.example"}, 403, "PRICEHOUSE_CORS_ORIGINS"),
        ({"Host": "prices.example", "Origin": "https://prices.example"}, 200, ""),
        ({"Origin": SHOP}, 200, ""),
    ],
)
def test_a_rebound_name_or_a_foreign_page_is_refused(
    client: TestClient, headers: dict[str, str], status: int, detail: str
) -> None:
    answer = client.post("/mcp", json=LIST, headers={**JSON, **headers})
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert detail in answer.json()["detail"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT"])
def test_methods_besides_post_are_refused_at_once(client: TestClient, method: str) -> None:
    answer = client.request(method, "/mcp", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_page_of_an_allowed_origin_may_send_the_headers_of_the_protocol(
    client: TestClient,
) -> None:
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,mcp-protocol-version,mcp-method,mcp-name",
    }
    answer = client.options("/mcp", headers={"Origin": SHOP, **preflight})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    other = client.options("/mcp", headers={"Origin": "https://evil.example", **preflight})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b" " * (MAX_BODY_BYTES + 1), 413),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/nothing"}', 200),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sql"}}', 200),
    ],
)
def test_a_wrong_body_is_an_error_and_no_failure_of_the_server(
    client: TestClient, body: bytes, status: int
) -> None:
    answer = client.post("/mcp", content=body, headers=JSON)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    if status == 200:
        assert answer.json()["error"]["message"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_clients_of_both_generations_get_the_same_tools(site: Site, mode: str) -> None:
    with session(f"{site.url}/mcp", mode) as connected:
        tools = connected.tools()
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        assert all(tool.output_schema for tool in tools)
        assert "pricehouse://dictionary/relations/cards" in connected.resources()
        found = connected.call("find_offers", limit=1)
        assert found["publication"] == site.get_json("/v1/status")["publication"]
        assert "valid arguments are" in connected.failure("find_offers", limits=1)


def test_an_unexpected_error_is_logged_and_not_returned(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ToolFailure) as failure, errors_as_failures():
        raise RuntimeError("the folder /srv/secret")
    assert "internal error" in str(failure.value)
    assert "/srv/secret" not in str(failure.value)
    assert "/srv/secret" in caplog.text


def start(home: Path) -> subprocess.Popen[str]:
    """Start the command with pipes for its three streams."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "mcp"],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def send(process: subprocess.Popen[str], message: dict[str, Any]) -> dict[str, Any]:
    """Send a message and return the next line of the output, which must be JSON."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_command_ends_with_status_0_at_an_interrupt(tmp_path: Path) -> None:
    process = start(tmp_path / "no-home-yet")
    assert send(process, INITIALIZE)["result"]["serverInfo"]["name"] == "pricehouse"
    failed = send(process, CALL)["result"]
    assert failed["isError"]
    assert "nothing is published here yet" in failed["content"][0]["text"]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=240) == 0
    assert process.communicate() == ("", "")
    assert not (tmp_path / "no-home-yet").exists()


def test_calls_before_the_end_of_the_input_are_answered(sample_home: Path) -> None:
    process = start(sample_home)
    lines = [json.dumps(message) for message in (INITIALIZE, LIST, CALL)]
    output, errors = process.communicate("\n".join(["no JSON", *lines]), timeout=240)
    answers = {answer["id"]: answer for answer in map(json.loads, output.splitlines())}
    assert (process.returncode, errors) == (0, "")
    assert set(answers) == {0, 1, 2}
    assert answers[2]["result"]["structuredContent"]["total"] > 100


def test_page_has_configurations_that_work(site: Site) -> None:
    page = (CHECKOUT / "docs" / "mcp.md").read_text("utf-8")
    configurations = [json.loads(block.text) for block in blocks(page, "json")]
    servers = [(c.get("mcpServers") or c["servers"])["pricehouse"] for c in configurations]
    commands = [server for server in servers if "command" in server]
    assert len(commands) == 2
    for server in commands:
        assert server["command"].endswith("/.venv/bin/pricehouse")
        assert server["args"] == ["--home", "/srv/prices/data", "mcp"]
    assert [s["url"] for s in servers if "url" in s] == [f"http://127.0.0.1:{PORT}{PATH}"]
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "cli.main", "--home", str(site.home), *commands[0]["args"][2:]],
        env=environment(site.home.parent),
    )
    with session(command, "legacy") as connected:
        assert connected.read("pricehouse://publication")["origin"] == "sample"
