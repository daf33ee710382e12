"""The HTTP client: bounded, paced, the only layer that retries."""
