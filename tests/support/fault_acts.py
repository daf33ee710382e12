"""What a server may do to a client: each is a function of one connection."""

from __future__ import annotations

import re
from collections.abc import Callable

from samples.routes import ServerRequest
from tests.support.fault_server import Act, Line

JSON = {"Content-Type": "application/json"}


# --- answers that are none -------------------------------------------------------------------


def status(code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Act:
    """Answer every request with this."""

    def act(line: Line) -> None:
        line.ask()
        line.reply(code, body, headers)

    return act


def once(code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Act:
    """Answer the first request with this, all others well."""

    def act(line: Line) -> None:
        line.ask()
        line.reply(code, body, headers) if line.number == 1 else line.well()

    return act


def raw(*parts: bytes, ask: bool = True) -> Act:
    """Send bytes and hang up."""

    def act(line: Line) -> None:
        if ask:
            line.ask()
        for part in parts:
            line.send(part)

    return act


def well(headers: dict[str, str] | None = None) -> Act:
    """Answer as it should be, with further headers."""

    def act(line: Line) -> None:
        line.ask()
        line.well(headers)

    return act


def reset_at(phase: str) -> Act:
    """Reset the connection at a phase."""

    def act(line: Line) -> None:
        if phase != "accept":
            line.ask()
        if phase == "head":
            line.send(b"HTTP/1.1 200 OK\r\nContent-Le")
        if phase == "body":
            line.send(b'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n[{"id":')
        line.reset()

    return act


def silent(first: bytes = b"") -> Act:
    """Say no more than this, and stay."""

    def act(line: Line) -> None:
        line.ask()
        line.send(first)
        while line.until_over():
            pass

    return act


def dripping(first: bytes, drop: bytes) -> Act:
    """Send the same few bytes for ever, each before a timeout would end it."""

    def act(line: Line) -> None:
        line.ask()
        line.send(first)
        while line.until_over():
            line.send(drop)

    return act


def endless_body(line: Line) -> None:
    """Send a page of a gigabyte."""
    line.ask()
    line.head(headers={"Content-Length": str(10**9)})
    piece = b'{"id":"a/b"},' * 80_000
    line.send(b"[")
    for _ in range(10**9 // len(piece)):
        line.send(piece)


def echo_in_body(line: Line) -> None:
    token = line.ask().headers.get("authorization", "")
    line.reply(200, f'[{{"id":"acme/chat","note":"{token}"}}]'.encode())


def echo_in_header(line: Line) -> None:
    token = line.ask().headers.get("authorization", "")
    line.well({"X-ServerRequest-Id": token})


def echo_in_error(line: Line) -> None:
    token = line.ask().headers.get("authorization", "")
    line.reply(401, f'{{"error":"I was sent {token}"}}'.encode(), {"X-Error-Message": token})


def chunked(*parts: bytes) -> Act:
    return raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *parts)


def gzipped(body: bytes) -> Act:
    return status(200, body, {"Content-Encoding": "gzip"})


# --- places to go ------------------------------------------------------------------------------


def redirect(location: Callable[[Line], str], code: int = 302) -> Act:
    """Lead the first request elsewhere; answer others well."""

    def act(line: Line) -> None:
        if "moved" in line.ask().target:
            assert line.request is not None
            before = line.request.target.split("moved")[0].rstrip("/?&")
            line.request = ServerRequest("GET", before, line.request.headers)
            line.well()
        else:
            line.reply(code, b"", {"Location": location(line)})

    return act


def moved_here(line: Line) -> str:
    assert line.request is not None
    joint = "&" if "?" in line.request.target else "?"
    return f"{line.request.target}{joint}moved"


def pages(
    body: Callable[[Line, int], bytes],
    link: Callable[[Line, int], str | None],
    more: dict[str, str] | None = None,
) -> Act:
    """Answer the Hub's list with pages of our making; the page number is in the query."""

    def act(line: Line) -> None:
        line.ask()
        assert line.request is not None
        found = re.search(r"[?&]at=(\d+)", line.request.target)
        page = int(found[1]) if found else 1
        target = link(line, page)
        headers = {"Link": f'<{target}>; rel="next"'} if target is not None else {}
        line.reply(200, body(line, page), {**headers, **(more or {})})

    return act


def told(line: Line, page: int) -> bytes:
    """Give the whole good answer, whichever page is asked for."""
    if page == 1:
        line.server.first_page = line.told().body
    return line.server.first_page


def numbered(_line: Line, page: int) -> bytes:
    return f'[{{"id":"acme/page-{page}"}}]'.encode()


def here(page: int) -> str:
    return f"/api/models?at={page}"


def first_then(second: bytes, code: int = 200) -> Act:
    """A good page with a next link, then this."""

    def act(line: Line) -> None:
        if "at=2" in line.ask().target:
            line.reply(code, second)
        else:
            line.well({"Link": f'<{line.server.url}{here(2)}>; rel="next"'})

    return act


# --- what it says ------------------------------------------------------------------------------


def body(made: bytes | Callable[[bytes], bytes]) -> Act:
    """Answer 200 with this, or with what it makes of the good answer."""

    def act(line: Line) -> None:
        line.ask()
        line.reply(200, made if isinstance(made, bytes) else made(line.told().body), JSON)

    return act


def swap(old: bytes, new: bytes) -> Act:
    """Replace the first occurrence of a part of the good answer."""

    def made(good: bytes) -> bytes:
        assert old in good, old
        return good.replace(old, new, 1)

    return body(made)


LIKES = b'"pipeline_tag":"text-generation"'
PRICE = b'"pricing":{"input":0.3,"output":0.6}'


def price(told: bytes) -> Act:
    """Let the router state this as novita's price object."""
    return swap(PRICE, b'"pricing":' + told)


def hub_entry(told: bytes) -> Act:
    """Put one more entry into the Hub's mapping of acme/chat."""
    return swap(b'"inferenceProviderMapping":[', b'"inferenceProviderMapping":[' + told + b",")


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
