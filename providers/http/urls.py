"""Compare, join and print URLs with the parser that also sends them: both read a URL alike."""

from __future__ import annotations

import httpx


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port (None for the default one); ValueError unless http(s)."""
    parsed = _parse(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("not an http(s) address")
    return parsed.scheme, parsed.host, parsed.port


def follow(link: str, *, base: str) -> str:
    """Return `link` as an absolute URL of the same origin as `base`; ValueError if it is not."""
    try:
        target = httpx.URL(base).join(link)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None
    if origin(str(target)) != origin(base):
        raise ValueError("another origin")
    if target.userinfo:  # it would replace our own credentials with the server's choice
        raise ValueError("a link with credentials")
    return str(target)


def below(base: str, path: str) -> str:
    """Join a base URL, which may have a path of its own (a gateway), and a path below it."""
    return base.rstrip("/") + path


def public_url(url: str) -> str:
    """Return the URL without credentials, query and fragment, fit for a message."""
    try:
        parsed = _parse(url)
    except ValueError:
        return "an unreadable address"
    return str(parsed.copy_with(userinfo=b"", query=None, fragment=None))[:200]


def _parse(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None
