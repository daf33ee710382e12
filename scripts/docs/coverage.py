"""Write docs/coverage.md: python -m scripts.docs.coverage FOLDER > docs/coverage.md.

FOLDER holds `hub/`, `router/` and `prices/`, as they were recorded. A real HTTP
server on this machine serves them, and the real steps process them into a temporary home.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import MISSING_LIST_REASONS, load_registry
from samples.catalog import Catalog, hub_model, router_model
from samples.hub import serve
from samples.list_routes import PriceLists, rows_of
from samples.verbatim import Number
from transforms.parsing.collector import Page
from transforms.parsing.deepinfra_list import parse_deepinfra_list
from transforms.parsing.wavespeed_list import parse_wavespeed_list
from warehouse.publication.newest import newest
from warehouse.publication.query import query_json
from warehouse.storage.home import Home

HUB, ROUTER = "hub/2026-02-26T12-27.json", "router/b.json"
DEEPINFRA, WAVESPEED = "prices/deepinfra_list_excerpt.json", "prices/wavespeed_list_excerpt.json"
WHOLE_RECORDING = "prices/deepinfra_list_2026-09-08.json"
HEAD = f"""# Price coverage

This page counts the offers of each task and provider with a price, those with only an estimate, and the reasons of the others. `python -m scripts.docs.coverage FOLDER > docs/coverage.md` writes it: the program serves recordings of real answers over HTTP, processes them through the real steps, and counts the cards. A test compares the two.

The recordings: `{HUB}` (at most 200 models a provider, so the numbers are lower bounds), `{ROUTER}`, and **excerpts** of two lists (`{DEEPINFRA}`: 21 of 372 rows; `{WAVESPEED}`: 37 of 1,046). They are months apart and were never one moment. WaveSpeedAI's list is enabled here; by default it is off.

## Price sources

"""  # noqa: E501 - a paragraph of Markdown is one line
MIDDLE = """
`shape`: *recorded* means that a real answer was seen, *documented* that only its description was: be careful with these prices until a live run has confirmed them ([first-live-run.md](first-live-run.md)).

pricehouse joins a list on (inference provider, the provider's own id) exactly. DeepInfra's list has no match in these recordings, because the Hub maps no model to an id of DeepInfra in them; the router names DeepInfra's chat offers, and prices those.

## Entries of the lists

Of each recorded list: its entries, those of which a number counts, and why the others have none, whether or not the Hub maps a model to them.

{entries}
## Coverage by task and provider

`all` counts the cards, adapters included; `priced` those with a price that a feed states, also a price that cannot be compared (a video run of no stated length); `estimated` those with our estimate alone. The last column has the reasons of the others, explained in [sql.md](sql.md#values-of-columns).

```sql
SELECT task, count(*) FILTER (price_status = 'priced') AS priced FROM cards GROUP BY task;
```

| task | inference_provider | all | adapters | priced | estimated | reasons of the others |
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
        home = _process(recordings, Path(folder))
        found = json.loads(query_json(newest(Home.at(home)), QUERY))
    rows = [
        f"| `{row['task']}` | {row['inference_provider']} | {row['everything']} | {row['adapters']}"
        f" | {row['priced']} | {row['estimated']} | {row['why']} |\n"
        for row in found
    ]
    parts = ("everything", "adapters", "priced", "estimated")
    total = " | ".join(f"**{sum(int(row[part]) for row in found)}**" for part in parts)
    middle = MIDDLE.replace("{entries}", _entries(recordings))
    return HEAD + _feeds() + middle + "".join(rows) + f"| **all** | | {total} | |\n"


def _entries(recordings: Path) -> str:
    """Return a table of the entries of each recorded list."""
    lines = ["| recording | entries | with a number | reasons of the others |\n|---|---|---|---|\n"]
    for name, parse, provider in (
        (DEEPINFRA, parse_deepinfra_list, "deepinfra"),
        (WHOLE_RECORDING, parse_deepinfra_list, "deepinfra"),
        (WAVESPEED, parse_wavespeed_list, "wavespeed"),
    ):
        page = Page((recordings / name).read_bytes(), "", datetime(2026, 11, 23, tzinfo=UTC))
        quotes = parse([page], inference_provider=provider).quotes
        why = pl.coalesce(pl.col("problem").str.split(":").list.first(), "no_price_reason")
        zero = pl.col("raw_text").cast(pl.Float64) == 0
        reason = pl.coalesce(why, pl.when(zero).then(pl.lit("zero_not_stated_free")))
        found = quotes.group_by("provider_model_id").agg(why=reason.first())
        others = found.drop_nulls("why")["why"].value_counts().sort("why").rows()
        reasons = ", ".join(f"`{code}` {count}" for code, count in others)
        priced = found["why"].null_count()
        lines.append(f"| `{name}` | {found.height} | {priced} | {reasons} |\n")
    return "".join(lines)


def _feeds() -> str:
    registry = load_registry()
    head = "| feed | prices of | shape | key | enabled |\n|---|---|---|---|---|\n"
    rows = [
        f"| `{feed.feed}` | {feed.inference_provider or 'of many providers, per token'} "
        f"| {feed.shape} | {feed.secret or 'none'} "
        f"| {'by default' if feed.enabled else f'only if enabled: {feed.off_because}'} |\n"
        for _, feed in registry.feeds()
        if feed.compares is None
    ]
    rows += [
        f"| `{rule.feed}` | {rule.inference_provider} | an estimate: measured time × {rule.rate} "
        f"{rule.currency} a second ([the rate]({rule.rate_url})) | none | nothing is fetched |\n"
        for rule in registry.estimates
    ]
    reasons = [f"- `{code}`: {reason}\n" for code, reason in MISSING_LIST_REASONS.items()]
    return (
        head
        + "".join(rows)
        + "\nA list without any price so far has one of these reasons:\n\n"
        + "".join(reasons)
    )


def _process(recordings: Path, home: Path) -> Path:
    """Process one hour of the recordings into a home, and return it."""

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
        options = RunOptions(origin="live", flow="coverage", trigger="docs")
        with open_run(settings, options, Dependencies(clock=lambda: next(clock))) as run:
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
