"""The protocol side: the SDK's server over the tools and resources of a pool of publications.

The SDK's own decorators make arguments of a function's parameters and ignore unknown ones; here
the models of the tools are the schemas, so that an unknown argument is an error.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec
from anyio import to_thread
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)

from marketplace.mcp.dictionary import JSON, RELATION, pages, read_page
from marketplace.mcp.failures import ToolFailure
from marketplace.mcp.toolbox import TOOLS, ReadTool, tool_named
from warehouse.publication.reader_pool import PublicationPool

INSTRUCTIONS = (
    "Prices of open-model inference on Hugging Face, hourly, with history and proof. Amounts are "
    "decimals as text, per ONE unit, in the currency beside them; times are UTC; null is unknown, "
    "never zero. An offer with price_status suspect, unparsed or not_published has no usable "
    "price. origin sample means recordings: no current prices. Cite observed_at, payload_hash and "
    "json_path with a number. All tools only read."
)


def make_server(pool: PublicationPool) -> Server[Any]:
    """Return a server whose calls each read the publication that is the newest then."""

    async def list_tools(_context: Any, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[_listed(tool) for tool in TOOLS])

    async def call_tool(_context: Any, params: CallToolRequestParams) -> CallToolResult:
        try:
            tool = tool_named(params.name)
        except ToolFailure as error:
            raise MCPError(INVALID_PARAMS, str(error)) from error
        try:
            result = await to_thread.run_sync(tool.call, pool, params.arguments or {})
        except ToolFailure as error:  # a result, so that a model can read it and correct the call
            return CallToolResult(content=[TextContent(text=str(error))], is_error=True)
        text = msgspec.json.encode(result).decode()
        return CallToolResult(content=[TextContent(text=text)], structured_content=result)

    async def list_resources(_context: Any, _params: Any) -> ListResourcesResult:
        return ListResourcesResult(
            resources=[
                Resource(uri=page.uri, name=page.name, description=page.description, mime_type=JSON)
                for page in pages()
            ]
        )

    async def list_templates(_context: Any, _params: Any) -> ListResourceTemplatesResult:
        template = ResourceTemplate(
            uri_template=f"{RELATION}{{relation}}",
            name="relation",
            description="The columns of a published relation.",
            mime_type=JSON,
        )
        return ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(_context: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
        uri = str(params.uri)
        try:
            text = await to_thread.run_sync(read_page, pool, uri)
        except ToolFailure as error:
            raise MCPError(INVALID_PARAMS, str(error)) from error
        contents = TextResourceContents(uri=uri, mime_type=JSON, text=text)
        return ReadResourceResult(contents=[contents])

    return Server(
        "pricehouse",
        version=version("pricehouse"),
        title="Prices of open-model inference",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


def _listed(tool: ReadTool) -> Tool:
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )
