"""Hours for tests: the real pipeline against a sample Hub, a clock in the test's hand, a small
catalog.

    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        clock.advance(timedelta(hours=1))
        hub.show(small_catalog(input_price="0.3"))
        report = ingest(tmp_path, hub, clock=clock)

What a catalog holds has no date of its own, so the server is taken for a live one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import Step, run_directly, run_pipeline
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import Settings, read_settings
from pipeline.watch import NoWatch, RunWatch
from providers.registry import load_registry
from providers.secrets import find_token
from samples.catalog import Catalog, SampleModel, hub_model, router_model
from samples.hub import Hub
from samples.list_routes import base_url
from samples.verbatim import Json, Number
from schemas.records import Origin
from tests.support.backends import dependencies_of
from warehouse.lake.lake_settings import LakeSettings
from warehouse.store.objects import Store

NO_KEYS: Mapping[str, str] = {}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that moves one second at each look, so that no two times of a run are the same."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return the time, UTC."""
        self._now += timedelta(seconds=1)
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


# Twelve parameters: each is something that only some tests replace.
def ingest(
    home: Path,
    hub: Hub,
    *,
    clock: Clock,
    feeds: Collection[str] = ("hub", "router"),
    key: str | None = None,
    keys: Mapping[str, str] = NO_KEYS,
    account_prices: bool = False,
    step: Step = run_directly,
    dry_run: bool = False,
    origin: Origin = "live",
    watch: RunWatch | None = None,
    store: Store | None = None,
    lake: LakeSettings | None = None,
) -> Report:
    """Run one hour as `pricehouse ingest` does; every feed is the one server.

    A list that is off by default is on where `feeds` names it; `key` is fal's, and
    `keys` has further ones by their variables.
    """
    registry = load_registry()
    off = {feed.feed for _, feed in registry.feeds() if not feed.enabled}
    settings = Settings(
        home=home,
        base_urls={key: base_url(hub.url, key) for key in read_settings({}, registry).base_urls},
        enable_feeds=tuple(sorted(off & set(feeds))),
        account_prices=account_prices,
    )
    environment = {**({"FAL_KEY": key} if key else {}), **keys}
    options = RunOptions(
        origin=origin, flow="ingest", trigger="test", feeds=frozenset(feeds), dry_run=dry_run
    )
    dependencies = Dependencies(
        clock=clock,
        find_token=partial(find_token, environment),
        watch=watch or NoWatch(),
        store=store,
        lake=lake,
    )
    with open_run(settings, options, dependencies_of(home, dependencies)) as run:
        return run_pipeline(run, step)


def mapped_model(model_id: str, *entries: dict[str, Json], **facts: Json) -> SampleModel:
    """Return a model of the Hub with the entries of its provider mapping."""
    return hub_model({"id": model_id, **facts, "inferenceProviderMapping": list[Json](entries)})


def mapping(
    provider: str, *, price: tuple[str, str] | None = None, **facts: Json
) -> dict[str, Json]:
    """Return a mapping entry, by default for live chat; a price is (input, output) as written."""
    details: dict[str, Json] = {"pricing": _price(price)} if price else {}
    return {
        "_id": f"entry-{provider}",
        "provider": provider,
        "providerId": f"{provider}-name",
        "status": "live",
        "task": "conversational",
        "type": "single-model",
        "isModelAuthor": False,
        "providerDetails": details,
        **facts,
    }


def routed_model(model_id: str, *offerings: dict[str, Json]) -> SampleModel:
    """Return a model of the router with the offerings of its providers."""
    architecture: dict[str, Json] = {"input_modalities": ["text"], "output_modalities": ["text"]}
    return router_model(
        {
            "id": model_id,
            "object": "model",
            "owned_by": model_id.split("/")[0],
            "architecture": architecture,
            "providers": list[Json](offerings),
        }
    )


def offering(
    provider: str, *, price: tuple[str, str] | None = None, **facts: Json
) -> dict[str, Json]:
    """Return a router offering, live by default; a price is (input, output) as written."""
    priced: dict[str, Json] = {"pricing": _price(price)} if price else {}
    return {
        "provider": provider,
        "status": "live",
        "is_free": False,
        "is_model_author": False,
        **priced,
        **facts,
    }


def small_catalog(*, input_price: str = "0.2", output_price: str = "0.6") -> Catalog:
    """Return a catalog with one of each kind; every positive price is the given pair.

    Chat priced by both feeds, by the router alone, by the Hub alone; stated free; 0/0 and not
    stated free; an image model and an adapter without a price; an entry that is rejected.
    """
    price = (input_price, output_price)
    return Catalog(
        [
            mapped_model(
                "acme/chat",
                mapping("novita", price=price),
                mapping("scaleway"),
                mapping("together", status="staging"),
                mapping("Not A Provider", price=price),
                pipeline_tag="text-generation",
                likes=7,
                tags=["license:apache-2.0"],
            ),
            mapped_model("acme/hub-chat", mapping("sambanova", price=price)),
            mapped_model("acme/gift", mapping("publicai")),
            mapped_model("acme/paint", mapping("fal-ai", task="text-to-image")),
            mapped_model(
                "acme/paint-lora",
                mapping(
                    "fal-ai",
                    task="text-to-image",
                    type="tag-filter",
                    adapter="lora",
                    adapterWeightsPath="lora.safetensors",
                ),
            ),
        ],
        router=[
            routed_model(
                "acme/chat",
                offering(
                    "novita", price=price, throughput=Number("81.5"), context_length=Number(8192)
                ),
                offering("scaleway", price=price, supports_tools=True),
                offering("together", price=("0", "0")),
                offering("hyperbolic", price=price),
            ),
            routed_model("acme/gift", offering("publicai", price=("0", "0"), is_free=True)),
        ],
    )


def chat_catalog(price: tuple[str, str], *, other: str = "0.5") -> Catalog:
    """Return one model at two providers; the second one's input price is `other`."""
    return Catalog(
        [mapped_model("acme/chat", mapping("novita"), mapping("scaleway"))],
        router=[
            routed_model(
                "acme/chat",
                offering("novita", price=price),
                offering("scaleway", price=(other, "0.9")),
            )
        ],
    )


def _price(price: tuple[str, str]) -> dict[str, Json]:
    return {"input": Number(price[0]), "output": Number(price[1])}
