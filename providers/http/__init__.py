"""The HTTP client: bounded in time and size, paced by the server's rate limits, retrying."""
