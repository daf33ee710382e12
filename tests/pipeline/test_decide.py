"""The gate with a person at it: what is held, accepted, rejected, corrected, and remembered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.explain import explain
from pipeline.report import Report
from samples.catalog import Catalog
from samples.hub import serve
from schemas.errors import UsageError
from tests.support.backends import on_files_alone
from tests.support.command import answered, pricehouse
from tests.support.decided_home import DecidedHome, require_replayable
from tests.support.hours import (
    chat_catalog,
    mapped_model,
    mapping,
    offering,
    routed_model,
)
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend")]


class Bench(DecidedHome):
    """A home with a person who decides, and the intervals of its prices."""

    def inputs(self, provider: str = "novita") -> list[tuple[str | None, str | None, str | None]]:
        """Return amount per million, status and closed_by of each interval of the input price."""
        return [
            (row["m"], row["price_status"], row["closed_by"])
            for row in self.query_rows(
                "SELECT format('{:g}', (amount * 1000000)::DOUBLE) AS m, price_status, closed_by "
                f"FROM price_history WHERE inference_provider = '{provider}' "
                "AND unit = 'input_token' ORDER BY valid_from"
            )
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    with serve(chat_catalog(("0.2", "0.4"))) as hub:
        yield Bench(tmp_path / "home", hub)


def held(report: Report) -> list[str]:
    return [finding.check_id for finding in report.held]


def test_an_extreme_price_is_held_and_the_other_provider_publishes(
    bench: Bench,
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    report = bench.hour(chat_catalog(("20000", "40000"), other="0.6"))
    assert report.exit_status == 0
    assert len(report.held) == 2
    card, other = bench.card(), bench.card("scaleway")
    assert (card["held"], card["hold_reason"], card["rankable"]) == (True, "unit_magnitude", False)
    assert f"{card['cost_per_input_token']:f}".rstrip("0") == "0.0000002"
    assert f"{other['cost_per_input_token']:f}".rstrip("0") == "0.0000006"
    assert not other["held"]
    checks = bench.query_rows("FROM checks WHERE name = 'unit_magnitude' ORDER BY unit")
    assert [(c["unit"], c["severity"], c["decision"]) for c in checks] == [
        ("input_token", "hold", "pending"),
        ("output_token", "hold", "pending"),
    ]
    assert checks[0]["expected"] == "0.0000002"
    assert checks[0]["observed"] == "priced 20000"


def test_an_accepted_value_is_valid_from_its_first_statement(bench: Bench, tmp_path: Path) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    first = bench.hour(chat_catalog(("3", "0.4")))
    stated = first.feeds[1].observed_at
    bench.hour(chat_catalog(("3", "0.4")))
    (check_id,) = held(first)
    report = bench.decide(check_id)
    assert report.events == {"released": 1, "up": 1}
    assert bench.inputs() == [("0.2", "priced", "change"), ("3", "priced", None)]
    (row,) = bench.query_rows(
        "FROM price_history WHERE inference_provider = 'novita' AND unit = 'input_token' "
        "AND valid_to IS NULL"
    )
    assert row["valid_from"] == stated
    (check,) = bench.query_rows(f"FROM checks WHERE check_id = '{check_id}'")
    assert (check["decision"], check["decided_by"]) == ("accepted", "ada")
    assert check["decision_reason"] == "asked them"
    assert held(bench.hour(chat_catalog(("3", "0.4")))) == []
    require_replayable(bench.home, tmp_path)


def test_an_offer_is_released_when_each_of_its_held_units_is_accepted(bench: Bench) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    first, second = held(bench.hour(chat_catalog(("2", "4"))))
    assert held(bench.decide(first)) == [second]
    assert bench.card()["held"]
    assert held(bench.hour(chat_catalog(("2", "4")))) == [second]  # the first is remembered
    bench.decide(second)
    assert not bench.card()["held"]
    assert bench.inputs() == [("0.2", "priced", "change"), ("2", "priced", None)]


def test_an_accepted_difference_is_forgotten_when_the_value_changes_again(bench: Bench) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    first, second = held(bench.hour(chat_catalog(("2", "4"))))
    bench.decide(first)
    (other,) = held(bench.hour(chat_catalog(("0.2", "4"))))
    assert other == second
    again = held(bench.hour(chat_catalog(("2", "4"))))
    assert first not in again
    assert len(again) == 2


def test_a_rejected_value_waits_no_longer_and_can_still_be_accepted(
    bench: Bench, tmp_path: Path
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (check_id,) = held(bench.hour(chat_catalog(("2", "0.4"))))
    assert bench.decide(check_id, decision="rejected").outcome == "unchanged"
    (check,) = bench.query_rows(f"FROM checks WHERE check_id = '{check_id}'")
    assert check["decision"] == "rejected"
    assert held(bench.hour(chat_catalog(("2", "0.4")))) == [check_id]
    assert bench.card()["held"]
    with pytest.raises(UsageError, match="was rejected by ada"):
        bench.decide(check_id, decision="rejected")
    bench.decide(check_id)
    assert bench.inputs()[-1] == ("2", "priced", None)
    with pytest.raises(UsageError, match="was accepted by ada"):
        bench.decide(check_id, decision="rejected")
    require_replayable(bench.home, tmp_path)


def test_a_finding_expires_when_the_source_takes_its_value_back(bench: Bench) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (check_id,) = held(bench.hour(chat_catalog(("2", "0.4"))))
    report = bench.hour(chat_catalog(("0.2", "0.4")))
    assert held(report) == []
    (check,) = bench.query_rows(f"FROM checks WHERE check_id = '{check_id}'")
    assert (check["decision"], check["decided_by"]) == ("expired", None)
    assert bench.inputs() == [("0.2", "priced", None)]
    with pytest.raises(UsageError, match="out of date"):
        bench.decide(check_id)
    (later,) = held(bench.hour(chat_catalog(("2", "0.4"))))
    assert later != check_id


def test_a_price_beyond_all_bounds_has_no_number_until_it_is_accepted(
    bench: Bench, tmp_path: Path
) -> None:
    report = bench.hour(chat_catalog(("20000", "0.4")))
    card = bench.card()
    assert (card["price_status"], card["price_reason"]) == ("suspect", "outside_bounds")
    assert (card["held"], card["cost_per_input_token"]) == (False, None)
    (check_id,) = held(report)
    assert held(bench.hour(chat_catalog(("20000", "0.4")))) == [check_id]
    bench.decide(check_id)
    assert bench.inputs() == [("20000", "priced", None)]
    assert held(bench.hour(chat_catalog(("20000", "0.4")))) == []
    require_replayable(bench.home, tmp_path)


def test_a_correction_replaces_the_price_and_keeps_the_wrong_one_on_record(
    bench: Bench, tmp_path: Path
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (run,) = bench.query_rows("FROM runs")
    report = bench.correct(price="0.3")
    assert report.events == {"corrected": 1}
    assert bench.inputs() == [("0.3", "priced", None)]
    query = (
        "SELECT format('{:g}', (amount * 1000000)::DOUBLE) AS m, payload_hash FROM price_as_of("
        "(SELECT observed_to FROM publication)%s) "
        "WHERE inference_provider = 'novita' AND unit = 'input_token'"
    )
    now = bench.query_rows(query % "")
    then = bench.query_rows(query % f", known_at := TIMESTAMPTZ '{run['started_at']}'")
    assert [row["m"] for row in (*now, *then)] == ["0.3", "0.2"]
    wrong, right = bench.query_rows(
        "FROM price_claims WHERE inference_provider = 'novita' AND unit = 'input_token' "
        "ORDER BY recorded_at"
    )
    assert wrong["closed_by"] == "correction"
    assert wrong["superseded_by_run"] == right["run_id"] == report.run_id
    assert right["reason"] == "corrected"
    assert '"their page says so"' in right["evidence"]
    (event,) = bench.query_rows("FROM price_changes WHERE event = 'corrected'")
    assert (event["old_amount"], event["new_amount"]) == (wrong["amount"], right["amount"])
    require_replayable(bench.home, tmp_path)


def test_a_corrected_price_stays_until_its_source_states_another(
    bench: Bench, tmp_path: Path
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    bench.correct(price="0.3")
    assert bench.hour(chat_catalog(("0.2", "0.4"))).events == {}
    assert bench.card()["price_reason"] == "corrected"
    assert (
        bench.hour(chat_catalog(("0.3", "0.4"))).events == {}
    )  # the source states what we corrected
    assert bench.card()["price_reason"] is None
    assert bench.hour(chat_catalog(("0.2", "0.4"))).events == {"down": 1}
    # our correction and what its source then stated are two intervals of one amount
    assert [m for m, _, _ in bench.inputs()] == ["0.3", "0.3", "0.2"]
    require_replayable(bench.home, tmp_path)


def test_an_interval_that_is_over_is_corrected_and_what_came_after_it_stays(
    bench: Bench, tmp_path: Path
) -> None:
    wrong = bench.hour(chat_catalog(("0.2", "0.4")))
    bench.hour(chat_catalog(("0.3", "0.4")))
    bench.correct(at=wrong.feeds[1].observed_at, price=None)
    assert bench.inputs() == [(None, "suspect", "change"), ("0.3", "priced", None)]
    assert bench.card()["price_status"] == "priced"
    claims = bench.query_rows(
        "SELECT format('{:g}', (amount * 1000000)::DOUBLE) AS m, valid_to IS NULL AS stands "
        "FROM price_claims WHERE inference_provider = 'novita' AND unit = 'input_token' "
        "ORDER BY valid_from, recorded_at"
    )
    assert [(c["m"], c["stands"]) for c in claims] == [
        ("0.2", False),
        (None, False),
        ("0.3", True),
    ]
    assert bench.hour(chat_catalog(("0.3", "0.4"))).events == {}
    require_replayable(bench.home, tmp_path)


def test_a_rejected_value_stays_refused_after_a_correction_towards_it(
    bench: Bench, tmp_path: Path
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (check_id,) = held(bench.hour(chat_catalog(("2", "0.4"))))
    bench.decide(check_id, decision="rejected")
    bench.correct(price="0.5")  # from there 2 is no move of ten times any more
    assert held(bench.hour(chat_catalog(("2", "0.4")))) == [check_id]
    assert bench.inputs() == [("0.5", "priced", None)]
    bench.decide(check_id)
    assert bench.inputs() == [("0.5", "priced", "change"), ("2", "priced", None)]
    require_replayable(bench.home, tmp_path)


def test_a_corrected_extreme_price_stays_while_its_source_states_it(
    bench: Bench, tmp_path: Path
) -> None:
    bench.hour(chat_catalog(("20000", "0.4")))
    bench.correct(price="0.2")
    report = bench.hour(chat_catalog(("20000", "0.4")))
    assert (report.events, held(report)) == ({}, [])
    assert bench.inputs() == [("0.2", "priced", None)]
    assert bench.hour(chat_catalog(("0.3", "0.4"))).events == {"up": 1}
    require_replayable(bench.home, tmp_path)


def test_a_price_can_be_corrected_twice(bench: Bench, tmp_path: Path) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    bench.correct(price="0.3")
    bench.correct(price=None)
    assert bench.inputs() == [(None, "suspect", None)]
    assert bench.hour(chat_catalog(("0.2", "0.4"))).events == {}
    assert bench.card()["price_status"] == "suspect"
    require_replayable(bench.home, tmp_path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price": "cheap"}, "is no number"),
        ({"price": "-1"}, "is no number"),
        ({"price": "0.3_1"}, "is no number"),
        ({"price": "٣"}, "is no number"),
        ({"price": "0"}, "not corrected to 0"),
        ({"price": "0.2"}, "show 0.2 per 1000000 already"),
        ({"price": "0.3", "per": 3}, "power of ten"),
        ({"price": "0.3", "unit": "image"}, "showed no image price"),
        ({"price": "0.3", "offer_id": "0123"}, "there is no offer '0123'"),
        ({"price": "0.3", "reason": " "}, "needs a name and a reason"),
        ({"price": "0.3", "reason": "\udcff"}, "must be UTF-8"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_with_the_reason(
    bench: Bench, fields: dict[str, Any], message: str
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    with pytest.raises(UsageError, match=message):
        bench.correct(**fields)
    assert len(bench.query_rows("FROM runs")) == 1


def show_again(home: Path, publication: Path) -> None:
    """Let readers see an earlier publication: what a command saw that then waited for the lock."""
    link = home / "marketplace.duckdb"
    link.unlink()
    link.symlink_to(publication)


@on_files_alone("a command of a shared warehouse first shows the newest run")
def test_a_finding_decided_meanwhile_is_not_decided_again(bench: Bench) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (check_id,) = held(bench.hour(chat_catalog(("2", "0.4"))))
    seen = newest(Home.at(bench.home))
    bench.decide(check_id)
    show_again(bench.home, seen)
    with pytest.raises(UsageError, match="was accepted in the meantime"):
        bench.decide(check_id, decision="rejected")
    bench.hour(chat_catalog(("2", "0.4")))
    (check,) = bench.query_rows(f"FROM checks WHERE check_id = '{check_id}'")
    assert check["decision"] == "accepted"


@on_files_alone("a command of a shared warehouse first shows the newest run")
def test_a_correction_applies_to_the_price_seen_when_another_came_meanwhile(
    bench: Bench,
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    seen = newest(Home.at(bench.home))
    bench.hour(chat_catalog(("0.25", "0.4")))
    show_again(bench.home, seen)
    bench.correct(price="0.3")
    assert bench.inputs() == [("0.3", "priced", "change"), ("0.25", "priced", None)]


def test_a_command_with_a_wrong_id_exits_2_with_one_sentence(
    bench: Bench,
) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (warn, *_) = bench.query_rows("FROM checks WHERE severity = 'info'")
    for arguments, message in (
        (("accept", "nope", "--reason", "x"), "there is no finding 'nope'"),
        (("accept", warn["check_id"], "--reason", "x"), "there is nothing to decide"),
        (("reject", "--reason", "x"), "Missing argument"),
        (("accept", "nope"), "Missing option '--reason'"),
        (("correct", "nope", "--unit", "input_token", "--reason", "x"), "give --price"),
        (("correct", "n", "--unit", "run", "--unknown", "--reason", "x", "--at", "now"), "no time"),
        (
            (
                "correct",
                "n",
                "--unit",
                "run",
                "--unknown",
                "--reason",
                "x",
                "--at",
                "0001-01-01T00:00:00+10:00",
            ),
            "no time",
        ),
        (("explain", "nope"), "no model is called 'nope'"),
    ):
        done = pricehouse(*arguments, home=bench.home)
        assert done.returncode == 2, done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr


@on_files_alone("a landing that a store has is pulled again")
def test_a_decision_without_landing_is_refused_and_changes_nothing(bench: Bench) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (check_id,) = held(bench.hour(chat_catalog(("2", "0.4"))))
    shutil.rmtree(bench.home / "landing")
    done = pricehouse("accept", check_id, "--reason", "x", home=bench.home)
    assert done.returncode == 1
    assert "restore it from a backup" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("decision", ["pending", "rejected"])
def test_explain_names_the_finding_about_many_for_which_an_offer_is_held(
    bench: Bench, decision: str
) -> None:
    names = [f"acme/chat-{number}" for number in range(5)]
    models = [mapped_model(name, mapping("novita"), mapping("scaleway")) for name in names]
    bench.hour(Catalog(models, router=[routed_model(names[0], offering("novita"))]))
    left = Catalog(models[:1], router=[routed_model(names[0], offering("novita"))])
    (check_id,) = held(bench.hour(left))  # half of ten offers, at providers of five
    if decision == "rejected":
        bench.decide(check_id, decision=decision)
    (card, *_) = bench.query_rows("FROM cards WHERE held AND inference_provider = 'scaleway'")
    proof = explain(Home.at(bench.home), card["offer_id"]).proof
    assert [(c.check_id, c.decision) for c in proof.checks] == [(check_id, decision)]


def test_explain_reports_the_state_of_the_landed_answer(bench: Bench) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    home, offer_id = Home.at(bench.home), bench.card()["offer_id"]

    def looked() -> str:
        (page,) = explain(home, offer_id).pages
        return page.state

    assert looked() == "verified"
    (claim, *_) = bench.query_rows(f"FROM prices WHERE offer_id = '{offer_id}'")
    payload_hash = claim["payload_hash"]
    path = home.landing / "objects" / payload_hash[:2] / f"{payload_hash}.zst"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] + bytes(9))
    assert looked() == "damaged"
    path.unlink()
    assert looked() == "missing"
    path.write_bytes(whole)
    assert looked() == "verified"


def test_explain_reports_who_decided_and_why(bench: Bench) -> None:
    bench.hour(chat_catalog(("0.2", "0.4")))
    (check_id,) = held(bench.hour(chat_catalog(("2", "0.4"))))
    offer_id = bench.card()["offer_id"]
    done = pricehouse(
        "accept", check_id, "--reason", "a real rise", "--by", "ada", "--json", home=bench.home
    )
    assert answered(done)["events"] == {"released": 1, "up": 1}
    done = pricehouse(
        "correct",
        offer_id,
        "--unit",
        "input_token",
        "--price",
        "1.5",
        "--reason",
        "a slip",
        "--by",
        "bob",
        home=bench.home,
    )
    assert done.returncode == 0, done.stderr
    text = pricehouse("explain", offer_id, home=bench.home).stdout
    for expected in (
        "by ada on",
        "a real rise",
        "0.0000015 USD",
        "verified: its bytes have this hash",
        '"decided_by":"bob"',
        "corrected, recorded",
    ):
        assert expected in text, text
