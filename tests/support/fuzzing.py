"""Feed the parsers broken pieces of real answers: no crash, no lost entry, no time without bound.

    python -m tests.support.fuzzing 1000000 [SEED]    # how many inputs; prints what came of them

The corpus is the sample's data, and the recordings where they lie beside the checkout.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from samples.catalog import STEPS, load
from schemas.amounts import PER_MILLION
from schemas.contract import Contract, filter_rows
from schemas.errors import FeedMalformed
from schemas.offerings import HUB_OFFERINGS, MODELS, OFFERINGS
from transforms.money import read_amount
from transforms.parsing.hub import parse_hub
from transforms.parsing.limits import MAX_ENTRIES
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.price_object import read_price
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.resolve.catalog import identified, resolve_catalog, resolve_routed

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
BATCH = 100
INPUTS = 40_000
"""Pages of one run of the slow tests; each example of hypothesis is a batch, by its seed."""
CPU_S = 30.0
"""A batch takes a tenth of a second; a thousand times that is no machine's pace any more."""
VALUES = [
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"-0",
    b"-1",
    b"0",
    b"0.0",
    b"9" * 400,
    b'"0.2"',
    b"null",
    b"1e999999999999999999",
    b"0." + b"0" * 60 + b"1",
    b"0.030000000000000002",
    b"true",
    b"{}",
    b"[]",
    b'""',
    b"[" * 60 + b"]" * 60,
    b"[" * 3000 + b"]" * 3000,
    b'"\\u0000"',
    b'"\\u202e"',
    '"\u202e"'.encode(),
    '"\u200b"'.encode(),
    b'"<script>"',
    b'"x/y"',
    b'"novita"',
    b'"asleep"',
    b"99999999999999999999",
    b'"' + b"x" * 5000 + b'"',
    b'{"input":1,"input":2}',
    b'{"input":1}',
    b'{"input":0,"output":0}',
    b'{"input":1e400}',
    b'{"novita":{}}',
    b'[null,1,"a",{}]',
]
PAIRS = [
    b'"id":"x/y"',
    b'"pricing":{"input":1,"output":1}',
    b'"provider":"novita"',
    b'"\\u0069d":1',
    b'"input":1',
    b'"\\u0069nput":1',
    b'"is_free":true',
    b'"status":"live"',
    b'"unheard_of":[1,2]',
    b'"\\u202e":1',
    b'"' + b"k" * 3000 + b'":1',
    b'"inferenceProviderMapping":[]',
    b'"providers":1',
]
BYTES = [
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"00",
    b"1.",
    b".5",
    b'{"a":' * 500,
    b'"\xff\xfe"',
    b"\x00",
    b"\\ud800",
    b",",
    b":",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\",
    b"\xff",
    b"\xed\xa0\x80",
]


@cache
def corpus() -> dict[str, list[bytes]]:
    """Return real records by feed: a model of the Hub, a model of the router."""
    found: dict[str, list[bytes]] = {"hub": [], "router": []}
    for step in STEPS:
        catalog = load(step)
        found["hub"] += [entry.json().encode() for entry in catalog.hub[::4]]
        found["router"] += [entry.json().encode() for entry in catalog.router]
    for feed in found:
        for path in sorted((RECORDINGS / feed).glob("*.json")):
            document = json.loads(path.read_bytes())
            # a list of models, an answer with them in `data`, or one model alone
            records = document.get("data", [document]) if isinstance(document, dict) else document
            found[feed] += [json.dumps(record).encode() for record in records[::4]]
    return found


def broken(chance: random.Random, feed: str) -> bytes:
    """Return one to three real records of a feed, as a page, with up to six wounds."""
    records = corpus()[feed]
    parts = [chance.choice(records) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    if chance.random() < 0.2:
        parts.append(parts[0])
    inner = bytearray(b",".join(parts))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        _wound(inner, chance, records)
    body = bytes(inner)
    whole = b'{"object":"list","data":[' + body + b"]}" if feed == "router" else b"[" + body + b"]"
    if chance.random() < 0.05:
        whole = whole[: chance.randrange(len(whole))]
    return whole


def _wound(body: bytearray, chance: random.Random, records: list[bytes]) -> None:
    at = chance.randrange(len(body) + 1)
    kind = chance.random()
    if kind < 0.6:  # another value in the place of one, so that the page stays JSON
        colon = body.find(b":", at)
        ends = [p for p in (body.find(c, colon) for c in (b",", b"}", b"]")) if p > colon]
        if colon >= 0 and ends:
            body[colon + 1 : min(ends)] = chance.choice(VALUES)
    elif kind < 0.85:  # one pair more, often of a key that is there
        brace = body.find(b"{", at)
        if brace >= 0:
            body[brace + 1 : brace + 1] = chance.choice(PAIRS) + b","
    elif kind < 0.89:
        body[at:at] = chance.choice(BYTES)
    elif kind < 0.92:
        del body[at : at + chance.choice((1, 2, 8, 40))]
    elif kind < 0.95 and body:
        body[at % len(body)] = chance.randrange(256)
    elif kind < 0.98:
        other = chance.choice(records)
        start = chance.randrange(len(other))
        body[at:at] = other[start : start + chance.choice((4, 20, 200))]
    else:
        body[at:at] = body[at : at + chance.choice((10, 60, 300))]


def entries_in(feed: str, body: bytes) -> int | None:
    """Count a page's entries by another reader; None where that one reads it otherwise."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    records = document["data"] if feed == "router" else document
    return sum(_entries(feed, record) for record in records)


class _Doubled(ValueError):
    """Raised where a key is there twice: which one counts is what our reader decides."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _Doubled
    return dict(pairs)


def _entries(feed: str, record: Any) -> int:
    if not isinstance(record, dict) or not isinstance(record.get("id"), str) or not record["id"]:
        return 1
    mapping = record.get("inferenceProviderMapping" if feed == "hub" else "providers")
    if feed == "hub" and mapping is None:
        return 0
    sized = list | dict if feed == "hub" else list
    return len(mapping) if isinstance(mapping, sized) and len(mapping) <= MAX_ENTRIES else 1


PARSERS: dict[str, tuple[Callable[..., ParsedFeed], Contract]] = {
    "hub": (parse_hub, HUB_OFFERINGS),
    "router": (parse_router, OFFERINGS),
}


def fuzz(seed: int, feed: str, inputs: int = BATCH) -> Counter[str]:
    """Parse so many broken pages, then take what was read through to claims; count the outcomes.

    AssertionError, with the page, when an entry is lost or the time is out of all proportion.
    """
    chance = random.Random(seed)  # noqa: S311 - wounds, not secrets
    outcome = Counter[str]()
    parse, contract = PARSERS[feed]
    read: list[ParsedFeed] = []
    began = time.process_time()
    for _ in range(inputs):
        body = broken(chance, feed)
        try:
            parsed = parse([Page(body, "0" * 64)])
        except FeedMalformed as error:
            outcome[error.code] += 1
            continue
        except Exception as error:
            raise AssertionError(f"{feed}, seed {seed}: {body!r}") from error
        count = entries_in(feed, body)
        accepted, rejected = parsed.offerings.height, parsed.rejected.height
        assert count in (None, accepted + rejected), (count, accepted, rejected, body)
        assert accepted + rejected == parsed.summary.records, body
        assert (
            parsed.summary.rows
            == parsed.summary.distinct + parsed.summary.repeats + parsed.summary.nameless
        ), body
        outcome["accepted"] += accepted
        outcome["rejected"] += rejected
        outcome["pages_read"] += 1
        read.append(parsed)
    if read:
        _go_on(feed, contract, read, outcome)
    spent = time.process_time() - began
    assert spent < CPU_S, f"{feed}, seed {seed}: {spent:.0f} s of CPU for {inputs} pages"
    return outcome


def _go_on(feed: str, contract: Contract, read: list[ParsedFeed], outcome: Counter[str]) -> None:
    offerings = pl.concat([parsed.offerings for parsed in read])
    found = filter_rows(offerings, contract)
    assert found.accepted.height + found.rejected.height == offerings.height
    filter_rows(pl.concat([parsed.models for parsed in read]), MODELS)
    resolved = (
        resolve_catalog(found.accepted, source="huggingface")
        if feed == "hub"
        else resolve_routed(
            found.accepted,
            resolve_catalog(HUB_OFFERINGS.empty(), source="huggingface").rows,
            source="huggingface",
        )
    )
    assert resolved.rows.height + resolved.rejected.height == found.accepted.height
    claims = price_tokens(identified(resolved.rows), run_id="fuzz")
    outcome["claims"] += claims.height
    assert claims.filter(pl.col("amount") < 0).is_empty()
    bare = claims.filter((pl.col("amount") == 0) & (pl.col("price_status") != "free"))
    assert bare.is_empty(), "a zero that nobody stated free became a price"


def fuzz_price(price: bytes) -> None:
    """Read one price object; whatever it is, there is a problem or texts, and no wrong number."""
    read = read_price(price)
    for text in (read.input, read.output):
        if text is not None:
            money = read_amount(text, reciprocal=PER_MILLION)
            assert money is None or (money.native >= 0 and money.amount >= 0)


def main() -> None:
    """Fuzz with as many inputs as asked, half of them for each parser."""
    wanted, done, seed = int(sys.argv[1]), 0, int([*sys.argv, "1000000"][2])
    total: Counter[str] = Counter()
    began = time.monotonic()
    while done < wanted:
        seed += 1
        total += fuzz(seed, ("hub", "router")[seed % 2])
        done += BATCH
        if done % (wanted // 20 or 1) < BATCH:
            took = time.monotonic() - began
            sys.stdout.write(f"{done} inputs in {took:.0f} s: {dict(total)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
