"""`pricehouse explain OFFER`: walk a card's numbers back to the bytes they were read from."""

from __future__ import annotations

import click

from cli.console import out
from cli.offer_candidates import choose_offer_id
from cli.options import current_home, home_option, json_option, print_json
from pipeline.explain import Explanation
from pipeline.explain import explain as explain_offer
from schemas.proof import CheckProof, ClaimProof, CostProof, PriceProof, Proof
from transforms.gate.price_rules import CORRECTED
from warehouse.storage.home import Home

EVIDENCE_WIDTH = 600


@click.command()
@click.argument("offer", metavar="OFFER_ID|MODEL[:PROVIDER]")
@home_option
@json_option
def explain(*, offer: str, as_json: bool) -> None:
    """Show where the numbers on the card of an offer come from.

    MODEL is an id like org/model, in any case; PROVIDER an inference provider, or fastest or
    cheapest. Of several offers the command lists id, provider, task and price, and exits with
    status 2.

    For each number: the claim that was chosen, the rule, the text as the source wrote it, the
    arithmetic, the fragment of the answer, the answer's hash (checked against the landed bytes
    while they are kept), the run, and the other claims with why they lost.
    """
    home = Home.at(current_home())
    explanation = explain_offer(home, choose_offer_id(home, offer, as_json=as_json))
    if as_json:
        print_json(explanation)
        return
    for line in explanation_lines(explanation):
        out.print(line, markup=False, soft_wrap=True)


def explanation_lines(explanation: Explanation) -> list[str]:
    """Return the explanation as lines of text."""
    proof = explanation.proof
    lines = [_title(proof), f"  publication {proof.publication_id} ({proof.origin})"]
    if proof.provider_left_on is not None:
        lines.append(
            f"  {proof.inference_provider} left Hugging Face on {proof.provider_left_on} "
            f"({proof.provider_left_source}); no statement about law, place or data of it is in "
            "force"
        )
    lines += _card(proof)
    for price in proof.prices:
        lines += _price(explanation, price)
    if proof.earlier:
        lines += ["", "no longer shown", *(f"  {_short(claim)}" for claim in proof.earlier)]
    if proof.checks:
        lines += ["", "findings", *(line for check in proof.checks for line in _check(check))]
    return lines


def _title(proof: Proof) -> str:
    named = f" as {proof.provider_model_id}" if proof.provider_model_id else ""
    kind = " (adapter)" if proof.offer_type == "adapter" else ""
    return f"{proof.model_id} at {proof.inference_provider}{named}, {proof.task}{kind}"


def _card(proof: Proof) -> list[str]:
    if proof.gone_at is not None:
        lines = [f"  gone since {proof.gone_at:%Y-%m-%d %H:%M} UTC: there is no card of it"]
        if now := proof.continues_as:
            lines.append(
                f"  it continues as {now.offer_id}, {now.model_id} at {now.inference_provider}: "
                f"{now.reason}, {now.at:%Y-%m-%d %H:%M} UTC"
            )
        return lines
    reason = f" ({proof.price_reason})" if proof.price_reason else ""
    lines = [f"  price: {proof.price_status}{reason}"]
    if proof.held:
        lines.append(
            f"  held since {proof.held_since:%Y-%m-%d %H:%M} UTC: {proof.hold_reason}; "
            "the numbers here are the last good ones"
        )
    lines += [f"  {cost.column} = {cost.amount}: {_meaning(cost)}" for cost in proof.costs]
    return lines


def _meaning(cost: CostProof) -> str:
    """Return the column's own comment, without its part about NULL."""
    meaning = cost.meaning.split("; NULL:")[0].rstrip(".")
    return meaning.replace("`currency`", str(cost.currency))


def _price(explanation: Explanation, price: PriceProof) -> list[str]:
    number = f"{price.amount} {price.currency}" if price.amount is not None else "no number"
    lines = ["", f"{price.unit} ({price.tier}): {price.price_status}, {number}"]
    if price.reason:
        lines.append(f"  reason: {price.reason}")
    lines.append(f"  shown since {price.since:%Y-%m-%d %H:%M:%S} UTC; rule: {price.rule}")
    if price.compared_with is not None:
        lines.append(
            f"  back after an absence: compared with {price.compared_with} {price.currency}, the "
            "last good price before it"
        )
    if price.until is not None:
        lines.append(
            f"  a discount until {price.until:%Y-%m-%d %H:%M} UTC: then the undiscounted price"
        )
    if price.chosen:
        lines += _claim(explanation, price.chosen)
    if price.conversion and price.amount is not None:
        lines.append(f"  conversion: {price.conversion}")
    lines += [f"  {claim.outcome}: {_short(claim)}" for claim in price.others]
    return lines


def _claim(explanation: Explanation, claim: ClaimProof) -> list[str]:
    wrote = "corrected to" if claim.reason == CORRECTED else f"{claim.feed} wrote"
    lines = [
        f"  chosen: {wrote} {claim.raw_text or 'no readable number'} "
        f"({claim.basis}, {claim.scope}), first in run {claim.run_id}, rules {claim.rule_version}",
        f"  place: {claim.json_path} of answer {claim.payload_hash}",
    ]
    if page := explanation.page(claim):
        lines.append(f"  answer: {page.state}: {page.message}")
        if page.url:
            dated = f", captured {page.captured_at:%Y-%m-%d %H:%M}" if page.captured_at else ""
            lines.append(f"  from {page.url}, {page.fetched_at:%Y-%m-%d %H:%M:%S} UTC{dated}")
    if claim.evidence:
        cut = " …" if len(claim.evidence) > EVIDENCE_WIDTH else ""
        lines.append(f"  fragment: {claim.evidence[:EVIDENCE_WIDTH]}{cut}")
    return lines


def _short(claim: ClaimProof) -> str:
    number = f"{claim.amount} {claim.currency}" if claim.amount is not None else "no number"
    wrote = "corrected to" if claim.reason == CORRECTED else f"{claim.feed} wrote"
    return (
        f"{wrote} {claim.raw_text or 'no readable number'} for {claim.unit} "
        f"({claim.price_status}, {number}): {claim.why}; run {claim.run_id}"
    )


def _check(check: CheckProof) -> list[str]:
    decision = f" [{check.decision}]" if check.decision else ""
    found = f"{check.found_at:%Y-%m-%d}"
    lines = [f"  {check.check_id} {found} {check.severity} {check.name}{decision}: {check.message}"]
    if check.decided_at is not None:
        lines.append(
            f"    by {check.decided_by} on {check.decided_at:%Y-%m-%d %H:%M} UTC: "
            f"{check.decision_reason}"
        )
    return lines
