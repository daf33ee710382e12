"""The text of docs/coverage.md, and the recordings that it is written from."""

from __future__ import annotations

HUB, ROUTER = "hub/2026-02-26T12-27.json", "router/b.json"
DEEPINFRA, WAVESPEED = "prices/deepinfra_list_excerpt.json", "prices/wavespeed_list_excerpt.json"
WHOLE_RECORDING = "prices/deepinfra_list_2026-09-08.json"
FAL_PAGES = "prices/fal_page_billing_2025-10-30.json"
FEATHERLESS = "prices/featherless_models_trimmed.json"
OVHCLOUD = "prices/ovhcloud_openrouter_2026-07-30.json"
SAMBANOVA = "prices/sambanova_models_2026-10-08.json"
TOKEN_LISTS = {
    "featherless_list": FEATHERLESS,
    "ovhcloud_list": OVHCLOUD,
    "sambanova_list": SAMBANOVA,
}
"""Feed → its recording, of the lists whose rows state rates per token."""
EARLIER = ("hub", "router", "deepinfra_list", "fal_pricing", "wavespeed_list")
"""The feeds that were read before those lists were added; fal's is read with a key alone."""
FAL_KEY = "recorded"
"""The key that the server of the recordings wants of whoever asks for fal's prices."""
HEAD = f"""# Price coverage

This page counts the offers of each task and provider with a price, those with only an estimate, and the reasons of the others. `python -m scripts.docs.coverage FOLDER > docs/coverage.md` writes it: the program serves recordings of real answers over HTTP, processes them through the real steps, and counts the cards. A test compares the two.

The recordings: `{HUB}` (at most 200 models a provider, so the numbers are lower bounds), `{ROUTER}`, and **excerpts** of two lists (`{DEEPINFRA}`: 21 of 372 rows; `{WAVESPEED}`: 37 of 1,046). `{FEATHERLESS}` has 5 rows of tens of thousands, `{OVHCLOUD}` 5 of OVHcloud's, `{SAMBANOVA}` is whole. They are months apart and were never one moment. The lists of WaveSpeedAI and SambaNova are enabled here; by default they are off. The lists of Cerebras, Fireworks AI, Novita and Together AI were never recorded, and price nothing here.

## Price sources

"""  # noqa: E501 - a paragraph of Markdown is one line
MIDDLE = """
`shape`: *recorded* means that a real answer was seen, *documented* that only its description was: be careful with these prices until a live run has confirmed them ([first-live-run.md](first-live-run.md)).

pricehouse joins a list on (inference provider, the provider's own id) exactly. DeepInfra's list has no match in these recordings, because the Hub maps no model to an id of DeepInfra in them; the router names DeepInfra's chat offers, and prices those.

## Entries of the lists

Of each recorded list: its entries, those of which a number counts, and why the others have none, whether or not the Hub maps a model to them.

{entries}
## Priced offers by task

`before` counts the offers that {earlier} price without a key, `now` those that every feed prices without a key, and `with every key` those that are priced when fal's list is read too. fal's keyed answer was never recorded: its facts are those of fal's public pages (`{fal}`), served in the documented shape. An excerpt of a list prices the few offers that its rows name, so these shares are lower bounds.

{shares}
## Cached tokens

Of the text offers of each provider whose own list was recorded: those that a row of it names, those with a price of cached input tokens, and those of which the list states that there is none. The list states nothing about the others that it names.

{cached}
## Lists beside the router and the Hub

Where the router or the Hub states a price too, the list is a second claim, and cards show the first of them; each difference is a finding of the check `feeds_agree_on_price`. The units that both state in these recordings, which are months apart:

{agreement}
## Coverage by task and provider

`all` counts the cards, adapters included; `priced` those with a price that a feed states, also a price that cannot be compared (a video run of no stated length); `estimated` those with our estimate alone. The last column has the reasons of the others, explained in [sql.md](sql.md#values-of-columns).

```sql
SELECT task, count(*) FILTER (price_status = 'priced') AS priced FROM cards GROUP BY task;
```

| task | inference_provider | all | adapters | priced | estimated | reasons of the others |
|---|---|---|---|---|---|---|
"""  # noqa: E501 - a paragraph of Markdown is one line
EVERY_KEY = """
## Coverage with every key

The same table when fal's list is read too, and the prices of the asking account are shown.

| task | inference_provider | all | adapters | priced | estimated | reasons of the others |
|---|---|---|---|---|---|---|
"""
