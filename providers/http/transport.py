"""Send one request and return its response: bounded, decoded, and without our token in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata

import httpx

from providers.http.auth import Bearer
from providers.http.body import BrokenBody, UnacceptableBody, read_body
from providers.http.proxies import Proxies, ProxyServer
from providers.http.proxy_routes import ProxyRoutes
from providers.http.rate_limit import Deadline, RateLimiter
from providers.http.response import BEGINNING_BYTES, Response
from providers.http.urls import origin, public_url
from providers.http.watchdog import Watchdog
from schemas.errors import FeedMalformed, FeedRefused

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """A request of a feed; `wait_s` bounds each wait for bytes, the deadline the whole exchange."""

    method: str
    url: str
    feed: str
    deadline: Deadline
    wait_s: float
    params: Params | None = None
    content: bytes | None = None
    headers: dict[str, str] | None = None


class Transport:
    """Hold the reused connections.

    `now` is the time of a response, `limiter` observes its rate limit, `max_body_bytes` counts
    decoded bytes.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        limiter: RateLimiter,
        max_body_bytes: int,
        bearer: Bearer | None,
        proxies: Proxies,
    ) -> None:
        self._now = now
        self._limiter = limiter
        self._max_body_bytes = max_body_bytes
        self._bearer = bearer
        self._watchdog = Watchdog()
        self._proxies = proxies
        self._client = httpx.Client(
            transport=ProxyRoutes(proxies),  # with one, httpx reads no proxy from the environment
            auth=bearer,
            follow_redirects=False,  # HttpClient follows, within the origin
            headers={
                "User-Agent": user_agent(),
                "Accept": "application/json",
                "Accept-Encoding": "gzip",  # read_body can bound it while decoding
            },
        )

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def cut(self) -> None:
        """Break off the exchange that is under way, from another thread."""
        self._watchdog.cut()

    def send(self, request: Request) -> Response:
        """Return the response, whatever its status; of an error response the body's beginning.

        httpx.TransportError or BrokenBody when there is no whole one; FeedDeadline, FeedMalformed
        (`too_large`, `encoding`), or FeedRefused `echoed_secret` when a response below 400 holds
        the token that was sent: it would be landed, and so nothing of it is kept. In an error
        response, of which only a message is made, the token is masked.
        """
        deadline = request.deadline
        with (
            self._watchdog.guarding(deadline.left()),
            self._client.stream(
                request.method,
                request.url,
                params=request.params,
                content=request.content,
                headers=request.headers,
                timeout=max(min(request.wait_s, deadline.left()), 0.001),
                extensions={"trace": self._watchdog.trace},
            ) as received,
        ):
            headers = dict(received.headers)
            self._limiter.observe(origin(request.url), status=received.status_code, headers=headers)
            self._refuse_echo(received, b"", request)  # before the headers are used or quoted
            response = Response(
                status=received.status_code,
                headers=headers,
                body=self._body(received, request),
                url=str(received.url),
                fetched_at=self._now(),
                next_link=received.links.get("next", {}).get("url"),
            )
            self._refuse_echo(received, response.body, request)
            return response if response.status < 400 else self._scrubbed(response)

    def address(self, url: str, params: Params | None) -> str:
        """Return the address that a request of a URL with parameters has."""
        return str(httpx.Request("GET", url, params=params).url)

    def scrub(self, text: str) -> str:
        """Mask our token, and the passwords of proxies, in a text."""
        for server in self._proxies.servers.values():
            text = server.scrub(text)
        return self._bearer.scrub(text) if self._bearer else text

    def proxy_of(self, url: str) -> ProxyServer | None:
        """Return the proxy that requests to a URL go through."""
        return self._proxies.proxy_of(url)

    def _refuse_echo(self, received: httpx.Response, body: bytes, request: Request) -> None:
        if self._bearer is None or received.status_code >= 400:
            return
        if self._bearer.is_echoed(received.headers, body):
            raise FeedRefused(
                f"{request.feed}: {public_url(request.url)} sent our token back in its answer; "
                "nothing of it was kept. Replace the token, and check what runs at that address",
                code="echoed_secret",
            )

    def _scrubbed(self, response: Response) -> Response:
        return replace(
            response,
            headers={key: self.scrub(value) for key, value in response.headers.items()},
            body=self.scrub(response.body.decode("utf-8", errors="replace")).encode(),
        )

    def _body(self, received: httpx.Response, request: Request) -> bytes:
        """Read the body; of an error response its beginning, as far as it arrives."""
        usable = received.status_code < 300
        try:
            return read_body(
                _until_deadline(received.iter_raw(), request),
                encoding=received.headers.get("content-encoding", ""),
                limit=self._max_body_bytes if usable else BEGINNING_BYTES,
                cut=not usable,
            )
        except (httpx.TransportError, BrokenBody):
            if usable:
                raise
            return b""
        except UnacceptableBody as error:
            if not usable:
                return b""
            place = public_url(str(received.url))
            raise FeedMalformed(f"{request.feed}: {place}: {error}", code=error.code) from None


def user_agent() -> str:
    """Return our User-Agent: name, version, and the repository where the package states one."""
    try:
        about = metadata.metadata("pricehouse")
    except metadata.PackageNotFoundError:  # a checkout that was never installed
        return "pricehouse"
    links = (link.partition(", ") for link in about.get_all("Project-URL") or [])
    home = next((f" (+{url})" for label, _, url in links if label == "Repository"), "")
    return f"pricehouse/{about['Version']}{home}"


def _until_deadline(chunks: Iterator[bytes], request: Request) -> Iterator[bytes]:
    for chunk in chunks:
        request.deadline.check(feed=request.feed)
        yield chunk
