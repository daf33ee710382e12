"""Write docs/coverage.md from recordings: python -m scripts.docs.coverage FOLDER > docs/coverage.md.

FOLDER holds `hub/`, `router/` and `prices/`, as they were recorded. They are served by a real HTTP
server on this machine and told through the real hour into a home that is thrown away.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import UNREAD_LIST_REASONS, load_registry
from samples.catalog import Catalog, hub_model, router_model
from samples.hub import serve
from samples.list_routes import PriceLists, rows_of
from samples.verbatim import Number
from warehouse.publication.newest import newest
from warehouse.publication.query import query_json
from warehouse.storage.home import Home

HUB, ROUTER = "hub/2026-02-26T12-27.json", "router/b.json"
DEEPINFRA, WAVESPEED = "prices/deepinfra_list_excerpt.json", "prices/wavespeed_list_excerpt.json"
HEAD = f"""# What is priced, and what is not

How many offers of each task and provider have a price, how many only an estimate, and why the others have neither. `python -m scripts.docs.coverage FOLDER > docs/coverage.md` makes this page: it serves recordings of real answers over HTTP, tells them through the real hour, and counts the cards. A test holds the two equal.

The recordings: `{HUB}` (at most 200 models a provider, so the numbers are lower bounds), `{ROUTER}`, and **excerpts** of two lists (`{DEEPINFRA}`: 21 of 372 rows; `{WAVESPEED}`: 37 of 1,046). They are months apart and were never one moment. WaveSpeedAI's list is switched on here; by default it is off.

## Who states prices

"""  # noqa: E501 - a paragraph of Markdown is one line
MIDDLE = """
`shape`: *recorded* means that a real answer was seen, *documented* that only its description was: treat what is made of it with care until a live run confirmed it ([first-live-run.md](first-live-run.md)).

A list is joined on (inference provider, the provider's own id) exactly. DeepInfra's joins nowhere in these recordings, because the Hub maps no model to an id of DeepInfra in them; the router names DeepInfra's chat offers, and prices those.

## Task by provider

`all` counts the cards, adapters among them; `priced` those with a price that a feed states, also where it can be compared with nothing (a video run of no stated length); `estimated` those with our estimate alone. The reasons are those of the rest, explained in [sql.md](sql.md#words-that-columns-use).

| task | inference_provider | all | adapters | priced | estimated | why not the others |
|---|---|---|---|---|---|---|
"""  # noqa: E501 - a paragraph of Markdown is one line
QUERY = """
WITH reason AS (
    SELECT task, inference_provider, price_reason, count(*) AS n FROM cards
    WHERE price_status NOT IN ('priced', 'free') GROUP BY ALL
), reasons AS (
    SELECT task, inference_provider,
           string_agg(format('`{}` {}', price_reason, n), ', ' ORDER BY price_reason) AS why
    FROM reason GROUP BY ALL
)
SELECT c.task, c.inference_provider, count(*) AS everything,
       count(*) FILTER (offer_type = 'adapter') AS adapters,
       count(*) FILTER (price_status IN ('priced', 'free')) AS priced,
       count(estimated_cost) AS estimated, coalesce(any_value(r.why), '') AS why
FROM cards c LEFT JOIN reasons r USING (task, inference_provider)
GROUP BY c.task, c.inference_provider ORDER BY c.task, c.inference_provider
"""


def coverage_page(recordings: Path) -> str:
    """Return the page as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        home = _told(recordings, Path(folder))
        found = json.loads(query_json(newest(Home.at(home)), QUERY))
    rows = [
        f"| `{row['task']}` | {row['inference_provider']} | {row['everything']} | {row['adapters']}"
        f" | {row['priced']} | {row['estimated']} | {row['why']} |\n"
        for row in found
    ]
    parts = ("everything", "adapters", "priced", "estimated")
    total = " | ".join(f"**{sum(int(row[part]) for row in found)}**" for part in parts)
    return HEAD + _feeds() + MIDDLE + "".join(rows) + f"| **all** | | {total} | |\n"


def _feeds() -> str:
    registry = load_registry()
    head = "| feed | whose prices | shape | key | read |\n|---|---|---|---|---|\n"
    rows = [
        f"| `{feed.feed}` | {feed.inference_provider or 'of many providers, per token'} "
        f"| {feed.shape} | {feed.secret or 'none'} "
        f"| {'by default' if feed.enabled else f'only if switched on: {feed.off_because}'} |\n"
        for _, feed in registry.feeds()
    ]
    rows += [
        f"| `{rule.feed}` | {rule.inference_provider} | an estimate: measured time × {rule.rate} "
        f"{rule.currency} a second ([the rate]({rule.rate_url})) | none | nothing is fetched |\n"
        for rule in registry.estimates
    ]
    why = [f"- `{code}`: {said}\n" for code, said in UNREAD_LIST_REASONS.items()]
    return (
        head
        + "".join(rows)
        + "\nA list that has stated nothing so far says why:\n\n"
        + "".join(why)
    )


def _told(recordings: Path, home: Path) -> Path:
    """Tell one hour of the recordings into a home, and return it."""

    def read(name: str) -> str:
        return (recordings / name).read_text("utf-8")

    hub = json.loads(read(HUB), parse_float=Number, parse_int=Number)
    router = json.loads(read(ROUTER), parse_float=Number, parse_int=Number)
    lists = PriceLists(deepinfra=rows_of(read(DEEPINFRA)), wavespeed=rows_of(read(WAVESPEED)))
    catalog = Catalog(map(hub_model, hub), router=map(router_model, router["data"]))
    clock = _clock()
    with serve(catalog, price_lists=lists) as server:
        registry = load_registry()
        settings = Settings(
            home=home,
            base_urls={feed.feed: server.url for _, feed in registry.feeds()},
            enable_feeds=tuple(feed.feed for _, feed in registry.feeds() if not feed.enabled),
        )
        with open_run(
            settings, origin="live", flow="coverage", trigger="docs", clock=lambda: next(clock)
        ) as run:
            run_pipeline(run)
    return home


def _clock() -> Iterator[datetime]:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    while True:
        moment += timedelta(seconds=1)
        yield moment


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.docs.coverage FOLDER > docs/coverage.md")
    sys.stdout.write(coverage_page(Path(sys.argv[1])))
