"""A market for tests: recorded models and prices to begin with, seeded changes from hour to hour.

A test tool: what it says after the first hour is made up, by a random generator with a seed, and is
never shown as anything else. Trouble included: slips by 100,000, zeros, renamed ids, providers that
lose most of their offers, offers without a price.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from samples.catalog import Catalog, SampleModel, hub_model, load, router_model
from samples.verbatim import Number, decode

Model = dict[str, Any]


class Market:
    """The models that the sample's router lists, with their Hub records; `step` is one hour."""

    def __init__(self, seed: int, *, models: int = 40) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a seeded test, no secret
        sample = load(1)
        self._router = [_facts(entry) for entry in sample.router[:models]]
        names = {model["id"] for model in self._router}
        self._hub = [_facts(entry) for entry in sample.hub if entry.id in names]
        self._once: list[Callable[[], None]] = []

    def catalog(self) -> Catalog:
        """Return what the market says now, without a date of its own."""
        return Catalog(map(hub_model, self._hub), router=map(router_model, self._router))

    def step(self) -> None:
        """Let an hour pass: take back what was for one hour, change a few things."""
        for undo in self._once:
            undo()
        self._once = []
        for change in self._chance.sample(
            [
                self._move_prices,
                self._slip,
                self._zero,
                self._rename,
                self._flip_status,
                self._drop_listing,
                self._lose_price,
                self._lose_provider,
            ],
            k=3,
        ):
            change()

    def _offerings(self, *, priced: bool = True) -> list[Model]:
        return [o for m in self._router for o in m["providers"] if not priced or "pricing" in o]

    def _pick(self, least: int = 1) -> Iterator[Model]:
        offerings = self._offerings()
        yield from self._chance.sample(offerings, k=min(least, len(offerings)))

    def _move_prices(self) -> None:
        for offering in self._pick(5):
            factor = Decimal(self._chance.choice(["0.8", "0.9", "1.1", "1.25", "2.5"]))
            offering["pricing"] = {
                side: Number(f"{(Decimal(text) * factor).normalize():f}")
                for side, text in offering["pricing"].items()
            }

    def _slip(self) -> None:
        self._for_one_hour(lambda text: Number(f"{Decimal(text) * 100_000:f}"))

    def _zero(self) -> None:
        self._for_one_hour(lambda text: Number("0"))

    def _for_one_hour(self, change: Callable[[str], Number]) -> None:
        for offering in self._pick():
            before = offering["pricing"]
            offering["pricing"] = {side: change(text) for side, text in before.items()}
            self._once.append(lambda o=offering, b=before: o.update(pricing=b))  # type: ignore[misc]

    def _rename(self) -> None:
        entry = self._chance.choice(self._entries())
        entry["providerId"] = f"{entry['providerId']}-{self._chance.randrange(100)}"

    def _flip_status(self) -> None:
        entry = self._chance.choice(self._entries())
        entry["status"] = "error" if entry["status"] == "live" else "live"

    def _drop_listing(self) -> None:
        """A model is not listed by the router for one hour, or for good."""
        model = self._chance.choice(self._router)
        kept, model["providers"] = model["providers"], model["providers"][1:]
        if self._chance.random() < 0.7:
            self._once.append(lambda: model.update(providers=kept))

    def _lose_price(self) -> None:
        for offering in self._pick():
            before = offering.pop("pricing")
            if self._chance.random() < 0.7:
                self._once.append(lambda o=offering, b=before: o.update(pricing=b))  # type: ignore[misc]

    def _lose_provider(self) -> None:
        """For one hour a provider shows none of its offers."""
        name = self._chance.choice([o["provider"] for o in self._offerings(priced=False)])
        for model in (*self._router, *self._hub):
            key = "providers" if "providers" in model else "inferenceProviderMapping"
            kept = model[key]
            model[key] = [entry for entry in kept if entry["provider"] != name]
            self._once.append(lambda m=model, k=key, v=kept: m.update({k: v}))  # type: ignore[misc]

    def _entries(self) -> list[Model]:
        return [entry for model in self._hub for entry in model["inferenceProviderMapping"]]


def _facts(entry: SampleModel) -> Model:
    facts = decode(entry.json())
    assert isinstance(facts, dict)
    return facts
