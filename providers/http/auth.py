"""Send the token to the configured origins only, and mask it in texts of servers and libraries."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Mapping

import httpx

from providers.http.urls import origin
from schemas.secrets import Secret


class Bearer(httpx.Auth):
    """Send a secret as `Authorization: <scheme> …` to the origins of these base URLs, nowhere else.

    httpx calls `auth_flow` last, with the request as it goes out, so no redirection and no next
    link can take the secret along.
    """

    def __init__(self, secret: Secret, *, base_urls: Iterable[str], scheme: str = "Bearer") -> None:
        self._secret = secret
        self._scheme = scheme
        self._origins = frozenset(origin(url) for url in base_urls)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header to a request for one of the origins."""
        if origin(str(request.url)) in self._origins:
            request.headers["Authorization"] = f"{self._scheme} {self._secret.reveal()}"
        yield request

    def scrub(self, text: str) -> str:
        """Mask the secret in a text of a server or a library."""
        return self._secret.scrub(text)

    def is_echoed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether a response holds the secret."""
        text = self._secret.reveal()
        return text.encode() in body or any(
            text in part for header in headers.items() for part in header
        )


def _without_headers(record: logging.LogRecord) -> bool:
    """Drop httpcore's debug lines with response headers: a server may echo the token in them."""
    return "receive_response_headers" not in record.getMessage()


logging.getLogger("httpcore.http11").addFilter(_without_headers)
