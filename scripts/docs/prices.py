"""Write docs/prices.md, a card of each kind with its proof: python -m scripts.docs.prices > docs/prices.md.

Kinds that occur in the built-in sample are shown from it. For the others a few answers are made up
here, and the page says so at each. Both go through the real hour, over HTTP, with a clock in hand;
run ids, times of today and addresses are replaced, because they differ each time.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.explain import explanation_lines
from pipeline.decisions import correct
from pipeline.explain import explain
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import load_registry
from samples.catalog import Catalog, hub_model, load, router_model
from samples.hub import FEEDS, Hub, serve
from samples.verbatim import Json, Number
from schemas.records import Origin
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEAD = """# A card of each kind, and its proof

`pricehouse explain OFFER_ID` walks a card's numbers back: from the column on the card to the claim
that it was chosen from, the rule, the text as the source wrote it, the arithmetic, the fragment of
the answer, the hash of the answer (held against the landed bytes while they are kept), the run, and
the other claims with why they lost. This page is what it prints for one card of each kind. It is
written by `python -m scripts.docs.prices > docs/prices.md`; a test holds the two equal. Run ids, times of
the run and addresses are replaced by words.
"""
SAMPLE = (
    (
        "Priced, by two feeds",
        "The router's price is shown; the Hub's mapping states another one, which lost.",
        "SELECT offer_id FROM checks WHERE name = 'feeds_agree_on_price' ORDER BY offer_id, unit",
    ),
    (
        "Priced, by one feed",
        "Nobody else states a price of this offer.",
        "SELECT offer_id FROM cards WHERE rankable AND offer_id IN (SELECT offer_id FROM price_claims "
        "GROUP BY ALL HAVING count(DISTINCT feed) = 1) ORDER BY model_id, offer_id",
    ),
    (
        "Suspect",
        "The source states 0 for both, and says in the same breath that it is not free. No number is "
        "shown.",
        "SELECT offer_id FROM cards WHERE price_status = 'suspect' AND NOT held ORDER BY offer_id",
    ),
    (
        "Held",
        "A known price became a bare 0. The card goes on with the old one, says so, and is not ranked "
        "until somebody decides or the source states a price that passes.",
        "SELECT offer_id FROM cards WHERE held ORDER BY offer_id",
    ),
    (
        "Not published",
        "No source that is read states a price of this offer; the reason is a code.",
        "SELECT offer_id FROM cards WHERE price_status = 'not_published' AND offer_type = 'model' "
        "ORDER BY task <> 'text-to-image', model_id, offer_id",
    ),
    (
        "An adapter",
        "Served by one rule of its provider; no model of its own, and never ranked.",
        "SELECT offer_id FROM cards WHERE offer_type = 'adapter' ORDER BY model_id, offer_id",
    ),
)
MADE = (
    ("Free", "The source says so.", "gift"),
    (
        "Beyond all bounds",
        "A first price that no offer could have. No number is shown until somebody accepts it.",
        "dear",
    ),
    ("Unparsed", "A price object with a key that nobody knows.", "odd"),
    (
        "Corrected",
        "A person said that the stated price was wrong, and what it should be. It stays "
        "so while the source states the same.",
        "slip",
    ),
)


class _Clock:
    """A clock that moves one second at each look."""

    def __init__(self) -> None:
        self._now = START

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


def page() -> str:
    """Return the page as Markdown."""
    with TemporaryDirectory() as folder:
        return "".join([HEAD, *_sampled(Path(folder) / "sample"), *_made_up(Path(folder) / "made")])


def _sampled(root: Path) -> list[str]:
    clock, parts = _Clock(), []
    with serve(load(1)) as hub:
        _hour(root, hub, clock, origin="sample")
        hub.show(load(2))
        _hour(root, hub, clock, origin="sample")
    for title, words, query in SAMPLE:
        (offer_id, *_) = (row["offer_id"] for row in rows(newest(Home.at(root)), query))
        parts.append(_shown(root, title, f"{words} From the built-in sample.", offer_id))
    return parts


def _made_up(root: Path) -> list[str]:
    clock, parts = _Clock(), []
    with serve(_catalog()) as hub:
        _hour(root, hub, clock, origin="live")
    cards = rows(newest(Home.at(root)), "SELECT model_name, offer_id FROM cards")
    ids = {card["model_name"]: card["offer_id"] for card in cards}
    correct(
        root,
        offer_id=ids["slip"],
        unit="output_token",
        tier="standard",
        at=None,
        price="0.6",
        per=1_000_000,
        decided_by="ada",
        reason="their price page says 0.60",
        clock=clock,
    )
    for title, words, name in MADE:
        said = f"{words} **The answer behind it is made up for this page**: the sample has none."
        parts.append(_shown(root, title, said, ids[name]))
    return parts


def _hour(root: Path, hub: Hub, clock: _Clock, *, origin: Origin) -> None:
    base_urls = {feed.feed: hub.url for _, feed in load_registry().feeds()}
    settings = Settings(home=root, base_urls=base_urls)
    with open_run(
        settings, origin=origin, flow="docs", trigger="docs", clock=clock, feeds=frozenset(FEEDS)
    ) as run:
        run_pipeline(run)


def _catalog() -> Catalog:
    """Return four models of nobody, each at one provider."""
    prices: dict[str, Json] = {
        "gift": {"input": Number("0"), "output": Number("0")},
        "dear": {"input": Number("20000"), "output": Number("0.4")},
        "odd": {"input": Number("0.2"), "output": Number("0.4"), "batch": Number("0.1")},
        "slip": {"input": Number("0.2"), "output": Number("6.0")},
    }
    mapped: list[dict[str, Json]] = [
        {
            "id": f"made-up/{name}",
            "inferenceProviderMapping": [
                {
                    "_id": name,
                    "provider": "novita",
                    "providerId": f"made-up/{name}",
                    "status": "live",
                    "task": "conversational",
                    "type": "single-model",
                    "isModelAuthor": False,
                },
            ],
        }
        for name in prices
    ]
    routed: list[dict[str, Json]] = [
        {
            "id": f"made-up/{name}",
            "object": "model",
            "owned_by": "made-up",
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
            "providers": [
                {
                    "provider": "novita",
                    "status": "live",
                    "pricing": pricing,
                    "is_free": name == "gift",
                    "is_model_author": False,
                }
            ],
        }
        for name, pricing in prices.items()
    ]
    return Catalog(map(hub_model, mapped), router=map(router_model, routed))


def _shown(root: Path, title: str, words: str, offer_id: str) -> str:
    lines = explanation_lines(explain(Home.at(root), offer_id))
    text = _without_today("\n".join(lines))
    return f"\n## {title}\n\n{words}\n\n```text\n{text}\n```\n"


def _without_today(text: str) -> str:
    for pattern, word in (
        (r"\d{8}T\d{12}Z-[0-9a-f]{6}", "RUN"),
        (r"http://127\.0\.0\.1:\d+", "ADDRESS"),
        (r"2026-11-25 \d\d:\d\d(:\d\d)?", "TODAY"),
        (r"(?m)^  [0-9a-f]{16} ", "  CHECK "),
    ):
        text = re.sub(pattern, word, text)
    return text


if __name__ == "__main__":
    sys.stdout.write(page())
