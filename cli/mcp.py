"""`pricehouse mcp`: the MCP server over standard input and output."""

from __future__ import annotations

import click

from cli.options import current_home, home_option
from marketplace.mcp.stdio import serve_stdio
from warehouse.storage.home import Home


@click.command()
@home_option
def mcp() -> None:
    """Serve the MCP tools to an assistant over standard input.

    An assistant that speaks the Model Context Protocol starts this command itself; docs/mcp.md has
    the lines of its configuration. The tools only read, and follow each new publication. `serve`
    has the same tools at /mcp, over HTTP.
    """
    serve_stdio(Home(current_home()))
