"""Fetch responses as bytes: the registry, the provider interface, adapters, the HTTP client."""
