"""The MCP server: read-only tools and resources over publications, for assistants and agents."""
