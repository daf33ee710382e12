"""Write docs/prices.md, a card of each kind: python -m scripts.docs.prices > docs/prices.md.

Kinds that occur in the built-in sample come from it. For the others this program makes up a few
answers, and the page marks each of them. The real steps process both, over HTTP, with an injected
clock; run ids, times of today and addresses are replaced, because they differ each time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.explain import explanation_lines
from pipeline.context import Dependencies, RunOptions
from pipeline.decisions import CorrectionRequest, correct
from pipeline.explain import explain
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import load_registry
from samples.catalog import Catalog, hub_model, load, router_model
from samples.hub import FEEDS, SAMPLE_FEEDS, Hub, serve
from samples.list_routes import load_price_lists
from samples.verbatim import Json, Number
from schemas.records import Origin
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEAD = """# Cards and their proofs

```sh
.venv/bin/pricehouse explain OFFER_ID
```

The command traces a card's numbers: from the column on the card to the claim that it was chosen
from, the rule, the text as the source wrote it, the arithmetic, the fragment of the answer, the
hash of the answer (compared with the landed bytes while they are kept), the run, and the other
claims with the reason why they were not chosen. This page has its output for one card of each kind.
`python -m scripts.docs.prices > docs/prices.md` writes it; a test compares the two. Run ids, times
of the run and addresses are replaced by placeholders.

Of a price that returns after an absence, the command also prints the last good price before it,
which the gate compared it with ([operating.md](operating.md#prices-after-an-absence)).
"""
SAMPLE = (
    (
        "Priced, by two feeds",
        "The card shows the router's price; the Hub's mapping states another one, not chosen.",
        "SELECT offer_id FROM checks WHERE name = 'feeds_agree_on_price' ORDER BY offer_id, unit",
    ),
    (
        "Priced, by one feed",
        "No other feed states a price of this offer.",
        "SELECT offer_id FROM cards WHERE rankable AND offer_id IN (SELECT offer_id FROM "
        "price_claims GROUP BY ALL HAVING count(DISTINCT feed) = 1) ORDER BY model_id, offer_id",
    ),
    (
        "Priced by a provider's own list",
        "WaveSpeedAI's list states a price per run; the card shows the cost of an image, and the "
        "formula has the assumption.",
        "SELECT offer_id FROM cards WHERE cost_per_image IS NOT NULL AND offer_type = 'model' "
        "ORDER BY cost_per_image, model_id, offer_id",
    ),
    (
        "Suspect",
        "The source states 0 for both, and that the offer is not free. The card shows no number.",
        "SELECT offer_id FROM cards WHERE price_status = 'suspect' AND NOT held ORDER BY offer_id",
    ),
    (
        "Held",
        "A known price became a bare 0. The card keeps the old one, marks it, and is not ranked "
        "until a person decides or the source states a price that passes.",
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
        "One rule of its provider serves it; it is no model of its own, and never ranked.",
        "SELECT offer_id FROM cards WHERE offer_type = 'adapter' ORDER BY price_status <> "
        "'priced', model_id, offer_id",
    ),
)
MADE = (
    ("Free", "The source states that it is free.", "free"),
    (
        "Beyond all bounds",
        "A first price that no offer could have. The card shows no number until a person "
        "accepts it.",
        "outlier",
    ),
    ("Unparsed", "A price object with an unknown key.", "unknown-key"),
    (
        "Corrected",
        "A person replaced the stated price by the right one. The correction is valid while the "
        "source states the same price.",
        "mistake",
    ),
)


class _TickingClock:
    """A clock that advances one second at each call."""

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
    clock, parts = _TickingClock(), []
    with serve(load(1), price_lists=load_price_lists()) as hub:
        _hour(root, hub, clock, origin="sample", feeds=SAMPLE_FEEDS)
        hub.show(load(2))
        _hour(root, hub, clock, origin="sample", feeds=SAMPLE_FEEDS)
    for title, description, query in SAMPLE:
        (offer_id, *_) = (row["offer_id"] for row in rows(newest(Home.at(root)), query))
        parts.append(_proof(root, title, f"{description} From the built-in sample.", offer_id))
    return parts


def _made_up(root: Path) -> list[str]:
    clock, parts = _TickingClock(), []
    with serve(_catalog()) as hub:
        _hour(root, hub, clock, origin="live", feeds=FEEDS)
    cards = rows(newest(Home.at(root)), "SELECT model_name, offer_id FROM cards")
    ids = {card["model_name"]: card["offer_id"] for card in cards}
    correct(
        root,
        CorrectionRequest(
            offer_id=ids["mistake"],
            unit="output_token",
            price="0.6",
            per=1_000_000,
            decided_by="ada",
            reason="their price page says 0.60",
        ),
        clock=clock,
    )
    for title, description, name in MADE:
        text = f"{description} **The answer is made up for this page**: the sample has none."
        parts.append(_proof(root, title, text, ids[name]))
    return parts


def _hour(
    root: Path, hub: Hub, clock: _TickingClock, *, origin: Origin, feeds: Collection[str]
) -> None:
    registry = load_registry()
    off = {feed.feed for _, feed in registry.feeds() if not feed.enabled}
    settings = Settings(
        home=root,
        base_urls={feed.feed: hub.url for _, feed in registry.feeds()},
        enable_feeds=tuple(sorted(off & set(feeds))),
    )
    options = RunOptions(origin=origin, flow="docs", trigger="docs", feeds=frozenset(feeds))
    with open_run(settings, options, Dependencies(clock=clock)) as run:
        run_pipeline(run)


def _catalog() -> Catalog:
    """Return four made-up models, each at one provider."""
    prices: dict[str, Json] = {
        "free": {"input": Number("0"), "output": Number("0")},
        "outlier": {"input": Number("20000"), "output": Number("0.4")},
        "unknown-key": {"input": Number("0.2"), "output": Number("0.4"), "batch": Number("0.1")},
        "mistake": {"input": Number("0.2"), "output": Number("6.0")},
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
                    "is_free": name == "free",
                    "is_model_author": False,
                }
            ],
        }
        for name, pricing in prices.items()
    ]
    return Catalog(map(hub_model, mapped), router=map(router_model, routed))


def _proof(root: Path, title: str, description: str, offer_id: str) -> str:
    lines = explanation_lines(explain(Home.at(root), offer_id))
    text = _without_today("\n".join(lines))
    return f"\n## {title}\n\n{description}\n\n```text\n{text}\n```\n"


def _without_today(text: str) -> str:
    for pattern, placeholder in (
        (r"\d{8}T\d{12}Z-[0-9a-f]{6}", "RUN"),
        (r"http://127\.0\.0\.1:\d+", "ADDRESS"),
        (r"2026-11-25 \d\d:\d\d(:\d\d)?", "TODAY"),
        (r"(?m)^  [0-9a-f]{16} ", "  CHECK "),
    ):
        text = re.sub(pattern, placeholder, text)
    return text


if __name__ == "__main__":
    sys.stdout.write(page())
