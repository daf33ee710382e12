"""`pricehouse explain` finds an offer by id, by model and by route, and lists what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from samples.hub import serve
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

CHAT = "acme/chat"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("explain") / "home"
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock())
    return home


def explain(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "explain", *arguments])


def offers_of(home: Path, model_id: str) -> dict[str, str]:
    """Return inference provider → offer id."""
    with duckdb.connect(str(newest(Home(home))), read_only=True) as con:
        query = "SELECT inference_provider, offer_id FROM offers WHERE model_id = ?"
        return dict(con.execute(query, [model_id]).fetchall())


def candidates(done: Result) -> dict[str, Any]:
    assert done.exit_code == 2, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["error"] in done.stderr
    return found


def test_the_one_offer_of_a_model_is_explained_in_any_case(home: Path) -> None:
    (offer_id,) = offers_of(home, "acme/hub-chat").values()
    by_id = explain(home, offer_id.upper(), "--json")
    assert by_id.exit_code == 0, by_id.output
    for name in ("acme/hub-chat", " ACME/Hub-Chat", "Acme/hub-chat:SambaNova", "acme/hub-chat:"):
        assert explain(home, name, "--json").stdout == by_id.stdout, name
    assert explain(home, "acme/hub-chat").stdout.startswith("acme/hub-chat at sambanova")


def test_several_offers_are_listed_with_what_to_type(home: Path) -> None:
    offers = offers_of(home, CHAT)
    done = explain(home, "Acme/CHAT")
    assert done.exit_code == 2
    lines = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
    assert {line[0]: line[1] for line in lines} == {v: k for k, v in offers.items()}
    assert {line[2] for line in lines} == {"conversational"}
    prices = {line[1]: line[3] for line in lines}
    assert prices["novita"] == "$0.20 per 1M input tokens, $0.60 per 1M output tokens"
    assert prices["together"] == "suspect"
    first = lines[0]
    assert f"acme/chat has {len(offers)} offers; name one" in done.stderr
    assert f"`pricehouse explain {first[0]}`" in done.stderr
    assert f"`pricehouse explain acme/chat:{first[1]}`" in done.stderr
    assert explain(home, f"acme/chat:{first[1]}").exit_code == 0


def test_json_lists_the_same_offers(home: Path) -> None:
    found = candidates(explain(home, CHAT, "--json"))
    assert {o["offer_id"]: o["inference_provider"] for o in found["offers"]} == {
        v: k for k, v in offers_of(home, CHAT).items()
    }
    novita = next(o for o in found["offers"] if o["inference_provider"] == "novita")
    assert novita["command"] == f"pricehouse explain {novita['offer_id']}"
    assert novita["prices"][1] == {
        "unit": "output_token",
        "amount": "0.0000006",
        "currency": "USD",
        "display": "$0.60 per 1M output tokens",
    }
    assert found["did_you_mean"] == []


def test_a_routing_name_leads_to_its_offer(home: Path) -> None:
    for name in ("acme/chat:fastest", "Acme/Chat:Novita"):
        done = explain(home, name)
        assert done.stdout.startswith("acme/chat at novita"), name
    own = explain(home, "acme/chat:preferred")
    assert own.exit_code == 2
    assert "order of your own account" in own.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acme/chatt", "did you mean acme/chat"),
        ("chat", "did you mean acme/chat"),
        ("ACME_Paint_Lora", "did you mean acme/paint-lora"),
        ("acme/chat:novta", "has no offer at 'novta' (did you mean novita?)"),
        ("acme/chat:fal-ai", "acme/chat has no offer at 'fal-ai'"),
        ("zzzzzzzz", "no model is called 'zzzzzzzz'; `pricehouse sql"),
        (":novita", "no model is called ''"),
        ("", "name an offer id or a model"),
        ("0123456789abcdef", "there is no offer '0123456789abcdef'"),
    ],
)
def test_a_name_that_fits_no_offer_names_what_is_like_it(
    home: Path, name: str, message: str
) -> None:
    done = explain(home, name)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_a_misspelt_provider_comes_first_and_json_has_the_names_of_models(home: Path) -> None:
    wrong = candidates(explain(home, "acme/chat:novta", "--json"))
    assert wrong["offers"][0]["inference_provider"] == "novita"
    unknown = candidates(explain(home, "acme/chatt", "--json"))
    assert (unknown["did_you_mean"][0], unknown["offers"]) == ("acme/chat", [])
