"""The matrix: what a server may do to an hour, and the outcome that is then required.

Each case is one feed's server in one hour. Unless a case states otherwise, the other feed's news of
that hour is published, the last good rows of the faulty feed stay, and no wait takes real time.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import format_datetime
from typing import Literal

from tests.support.hours import START
from tests.support.raw_server import Behaviour, bomb, chunk
from tests.support.server_faults import (
    JSON,
    LIKES,
    PRICE,
    body,
    chunked,
    dripping,
    echo_in_body,
    echo_in_error,
    echo_in_header,
    endless_body,
    entry,
    first_then,
    good,
    gzipped,
    gzipped_spaces,
    here,
    hub_entry,
    moved_here,
    numbered,
    once,
    pages,
    price,
    raw,
    redirect,
    reset_at,
    same_page,
    stalling,
    status,
    swap,
)

CANARY = "hf_CanaryOfTheFaultMatrix0123456789"


@dataclass(frozen=True)
class Case:
    """`code`: the feed fails with it, None: it is whole. `rejected`: reasons of rejected rows.
    `held`: why novita's card keeps its old price. `price_feed`: whose new price the card
    shows instead. `query`: a query and its one value."""

    name: str
    feed: Literal["hub", "router"]
    behaviour: Behaviour
    code: str | None = None
    rejected: tuple[str, ...] = ()
    held: str | None = None
    price_feed: str | None = None
    query: tuple[str, object] | None = None
    deadline_s: float = 600.0
    timeout_s: float = 5.0
    most_requests: int = 12
    kind: Literal["http", "https", "https to http", "http to https"] = "http"
    trusted: bool = False
    host: str = "127.0.0.1"
    apart: bool = False
    """Run in a process of its own, whose peak of memory is measured."""


HTML = b"<!DOCTYPE html><html><head><title>Please sign in</title></head><body>no</body></html>"
BODIES = {
    "JSON": (b'{"error":"not today"}', JSON),
    "HTML": (HTML, {"Content-Type": "text/html"}),
    "an empty body": (b"", {}),
}
STATUSES = (400, 401, 402, 403, 404, 410, 451, 500, 501, 502, 503, 504, 520)
GROQ_CARDS = "SELECT count(*) FROM cards WHERE inference_provider = 'groq'"
GROQ_VALUE = "SELECT any_value({}) FROM cards WHERE inference_provider = 'groq'"
UNCHANGED = "SELECT count(*) FROM changes JOIN publication USING (run_id) WHERE event <> 'up'"
PARENS = b"[" * 100_000 + b"]" * 100_000

CASES = [
    # the pace
    Case("429 without headers, always", "hub", status(429), "http_429"),
    Case("429 without headers, once", "hub", once(429)),
    Case("429 with nothing left, once", "hub", once(429, b"", {"RateLimit": '"api";r=0;t=30'})),
    Case(
        "429 with some left (an action limit), always",
        "router",
        status(429, b"", {"RateLimit": '"api";r=12;t=200'}),
        "http_429",
    ),
    Case("429 with Retry-After, once", "router", once(429, b"", {"Retry-After": "60"})),
    Case(
        "429 every time, each with a wait of a whole window",
        "hub",
        status(429, b"", {"RateLimit": '"api";r=0;t=299'}),
        "deadline",
    ),
    Case("429 of a CDN: HTML, no headers", "hub", status(429, HTML), "http_429"),
    Case(
        "the rate limit's reset is in the past",
        "hub",
        status(429, b"", {"RateLimit": '"api";r=0;t=-300'}),
        "http_429",
    ),
    Case("a wait without end", "hub", status(429, b"", {"Retry-After": "9" * 400}), "deadline"),
    Case(
        "the deadline is reached while being paced",
        "hub",
        pages(numbered, lambda connection, page: here(page + 1)),
        "deadline",
        deadline_s=1.0,
        most_requests=5000,
    ),
    Case(
        "a good page with a wait past the deadline for the next",
        "hub",
        pages(same_page, lambda connection, page: here(2), {"RateLimit": '"api";r=0;t=5000'}),
        "deadline",
    ),
    Case(
        "Retry-After by a clock a year ahead",
        "router",
        once(
            503,
            b"",
            {
                "Date": format_datetime(START.replace(year=2027), usegmt=True),
                "Retry-After": format_datetime(START.replace(year=2027, minute=1), usegmt=True),
            },
        ),
    ),
    Case("Date by a clock of 1970", "hub", good({"Date": "Thu, 01 Jan 1970 00:00:00 GMT"})),
    Case(
        "Retry-After in the past",
        "router",
        once(503, b"", {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    ),
    # refusals
    *(
        Case(
            f"{code} with {kind}",
            ("hub", "router")[code % 2],
            status(code, text, dict(headers)),
            f"http_{code}",
        )
        for code in STATUSES
        for kind, (text, headers) in BODIES.items()
    ),
    Case("206: a part that was not requested", "hub", status(206, b"[]"), "http_206"),
    Case("304 that was not requested", "hub", status(304), "http_304"),
    Case(
        "an error with terminal codes and markup",
        "router",
        status(403, b"[/red]\x1b[2J\x1b]0;owned\x07 [link=file:///etc]here[/link]"),
        "http_403",
    ),
    Case("an error page of 1 MB", "hub", status(500, b"<html>" + b"x" * 1_000_000), "http_500"),
    # broken on the way
    Case(
        "a body that is cut",
        "hub",
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[{"id":'),
        "unreachable",
    ),
    Case(
        "a Content-Length that is too small",
        "hub",
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[{"id":"a/b"}]'),
        "not_json",
    ),
    Case(
        "a Content-Length that is no number",
        "hub",
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n[]"),
        "unreachable",
    ),
    Case(
        "two Content-Lengths",
        "hub",
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]"),
        "unreachable",
    ),
    Case("a chunk that is cut", "hub", chunked(chunk(b'[{"id":'), b"ff\r\nabc"), "unreachable"),
    Case(
        "a chunk whose size is no number", "hub", chunked(b"zz\r\n[]\r\n0\r\n\r\n"), "unreachable"
    ),
    Case("a gzip body that is cut", "hub", gzipped(bomb(2_000_000)[:-200]), "unreachable"),
    Case("a gzip body that is damaged", "hub", gzipped(b"\x1f\x8b\x08\x00garbage!"), "unreachable"),
    Case(
        "an encoding that was not offered",
        "hub",
        status(200, b"\x0b\x00", {"Content-Encoding": "br"}),
        "encoding",
    ),
    Case("a gzip bomb of a gigabyte", "hub", gzipped_spaces(10**9), "too_large", apart=True),
    Case("a page of 1 GB", "hub", endless_body, "too_large", apart=True),
    Case(
        "64 MB of tiny values",
        "hub",
        body(b"[" + b"1," * 30_000_000 + b"1]"),
        "too_many",
        apart=True,
    ),
    Case(
        "two million rows of the wrong type",
        "router",
        body(b'{"data":[' + b"1," * 1_900_000 + b"1]}"),
        "too_many",
        apart=True,
    ),
    Case(
        "slow-loris in the head",
        "hub",
        dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        "deadline",
        deadline_s=1.0,
    ),
    Case(
        "slow-loris in the body",
        "router",
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n[", b" "),
        "deadline",
        deadline_s=1.0,
    ),
    Case(
        "slow-loris in a chunk's size",
        "hub",
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        "deadline",
        deadline_s=1.0,
    ),
    Case(
        "interim responses without an end",
        "router",
        dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        "deadline",
        deadline_s=1.0,
    ),
    Case(
        "a stall in the middle",
        "hub",
        stalling(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[{"id":'),
        "unreachable",
        timeout_s=0.1,
    ),
    Case("no response to the request", "router", stalling(), "unreachable", timeout_s=0.1),
    Case("no response until the deadline", "hub", stalling(), "deadline", deadline_s=0.5),
    *(
        Case(f"a reset at: {phase}", "hub", reset_at(phase), "unreachable")
        for phase in ("accept", "request", "head", "body")
    ),
    Case("a connection closed without a response", "router", raw(), "unreachable"),
    Case(
        "another protocol's greeting",
        "hub",
        raw(b"SSH-2.0-OpenSSH_9.6\r\n", read=False),
        "unreachable",
    ),
    Case("noise", "router", raw(bytes(range(256)) * 40), "unreachable"),
    Case(
        "a head without an end",
        "hub",
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 2000),
        "unreachable",
    ),
    Case(
        "one header of a megabyte",
        "router",
        raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n\r\n[]"),
        "unreachable",
    ),
    # TLS
    Case("a certificate of an untrusted CA", "hub", good(), "tls", kind="https"),
    Case(
        "a certificate of another host",
        "hub",
        good(),
        "tls",
        kind="https",
        trusted=True,
        host="localhost",
    ),
    Case("a good certificate", "hub", good(), kind="https", trusted=True),
    Case(
        "no TLS where https is configured",
        "router",
        raw(b"HTTP/1.1 400 Bad Request\r\n\r\n", read=False),
        "tls",
        kind="https to http",
    ),
    Case("TLS where http is configured", "router", good(), "unreachable", kind="http to https"),
    # places
    Case("a redirect on the same host", "router", redirect(moved_here)),
    Case(
        "a redirect to another host",
        "hub",
        redirect(lambda connection: f"{connection.server.elsewhere}/api/models"),
        "redirect",
    ),
    Case(
        "a redirect to another host that looks the same",
        "router",
        redirect(lambda connection: f"//localhost:{connection.server.port}/v1/models", 307),
        "redirect",
    ),
    Case(
        "a redirect to file://",
        "hub",
        redirect(lambda connection: "file:///etc/passwd"),
        "redirect",
    ),
    Case("a redirect to itself", "hub", redirect(lambda connection: "/api/models"), "redirect"),
    Case(
        "a redirect with credentials",
        "router",
        redirect(lambda connection: f"http://me:you@127.0.0.1:{connection.server.port}/v1/models"),
        "redirect",
    ),
    Case("a redirect without a target", "hub", status(302), "http_302"),
    Case(
        "a next link to another host",
        "hub",
        pages(same_page, lambda connection, page: f"{connection.server.elsewhere}/api/models?at=2"),
        "paging_foreign",
    ),
    Case(
        "a next link to file://",
        "hub",
        pages(same_page, lambda connection, page: "file:///etc/passwd"),
        "paging_foreign",
    ),
    Case(
        "a next link that is no address",
        "hub",
        pages(same_page, lambda connection, page: "http://[::1"),
        "paging_foreign",
    ),
    Case(
        "a next link to itself",
        "hub",
        pages(numbered, lambda connection, page: here(2)),
        "paging_loop",
    ),
    Case(
        "a next link to an earlier page",
        "hub",
        pages(numbered, lambda connection, page: here(3 if page == 2 else 2)),
        "paging_loop",
    ),
    Case(
        "endless empty pages",
        "hub",
        pages(lambda connection, page: b"[]", lambda connection, page: here(page + 1)),
        "paging_endless",
    ),
    Case(
        "an empty page in the middle",
        "hub",
        pages(
            lambda connection, page: b"[]" if page == 2 else numbered(connection, page),
            lambda connection, page: here(page + 1) if page < 3 else None,
        ),
        "paging_hole",
    ),
    Case(
        "the same page again and again",
        "hub",
        pages(same_page, lambda connection, page: here(page + 1)),
        "paging_repeat",
    ),
    Case(
        "a model on two pages",
        "hub",
        pages(
            lambda connection, page: (
                connection.good_reply().body
                if page == 1
                else b'[{"id":"acme/chat","inferenceProviderMapping":[' + entry() + b"]}]"
            ),
            lambda connection, page: here(2) if page == 1 else None,
        ),
        rejected=("model_id:repeated",),
    ),
    Case("a second page that is an error", "hub", first_then(b"no", 500), "http_500"),
    Case("a second page of the wrong type", "hub", first_then(b'{"error":"gone"}'), "not_array"),
    Case("a second page that is no JSON", "hub", first_then(HTML), "not_json"),
    # another shape
    Case("an empty body with 200", "hub", body(b""), "not_json"),
    Case("204", "router", status(204), "not_json"),
    Case("a sign-in page with 200", "hub", body(HTML), "not_json"),
    Case("null", "hub", body(b"null"), "not_array"),
    Case("an object where a list is expected", "hub", body(b'{"models":[]}'), "not_array"),
    Case("a list where an object is expected", "router", body(b"[]"), "not_object"),
    Case("an answer without its list", "router", body(b'{"object":"list"}'), "wrong_shape"),
    Case("a complete answer without any entry", "hub", body(b"[]"), "empty"),
    Case(
        "a list of values that are no models",
        "hub",
        body(b'[1,null,"a",[],{"id":7}]'),
        "nothing_accepted",
        rejected=("model_id:missing",),
    ),
    Case("two documents in one body", "hub", body(lambda good: good + b"\n" + good), "not_json"),
    Case("UTF-16", "hub", body(lambda good: good.decode().encode("utf-16")), "not_json"),
    Case(
        "a key that is no UTF-8", "router", body(lambda good: b'{"\xff":1,' + good[1:]), "not_json"
    ),
    Case(
        "an invalid date of capture",
        "router",
        good({"Memento-Datetime": "yesterday"}),
        "bad_memento",
    ),
    Case("nesting of 100,000", "hub", body(PARENS), "nothing_accepted"),
    Case(
        "nesting of 100,000 in a field that is not read",
        "hub",
        swap(LIKES, LIKES + b',"x":' + PARENS),
    ),
    Case(
        "nesting of 300 in a field that is not read",
        "hub",
        swap(LIKES, LIKES + b',"x":' + b"[" * 300 + b"]" * 300),
    ),
    # numbers
    *(
        Case(
            f"{number.decode()} as a price",
            "router",
            price(b'{"input":' + number + b',"output":1}'),
            "not_json",
        )
        for number in (b"NaN", b"Infinity", b"-Infinity")
    ),
    *(
        Case(
            f"{name} as a price",
            "router",
            price(b'{"input":' + text + b',"output":0.6}'),
            price_feed="hub",
        )
        for name, text in {
            "1e400": b"1e400",
            "a negative number": b"-0.3",
            "1e25": b"1e25",
            "a string": b'"0.3"',
            "400 digits": b"9" * 400,
            "a number too small for any column": b"1e-30",
            "true": b"true",
            "an object": b'{"usd":0.3}',
            "a list": b"[0.3]",
            "an exponent without bound": b"1e999999999999999999",
        }.items()
    ),
    Case(
        "a zero that is not stated free",
        "router",
        price(b'{"input":0,"output":0}'),
        held="new_zero",
    ),
    Case(
        "an unknown unit in a price object",
        "router",
        price(b'{"input":0.3,"output":0.6,"per_image":1}'),
        price_feed="router",
    ),
    Case(
        "another price beside an unknown unit",
        "router",
        price(b'{"input":0.4,"output":0.6,"per_image":1}'),
        held="unconfirmed_price",
    ),
    Case(
        "a price twice in its object",
        "router",
        price(b'{"input":0.3,"input":9,"output":0.6}'),
        price_feed="hub",
    ),
    Case(
        "a price twice, once written with an escape",
        "router",
        price(b'{"input":0.3,"\\u0069nput":9,"output":0.6}'),
        rejected=("entry:key_twice",),
    ),
    Case(
        "two price objects in one entry",
        "router",
        swap(PRICE, PRICE + b',"pricing":{"input":9}'),
        rejected=("entry:key_twice",),
    ),
    Case(
        "1e400 and -1 as speeds and lengths",
        "router",
        swap(b'"throughput":81.5,"context_length":8192', b'"throughput":1e400,"context_length":-1'),
        query=(
            "SELECT count(*) FROM cards WHERE throughput_tps < 0 OR isinf(throughput_tps) "
            "OR context_length < 0",
            0,
        ),
    ),
    Case("a context length of 30 digits", "router", swap(b":8192", b":" + b"9" * 30)),
    # names and values
    Case(
        "nulls everywhere",
        "hub",
        hub_entry(
            b'{"_id":null,"provider":null,"providerId":null,'
            b'"status":null,"task":null,"type":null,"providerDetails":null}'
        ),
        rejected=("inference_provider:not_nullable", "task:not_nullable"),
    ),
    Case(
        "a mapping that is null",
        "hub",
        body(lambda good: good[:-1] + b',{"id":"acme/null","inferenceProviderMapping":null}]'),
    ),
    Case(
        "a mapping keyed by provider",
        "hub",
        body(
            lambda good: (
                good[:-1]
                + b',{"id":"acme/keyed","inferenceProviderMapping":{"groq":'
                + entry(provider="null")
                + b"}}]"
            )
        ),
        query=(GROQ_CARDS, 1),
    ),
    Case(
        "a mapping that names a provider twice",
        "hub",
        body(
            lambda good: (
                good[:-1]
                + b',{"id":"acme/keyed","inferenceProviderMapping":{"groq":'
                + entry()
                + b',"groq":'
                + entry()
                + b"}}]"
            )
        ),
        rejected=("inferenceProviderMapping:key_twice",),
        query=(GROQ_CARDS, 0),
    ),
    Case(
        "a model with two ids",
        "hub",
        body(lambda good: good[:-1] + b',{"id":"acme/one","id":"acme/two"}]'),
        rejected=("model:key_twice",),
    ),
    Case(
        "an entry that names two providers",
        "hub",
        hub_entry(entry()[:-1] + b',"provider":"cohere"}'),
        rejected=("entry:key_twice",),
    ),
    Case(
        "keys in another order",
        "router",
        swap(
            b'"status":"live","is_free":false,"is_model_author":false,' + PRICE,
            PRICE + b',"is_model_author":false,"is_free":false,"status":"live"',
        ),
        query=(UNCHANGED, 0),
    ),
    Case(
        "a string of 10 MB as a model's name",
        "hub",
        body(
            lambda good: (
                good[:-1]
                + b',{"id":"'
                + b"x" * 10_000_000
                + b'","inferenceProviderMapping":['
                + entry()
                + b"]}]"
            )
        ),
        rejected=("model_id:str_matches",),
        apart=True,
    ),
    Case(
        "a string of 10 MB in a field that is not read",
        "hub",
        hub_entry(entry(note='"' + "x" * 10_000_000 + '"')),
        rejected=("entry:too_large",),
        apart=True,
    ),
    Case(
        "a key of 10 MB",
        "router",
        swap(PRICE, PRICE + b',"' + b"k" * 10_000_000 + b'":1'),
        rejected=("entry:too_large",),
        apart=True,
    ),
    Case(
        "ten thousand unknown keys",
        "hub",
        swap(LIKES, LIKES + b"," + b",".join(b'"k%d":1' % n for n in range(10_000))),
        query=("SELECT count(*) < 300 FROM checks WHERE name = 'schema_drift'", True),
    ),
    Case(
        "two thousand entries of one model",
        "hub",
        body(
            lambda good: (
                good[:-1]
                + b',{"id":"acme/many","inferenceProviderMapping":['
                + b",".join([entry()] * 2000)
                + b"]}]"
            )
        ),
        rejected=("inferenceProviderMapping:too_many",),
    ),
    *(
        Case(
            f"{name} in a provider's own name",
            "hub",
            hub_entry(entry(providerId=f'"a{text}b"')),
            rejected=("provider_model_id:str_matches",),
            query=(GROQ_CARDS, 0),
        )
        for name, text in {
            "a line break": "\\n",
            "an escape code": "\\u001b[2J",
            "a null": "\\u0000",
            "a change of direction": "\u202e",
            "a space without width": "\u200b",
        }.items()
    ),
    Case(
        "HTML in a model's name",
        "hub",
        body(
            lambda good: (
                good[:-1] + b',{"id":"acme/<script>alert(1)</script>",'
                b'"inferenceProviderMapping":[' + entry() + b"]}]"
            )
        ),
        rejected=("model_id:str_matches",),
        query=(GROQ_CARDS, 0),
    ),
    Case(
        "a letter of another script in a model's name",
        "hub",
        body(
            lambda good: (
                good[:-1]
                + ',{"id":"\u0430cme/chat",'.encode()
                + b'"inferenceProviderMapping":['
                + entry()
                + b"]}]"
            )
        ),
        rejected=("model_id:str_matches",),
        query=(GROQ_CARDS, 0),
    ),
    Case(
        "a name that is no UTF-8",
        "hub",
        hub_entry(entry().replace(b'"g"', b'"\xff\xfe"')),
        rejected=("provider_model_id:not_nullable",),
    ),
    Case(
        "half of a surrogate pair",
        "hub",
        hub_entry(entry(providerId='"\\ud800"')),
        rejected=("provider_model_id:str_matches",),
    ),
    Case(
        "an unknown status",
        "hub",
        hub_entry(entry(status='"asleep"')),
        query=(GROQ_VALUE.format("status"), "unknown"),
    ),
    Case(
        "a status with terminal codes",
        "hub",
        hub_entry(entry(status='"\\u001b[2J[/red]"')),
        query=("SELECT count(*) FROM checks WHERE contains(message, chr(27))", 0),
    ),
    Case(
        "an unknown task",
        "hub",
        hub_entry(entry(task='"text-to-smell"')),
        query=(GROQ_VALUE.format("task_group"), "other"),
    ),
    Case(
        "an unknown type",
        "hub",
        hub_entry(entry(type='"multi-model"')),
        query=(GROQ_VALUE.format("offer_type"), "model"),
    ),
    # the token
    Case("our token in the body", "hub", echo_in_body, "echoed_secret"),
    Case("our token in a header", "router", echo_in_header, "echoed_secret"),
    Case("our token in an error", "hub", echo_in_error, "http_401"),
]
