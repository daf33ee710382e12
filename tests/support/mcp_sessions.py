"""Use the MCP server through the SDK's own client, over both transports."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp_types import Tool

from tests.support.command import environment

STARTING_S = 240.0


@dataclass
class McpSession:
    """A client that is connected; each method waits for its answer."""

    portal: BlockingPortal
    client: Client

    def call(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Return the structured result of a call, whose text must be the same JSON.

        The client itself has compared it with the tool's output schema.
        """
        result = self.portal.call(self.client.call_tool, tool, arguments)
        (content,) = result.content
        assert content.type == "text"
        assert not result.is_error, content.text
        assert json.loads(content.text) == result.structured_content
        return dict(result.structured_content)

    def failure(self, tool: str, **arguments: object) -> str:
        """Return the message of a call that must fail."""
        result = self.portal.call(self.client.call_tool, tool, arguments)
        (content,) = result.content
        assert result.is_error
        assert content.type == "text"
        assert result.structured_content is None
        return str(content.text)

    def tools(self) -> list[Tool]:
        """Return the tools that the server lists."""
        return list(self.portal.call(self.client.list_tools).tools)

    def resources(self) -> list[str]:
        """Return the addresses of the resources that the server lists."""
        return [str(each.uri) for each in self.portal.call(self.client.list_resources).resources]

    def read(self, uri: str) -> dict[str, Any]:
        """Return a resource, which is one JSON object."""
        (content,) = self.portal.call(self.client.read_resource, uri).contents
        assert content.mime_type == "application/json"
        found: dict[str, Any] = json.loads(content.text)
        return found


def stdio_command(home: Path) -> StdioServerParameters:
    """Return the command that a client starts for a home, with no setting besides."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "cli.main", "mcp"],
        env=environment(home),
    )


@contextmanager
def session(server: StdioServerParameters | str, mode: str = "auto") -> Iterator[McpSession]:
    """Connect to a command or an address; `legacy` begins with the handshake of older clients."""
    client = Client(server, mode=mode, read_timeout_seconds=STARTING_S)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(client) as connected,
    ):
        yield McpSession(portal, connected)
