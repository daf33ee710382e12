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
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import MISSING_LIST_REASONS, load_registry
from providers.secrets import VARIABLES, find_token
from samples.catalog import Catalog, hub_model, router_model
from samples.hub import serve
from samples.list_routes import PriceLists, base_url, rows_of
from samples.verbatim import Number, encode
from schemas.quotes import NOT_OFFERED
from scripts.docs.coverage_text import (
    DEEPINFRA,
    EARLIER,
    EVERY_KEY,
    FAL_KEY,
    FAL_PAGES,
    FEATHERLESS,
    HEAD,
    HUB,
    MIDDLE,
    OVHCLOUD,
    ROUTER,
    SAMBANOVA,
    TOKEN_LISTS,
    WAVESPEED,
    WHOLE_RECORDING,
)
from transforms.parsing.deepinfra_list import parse_deepinfra_list
from transforms.parsing.parsed_feed import Page
from transforms.parsing.token_lists import parse_token_list
from transforms.parsing.wavespeed_list import parse_wavespeed_list
from warehouse.publication.newest import newest
from warehouse.publication.query import query_json
from warehouse.storage.home import Home

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

SHARES = """
SELECT task, count(*) AS everything,
       count(*) FILTER (price_status IN ('priced', 'free') AND price_feed IN ({earlier}))
           AS earlier,
       count(*) FILTER (price_status IN ('priced', 'free')) AS priced
FROM cards GROUP BY task ORDER BY task
"""
CACHED = """
WITH named AS (
    SELECT offer_id, inference_provider,
           bool_or(unit = 'cached_input_token' AND price_status = 'priced') AS priced,
           bool_or(unit = 'cached_input_token' AND reason = 'not_offered') AS not_offered
    FROM price_claims WHERE valid_to IS NULL AND feed IN ({lists}) GROUP BY ALL
)
SELECT c.inference_provider, count(*) AS everything, count(n.offer_id) AS named,
       count(*) FILTER (n.priced) AS priced, count(*) FILTER (n.not_offered) AS not_offered
FROM cards c LEFT JOIN named n USING (offer_id)
WHERE c.task_group = 'text' AND c.inference_provider IN (SELECT inference_provider FROM providers
      WHERE list_contains([{providers}], inference_provider))
GROUP BY c.inference_provider ORDER BY c.inference_provider
"""
AGREEMENT = """
WITH stated AS (
    SELECT offer_id, unit, tier, feed, amount, currency FROM price_claims
    WHERE valid_to IS NULL AND price_status IN ('priced', 'free') AND basis <> 'estimate'
), pairs AS (
    SELECT l.feed, l.amount = r.amount AND l.currency = r.currency AS equal
    FROM stated l JOIN stated r ON (l.offer_id, l.unit, l.tier) = (r.offer_id, r.unit, r.tier)
    WHERE l.feed IN ({lists}) AND r.feed IN ('router', 'hub')
    QUALIFY row_number() OVER (
        PARTITION BY l.feed, l.offer_id, l.unit, l.tier ORDER BY r.feed = 'hub') = 1
)
SELECT feed, count(*) AS everything, count(*) FILTER (equal) AS equal
FROM pairs GROUP BY feed ORDER BY feed
"""
Row = dict[str, Any]


def coverage_page(recordings: Path) -> str:
    """Return the page as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        plain, keyed = (
            _process(recordings, Path(folder) / name, with_key=name == "keyed")
            for name in ("plain", "keyed")
        )
        earlier = ", ".join(f"'{feed}'" for feed in EARLIER)
        shares = SHARES.format(earlier=earlier)
        middle = (
            MIDDLE.replace("{entries}", _entries(recordings))
            .replace("{earlier}", ", ".join(f"`{feed}`" for feed in EARLIER[:3] + EARLIER[4:]))
            .replace("{fal}", FAL_PAGES)
            .replace("{shares}", _shares(_rows(plain, shares), _rows(keyed, shares)))
            .replace("{cached}", _cached(plain))
            .replace("{agreement}", _agreement(plain))
        )
        return HEAD + _feeds() + middle + _table(plain) + EVERY_KEY + _table(keyed)


def _rows(home: Path, query: str) -> list[Row]:
    found: list[Row] = json.loads(query_json(newest(Home.at(home)), query))
    return found


def _table(home: Path) -> str:
    """Return the rows of a home by task and provider, and their sums."""
    found = _rows(home, QUERY)
    rows = [
        f"| `{row['task']}` | {row['inference_provider']} | {row['everything']} | {row['adapters']}"
        f" | {row['priced']} | {row['estimated']} | {row['why']} |\n"
        for row in found
    ]
    parts = ("everything", "adapters", "priced", "estimated")
    total = " | ".join(f"**{sum(int(row[part]) for row in found)}**" for part in parts)
    return "".join(rows) + f"| **all** | | {total} | |\n"


def _shares(plain: list[Row], keyed: list[Row]) -> str:
    """Return the priced offers of each task before the new lists, now, and with every key."""
    lines = ["| task | all | before | now | with every key |\n|---|---|---|---|---|\n"]
    with_key = {row["task"]: row["priced"] for row in keyed}
    counts: list[tuple[Any, ...]] = [
        (f"`{r['task']}`", r["everything"], r["earlier"], r["priced"], with_key[r["task"]])
        for r in plain
    ]
    counts.append(("**all**", *(sum(int(row[place]) for row in counts) for place in range(1, 5))))
    for task, everything, *priced in counts:
        shares = " | ".join(f"{n} ({100 * int(n) / int(everything):.0f} %)" for n in priced)
        lines.append(f"| {task} | {everything} | {shares} |\n")
    return "".join(lines)


def _agreement(home: Path) -> str:
    """Return how many units a list states as the router does, else the Hub."""
    lists = ", ".join(f"'{feed.feed}'" for feed in load_registry().lists())
    return "| list | units that both state | equal |\n|---|---|---|\n" + "".join(
        f"| `{row['feed']}` | {row['everything']} | {row['equal']} |\n"
        for row in _rows(home, AGREEMENT.format(lists=lists))
    )


def _cached(home: Path) -> str:
    """Return what the recorded lists of token prices state of cached tokens, by provider."""
    whose = {feed.feed: feed.inference_provider for feed in load_registry().lists()}
    query = CACHED.format(
        lists=", ".join(f"'{feed}'" for feed in TOKEN_LISTS),
        providers=", ".join(f"'{whose[feed]}'" for feed in TOKEN_LISTS),
    )
    lines = ["| inference_provider | text offers | named | priced | not offered |\n"]
    lines.append("|---|---|---|---|---|\n")
    lines += [
        f"| {row['inference_provider']} | {row['everything']} | {row['named']} | {row['priced']} "
        f"| {row['not_offered']} |\n"
        for row in _rows(home, query)
    ]
    return "".join(lines)


def _entries(recordings: Path) -> str:
    """Return a table of the entries of each recorded list."""
    lines = ["| recording | entries | with a number | reasons of the others |\n|---|---|---|---|\n"]
    for name, parse, provider in (
        (DEEPINFRA, parse_deepinfra_list, "deepinfra"),
        (WHOLE_RECORDING, parse_deepinfra_list, "deepinfra"),
        (WAVESPEED, parse_wavespeed_list, "wavespeed"),
        (FEATHERLESS, partial(parse_token_list, "featherless_list"), "featherless-ai"),
        (OVHCLOUD, partial(parse_token_list, "ovhcloud_list"), "ovhcloud"),
        (SAMBANOVA, partial(parse_token_list, "sambanova_list"), "sambanova"),
    ):
        page = Page((recordings / name).read_bytes(), "", datetime(2026, 11, 23, tzinfo=UTC))
        quotes = parse([page], inference_provider=provider).quotes
        quotes = quotes.filter(pl.col("no_price_reason").ne_missing(NOT_OFFERED))
        why = pl.coalesce(pl.col("problem").str.split(":").list.first(), "no_price_reason")
        zero = pl.col("raw_text").cast(pl.Float64) == 0
        reason = pl.coalesce(why, pl.when(zero).then(pl.lit("zero_not_stated_free")))
        found = quotes.group_by("provider_model_id", maintain_order=True).agg(why=reason.first())
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


def _process(recordings: Path, home: Path, *, with_key: bool) -> Path:
    """Process one hour of the recordings into a home, and return it.

    `with_key`: fal's prices are read too, from the facts of its public pages.
    """

    def read(name: str) -> str:
        return (recordings / name).read_text("utf-8")

    hub = json.loads(read(HUB), parse_float=Number, parse_int=Number)
    router = json.loads(read(ROUTER), parse_float=Number, parse_int=Number)
    lists = PriceLists(
        deepinfra=rows_of(read(DEEPINFRA)),
        wavespeed=rows_of(read(WAVESPEED)),
        others={feed: rows_of(read(name)) for feed, name in TOKEN_LISTS.items()},
        fal=_fal_rows(read(FAL_PAGES)) if with_key else None,
        fal_key=FAL_KEY,
    )
    catalog = Catalog(map(hub_model, hub), router=map(router_model, router["data"]))
    clock = _clock()
    with serve(catalog, price_lists=lists) as server:
        registry = load_registry()
        settings = Settings(
            home=home,
            base_urls={feed.feed: base_url(server.url, feed.feed) for _, feed in registry.feeds()},
            enable_feeds=tuple(feed.feed for _, feed in registry.feeds() if not feed.enabled),
            account_prices=with_key,
        )
        options = RunOptions(origin="live", flow="coverage", trigger="docs")
        keys = {VARIABLES["fal"]: FAL_KEY} if with_key else {}
        dependencies = Dependencies(clock=lambda: next(clock), find_token=partial(find_token, keys))
        with open_run(settings, options, dependencies) as run:
            run_pipeline(run)
    return home


def _fal_rows(text: str) -> dict[str, str]:
    """Return endpoint → a row of fal's API, with the price and unit that its page states."""
    pages = json.loads(text, parse_float=Number, parse_int=Number)
    return {
        page["id"]: encode(
            {
                "endpoint_id": page["id"],
                "unit_price": page["price"],
                "unit": page["billing_unit"],
                "currency": "USD",
            }
        )
        for page in pages
    }


def _clock() -> Iterator[datetime]:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    while True:
        moment += timedelta(seconds=1)
        yield moment


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.docs.coverage FOLDER > docs/coverage.md")
    sys.stdout.write(coverage_page(Path(sys.argv[1])))
