"""First prices and moves that are unlike their peers, through whole runs and persons' decisions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import CorrectionRequest, correct
from pipeline.report import Report
from samples.catalog import Catalog
from samples.hub import serve
from schemas.errors import UsageError
from tests.support.command import answered, pricehouse
from tests.support.decided_home import DecidedHome, require_replayable
from tests.support.hours import mapped_model, mapping, offering, routed_model

pytestmark = pytest.mark.slow

PROVIDERS = ("novita", "scaleway", "together", "nscale")
LIST = ("hub", "router", "deepinfra_list")


def chat(**prices: str) -> Catalog:
    """Return one model whose providers have these input prices; output costs the double."""
    double = {name: (price, f"{2 * float(price):.10f}") for name, price in prices.items()}
    names = [name.replace("_", "-") for name in prices]
    return Catalog(
        [mapped_model("acme/chat", *map(mapping, names))],
        router=[
            routed_model(
                "acme/chat",
                *(offering(n, price=p) for n, p in zip(names, double.values(), strict=True)),
            )
        ],
    )


class PeerDesk(DecidedHome):
    """A home with a person who decides, and the ranking of its offers."""

    def ranked(self, group: str = "text") -> list[str]:
        found = self.query_rows(f"SELECT inference_provider AS p FROM cheapest('{group}')")
        return [row["p"] for row in found]

    def decide_held(self, report: Report, decision: str) -> Report:
        return self.decide(*(held.check_id for held in report.held), decision=decision)


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    with serve(chat(novita="0.2")) as hub:
        yield PeerDesk(tmp_path / "home", hub)


@pytest.mark.parametrize("slip", ["0.0002", "200", "0.0065"])
def test_a_first_price_unlike_its_peers_shows_no_number_and_never_ranks(
    desk: PeerDesk, tmp_path: Path, slip: str
) -> None:
    report = desk.hour(chat(novita=slip, scaleway="0.2", together="0.3"))
    card = desk.card()
    assert (card["price_status"], card["price_reason"]) == ("suspect", "unlike_peers")
    assert (card["held"], card["rankable"], card["cost_per_token"]) == (False, False, None)
    assert (card["cost_per_input_token"], card["cost_per_output_token"]) == (None, None)
    assert desk.ranked() == ["scaleway", "together"]
    assert report.exit_status == 0
    checks = desk.query_rows("FROM checks WHERE name = 'unlike_peers' ORDER BY unit")
    assert [(c["unit"], c["decision"]) for c in checks] == [
        ("input_token", "pending"),
        ("output_token", "pending"),
    ]
    assert "times the median of this model elsewhere" in checks[0]["message"]
    assert "cards show no number" in checks[0]["message"]
    claims = desk.query_rows(
        "FROM price_claims WHERE inference_provider = 'novita' AND unit = 'input_token'"
    )
    assert [(c["raw_text"], slip in c["evidence"]) for c in claims] == [(slip, True)]
    again = desk.hour(chat(novita=slip, scaleway="0.2", together="0.3"))
    assert [h.check_id for h in again.held] == [h.check_id for h in report.held]
    assert again.events == {}
    require_replayable(desk.home, tmp_path)


def test_two_providers_are_enough_to_find_the_slip(desk: PeerDesk) -> None:
    desk.hour(chat(novita="0.0002", scaleway="0.2"))
    assert desk.ranked() == ["scaleway"]


def test_a_later_honest_provider_does_not_suffer_from_an_earlier_slip(desk: PeerDesk) -> None:
    desk.hour(chat(novita="0.0002"))
    assert desk.ranked() == ["novita"]  # nothing to compare it with
    report = desk.hour(chat(novita="0.0002", scaleway="0.2"))
    assert desk.ranked() == ["scaleway"]
    assert desk.card()["price_reason"] == "unlike_peers"
    assert report.events["became_suspect"] == 2
    assert {held.inference_provider for held in report.held} == {"novita"}


def test_an_accepted_price_stays_accepted_until_it_changes(desk: PeerDesk) -> None:
    served = chat(novita="0.0002", scaleway="0.2", together="0.3")
    desk.decide_held(desk.hour(served), "accepted")
    assert desk.ranked()[0] == "novita"
    assert desk.hour(served).held == []
    alone = desk.hour(chat(novita="0.0002"))  # no peer for one hour
    assert (alone.held, desk.hour(served).held) == ([], [])
    assert desk.card()["rankable"]
    report = desk.hour(chat(novita="0.0003", scaleway="0.2", together="0.3"))
    assert [held.unit for held in report.held] == ["input_token", "output_token"]
    card = desk.card()  # its good price stays, held
    assert (card["held"], card["hold_reason"]) == (True, "unlike_peers")
    assert f"{card['cost_per_input_token']:.10f}" == "0.0000000002"


def test_a_rejected_price_stays_refused_whatever_its_peers_cost(desk: PeerDesk) -> None:
    desk.decide_held(desk.hour(chat(novita="0.0002", scaleway="0.2")), "rejected")
    for served in (chat(novita="0.0002", scaleway="0.2"), chat(novita="0.0002", scaleway="0.003")):
        desk.hour(served)
        assert desk.card()["price_status"] == "suspect"
    desk.hour(chat(novita="0.2", scaleway="0.2"))
    assert desk.card()["rankable"]


def test_a_pending_price_passes_when_its_peers_agree(desk: PeerDesk) -> None:
    desk.hour(chat(novita="8", scaleway="0.2"))
    assert desk.card()["price_status"] == "suspect"
    desk.hour(chat(novita="8", scaleway="1"))
    assert desk.card()["rankable"]
    checks = desk.query_rows("FROM checks WHERE name = 'unlike_peers'")
    assert {c["decision"] for c in checks} == {"expired"}


def test_a_small_step_out_of_the_market_is_held_with_the_old_price(desk: PeerDesk) -> None:
    others = {"scaleway": "0.2", "together": "0.2"}
    desk.hour(chat(novita="1.9", **others))
    report = desk.hour(chat(novita="9", **others))
    card = desk.card()
    assert (card["held"], card["hold_reason"], card["rankable"]) == (True, "unlike_peers", False)
    assert f"{card['cost_per_input_token']:.7f}" == "0.0000019"
    assert {held.unit for held in report.held} == {"input_token", "output_token"}
    assert desk.ranked() == ["scaleway", "together"]
    desk.hour(chat(novita="2", **others))
    assert not desk.card()["held"]


def test_a_provider_that_moves_all_its_prices_condemns_no_other(desk: PeerDesk) -> None:
    desk.hour(chat(novita="0.2", scaleway="0.3"))
    desk.hour(chat(novita="200", scaleway="0.3"))
    assert desk.card()["hold_reason"] == "unit_magnitude"
    assert desk.ranked() == ["scaleway"]
    # a new offer is compared with the last good prices, not with the held ones
    desk.hour(chat(novita="200", scaleway="0.3", together="210"))
    assert desk.card("together")["price_reason"] == "unlike_peers"
    assert desk.ranked() == ["scaleway"]


def test_the_hub_and_the_router_do_not_confirm_each_other(desk: PeerDesk) -> None:
    slip = ("0.0002", "0.0004")
    served = Catalog(
        [mapped_model("acme/chat", mapping("novita", price=slip), mapping("scaleway"))],
        router=[
            routed_model(
                "acme/chat",
                offering("novita", price=slip),
                offering("scaleway", price=("0.2", "0.4")),
            )
        ],
    )
    desk.hour(served)
    assert desk.card()["price_reason"] == "unlike_peers"


def correction(desk: PeerDesk, **fields: Any) -> CorrectionRequest:
    given = {
        "offer_id": desk.card()["offer_id"],
        "unit": "input_token",
        "price": "0.3",
        "per": 1_000_000,
        "decided_by": "ada",
        "reason": "their page",
    } | fields
    return CorrectionRequest(**given)


def test_a_withheld_price_is_corrected_while_its_source_states_it(desk: PeerDesk) -> None:
    served = chat(novita="0.0002", scaleway="0.2", together="0.3")
    desk.hour(served)
    for unit, price in (("input_token", "0.2"), ("output_token", "0.4")):
        desk.clock.advance(timedelta(minutes=5))
        correct(desk.home, correction(desk, unit=unit, price=price), clock=desk.clock)
    assert desk.card()["rankable"]
    assert desk.hour(served).held == []
    assert (desk.card()["price_reason"], desk.card()["rankable"]) == ("corrected", True)
    desk.hour(chat(novita="0.25", scaleway="0.2", together="0.3"))
    assert (desk.card()["price_reason"], desk.card()["rankable"]) == (None, True)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"price": "2"},
            r"input_token: 0.2 → 2 USD per 1000000 input_token \(10 times\) is a chan",
        ),
        ({"price": "0.02"}, r"0.2 → 0.02 USD per 1000000 input_token \(0.1 times\) is a change of"),
        ({"price": "2000"}, r"0.2 → 2000 USD .* is beyond the bounds of this unit"),
        ({"price": "0.3", "per": 1}, r"0.2 → 300000 USD .* is beyond the bounds"),
        ({"price": "0.0001", "per": 1_000}, r"0.2 → 0.1"),
    ],
)
def test_a_correction_that_is_most_likely_a_slip_needs_force(
    desk: PeerDesk, fields: dict[str, Any], message: str
) -> None:
    desk.hour(chat(novita="0.2", scaleway="0.2", together="0.3"))
    request = correction(desk, **fields)
    if fields == {"price": "0.0001", "per": 1_000}:  # 0.1 per million: half of it
        correct(desk.home, request, clock=desk.clock)
        return
    with pytest.raises(UsageError, match=message):
        correct(desk.home, request, clock=desk.clock)
    assert len(desk.query_rows("FROM runs")) == 1
    forced = correction(desk, **fields, force=True)
    assert correct(desk.home, forced, clock=desk.clock).events["corrected"] == 1


def test_a_correction_unlike_its_peers_needs_force_though_the_step_is_small(desk: PeerDesk) -> None:
    desk.hour(chat(novita="1.9", scaleway="0.2", together="0.2"))
    with pytest.raises(UsageError, match="is 45 times the median of this model elsewhere"):
        correct(desk.home, correction(desk, price="9"), clock=desk.clock)


def test_a_correction_of_a_price_without_a_number_is_compared_with_its_peers(
    desk: PeerDesk,
) -> None:
    desk.hour(chat(novita="0.0002", scaleway="0.2", together="0.3"))
    with pytest.raises(UsageError, match=r"no number → 0\.0003 USD"):
        correct(desk.home, correction(desk, price="0.0003"), clock=desk.clock)


def test_a_free_price_is_made_a_paid_one_only_by_force(desk: PeerDesk) -> None:
    gift = offering("novita", price=("0", "0"), is_free=True)
    served = Catalog(
        [mapped_model("acme/chat", mapping("novita"))], router=[routed_model("acme/chat", gift)]
    )
    desk.hour(served)
    with pytest.raises(UsageError, match=r"0 → 0\.3 USD .* makes a price of what is shown as free"):
        correct(desk.home, correction(desk), clock=desk.clock)
    correct(desk.home, correction(desk, force=True), clock=desk.clock)
    assert f"{desk.card()['cost_per_input_token']:.7f}" == "0.0000003"


def test_the_command_shows_old_and_new_before_it_writes(desk: PeerDesk) -> None:
    desk.hour(chat(novita="0.2", scaleway="0.2"))
    own = ("correct", desk.card()["offer_id"], "--reason", "x", "--unit")
    refused = pricehouse(*own, "input_token", "--price", "300", home=desk.home)
    assert refused.returncode == 2
    assert "0.2 → 300 USD per 1000000 input_token (1500 times)" in refused.stderr
    assert "--force" in refused.stderr
    assert "Traceback" not in refused.stderr
    done = pricehouse(*own, "input_token", "--price", "0.3", home=desk.home)
    assert done.stdout.startswith("input_token: 0.2 → 0.3 USD per 1000000 input_token (1.5 times)")
    unknown = pricehouse(*own, "output_token", "--unknown", "--json", home=desk.home)
    report = answered(unknown)
    assert report["outcome"] == "published"
    stated = {name: report["correction"][name] for name in ("old", "new", "per", "currency")}
    assert stated == {"old": "0.4", "new": None, "per": 1_000_000, "currency": "USD"}


@pytest.mark.parametrize("task", ["text-to-image", "text-to-video", "text-to-speech", "new-task"])
@pytest.mark.parametrize("price", [("0.003", "0"), ("0.003", "0.1"), ("0", "0")])
def test_a_token_price_on_a_task_without_tokens_is_no_price(
    desk: PeerDesk, task: str, price: tuple[str, str]
) -> None:
    paint = mapping("fal-ai", task=task, price=price)
    desk.hour(Catalog([mapped_model("acme/paint", paint)], router=[]))
    card = desk.card("fal-ai")
    assert (card["price_status"], card["price_reason"]) == ("not_published", "unit_not_of_task")
    assert (card["rankable"], card["cost_per_input_token"]) == (False, None)
    for group in ("text", "image", "audio", "video", "embedding", "other"):
        assert desk.ranked(group) == []
    (claim, *_) = desk.query_rows("FROM price_claims WHERE unit = 'input_token'")
    assert (claim["raw_text"], claim["reason"]) == (price[0], "unit_not_of_task")
    assert claim["amount"] is None
    assert claim["native_amount"] is not None


@pytest.mark.parametrize(
    "task", ["feature-extraction", "automatic-speech-recognition", "text-classification"]
)
def test_a_token_price_of_what_is_paid_by_the_token_ranks(desk: PeerDesk, task: str) -> None:
    embed = mapping("nscale", task=task, price=("0.03", "0"))
    desk.hour(Catalog([mapped_model("acme/embed", embed)], router=[]))
    assert desk.card("nscale")["rankable"]
