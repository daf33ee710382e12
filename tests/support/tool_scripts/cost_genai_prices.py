"""Cost cases by genai-prices: cost_genai_prices.py URL CASES, in the venv of `make tools`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from genai_prices import UpdatePrices, Usage, calc_price
from genai_prices.data_snapshot import set_custom_snapshot
from genai_prices.types import ModelPrice
from genai_prices.units import _get_registry
from genai_prices.validation import validate_model_price

NAMES = {
    "input_token": "input_tokens",
    "output_token": "output_tokens",
    "cached_input_token": "cache_read_tokens",
    "reasoning_token": "output_reasoning_tokens",
    "cache_write_token": "cache_write_tokens",
    "second_of_audio": "audio_seconds",
    "character": "input_characters",
}


def main(url: str, cases: Path) -> None:
    snapshot = UpdatePrices(url=url).fetch()
    set_custom_snapshot(snapshot)
    models = 0
    for provider in snapshot.providers:
        for model in provider.models:
            models += 1
            prices = model.prices if isinstance(model.prices, list) else [model]
            for each in prices:
                price = each if isinstance(each, ModelPrice) else each.prices
                keys = {key for key, value in vars(price).items() if value is not None}
                validate_model_price(keys, _get_registry())
    costs = []
    for case in json.loads(cases.read_text()):
        at = case.get("at")
        try:
            found = calc_price(
                Usage(**{NAMES[u]: n for u, n in case["units"].items() if u in NAMES}),
                model_ref=case["model"],
                provider_id=f"huggingface_{case['provider']}",
                genai_request_timestamp=datetime.fromisoformat(at) if at else None,
                price_context=case.get("context"),
            )
        except LookupError as error:
            costs.append(f"error: {error}")
        else:
            costs.append(str(found.total_price))
    json.dump({"models": models, "costs": costs}, sys.stdout)


main(sys.argv[1], Path(sys.argv[2]))
