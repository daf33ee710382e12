"""What a home is called in Prefect: as ever, and by its schema where it is one of several."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows.home_names import HomeNames, find_home_names
from flows.server.deployments import POOL, named_deployments
from flows.server.settings import PREFECT_FILE
from flows.server.stale_automation import STALE
from flows.server.stale_notification import BLOCK, NOTIFY
from schemas.errors import SettingsError
from warehouse.storage.home import Home

HOME, ELSEWHERE = Home(Path("/srv/home")), Home(Path("/data"))
WAREHOUSE = "ducklake:postgres:dbname=prices host=db.example"


def names_of(warehouse: str) -> HomeNames:
    settings = {"PRICEHOUSE_WAREHOUSE": warehouse, "PRICEHOUSE_STORE": "s3://prices/home"}
    return find_home_names(settings)


@pytest.mark.parametrize("warehouse", ["", WAREHOUSE, f"{WAREHOUSE} schema=pricehouse"])
def test_the_only_home_of_a_server_keeps_its_names(warehouse: str) -> None:
    names = names_of(warehouse)
    assert [names.of(name) for name in (POOL, "hourly", BLOCK, "pages-hub")] == [
        "pricehouse",
        "hourly",
        "pricehouse-alerts",
        "pages-hub",
    ]
    assert names.title(STALE) == "pricehouse: no new hour was committed in time"
    assert names.title(NOTIFY) == "pricehouse: notify of old data"
    text = PREFECT_FILE.read_text("utf-8")
    assert named_deployments(text, names) == text


def test_a_home_with_a_schema_of_its_own_has_names_of_its_own() -> None:
    names = names_of(f"{WAREHOUSE} schema=second_hub")
    assert names.of(POOL) == "pricehouse-second-hub"
    assert names.title(NOTIFY) == "pricehouse: notify of old data (second-hub)"
    text = PREFECT_FILE.read_text("utf-8")
    ours = yaml.safe_load(text)
    theirs = yaml.safe_load(named_deployments(text, names))
    assert len(ours["deployments"]) == 3
    for one, other in zip(ours["deployments"], theirs["deployments"], strict=True):
        assert other["name"] == f"{one['name']}-second-hub"
        assert other["work_pool"] == one["work_pool"] | {"name": "pricehouse-second-hub"}
        same = {"name": "", "work_pool": ""}
        assert other | same == one | same
    assert theirs["pull"] == ours["pull"]


def test_the_events_of_a_shared_home_are_the_same_on_every_machine() -> None:
    shared, alone = names_of(f"{WAREHOUSE} schema=hub"), names_of("")
    assert shared.resource(HOME) == shared.resource(ELSEWHERE)
    assert shared.resource(HOME)["prefect.resource.id"] == "pricehouse.home.hub"
    assert alone.resource(HOME) == {
        "prefect.resource.id": "pricehouse.home./srv/home",
        "prefect.resource.name": "pricehouse /srv/home",
    }
    assert alone.resource(HOME) != alone.resource(ELSEWHERE)


def test_a_warehouse_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(SettingsError, match="small letters"):
        names_of(f"{WAREHOUSE} schema=Hub")
