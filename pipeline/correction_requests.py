"""Turn what an operator decided into the frames that transforms apply."""

from __future__ import annotations

import polars as pl

from pipeline.context import Run
from schemas.decisions import Correction, decisions_bytes
from schemas.delta import State
from schemas.errors import UsageError
from transforms.gate.holds import VERDICTS
from transforms.reconcile.corrections import CORRECTION_REQUESTS
from warehouse.connect import Connection
from warehouse.publication.interval import read_interval


def verdict_rows(run: Run, state: State) -> pl.DataFrame:
    """Return VERDICTS; UsageError when a finding no longer waits, with nothing changed.

    A replayed run was possible when it ran: a finding that today's rules no longer make needs no
    decision.
    """
    verdicts = run.options.decisions.verdicts if run.options.decisions else []
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
        if before in {"accepted", verdict.decision}:  # by another run, while this one waited
            raise UsageError(
                f"finding {verdict.check_id} was {before} in the meantime. Nothing was changed"
            )
    return pl.DataFrame(
        [(v.check_id, v.decision, v.decided_by, v.reason) for v in verdicts],
        schema=VERDICTS.schema,
        orient="row",
    )


def correction_request_rows(run: Run, con: Connection) -> pl.DataFrame:
    """Return CORRECTION_REQUESTS: the interval that each correction replaces, and the new price.

    UsageError when there is no such interval, with nothing changed; a replayed run whose rules show
    no such price has nothing to correct.
    """
    corrections = run.options.decisions.corrections if run.options.decisions else []
    if not corrections:
        return CORRECTION_REQUESTS.clone()
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
                _request_row(run, place, *pair)
                for place, pair in enumerate(found)
                if not (run.is_replay and pair[1].is_empty())
            ),
        ]
    )


def _request_row(
    run: Run, place: int, correction: Correction, interval: pl.DataFrame
) -> pl.DataFrame:
    if interval.is_empty():
        raise UsageError(
            f"cards showed no {correction.unit} price of offer {correction.offer_id} at "
            f"{correction.at:%Y-%m-%d %H:%M:%S} UTC. Nothing was changed"
        )
    row = interval.with_columns(
        new_text=pl.lit(correction.price),
        new_quantity=pl.lit(correction.per),
        evidence=pl.lit(decisions_bytes(correction).decode()),
        request_hash=pl.lit(run.record.decisions_hash),
        request_path=pl.lit(f"$.corrections[{place}]"),
        request_run=pl.lit(run.record.run_id),
    )
    return row.select(
        pl.col(name).cast(dtype) for name, dtype in CORRECTION_REQUESTS.schema.items()
    )
