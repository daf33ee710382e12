"""Faults of a server, each a function of one connection."""

from __future__ import annotations

import re
from collections.abc import Callable

from samples.routes import ServerRequest
from tests.support.raw_server import Behaviour, Connection, RawReply, bomb

JSON = {"Content-Type": "application/json"}


# --- broken responses ------------------------------------------------------------------------


def status(code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Behaviour:
    """Answer every request with this."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send_reply(RawReply(code, body, headers or {}))

    return serve


def once(code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Behaviour:
    """Answer the first request with this, all others as a good server."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        if connection.number == 1:
            connection.send_reply(RawReply(code, body, headers or {}))
        else:
            connection.send_good_reply()

    return serve


def raw(*parts: bytes, read: bool = True) -> Behaviour:
    """Send bytes and close the connection."""

    def serve(connection: Connection) -> None:
        if read:
            connection.read_request()
        for part in parts:
            connection.send(part)

    return serve


def good(headers: dict[str, str] | None = None) -> Behaviour:
    """Answer as a good server, with further headers."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send_good_reply(headers)

    return serve


def reset_at(phase: str) -> Behaviour:
    """Reset the connection at a phase."""

    def serve(connection: Connection) -> None:
        if phase != "accept":
            connection.read_request()
        if phase == "head":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")
        if phase == "body":
            connection.send(b'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n[{"id":')
        connection.reset()

    return serve


def stalling(first: bytes = b"") -> Behaviour:
    """Send only this, and keep the connection open."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send(first)
        while connection.is_open_after():
            pass

    return serve


def dripping(first: bytes, drop: bytes) -> Behaviour:
    """Send the same few bytes for ever, each before a timeout would end the wait."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send(first)
        while connection.is_open_after():
            connection.send(drop)

    return serve


def endless_body(connection: Connection) -> None:
    """Send a page of a gigabyte."""
    connection.read_request()
    connection.send_head(headers={"Content-Length": str(10**9)})
    piece = b'{"id":"a/b"},' * 80_000
    connection.send(b"[")
    for _ in range(10**9 // len(piece)):
        connection.send(piece)


def echo_in_body(connection: Connection) -> None:
    token = connection.read_request().headers.get("authorization", "")
    connection.send_reply(RawReply(200, f'[{{"id":"acme/chat","note":"{token}"}}]'.encode()))


def echo_in_header(connection: Connection) -> None:
    token = connection.read_request().headers.get("authorization", "")
    connection.send_good_reply({"X-ServerRequest-Id": token})


def echo_in_error(connection: Connection) -> None:
    token = connection.read_request().headers.get("authorization", "")
    connection.send_reply(
        RawReply(401, f'{{"error":"I was sent {token}"}}'.encode(), {"X-Error-Message": token})
    )


def chunked(*parts: bytes) -> Behaviour:
    return raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *parts)


def gzipped(body: bytes) -> Behaviour:
    return status(200, body, {"Content-Encoding": "gzip"})


def gzipped_spaces(spaces: int) -> Behaviour:
    """Send so many spaces, packed when they are asked for first: a gigabyte takes a second."""
    return lambda connection: gzipped(bomb(spaces))(connection)


# --- redirects and pages -----------------------------------------------------------------------


def redirect(location: Callable[[Connection], str], code: int = 302) -> Behaviour:
    """Redirect the first request; answer others as a good server."""

    def serve(connection: Connection) -> None:
        if "moved" in connection.read_request().target:
            assert connection.request is not None
            before = connection.request.target.split("moved")[0].rstrip("/?&")
            connection.request = ServerRequest("GET", before, connection.request.headers)
            connection.send_good_reply()
        else:
            connection.send_reply(RawReply(code, b"", {"Location": location(connection)}))

    return serve


def moved_here(connection: Connection) -> str:
    assert connection.request is not None
    joint = "&" if "?" in connection.request.target else "?"
    return f"{connection.request.target}{joint}moved"


def pages(
    body: Callable[[Connection, int], bytes],
    link: Callable[[Connection, int], str | None],
    more: dict[str, str] | None = None,
) -> Behaviour:
    """Answer the Hub's list with made-up pages; the page number is in the query."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        assert connection.request is not None
        found = re.search(r"[?&]at=(\d+)", connection.request.target)
        page = int(found[1]) if found else 1
        target = link(connection, page)
        headers = {"Link": f'<{target}>; rel="next"'} if target is not None else {}
        connection.send_reply(RawReply(200, body(connection, page), {**headers, **(more or {})}))

    return serve


def same_page(connection: Connection, page: int) -> bytes:
    """Return the whole good body, whichever page is requested."""
    if page == 1:
        connection.server.first_page = connection.good_reply().body
    return connection.server.first_page


def numbered(_connection: Connection, page: int) -> bytes:
    return f'[{{"id":"acme/page-{page}"}}]'.encode()


def here(page: int) -> str:
    return f"/api/models?at={page}"


def first_then(second: bytes, code: int = 200) -> Behaviour:
    """A good page with a next link, then this."""

    def serve(connection: Connection) -> None:
        if "at=2" in connection.read_request().target:
            connection.send_reply(RawReply(code, second))
        else:
            connection.send_good_reply({"Link": f'<{connection.server.url}{here(2)}>; rel="next"'})

    return serve


# --- bodies ------------------------------------------------------------------------------------


def body(made: bytes | Callable[[bytes], bytes]) -> Behaviour:
    """Answer 200 with this, or with what it makes of the good body."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send_reply(
            RawReply(
                200, made if isinstance(made, bytes) else made(connection.good_reply().body), JSON
            )
        )

    return serve


def swap(old: bytes, new: bytes) -> Behaviour:
    """Replace the first occurrence of a part of the good body."""

    def made(good: bytes) -> bytes:
        assert old in good, old
        return good.replace(old, new, 1)

    return body(made)


LIKES = b'"pipeline_tag":"text-generation"'
PRICE = b'"pricing":{"input":0.3,"output":0.6}'


def price(stated: bytes) -> Behaviour:
    """Let the router state this as novita's price object."""
    return swap(PRICE, b'"pricing":' + stated)


def hub_entry(text: bytes) -> Behaviour:
    """Put one more entry into the Hub's mapping of acme/chat."""
    return swap(b'"inferenceProviderMapping":[', b'"inferenceProviderMapping":[' + text + b",")


def entry(**fields: str) -> bytes:
    """Return a mapping entry as JSON text; values are JSON."""
    facts = {
        "_id": '"extra"',
        "provider": '"groq"',
        "providerId": '"g"',
        "status": '"live"',
        "task": '"conversational"',
        "type": '"single-model"',
        **fields,
    }
    return ("{" + ",".join(f'"{key}":{value}' for key, value in facts.items()) + "}").encode()
