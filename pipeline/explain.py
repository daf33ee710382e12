"""Explain an offer's numbers: compare the proof of the publication with the landed bytes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from schemas.errors import LandingError
from schemas.proof import ClaimProof, Proof
from schemas.records import LandedPage
from warehouse.publication.newest import open_newest
from warehouse.publication.proof import read_proof
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder


class PageProof(msgspec.Struct, frozen=True, kw_only=True):
    """The landed answer behind a claim, checked now.

    `state`: verified (the bytes have this hash and contain the fragment), mismatch (the hash is
    right, the fragment is not there), missing (maintenance dropped it, only the fragment in the
    warehouse is left), damaged (the bytes do not have the hash).
    """

    payload_hash: str
    state: str
    message: str = msgspec.field(name="said")
    url: str | None = None
    fetched_at: datetime | None = None
    captured_at: datetime | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A proof and the pages behind what cards show; `--json` prints this."""

    proof: Proof
    pages: list[PageProof]

    def page(self, claim: ClaimProof) -> PageProof | None:
        """Return the page behind a claim, if it was checked."""
        return next((p for p in self.pages if p.payload_hash == claim.payload_hash), None)


def explain(home: Home, offer_id: str) -> Explanation:
    """Return the proof of an offer, and the state of the pages that its prices come from."""
    with open_newest(home) as con:
        proof = read_proof(con, offer_id)
    landing = Landing(home.landing)
    claims = {
        claim.payload_hash: claim
        for price in proof.prices
        for claim in (price.chosen, *price.others)
        if claim is not None and claim.outcome != "superseded"
    }
    return Explanation(
        proof=proof,
        pages=[_look(landing, claim, landing.run_of(claim.run_id)) for claim in claims.values()],
    )


def _look(landing: Landing, claim: ClaimProof, run: RunFolder | None) -> PageProof:
    state, message = _verify(landing, claim)
    page = _page(run, claim.payload_hash) if run else None
    return PageProof(
        payload_hash=claim.payload_hash,
        state=state,
        message=message,
        url=page.url if page else None,
        fetched_at=page.fetched_at if page else None,
        captured_at=page.captured_at if page else None,
    )


def _verify(landing: Landing, claim: ClaimProof) -> tuple[str, str]:
    if not landing.holds(claim.payload_hash):
        return "missing", "no longer kept under landing/; only the fragment below is left of it"
    try:
        body = landing.get(claim.payload_hash)
    except LandingError as error:
        return "damaged", str(error)
    if claim.evidence is None or claim.evidence.encode() in body:
        return "verified", "its bytes have this hash and contain the fragment verbatim"
    return "mismatch", "its bytes have this hash, but do not contain the fragment"


def _page(run: RunFolder, payload_hash: str) -> LandedPage | None:
    pages = (page for fetch in run.fetches() for page in fetch.pages)
    return next((page for page in pages if page.payload_hash == payload_hash), None)
