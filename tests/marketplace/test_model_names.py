"""The marketplace finds a model in any case and under the names that it had before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from samples.catalog import Catalog
from samples.hub import serve
from tests.support.hours import Clock, ingest, mapped_model, mapping
from tests.support.serving import Site, serving

OLD, NEW = "acme/chat", "other/Chat-2"
NAMES = [OLD, NEW, "ACME/Chat", NEW.lower()]


def market(*models: tuple[str, str, str]) -> Catalog:
    """Return models by name, the Hub's id and input price."""
    return Catalog(
        [
            mapped_model(name, mapping("novita", price=(price, "0.6")), _id=hub_id)
            for name, hub_id, price in models
        ],
        router=[],
    )


@pytest.fixture(scope="module")
def renamed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A market in which a model was renamed, and another one took the name `zed/again`."""
    home, clock = tmp_path_factory.mktemp("renamed") / "home", Clock()
    with serve(market()) as hub:
        for models in (
            ((OLD, "h1", "0.2"), ("zed/again", "h2", "0.4")),
            ((NEW, "h1", "0.3"), ("zed/moved", "h2", "0.4")),
            ((NEW, "h1", "0.3"), ("zed/moved", "h2", "0.4"), ("zed/again", "h3", "7")),
        ):
            hub.show(market(*models))
            ingest(home, hub, clock=clock, feeds=("hub",))
            clock.advance(timedelta(hours=1))
    with serving(home) as site:
        yield site


def id_of(site: Site, model: str) -> str:
    ((offer_id,),) = site.sql("SELECT offer_id FROM offers WHERE model_id = ?", model)
    return str(offer_id)


@pytest.mark.parametrize("name", NAMES)
def test_the_api_and_the_pages_find_a_model_by_every_name(renamed_site: Site, name: str) -> None:
    body = renamed_site.get_json(f"/v1/models/{name}")
    assert (body["model"]["model_id"], len(body["offers"])) == (NEW, 1)
    offers = renamed_site.get_json("/v1/offers", ("model_id", name))
    assert [item["model_id"] for item in offers["items"]] == [NEW]
    assert renamed_site.get_json("/v1/changes", ("model_id", name))["items"] != []
    page = renamed_site.client.get(f"/models/{name}", follow_redirects=True)
    assert page.status_code == 200
    assert str(page.url).endswith(f"/models/{NEW}")


def test_an_unknown_model_is_not_found(renamed_site: Site) -> None:
    assert renamed_site.get("/v1/models/acme/nothing").status_code == 404
    assert renamed_site.get("/models/acme/nothing").status_code == 404
    for path in ("/v1/offers", "/v1/estimate", "/v1/changes", "/v1/changes.atom", "/", "/changes"):
        refused = renamed_site.get(f"{path}?model_id=acme/nothing")
        assert refused.status_code == 422, path
        assert "no model is called acme/nothing" in refused.text, path


def test_a_link_to_an_earlier_offer_leads_to_that_of_today(renamed_site: Site) -> None:
    old, new = id_of(renamed_site, OLD), id_of(renamed_site, NEW)
    page = renamed_site.client.get(f"/offers/{old}", follow_redirects=True)
    assert (page.status_code, str(page.url).endswith(f"/offers/{new}")) == (200, True)
    answer = renamed_site.get(f"/v1/offers/{old}")
    assert answer.status_code == 404
    assert f"/v1/offers/{new}" in answer.json()["detail"]
    assert NEW in renamed_site.get(f"/compare?offer={old}").text


def test_the_history_of_an_offer_goes_on_under_its_new_name(renamed_site: Site) -> None:
    items = renamed_site.get_json(f"/v1/prices/{id_of(renamed_site, NEW)}/history")["items"]
    amounts = [i["amount"] for i in items if i["unit"] == "input_token"]
    assert amounts == ["0.0000002", "0.0000003"]
    old = renamed_site.get_json(f"/v1/prices/{id_of(renamed_site, OLD)}/history")["items"]
    assert [i["amount"] for i in old if i["unit"] == "input_token"] == ["0.0000002"]


def test_a_name_that_is_used_again_has_the_history_of_the_new_model(renamed_site: Site) -> None:
    for name, amount in (("zed/again", "0.000007"), ("zed/moved", "0.0000004")):
        items = renamed_site.get_json(f"/v1/prices/{id_of(renamed_site, name)}/history")["items"]
        assert {i["amount"] for i in items if i["unit"] == "input_token"} == {amount}
        assert renamed_site.get_json(f"/v1/models/{name}")["model"]["model_id"] == name
