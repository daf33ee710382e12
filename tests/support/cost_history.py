"""A small warehouse of prices for costing, and the costs of its rows calculated by plain loops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.usage import QUANTITIES
from warehouse.connect import Connection

START = datetime(2026, 3, 1, tzinfo=UTC)
FEED = "router"
Row = dict[str, Any]
ROUTING_SUFFIXES = ("fastest", "cheapest", "preferred", "auto")


def hour(number: float) -> datetime:
    """Return a time, in hours after START."""
    return START + timedelta(hours=number)


@dataclass
class PriceLog:
    """Offers, the log of their prices, gaps and answers of one feed, as runs recorded them."""

    offers: list[Row] = field(default_factory=list)
    prices: list[Row] = field(default_factory=list)
    gaps: list[tuple[float, float, float]] = field(default_factory=list)
    links: list[tuple[str, str, float]] = field(default_factory=list)
    events: list[tuple[str, str, float]] = field(default_factory=list)
    speeds: list[tuple[str, float, float]] = field(default_factory=list)
    answers: list[float] = field(default_factory=lambda: [1000.0])

    def offer(self, model: str, provider: str, task: str = "conversational", **more: Any) -> str:
        """Add an offer that the router serves; return its id."""
        offer_id = f"o{len(self.offers):015}"
        group = more.pop("task_group", "text")
        self.offers.append(
            {
                "offer_id": offer_id,
                "model_id": model,
                "inference_provider": provider,
                "task": task,
                "task_group": group,
                "offer_type": "model",
                "first_seen": 0.0,
                "gone": None,
                "routed": group == "text",
                **more,
            }
        )
        return offer_id

    def price(
        self, offer_id: str, unit: str, amount: str | None, at: float = 0, **more: Any
    ) -> None:
        """Log that a price began, was corrected, ended (`kind` gone) or is void."""
        self.prices.append(
            {
                "log_id": len(self.prices) + 1,
                "offer_id": offer_id,
                "unit": unit,
                "tier": "standard",
                "amount": None if amount is None else Decimal(amount),
                "currency": "USD",
                "price_status": "priced" if amount is not None else "suspect",
                "reason": None,
                "kind": "seen",
                "valid_from": at,
                "recorded_at": at,
                "native_unit": unit,
                **more,
            }
        )

    @contextmanager
    def loaded(self, con: Connection) -> Iterator[Connection]:
        """Put the rows into a migrated file for the time of the block."""
        con.execute("BEGIN")
        try:
            self._load(con)
            yield con
        finally:
            con.execute("ROLLBACK")

    def _load(self, con: Connection) -> None:
        for o in self.offers:
            route = f"{o['model_id']}:{o['inference_provider']}" if o["routed"] else None
            gone = None if o["gone"] is None else hour(o["gone"])
            columns = {
                **{n: o[n] for n in ("offer_id", "model_id", "inference_provider", "task")},
                "source": "huggingface",
                "provider_model_id": o["offer_id"],
                "router_model": route,
                "task_group": o["task_group"],
                "offer_type": o["offer_type"],
                "first_seen_at": hour(o["first_seen"]),
                "gone_at": gone,
            }
            _insert(con, "internal._ph_offer", columns)
        for p in self.prices:
            columns = {
                **p,
                "valid_from": hour(p["valid_from"]),
                "recorded_at": hour(p["recorded_at"]),
                "feed": FEED,
                "basis": "list",
                "native_quantity": 1,
                "scope": "public",
                "payload_hash": f"hash-{p['log_id']}",
                "json_path": f"$[{p['log_id']}]",
                "claim_run_id": "run",
                "rule_version": "4",
                "run_id": f"run-{p['recorded_at']}",
            }
            _insert(con, "internal._ph_price_log", columns)
        for number, (start, end, recorded) in enumerate(self.gaps):
            self._run(con, f"gap-{number}", recorded)
            gap = {"feed": FEED, "from_at": hour(start), "to_at": hour(end), "reason": "r"}
            _insert(con, "internal._ph_gap", {**gap, "run_id": f"gap-{number}"})
        for at in self.answers:
            self._run(con, f"answer-{at}", at)
            counts = dict.fromkeys(("requests", "retries", "pages", "bytes", "waited_s"), 0)
            times = dict.fromkeys(("started_at", "finished_at", "observed_at"), hour(at))
            answer = {"run_id": f"answer-{at}", "feed": FEED, "outcome": "complete"}
            _insert(con, "internal._ph_run_feed", {**answer, **counts, **times, "details": False})
        for old, new, at in self.links:
            link = {"old_offer_id": old, "new_offer_id": new, "reason": "renamed"}
            _insert(con, "internal._ph_offer_link", {**link, "at": hour(at), "run_id": "run"})
        self._load_events(con)

    def _load_events(self, con: Connection) -> None:
        for number, (offer_id, event, at) in enumerate(self.events):
            about = ("input_token", "standard") if event == "held" else (None, None)
            change = {"change_id": number, "event": event, "offer_id": offer_id, "run_id": "run"}
            change |= {"unit": about[0], "tier": about[1]}
            change |= {"occurred_at": hour(at), "recorded_at": hour(at)}
            _insert(con, "internal._ph_change", change)
        for number, (offer_id, speed, at) in enumerate(self.speeds):
            row = {"log_id": number, "offer_id": offer_id, "run_id": "run"}
            measured = {"throughput_tps": speed, "observed_at": hour(at)}
            _insert(con, "internal._ph_speed_log", {**row, **measured})
            status = {"kind": "seen", "status": "live", "valid_from": hour(0)}
            _insert(con, "internal._ph_status_log", {**row, **status, "recorded_at": hour(0)})

    def _run(self, con: Connection, run_id: str, at: float) -> None:
        run = {"sequence": 1, "run_id": run_id, "origin": "live", "outcome": "published"}
        run |= {"flow": "t", "trigger": "t", "published": True, "code_version": "1"}
        _insert(con, "internal._ph_run", {**run, "started_at": hour(at), "finished_at": hour(at)})

    def cost(self, row: Row, *, known: float | None = None) -> tuple[Decimal | None, str | None]:
        """Return cost and why of a row of usage at `at`, by looking at every logged row."""
        model, _, suffix = row["model"].lower().partition(":")
        routes = {row["provider"], suffix} - {None, "", *ROUTING_SUFFIXES}
        if len(routes) != 1:
            return None, "two_providers" if routes else "no_provider"
        named = [o for o in self.offers if o["model_id"].lower() == model]
        if not named:
            return None, "unknown_model"
        found = [o for o in named if o["inference_provider"] in routes]
        if not found:
            return None, "unknown_provider"
        costs = [self._offered(o, row, known) for o in found]
        stated = [cost for cost in costs if cost[2]]
        if not stated:
            if row["at"] < min(o["first_seen"] for o in found):
                return None, "before_first_seen"
            kinds = {(p["unit"], p["tier"]) for p in self.prices}
            has_other = any(
                self._valid(o["offer_id"], kind, row["at"], known) for o in found for kind in kinds
            )
            return None, "unit_not_priced" if has_other else "unknown_price"
        if len({cost[3] for cost in stated}) > 1:
            return None, "ambiguous_offer"
        return stated[0][:2]

    def _offered(self, offer: Row, row: Row, known: float | None) -> tuple[Any, ...]:
        total, whys, prices, currencies = Decimal(0), [], [], set()
        used = {unit: Decimal(row.get(name) or 0) for name, unit in QUANTITIES.items()}
        size = used["input_token"]
        used["input_token"] -= used["cached_input_token"]
        for unit, quantity in used.items():
            if quantity == 0:
                continue
            moment = (row["at"], known)
            price = self._sized(offer["offer_id"], unit, size, moment)
            if unit == "cached_input_token" and price and price["reason"] == "not_offered":
                price = self._sized(offer["offer_id"], "input_token", size, moment) or price
            why = self._why(price, row["at"], known)
            prices.append((unit, price and price["amount"], price and price["currency"], why))
            if why:
                whys.append(why)
            elif price:
                currencies.add(price["currency"])
            if price and price["amount"] is not None:
                currencies.add(price["currency"])
                total += quantity * price["amount"]
        stated = any(p[3] != "unit_not_priced" for p in prices)
        late = [why for why in whys if why in ("gap", "future")]
        hard = [why for why in whys if why not in ("gap", "future")]
        mixed = ["currency_mix"] if len(currencies) > 1 else []
        why = (*hard, *mixed, *late, None)[0]
        return (None if why else total), why, stated, tuple(prices)

    def _sized(
        self, offer_id: str, unit: str, size: Decimal, moment: tuple[float, float | None]
    ) -> Row | None:
        """Return the price of the largest size below `size` that has one, else the standard one."""
        tiers = {p["tier"] for p in self.prices if p["tier"].startswith("context>")}
        sizes = sorted((int(tier.removeprefix("context>")) for tier in tiers), reverse=True)
        for tier in (*(f"context>{n}" for n in sizes if n < size), "standard"):
            if price := self._valid(offer_id, (unit, tier), *moment):
                return price
        return None

    def _valid(
        self, offer_id: str, kind: tuple[str, str], at: float, known: float | None
    ) -> Row | None:
        latest: dict[float, Row] = {}
        for p in self.prices:
            if (p["offer_id"], p["unit"], p["tier"]) == (offer_id, *kind) and (
                known is None or p["recorded_at"] <= known
            ):
                latest[p["valid_from"]] = p
        starts = sorted(start for start, p in latest.items() if p["kind"] != "void")
        before = [start for start in starts if start <= at]
        if not before or latest[before[-1]]["kind"] == "gone":
            return None
        return {**latest[before[-1]], "is_open": before[-1] == starts[-1]}

    def _why(self, price: Row | None, at: float, known: float | None) -> str | None:
        if price is None:
            return "unit_not_priced"
        if price["reason"] == "not_offered":
            return "not_offered"
        if price["amount"] is None:
            return str(price["price_status"])
        for start, end, recorded in self.gaps:
            if start < at < end and (known is None or recorded <= known):
                return "gap"
        answers = [each for each in self.answers if known is None or each <= known]
        if price["is_open"] and at > max(answers, default=-1e9) + 1.5:
            return "future"
        return None


def _insert(con: Connection, table: str, row: Row) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join("?" * len(row))
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))
