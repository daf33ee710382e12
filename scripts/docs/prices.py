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
of the run and addresses are replaced by placeholders. [peers.md](peers.md) has the rules by which a
price is compared with others.

Of a price that returns after an absence, the command also prints the last good price before it,
which the gate compared it with ([operating.md](operating.md#prices-after-an-absence)).
"""
LIST_TEXTS = """
## Numbers and texts of a price list

A list can state a number, and beside it a text about the price: `$0.15 / second for 1080P, $0.10 /
second for 720P`, `$1.2 in $6 out $0.24 cached <= 32K, $2.4 in $12 out $0.48 cached > 32K`. Such a
number is the price of a part, or no price at all, and it must not rank as the price. DeepInfra's
texts are read (below) where every part of them has a known form. For every other text, and every
other list:

- Every figure in a text of the price (of `pricing`, whatever its key) has to be the number itself:
  the same currency and unit after conversion (`$0.50 per 1M tokens` beside 0.00005 cents a token),
  or the number rounded to two or more digits (`$0.13` beside 0.134). Nothing else may be left in
  the text: a resolution, a limit (`up to 32K`), a minimum, a share, `from`, `free`.
- A text without figures does not matter (`billed per second`), nor does a name (`720p`).
- A table of prices lists variants, so that the number is not the one price.
- Of the other texts of an entry (a description, an unknown key) only amounts of money are compared,
  each with the number.
- Otherwise no number of the entry counts: `not_published` with the reason `stated_in_words`. The
  evidence has the text, `native_amount` the number. It is not held: the price ends with the first
  answer whose text contradicts it. Only where more than half of a provider's prices end at once,
  `coverage_drop` holds them, and none of them ranks.

What DeepInfra's texts state of an image or a second of video is read by resolution
(`transforms/parsing/deepinfra_media.py`), for rows whose own `type` says that an image or a video
comes out. The price of 1K (1024 × 1024) or 720p is `standard`; the others are tiers (`1080p`, `2k`,
`4k`). Each of these prices is `derived`, its formula has the key and the part of the text
(`pricing.full: "$0.15 / second for 1080p"`), and its `raw_text` is the figure as written.

- A text that names the reference resolution and the number leaves the number, with all its digits.
- Against the number (`$0.025 / second for 720P` beside 2.25 cents), the figure of the text counts.
- Where the number is that of another resolution, there are tiers alone, and no `standard`.
- An amount per image or second beside a price per token or frame is the price. Where a text states
  the tokens of an image too (`1120 tokens ($0.134) for 1K`), tokens × number has to be the figure.
- A draft, or a price with or without audio, is no tier and not `standard`: it is left out.
- A resolution that does not exist (`780P` in a table) is left out too; its figure has to be that
  of another resolution of the row.
- Any other part (`minimum 5 seconds`, `up to`, `from`) leaves the row `stated_in_words`.

Prices by context length (`$0.50 in $3 out $0.10 cached <= 128K, $1 in $6 out $0.20 cached`) are
read where the first band is what the numbers state: that is `standard`, and the others are tiers
(`context>131072`). A K is 1,024 tokens: whoever means 1,000 charges the upper price above 131,072
too. A cached price of a band that is not its input price times the row's rate is left out.

`input_tokens` of a row of images or videos count what comes out, so they are `output_token`.

## Rates, tiers and discounts of DeepInfra's list

- `rate_per_input_token_cached` (0.001 to 1) × the input price is `cached_input_token`.
- `rate_per_input_token_cache_write` (0.001 to 10) × the input price is `cache_write_token`. Where
  it is null or 0, `rate_per_explicit_cache_write_token` is read, a number or an object of
  retentions like `{"5m": 1.25, "1h": 2.0}`, of which the shortest counts.
- `rate_per_service_tier_flex` and `rate_per_service_tier_priority` (0.001 to 10) × every price of
  a token of the row are the tiers `flex` and `priority`.
- `explicit_cache_granularity_tokens` is no price.

A rate of null or 0 is `not_published` with the reason `not_offered` in `price_claims`; a key that
the row does not have leaves no claim. A rate that is no number, or outside its bounds, leaves that
unit or tier without a number (`not_a_number: …`); the other prices of the row count.

`discount` is the fraction off every number of the row, until `discount_ends_at` (a Unix time, or a
date in ISO 8601; without a time zone: UTC). While it lasts, `amount` is the discounted price, and
`until` its end; `raw_text` and `native_amount` keep the number of the list, and `formula` has the
fraction. The end is compared with the time at which the list was observed, so that the price goes
up in the first hour after it, also when the list does not change. Another end of the same discount
updates `until`, and is no event. A discount of 1 or more, a negative one or a text, and an end that
is no moment, leave the row `unparsed`. A text beside a discount may state the price before it or
after it, and which of both follows from the number; where it does not, it is `stated_in_words`.

## The end of sale

An entry that the list marks with a date (`deprecated`, Unix time) is sold until then. The date is
compared with the time at which the list was observed, so that a replay ends the price in the same
hour; the list itself need not change. A date that passed ends the price (`deprecated_in_list`), and
so does whatever else is there, also a text. An archived list is observed on the day of its archive:
while an archive states the same moment (`not_modified`), its answer is not parsed again and its
prices stay as they were on that day.
"""
FAL_UNITS = """
## Units of fal's list

A unit is `[per] [count] name`, like `images`, `1000 characters` or `1m tokens`: the name is
singular or plural and in any case, the count may have thousands separators, `k`, `m`, `thousand` or
`million` (`transforms/parsing/billing_units.py`). A count with decimals (`1.000`) and a letter
alone (`5m`) are not read. What a unit costs depends on the task (`transforms/pricing/units.json`):

| unit | task | published |
|---|---|---|
| `images`, `megapixels` | image | `image`; by the megapixel `derived`: 1024 × 1024 counts as one |
| `seconds`, `minutes`, `hours`, `5 seconds` … | video, audio | `second_of_video`, `second_of_audio` |
| `minute of video` | video | `second_of_video` |
| `input seconds` | audio | `second_of_audio` |
| `1000 characters` | any | `character` |
| `videos`, `audios` | video, audio | `run`, `derived`: one run makes one |
| `generations` | any | `run`, `derived`: how many images one makes is not stated, so that it is no price of an image and does not rank |
| `requests`, `steps`, `compute seconds`, `processed megapixels` | any | `request`, `step`, `second_of_compute`, `megapixel` |
| `1m input tokens`, `1m output tokens` | any | `input_token`, `output_token` |
| `1m tokens`, `tokens` | embedding | `input_token`, `derived`: an embedding returns none |

Everything else keeps its native unit, number and text and has no price: `unit_not_convertible`.
These are `units`, `credits`, `video segments`, `trainings`, `cloned voices`, tokens of no stated
side, a unit of something that the task does not make (seconds of an image task), and an empty unit
or a bare count (`1`), whose native unit is `unstated_unit`. A name that is none of these is
`unparsed` (`unknown_unit: …`).

A price of a length of video is the list's price, and a ceiling: fal states one number with and
without audio, and charges less without audio for some models (0.14 stated, 0.112 charged). The
formula says so (`a ceiling: …`) unless the id itself rules audio out (`…/no-audio`, `silent-…`): no
unit and no task of the 565 recorded endpoints does.
"""  # noqa: E501 - a row of a table is one line
BY_LENGTH = """
## A run of WaveSpeedAI by its length

WaveSpeedAI's list states `base_price`, millionths of a dollar a run. A run of an image task makes
one image, and the card has its cost. What a run of a video costs by its length is a formula, which
the list's rows lack: the answer about the single product has it. That is requested for the ids that
the Hub maps, if their row's type or name is of a video or of sound: once in 23 hours, and at the
next run while its `base_price` is not the row's; at most 40 in one run. A refused request is not
sent again in that run, and the first 401, 403, 429 or 5xx ends the requests. The last good answer
counts for a week. Every run lands the answers that it uses, so that replay needs no other run's.

| the formula | the price |
|---|---|
| `base_price * duration / 5`, `duration / 5 * base_price` | per second of video or sound |
| `base_price * $length(text) / 1000` | per character |
| `base_price * num_images` | per image |
| `base_price`, `base_price * 1`, empty, null | per run |
| any other, with a condition, a limit or another quantity | none: `unknown_formula: …` |

A formula may be alone, or the value of `total_price` in an object. A price per run of a video or of
sound is a row of `prices` with the unit `run`; such a card has no cost and does not rank. The same
is true where the answer about the product cannot be used; the reason of the price is then
`formula_not_read: …` with `http_404` (or another status), `wrong_shape`, `code_…`, `another_id` or
`another_price` (its `base_price` is not the row's). Where no answer came at all, there is none.

A row is known by `model_uuid`, or by `model_id` as in the recorded excerpt. If both are names of
models and differ, it is rejected (`provider_model_id:two`). Public readers of the list disagree on
what `discount_rate` is: the share that is charged, or that is taken off. So a value other than 0
and 100 counts like an unknown key ([above](#a-key-that-a-source-adds)).
"""
RATE_LISTS = """
## Rates per token in providers' own lists

Seven lists state rates per token: Cerebras, Featherless AI, Fireworks AI, Novita, OVHcloud,
SambaNova, Together AI. `transforms/parsing/token_rates.py` reads them; [coverage.md](coverage.md)
has which of them were recorded.

- A rate is per one token or per 1,000,000, as the list has it. Where two keys state one rate, both
  must agree (`two_prices: …`).
- A cache rate above 0 is `cached_input_token` or `cache_write_token`. One of 0, null or an empty
  text is `not_published` with the reason `not_offered`: the list states no charge, or none on
  offer. Without a key there is no claim: it is not stated.
- 0 for input and output is `suspect` (`zero_not_stated_free`). OVHcloud's rows with a context
  length of 0 are about models that are not sold by the token (`listed_without_price`).
- A price keeps its currency; one other than USD is never ranked. OVHcloud's rows must name theirs
  (`unknown_currency: …`); the other lists are in dollars unless a row names another.
- Of ranges of context lengths (Novita) the shortest is `standard`, each longer one the tier
  `context>N`. Ranges with a hole or an overlap give no price (`tiers_not_stated`).
- A service tier (Fireworks AI) is the tier `priority`, `flex` or `batch`. One that is not known has
  no price (`unknown_tier`) and leaves the standard one.
- Any other key that is not 0 marks the prices beside it
  ([a key that a source adds](#a-key-that-a-source-adds)).

Where the router or the Hub states the price of an offer, cards show that one, and a list that
differs is a finding of `feeds_agree_on_price`. The prices of cached tokens and tiers that they lack
come from the list, if they fit beside the main price ([above](#a-key-that-a-source-adds)).

Featherless AI's list has tens of thousands of rows in pages, and states how many pages there are.
On one day every page behind the 22nd was empty. The walk ends with the stated last page or with two
empty pages in a row; a page that is empty or short before the stated end counts in
`run_feeds.short_pages`, and what such an unusual walk lacks keeps its price.
"""
ADDED_KEYS = """
## A key that a source adds

A source adds a key to its price objects. Keys of additional prices are read as such, per 1,000,000
tokens: `cached_input`, `cache_read`, `input_cache_read` and their like as `cached_input_token`;
`cache_write`, `input_cache_write` as `cache_write_token`; `reasoning`, `internal_reasoning` as
`reasoning_token` (`ADDITIONAL_KEYS` in `transforms/parsing/price_object.py`). No rank
depends on them. One that is 0 or no usable number is not published, and neither is one above 10
times or below 1/1,000 of the price that it is like (`unit_doubt`; the input price, for reasoning
the output price). A value of null states nothing.

The same rule is valid for these prices in lists, and its bounds for other tiers (`flex`, `batch`,
`context>32768`), which are like the standard price of their unit; a resolution may differ by 100
times. Where the list of the main prices does not state such a price, that of the next list by
precedence is chosen, if it is in the currency of the main price, within the same bounds of it, and
a cached token costs no more than the token. A list's statement that it offers none (`not_offered`)
is chosen too. A move of ten times, and a known price that is in doubt now, holds that price alone
(`unit_magnitude`, [operating.md](operating.md)): its last good amount stays, marked `held`, and the
card shows no cost of it.

Any other key may change what the numbers beside it mean. They are read, and the claim has the
reason `unknown_key: …` in `price_claims`. Such a number counts where it equals the last good price
of its series, or what another feed states without such a key. Else:

| the number | the card |
|---|---|
| moved from the last good price | keeps that price, held (`unconfirmed_price`); no other offer is |
| came first, and another feed states a price that can be read | shows the other feed's price |
| came first, and no other feed states one | shows no number (`unparsed`) until a person accepts |
| is missing beside the key | may be under its name: the unit is `unparsed` (`unreadable_price`) |

A price that cannot be read never comes before one of another feed that can. A zero that is not
stated free can be read: the precedence of feeds stays. The check `provider_price_drift` names each
new key once per feed and provider, as `info`. The same rule is valid for a key in the prices of
DeepInfra's and fal's lists. A `currency` other than USD is a problem, not a key.

Figures of the recorded market (the Hub on 2026-02-26 at 12:27 and router answer b, 191 price
objects) when the router adds a key to each of them; `tests/pipeline/test_added_keys.py` has them:

| key | home | rankable | held | no number for the key |
|---|---|---|---|---|
| none | any | 304 | 0 | 0 |
| `cached_input` | with an hour before it | 304 | 0 | 0 |
| `cached_input` | new | 304 | 0 | 0 |
| `foo` | with an hour before it | 304 | 0 | 0 |
| `foo` | new | 172 | 0 | 132 |
| `foo` | new, all 264 findings accepted | 304 | 0 | 0 |

Of the 172, 117 are the Hub's alone, 53 are stated alike by both feeds (55 with two that are not
live), and 2 are shown with the Hub's other price.
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
    (
        "Unlike its peers",
        "A provider states dollars per 1,000 tokens where another one states 0.2 per 1,000,000 for "
        "the same model. The card shows no number until another source states the same, its peers "
        "or its source change, or a person decides ([peers.md](peers.md)).",
        "slip",
    ),
    (
        "Unconfirmed",
        "A first price beside an unknown key, which no other feed states. The card shows no number "
        "until a person accepts it.",
        "unknown-key",
    ),
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
        root = Path(folder)
        return "".join(
            [
                *(HEAD, ADDED_KEYS),
                *_sampled(root / "sample"),
                *_made_up(root / "made"),
                *(LIST_TEXTS, RATE_LISTS, FAL_UNITS, BY_LENGTH),
            ]
        )


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
    own = "SELECT model_name, offer_id FROM cards WHERE inference_provider = 'novita'"
    cards = rows(newest(Home.at(root)), own)
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
    """Return made-up models, each at one provider; one of them at a second one too."""
    prices: dict[str, Json] = {
        "free": {"input": Number("0"), "output": Number("0")},
        "outlier": {"input": Number("20000"), "output": Number("0.4")},
        "slip": {"input": Number("0.0002"), "output": Number("0.0004")},
        "unknown-key": {"input": Number("0.2"), "output": Number("0.4"), "batch": Number("0.1")},
        "mistake": {"input": Number("0.2"), "output": Number("3.0")},
    }
    elsewhere: dict[str, Json] = {"input": Number("0.2"), "output": Number("0.4")}
    others = {"slip": (("scaleway", elsewhere),)}
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
                    "provider": provider,
                    "status": "live",
                    "pricing": stated,
                    "is_free": name == "free",
                    "is_model_author": False,
                }
                for provider, stated in (("novita", pricing), *others.get(name, ()))
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
