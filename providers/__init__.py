"""Fetches answers as bytes: the registry, the provider interface, its adapters, the HTTP client."""
