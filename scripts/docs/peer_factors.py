"""Write docs/peers.md: python -m scripts.docs.peer_factors FOLDER > docs/peers.md.

FOLDER holds `hub/` and `router/` as they were recorded. The program measures how far apart recorded
prices are, counts the recorded prices that the rules would refuse, and the slips that they find.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from schemas.amounts import MILLION, amount_text
from schemas.contract import MONEY, filter_rows
from schemas.offerings import HUB_OFFERINGS, OFFERINGS
from schemas.state import OFFERS
from transforms.gate.bounds import outside_bounds
from transforms.gate.peers import (
    AUTHOR_FACTOR,
    FIELD_FACTOR,
    LEAST_PROVIDERS,
    MODEL_FACTOR,
    SIZE_FACTOR,
    find_unlike,
    measure_distances,
)
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.resolve.catalog import identified, resolve_catalog, resolve_routed

HUB = ("2026-02-23T14-23", "2026-02-26T03-08", "2026-02-26T12-27")
ROUTER = ("a", "b", "four_models_2026-07-30")
LISTS = ("featherless_models_trimmed", "sambanova_models_2026-10-08")
LEVELS = (
    ("model", MODEL_FACTOR, "the same model at other providers"),
    ("size", SIZE_FACTOR, "models of its size"),
    ("author", AUTHOR_FACTOR, "its author's models"),
    ("field", FIELD_FACTOR, "all models of its task group"),
)
SLIPS = {
    "a millionth": Decimal("0.000001"),
    "a thousandth (dollars per 1,000 tokens)": Decimal("0.001"),
    "a hundredth": Decimal("0.01"),
    "100 times (cents as dollars)": Decimal(100),
    "1,000 times": Decimal(1000),
    "1,000,000 times": Decimal(1_000_000),
}
SLIPPED = ("hub 2026-02-26T12-27", "router b with lists")
"""The latest recording of each feed: the others have much the same prices."""
STEP = 9
"""Every so many prices of a recording slip, each alone."""
HEAD = f"""# Prices unlike their peers

`python -m scripts.docs.peer_factors FOLDER > docs/peers.md` writes this page from recordings of real answers; a test compares the two. `transforms/gate/peers.py` has the rules and the factors.

A price of a unit that compares (a token, an image, a second, a character) is compared with its peers: prices of the same unit, tier, currency and task group at **other** providers. One provider is one voice, however many offers it has.

- **The same model.** A price is far from another one if they differ by {MODEL_FACTOR} times or more. It is unlike its peers where more providers of its model are far from it than near it.
- **A class.** Where fewer than two other providers agree on a price, it is also compared with the median of models of its size (within a power of 4 of parameters, as the Hub states them), else of its author, else of its task group; each of at least {LEAST_PROVIDERS} other providers. The factors are wider: {SIZE_FACTOR}, {AUTHOR_FACTOR} and {FIELD_FACTOR} times. An author's models are of all sizes, so their prices differ more than those of one size.
- **Two that contradict each other.** Where no price of a model has a majority, the one that is clearly nearest to its class stays (without a class: to the median of the recordings); else the one that cards show already; else none. So an outlier condemns no price that a third provider, its peers or its history supports.
- **What is no peer.** A price that a person rejected, or that moved by ten times and is held: its last good price counts. Adapters are not compared.

A price that is unlike its peers shows no number (`suspect`, `unlike_peers`), or the card keeps its last good price and is held. It stays so until a feed of **another source** states the same amount, until it or its peers change, or until a person decides ([operating.md](operating.md#decisions-about-held-values)). A provider's own price list is another source. The Hub's mapping and the router are one source: both repeat what a provider registered at Hugging Face, so they repeat its slip too.

## How far apart recorded prices are

Every recorded token price, of {len(HUB)} answers of the Hub, {len(ROUTER)} of the router and, beside the router's `b`, of two price lists ({", ".join(f"`{name}`" for name in LISTS)}). The distance is the factor between a price and the median of its peers, up or down.

| peers | prices compared | median | 99 % are below | largest | factor of the rule |
|---|---|---|---|---|---|
"""  # noqa: E501 - a paragraph of Markdown is one line


def peers_page(folder: Path) -> str:
    """Return the page as Markdown."""
    recordings = list(_recordings(folder))
    measured = pl.concat([measure_distances(prices) for _, prices in recordings])
    return "".join(
        [
            HEAD,
            *(_level_row(measured, *level) for level in LEVELS),
            _largest(measured),
            _candidates(measured),
            *_honest(recordings),
            *_slips([each for each in recordings if each[0] in SLIPPED]),
            _limits(),
        ]
    )


def _recordings(folder: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    sizes = pl.DataFrame(schema={"model_id": pl.String, "parameters": pl.Int64})
    for name in HUB:
        parsed = parse_hub([_page(folder / "hub" / f"{name}.json")])
        accepted = filter_rows(parsed.offerings, HUB_OFFERINGS).accepted
        sizes = parsed.models.select("model_id", "parameters").drop_nulls()
        rows = identified(resolve_catalog(accepted, source="huggingface").rows)
        yield f"hub {name}", _prices(rows, sizes)
    for name in ROUTER:
        parsed = parse_router([_page(folder / "router" / f"{name}.json")])
        accepted = filter_rows(parsed.offerings, OFFERINGS).accepted
        nothing = OFFERS.empty().with_columns(status=pl.lit(None, pl.String))
        rows = identified(resolve_routed(accepted, nothing, source="huggingface").rows)
        prices = _prices(rows, sizes)
        yield f"router {name}", prices
        if name == "b":
            listed = [_listed(folder / "prices" / f"{each}.json") for each in LISTS]
            yield "router b with lists", pl.concat([prices, *listed])


def _prices(rows: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    names = rows.select("offer_id", "model_id", "inference_provider", "task_group", "offer_type")
    return (
        price_tokens(rows, run_id="docs")
        .filter(pl.col("price_status") == "priced")
        .join(names.filter(pl.col("offer_type") == "model"), on="offer_id")
        .join(sizes, on="model_id", how="left")
        .sort("model_id", "inference_provider", "offer_id", "unit")
        .select(
            "offer_id",
            "unit",
            "tier",
            "currency",
            "model_id",
            "inference_provider",
            "task_group",
            "amount",
            "parameters",
            "price_status",
            is_compared=pl.lit(value=True),
            is_established=pl.lit(value=False),
        )
    )


def _listed(path: Path) -> pl.DataFrame:
    """Return the token prices of a list that the project does not read: per 1M, or per token."""
    provider = path.name.split("_")[0]
    rows = []
    for entry in json.loads(path.read_text("utf-8"), parse_float=Decimal)["data"]:
        pricing = entry.get("pricing") or {}
        for unit, million, one in (
            ("input_token", "input", "prompt"),
            ("output_token", "output", "completion"),
        ):
            if pricing.get(million):
                rows.append((entry["id"], unit, Decimal(pricing[million]) / MILLION))
            elif pricing.get(one):
                rows.append((entry["id"], unit, Decimal(pricing[one])))
    kinds: dict[str, Any] = {"model_id": pl.String, "unit": pl.String, "amount": MONEY}
    return pl.DataFrame(rows, schema=kinds, orient="row").select(
        pl.format("{} {}", "model_id", pl.lit(provider)).alias("offer_id"),
        "unit",
        pl.lit("standard").alias("tier"),
        pl.lit("USD").alias("currency"),
        "model_id",
        pl.lit(provider).alias("inference_provider"),
        pl.lit("text").alias("task_group"),
        "amount",
        pl.lit(None, pl.Int64).alias("parameters"),
        pl.lit("priced").alias("price_status"),
        pl.lit(value=True).alias("is_compared"),
        pl.lit(value=False).alias("is_established"),
    )


def _page(path: Path) -> Page:
    body = path.read_bytes()
    return Page(body, sha256(body).hexdigest())


def _level_row(measured: pl.DataFrame, level: str, factor: int, title: str) -> str:
    found = measured[level].drop_nulls()
    figures = (found.median(), found.quantile(0.99), found.max())
    text = " | ".join(f"{float(str(figure)):.1f}" for figure in figures)
    return f"| {title} | {found.len()} | {text} | {factor} |\n"


def _largest(measured: pl.DataFrame) -> str:
    rows = measured.sort(
        "model", "model_id", "inference_provider", descending=True, nulls_last=True
    )
    (row, *_) = rows.head(1).to_dicts()
    price = amount_text(row["amount"] * MILLION)
    return (
        f"\nThe largest distance from the same model: {row['model_id']} at "
        f"{row['inference_provider']}, {price} USD per 1,000,000 {row['unit']}, "
        f"{row['model']:.1f} times from the median of the others.\n"
    )


def _candidates(measured: pl.DataFrame) -> str:
    factors = (5, 10, 15, 20, 30, 50, 100, 200, 300)
    head = (
        "\n## Recorded prices beyond a factor\n\nThe prices whose distance is the factor or more, "
        "counted in each recording. Each factor of the rules is well above the first column with "
        "a zero.\n\n| peers | "
    )
    rows = [
        f"| {title} | "
        + " | ".join(str(measured.filter(pl.col(level) >= each - 1e-9).height) for each in factors)
        + " |\n"
        for level, _, title in LEVELS
    ]
    return (
        head + " | ".join(map(str, factors)) + " |\n|" + "---|" * (len(factors) + 1) + "\n"
    ) + "".join(rows)


def _honest(recordings: list[tuple[str, pl.DataFrame]]) -> Iterator[str]:
    yield (
        "\n## Recorded prices that the rules refuse\n\n"
        "| recording | prices | refused |\n|---|---|---|\n"
    )
    refused = []
    for name, prices in recordings:
        found = find_unlike(prices)
        refused += [f"- {name}: {' '.join(row)}\n" for row in found.iter_rows()]
        yield f"| {name} | {prices.height} | {found.height} |\n"
    yield "\n"
    yield "".join(refused) or "None is refused, so there is no exception to list.\n"


def _slips(recordings: list[tuple[str, pl.DataFrame]]) -> Iterator[str]:
    yield (
        "\n## Slips that the rules find\n\n"
        f"In {' and in '.join(SLIPPED)}, every {STEP}th price slips alone, and each provider slips "
        "with all its prices at once; all prices are first ones, without a history that could "
        "decide. Found: the slipped price is refused, by its peers or by the bounds of its unit. "
        "Condemned: an honest price is refused too, because it is the only other one of its model "
        "and nothing decides which of the two is wrong.\n\n"
        "| the price slips to | single prices | found | condemned | prices of whole providers | "
        "found | condemned |\n|---|---|---|---|---|---|---|\n"
    )
    for title, factor in SLIPS.items():
        single = _slipped(recordings, factor, _single_slips)
        whole = _slipped(recordings, factor, _provider_slips)
        yield f"| {title} | {single} | {whole} |\n"


def _slipped(
    recordings: list[tuple[str, pl.DataFrame]],
    factor: Decimal,
    slips: Callable[[pl.DataFrame], Iterator[pl.Expr]],
) -> str:
    count = found = condemned = 0
    for _, prices in recordings:
        for chosen in slips(prices):
            moved = prices.with_columns(
                amount=pl.when(chosen)
                .then((pl.col("amount") * pl.lit(factor, MONEY)).cast(MONEY))
                .otherwise("amount"),
                is_slip=chosen,
            )
            refused = find_unlike(moved).select("offer_id", "unit", refused=pl.lit(value=True))
            marked = moved.join(refused, on=["offer_id", "unit"], how="left").with_columns(
                refused=pl.col("refused").fill_null(value=False) | outside_bounds()
            )
            count += marked.filter("is_slip").height
            found += marked.filter("is_slip", "refused").height
            condemned += marked.filter(~pl.col("is_slip"), "refused").height
    return f"{count} | {found} | {condemned}"


def _single_slips(prices: pl.DataFrame) -> Iterator[pl.Expr]:
    for place in range(0, prices.height, STEP):
        yield pl.int_range(pl.len()) == place


def _provider_slips(prices: pl.DataFrame) -> Iterator[pl.Expr]:
    for provider in sorted(prices["inference_provider"].unique()):
        yield pl.col("inference_provider") == provider


def _limits() -> str:
    return """
## What the rules cannot find

- A slip of less than the factor: a price at a tenth of the market is possible, and passes.
- A first price in a home that has no peers yet: only absolute bounds apply (`transforms/gate/bounds.py`). It is compared in every later run.
- A price that the recordings have of one provider alone, like images and seconds: their lists are read from one provider each, so their factors are those of tokens and not measured.
"""  # noqa: E501 - a paragraph of Markdown is one line


if __name__ == "__main__":
    sys.stdout.write(peers_page(Path(sys.argv[1])))
