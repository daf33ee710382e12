"""A catalogue that changes from hour to hour as the recordings do, made up by a seed.

Between two recordings of the Hub, nine hours apart (1,441 entries), 31 offers came or went, the
speeds of nine offers in ten moved, 13 statuses and one price changed; with the offers that the
recordings do not hold that is about 15 offers an hour. The first hour is the sample's; all that
follows is made up, and is for measuring alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from samples.catalog import SampleModel, load
from samples.verbatim import Number, Record, encode

DAY_HOURS = 24
PAGE = 100
LEAVE_A_WHILE = 6
"""Entries that an hour lacks from now on, for some hours; as many return."""
LEAVE_FOR_GOOD = 2
"""Entries that end; as many new ones come, and every second hour one entry less and more."""
LONGEST_ABSENCE = 48
_STATUS = {"live": "error", "error": "live", "staging": "live"}


@dataclass(eq=False)
class Entry:
    """One mapping entry of a model; `back_at` is the hour in which it is listed again."""

    facts: Record
    back_at: int = 0


@dataclass(eq=False)
class ChangingModel:
    """A model of the Hub's list with its entries, and its offerings at the router."""

    id: str
    fields: Record
    entries: list[Entry] = field(default_factory=list)


Offering: TypeAlias = "tuple[str, Record]"


class ChangingCatalog:
    """The models of the sample that the router lists, and others, up to a number; one hour a step.

    The same seed gives the same hours.
    """

    def __init__(self, models: int, *, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a seeded measurement, no secret
        sample = load(2)
        routed = {model.id for model in sample.router}
        chosen = sorted(sample.hub, key=lambda model: model.id not in routed)[:models]
        self._models = [_changing(model) for model in chosen]
        self._router: list[tuple[Record, list[Record]]] = []
        for model in sample.router[:models]:
            facts = model.facts()
            self._router.append((facts, _records(facts["providers"])))
        self._made = 0
        self.hour = 0

    def advance(self) -> None:
        """Let an hour pass."""
        self.hour += 1
        present = [(m, e) for m in self._models for e in m.entries if e.back_at <= self.hour]
        leaving = self._chance.sample(present, k=min(len(present), LEAVE_A_WHILE + LEAVE_FOR_GOOD))
        for _, entry in leaving[:LEAVE_A_WHILE]:
            entry.back_at = self.hour + self._chance.randint(1, LONGEST_ABSENCE)
        for model, entry in leaving[LEAVE_A_WHILE : LEAVE_A_WHILE + self._ends()]:
            model.entries.remove(entry)
            self._models.append(self._renewed(model, entry))
        self._models = [model for model in self._models if model.entries]
        kept = [entry for _, entry in present]
        for entry in self._chance.sample(kept, k=max(1, len(kept) // DAY_HOURS)):
            self._move_speed(entry.facts)
        for entry in self._chance.sample(kept, k=2):
            entry.facts["status"] = _STATUS.get(str(entry.facts.get("status")), "live")
        offerings = [offering for _, providers in self._router for offering in providers]
        for offering in self._chance.sample(offerings, k=max(1, len(offerings) // DAY_HOURS)):
            self._move_speed(offering)
        self._move_price(offerings)

    def hub_pages(self, *, details: bool) -> Iterator[bytes]:
        """Yield the pages of the Hub's list as bytes; `details` adds likes and downloads."""
        texts = [text for model in self._models if (text := self._listed(model, details=details))]
        for start in range(0, max(1, len(texts)), PAGE):
            yield f"[{','.join(texts[start : start + PAGE])}]".encode()

    def router_answer(self) -> bytes:
        """Return the router's one answer as bytes."""
        data = [encode({**facts, "providers": list(offers)}) for facts, offers in self._router]
        return f'{{"object":"list","data":[{",".join(data)}]}}'.encode()

    def _ends(self) -> int:
        return LEAVE_FOR_GOOD - self.hour % 2

    def _listed(self, model: ChangingModel, *, details: bool) -> str | None:
        entries = [entry.facts for entry in model.entries if entry.back_at <= self.hour]
        if not entries:
            return None
        daily = {"likes", "downloads", "library_name", "safetensors"}
        fields = {k: v for k, v in model.fields.items() if details or k not in daily}
        return encode({**fields, "inferenceProviderMapping": list(entries)})

    def _renewed(self, model: ChangingModel, entry: Entry) -> ChangingModel:
        """Make a model that no hour had: the same facts under a numbered author."""
        self._made += 1
        author, slash, name = model.id.partition("/")
        other = f"{author.partition('-hour')[0]}-hour{self._made:06}{slash}{name}"
        return ChangingModel(other, {**model.fields, "id": other}, [Entry(dict(entry.facts))])

    def _move_speed(self, facts: Record) -> None:
        speeds = facts.get("performance", facts)
        if not isinstance(speeds, dict):
            return
        for name, value in speeds.items():
            if isinstance(value, Number) and name in _SPEEDS:
                factor = Decimal(self._chance.randint(80, 125)) / 100
                speeds[name] = Number(f"{Decimal(value) * factor:.4f}")

    def _move_price(self, offerings: list[Record]) -> None:
        """Change one price: of the few hundred that there are, one an hour."""
        priced = [price for each in offerings if isinstance(price := each.get("pricing"), dict)]
        price = self._chance.choice(priced)
        factor = Decimal(self._chance.choice(("0.8", "0.9", "1.1", "1.25")))
        for side, amount in price.items():
            moved = min(max(Decimal(str(amount)) * factor, Decimal("0.01")), Decimal(40))
            price[side] = Number(f"{moved:.4f}")


_SPEEDS = frozenset(
    {
        "firstTokenLatencyMs",
        "tokensPerSecond",
        "requestLatencyMs",
        "first_token_latency_ms",
        "throughput",
    }
)


def _changing(model: SampleModel) -> ChangingModel:
    facts = model.facts()
    entries = _records(facts.pop("inferenceProviderMapping", []))
    return ChangingModel(model.id, facts, [Entry(entry) for entry in entries])


def _records(value: object) -> list[Record]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
