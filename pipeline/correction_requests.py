"""What an operator decided in a run, as the frames that transforms carry out."""

from __future__ import annotations

import polars as pl

from pipeline.session import Run
from schemas.decisions import Correction, decisions_bytes
from schemas.delta import State
from schemas.errors import UsageError
from transforms.gate.holds import VERDICTS
from transforms.reconcile.corrections import CORRECTION_REQUESTS
from warehouse.connect import open_writer
from warehouse.publication.interval import read_interval


def verdict_rows(run: Run, state: State) -> pl.DataFrame:
    """Return VERDICTS; UsageError when a finding no longer waits, with nothing changed.

    A run that is told again was possible when it was told: what today's rules do not find any more
    needs no decision.
    """
    verdicts = run.decisions.verdicts if run.decisions else []
    found = dict(state.refusals.select("check_id", "decision").iter_rows())
    if run.is_replay:
        verdicts = [verdict for verdict in verdicts if verdict.check_id in found]
    for verdict in () if run.is_replay else verdicts:
        before = found.get(verdict.check_id)
        if before is None:
            raise UsageError(
                f"finding {verdict.check_id} is out of date: its source states something else by "
                "now. Nothing was changed"
            )
        if before in {"accepted", verdict.decision}:  # by somebody else, while this one waited
            raise UsageError(
                f"finding {verdict.check_id} was {before} in the meantime. Nothing was changed"
            )
    return pl.DataFrame(
        [(v.check_id, v.decision, v.decided_by, v.reason) for v in verdicts],
        schema=VERDICTS.schema,
        orient="row",
    )


def order_rows(run: Run) -> pl.DataFrame:
    """Return ORDERS: the interval that each correction speaks of, and what it says.

    UsageError when there is none, with nothing changed; in a run that is told again by rules that
    show no such price there is nothing to correct.
    """
    corrections = run.decisions.corrections if run.decisions else []
    if not corrections:
        return CORRECTION_REQUESTS.clone()
    with open_writer(run.home.warehouse) as con:
        found = [
            (
                correction,
                read_interval(
                    con,
                    offer_id=correction.offer_id,
                    unit=correction.unit,
                    tier=correction.tier,
                    at=correction.at,
                ),
            )
            for correction in corrections
        ]
    return pl.concat(
        [
            CORRECTION_REQUESTS.clone(),
            *(
                _order(run, place, *pair)
                for place, pair in enumerate(found)
                if not (run.is_replay and pair[1].is_empty())
            ),
        ]
    )


def _order(run: Run, place: int, correction: Correction, interval: pl.DataFrame) -> pl.DataFrame:
    if interval.is_empty():
        raise UsageError(
            f"cards showed no {correction.unit} price of offer {correction.offer_id} at "
            f"{correction.at:%Y-%m-%d %H:%M:%S} UTC. Nothing was changed"
        )
    told = interval.with_columns(
        new_text=pl.lit(correction.price),
        new_quantity=pl.lit(correction.per),
        evidence=pl.lit(decisions_bytes(correction).decode()),
        request_hash=pl.lit(run.record.decisions_hash),
        request_path=pl.lit(f"$.corrections[{place}]"),
        request_run=pl.lit(run.record.run_id),
    )
    return told.select(
        pl.col(name).cast(dtype) for name, dtype in CORRECTION_REQUESTS.schema.items()
    )
