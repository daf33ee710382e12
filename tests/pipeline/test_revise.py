"""A corrected parser: what it read wrong is read again, and the earlier results stay readable.

The wrong parser is a copy of this checkout with one line spoiled, run as a program of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from samples.hub import Hub, serve
from tests.support.command import answered, environment, pricehouse
from tests.support.documents import PACKAGES
from tests.support.hours import chat_catalog
from tests.support.published import exported
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home

CHECKOUT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend")]


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout that reads the input price as the output price too."""
    copy = tmp_path_factory.mktemp("spoiled")
    for package in PACKAGES:
        shutil.copytree(
            CHECKOUT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    parser = copy / "transforms" / "pricing" / "token_prices.py"
    text = parser.read_text("utf-8")
    line = 'TOKEN_UNITS = {"price_input_text": "input_token", "price_output_text": "output_token"}'
    assert line in text
    parser.write_text(
        text.replace(line, line.replace('"price_output_text"', '"price_inputs_text"')).replace(
            "_of_unit(priced, column, unit, run_id)",
            '_of_unit(priced, column.replace("inputs", "input"), unit, run_id)',
        ),
        "utf-8",
    )
    return copy


def ingest_with(checkout: Path, home: Path, hub: Hub) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "ingest"],
        cwd=checkout,
        env=environment(home, hub.url, PYTHONPATH=str(checkout)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(chat_catalog(("0.2", "0.4"))) as running:
        yield running


def outputs(home: Path) -> list[tuple[str, str | None]]:
    return [
        (row["m"], row["closed_by"])
        for row in rows(
            newest(Home.at(home)),
            "SELECT format('{:g}', (amount * 1000000)::DOUBLE) AS m, closed_by FROM price_history "
            "WHERE inference_provider = 'novita' AND unit = 'output_token' ORDER BY valid_from",
        )
    ]


def prices_known_at(home: Path, known_at: datetime) -> list[str]:
    found = rows(
        newest(Home.at(home)),
        "SELECT format('{:g}', (amount * 1000000)::DOUBLE) AS m FROM price_as_of(("
        f"SELECT observed_to FROM publication), known_at := TIMESTAMPTZ '{known_at}') "
        "WHERE inference_provider = 'novita' AND unit = 'output_token'",
    )
    return [row["m"] for row in found]


def test_revise_corrects_what_a_broken_parser_read_wrong(
    spoiled: Path, hub: Hub, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ingest_with(spoiled, home, hub)
    hub.show(chat_catalog(("0.3", "0.7")))
    ingest_with(spoiled, home, hub)
    assert outputs(home) == [("0.2", "change"), ("0.3", None)]
    wrong = rows(newest(Home.at(home)), "SELECT max(started_at) AS at FROM runs")[0]["at"]

    report = answered(pricehouse("replay", "--revise", "--json", home=home))
    assert report["events"] == {"corrected": 3}  # two intervals at novita, one at scaleway
    assert outputs(home) == [("0.4", "correction"), ("0.7", None)]
    assert prices_known_at(home, wrong) == ["0.3"]
    (run,) = rows(newest(Home.at(home)), "FROM runs WHERE flow = 'revise'")
    assert run["outcome"] == "published"
    card = rows(newest(Home.at(home)), "FROM cards WHERE inference_provider = 'novita'")[0]
    assert f"{card['cost_per_output_token']:f}".rstrip("0") == "0.0000007"
    claims = rows(
        newest(Home.at(home)),
        "SELECT raw_text, superseded_by_run FROM price_claims WHERE inference_provider = 'novita' "
        "AND unit = 'output_token' ORDER BY valid_from, recorded_at",
    )
    assert [c["raw_text"] for c in claims] == ["0.2", "0.4", "0.3", "0.7"]
    assert claims[0]["superseded_by_run"] == run["run_id"]

    again = answered(pricehouse("replay", "--revise", "--json", home=home))
    assert (again["outcome"], again["events"]) == ("unchanged", {})
    assert answered(pricehouse("ingest", "--json", home=home, url=hub.url))["events"] == {}


def test_revise_skips_a_decision_about_a_value_that_was_misread(
    spoiled: Path, hub: Hub, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ingest_with(spoiled, home, hub)
    hub.show(chat_catalog(("2", "0.4")))
    ingest_with(spoiled, home, hub)  # holds the output price too, which it reads as 2
    query = "SELECT check_id FROM checks WHERE severity = 'hold'"
    found = [row["check_id"] for row in rows(newest(Home.at(home)), query)]
    assert len(found) == 2
    answered(pricehouse("accept", *found, "--reason", "a real rise", "--json", home=home))
    assert outputs(home) == [("0.2", "change"), ("2", None)]
    report = answered(pricehouse("replay", "--revise", "--json", home=home))
    assert report["held"] == []
    assert outputs(home) == [("0.4", None)]
    cards = rows(newest(Home.at(home)), "FROM cards WHERE inference_provider = 'novita'")
    assert f"{cards[0]['cost_per_input_token']:f}".rstrip("0") == "0.000002"  # that one was


@pytest.fixture(scope="module")
def misnaming(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout that takes the output price for that of another unit."""
    copy = tmp_path_factory.mktemp("misnaming")
    for package in PACKAGES:
        shutil.copytree(
            CHECKOUT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    parser = copy / "transforms" / "pricing" / "token_prices.py"
    text = parser.read_text("utf-8")
    assert '"price_output_text": "output_token"' in text
    parser.write_text(text.replace('text": "output_token"', 'text": "character"'), "utf-8")
    return copy


def test_revise_skips_a_correction_of_a_price_that_no_longer_exists(
    misnaming: Path, hub: Hub, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ingest_with(misnaming, home, hub)
    (card,) = rows(newest(Home.at(home)), "FROM cards WHERE inference_provider = 'novita'")
    answered(
        pricehouse(
            "correct",
            card["offer_id"],
            "--unit",
            "character",
            "--unknown",
            "--reason",
            "they sell none",
            "--json",
            home=home,
        )
    )
    answered(pricehouse("replay", "--revise", "--json", home=home))
    assert outputs(home) == [("0.4", None)]
    query = "SELECT unit FROM price_history WHERE unit = 'character'"
    assert rows(newest(Home.at(home)), query) == []


def test_a_revised_home_is_rebuilt_with_its_earlier_results(
    spoiled: Path, hub: Hub, tmp_path: Path
) -> None:
    home, again = tmp_path / "home", tmp_path / "again"
    ingest_with(spoiled, home, hub)
    answered(pricehouse("replay", "--revise", "--json", home=home))
    hub.show(chat_catalog(("0.3", "0.7")))
    answered(pricehouse("ingest", "--json", home=home, url=hub.url))
    shutil.copytree(home / "landing", again / "landing")
    answered(pricehouse("replay", "--json", home=again))
    assert exported(again) == exported(home)
    shutil.rmtree(again)
    shutil.copytree(home / "landing", again / "landing")
    shutil.rmtree(again / "landing" / "checkpoints")
    answered(pricehouse("replay", "--json", home=again))
    assert outputs(again) == outputs(home)  # right, though without the earlier wrong results


def test_a_revision_killed_before_its_checkpoint_gets_it_from_the_next_run(
    spoiled: Path, hub: Hub, tmp_path: Path
) -> None:
    home, again = tmp_path / "home", tmp_path / "again"
    ingest_with(spoiled, home, hub)
    answered(pricehouse("replay", "--revise", "--json", home=home))
    shutil.rmtree(home / "landing" / "checkpoints")  # what such a kill leaves
    answered(pricehouse("ingest", "--json", home=home, url=hub.url))
    assert len(list((home / "landing" / "checkpoints").iterdir())) == 1
    shutil.copytree(home / "landing", again / "landing")
    answered(pricehouse("replay", "--json", home=again))
    assert exported(again) == exported(home)


def test_revise_of_an_unchanged_reading_changes_nothing(hub: Hub, tmp_path: Path) -> None:
    home = tmp_path / "home"
    answered(pricehouse("ingest", "--json", home=home, url=hub.url))
    hub.show(chat_catalog(("0.3", "0.7")))
    answered(pricehouse("ingest", "--json", home=home, url=hub.url))
    before = {name: data for name, data in exported(home).items() if name.startswith("price_")}
    report = answered(pricehouse("replay", "--revise", "--json", home=home))
    assert (report["outcome"], report["events"]) == ("unchanged", {})
    after = {name: data for name, data in exported(home).items() if name.startswith("price_")}
    assert after == before
    assert not (home / "landing" / "checkpoints").exists()


def test_revise_needs_something_landed(tmp_path: Path) -> None:
    done = pricehouse("replay", "--revise", home=tmp_path)
    assert done.returncode == 2
    assert "has no committed run under landing" in done.stderr
