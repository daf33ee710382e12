"""One request, one answer: bounded in time and size, decoded, and without our token in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata

import httpx

from providers.http.auth import Bearer
from providers.http.body import BodyRefused, BrokenBody, read_body
from providers.http.rate_limit import Deadline, RateLimiter
from providers.http.response import BEGINNING_BYTES, Answer
from providers.http.urls import origin, public_url
from providers.http.watchdog import Watchdog
from schemas.errors import FeedMalformed, FeedRefused

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """A request, and for whom; `wait_s` bounds each wait for bytes, the deadline all of it."""

    method: str
    url: str
    feed: str
    deadline: Deadline
    wait_s: float
    params: Params | None = None
    content: bytes | None = None
    headers: dict[str, str] | None = None


class Transport:
    """The reused connections. `now` stamps answers; `max_body_bytes` counts decoded bytes."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        pacer: RateLimiter,
        max_body_bytes: int,
        bearer: Bearer | None,
    ) -> None:
        self._now = now
        self._pacer = pacer
        self._max_body_bytes = max_body_bytes
        self._bearer = bearer
        self._watchdog = Watchdog()
        self._client = httpx.Client(
            auth=bearer,
            follow_redirects=False,  # HttpClient follows, within the origin
            headers={
                "User-Agent": user_agent(),
                "Accept": "application/json",
                "Accept-Encoding": "gzip",  # the one that read_body can bound while decoding
            },
        )

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def send(self, ask: Request) -> Answer:
        """Return the answer, whatever its status; of an error answer the body's beginning.

        httpx.TransportError or BrokenBody when there is no whole one; FeedDeadline, FeedMalformed
        (`too_large`, `encoding`), or FeedRefused `echoed_secret` when an answer below 400 holds
        the token that we sent: it would be landed, and so it is not taken in at all. In an error
        answer, of which only a message is made, the token is masked.
        """
        timeout = max(min(ask.wait_s, ask.deadline.left()), 0.001)
        with (
            self._watchdog.guarding(ask.deadline.left()),
            self._client.stream(
                ask.method,
                ask.url,
                params=ask.params,
                content=ask.content,
                headers=ask.headers,
                timeout=timeout,
                extensions={"trace": self._watchdog.trace},
            ) as response,
        ):
            headers = dict(response.headers)
            self._pacer.note(origin(ask.url), status=response.status_code, headers=headers)
            self._refuse_echo(response, b"", ask)  # before the headers are acted on or quoted
            answer = Answer(
                status=response.status_code,
                headers=headers,
                body=self._body(response, ask),
                url=str(response.url),
                fetched_at=self._now(),
                next_link=response.links.get("next", {}).get("url"),
            )
            self._refuse_echo(response, answer.body, ask)
            return answer if answer.status < 400 else self._scrubbed(answer)

    def scrub(self, text: str) -> str:
        """Mask our token in a text."""
        return self._bearer.scrub(text) if self._bearer else text

    def _refuse_echo(self, response: httpx.Response, body: bytes, ask: Request) -> None:
        if self._bearer is None or response.status_code >= 400:
            return
        if self._bearer.echoed(response.headers, body):
            raise FeedRefused(
                f"{ask.feed}: {public_url(ask.url)} sent our token back in its answer; nothing of it "
                "was kept. Replace the token, and find out what stands at that address",
                code="echoed_secret",
            )

    def _scrubbed(self, answer: Answer) -> Answer:
        if self._bearer is None:
            return answer
        return replace(
            answer,
            headers={key: self.scrub(value) for key, value in answer.headers.items()},
            body=self.scrub(answer.body.decode("utf-8", errors="replace")).encode(),
        )

    def _body(self, response: httpx.Response, ask: Request) -> bytes:
        """Read the body; of an error answer its beginning, as far as it can be had."""
        wanted = response.status_code < 300
        try:
            return read_body(
                _timely(response.iter_raw(), ask),
                encoding=response.headers.get("content-encoding", ""),
                limit=self._max_body_bytes if wanted else BEGINNING_BYTES,
                cut=not wanted,
            )
        except (httpx.TransportError, BrokenBody):
            if wanted:
                raise
            return b""
        except BodyRefused as error:
            if not wanted:
                return b""
            place = public_url(str(response.url))
            raise FeedMalformed(f"{ask.feed}: {place}: {error}", code=error.code) from None


def user_agent() -> str:
    """Say who asks: name, version, and the repository where the package states one."""
    try:
        about = metadata.metadata("pricehouse")
    except metadata.PackageNotFoundError:  # a checkout that was never installed
        return "pricehouse"
    links = (link.partition(", ") for link in about.get_all("Project-URL") or [])
    home = next((f" (+{url})" for label, _, url in links if label == "Repository"), "")
    return f"pricehouse/{about['Version']}{home}"


def _timely(chunks: Iterator[bytes], ask: Request) -> Iterator[bytes]:
    for chunk in chunks:
        ask.deadline.check(feed=ask.feed)
        yield chunk
