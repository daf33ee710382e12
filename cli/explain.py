"""`pricehouse explain OFFER_ID`: walk a card's numbers back to the bytes they were read from."""

from __future__ import annotations

import os

import click
import msgspec

from cli.console import out
from pipeline.explain import Explanation
from pipeline.explain import explain as explain_offer
from pipeline.settings import read_settings
from providers.registry import load_registry
from schemas.proof import CheckProof, ClaimProof, CostProof, PriceProof, Proof
from transforms.reconcile.corrections import CORRECTED
from warehouse.storage.home import Home

EVIDENCE_WIDTH = 600


@click.command()
@click.argument("offer_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def explain(*, offer_id: str, as_json: bool) -> None:
    """Say why the card of OFFER_ID shows what it shows.

    From each number on the card to the claim it was chosen from, the rule, the text as the source
    wrote it, the arithmetic, the fragment of the answer, the answer's hash (held against the landed
    bytes while they are kept), the run, and the other claims with why they lost.
    Ids: `pricehouse sql "SELECT offer_id FROM cards WHERE model_id = '…'"`.
    """
    home = Home.at(read_settings(os.environ, load_registry()).home)
    found = explain_offer(home, offer_id)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for line in told(found):
        out.print(line, markup=False, soft_wrap=True)


def told(found: Explanation) -> list[str]:
    """Return the explanation as lines of text."""
    proof = found.proof
    lines = [_title(proof), f"  publication {proof.publication_id} ({proof.origin})", *_card(proof)]
    for price in proof.prices:
        lines += _price(found, price)
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
        return [f"  gone since {proof.gone_at:%Y-%m-%d %H:%M} UTC: there is no card of it"]
    reason = f" ({proof.price_reason})" if proof.price_reason else ""
    lines = [f"  price: {proof.price_status}{reason}"]
    if proof.held:
        lines.append(
            f"  held since {proof.held_since:%Y-%m-%d %H:%M} UTC: {proof.hold_reason}; "
            "what stands here was the last good value"
        )
    lines += [f"  {cost.column} = {cost.amount}: {_meaning(cost)}" for cost in proof.costs]
    return lines


def _meaning(cost: CostProof) -> str:
    """The column's own comment, less what it says of a value that is not there."""
    said = cost.meaning.split("; NULL:")[0].rstrip(".")
    return said.replace("`currency`", str(cost.currency))


def _price(found: Explanation, price: PriceProof) -> list[str]:
    shown = f"{price.amount} {price.currency}" if price.amount is not None else "no number"
    lines = ["", f"{price.unit} ({price.tier}): {price.price_status}, {shown}"]
    if price.reason:
        lines.append(f"  reason: {price.reason}")
    lines.append(f"  shown since {price.since:%Y-%m-%d %H:%M:%S} UTC; rule: {price.rule}")
    if price.chosen:
        lines += _claim(found, price.chosen)
    if price.conversion and price.amount is not None:
        lines.append(f"  conversion: {price.conversion}")
    lines += [f"  {claim.outcome}: {_short(claim)}" for claim in price.others]
    return lines


def _claim(found: Explanation, claim: ClaimProof) -> list[str]:
    wrote = "corrected to" if claim.reason == CORRECTED else f"{claim.feed} wrote"
    lines = [
        f"  chosen: {wrote} {claim.raw_text or 'no readable number'} "
        f"({claim.basis}, {claim.scope}), first in run {claim.run_id}, rules {claim.rule_version}",
        f"  place: {claim.json_path} of answer {claim.payload_hash}",
    ]
    if page := found.page(claim):
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
    lines = [f"  {check.check_id} {check.severity} {check.name}{decision}: {check.message}"]
    if check.decided_at is not None:
        lines.append(
            f"    by {check.decided_by} on {check.decided_at:%Y-%m-%d %H:%M} UTC: "
            f"{check.decision_reason}"
        )
    return lines
