"""What is kept of the parts of a large run is as small as it looks."""

from __future__ import annotations

import polars as pl

from pipeline.report import EXAMPLES, first_changes
from pipeline.steps.price import NO_STATEMENTS, PricedFeed, PricedRows
from schemas.kept_rows import FramesInMemory
from schemas.offerings import MODELS, REJECTED
from schemas.state import INCOMING_CLAIMS
from transforms.parsing.parsed_feed import PROVIDER_ENTRIES, AnswerSummary
from transforms.parsing.validation import UNREADABLE_OFFERS

ROWS = 5_000


def test_the_first_changes_of_a_part_keep_no_other_row_in_memory() -> None:
    ids = [f"{place:064x}" for place in range(ROWS)]
    changes = pl.DataFrame(
        {"offer_id": ids, "event": "new", "unit": "input_token", "inference_provider": None},
        schema_overrides={"inference_provider": pl.String},
    )
    offers = pl.DataFrame(
        {"offer_id": ids, "model_id": "org/model", "inference_provider": "novita"}
    )
    first = first_changes(changes, offers)
    assert first["offer_id"].to_list() == ids[:EXAMPLES]
    assert held(first) < EXAMPLES * 1_000 < ROWS * 64


def test_the_rows_of_a_model_keep_no_other_row_of_their_part_in_memory() -> None:
    names = [f"org/{place:064}" for place in range(ROWS)]
    statements = NO_STATEMENTS.clear(ROWS).with_columns(
        feed=pl.lit("hub"), offer_id=pl.Series(names), model_id=pl.Series(names)
    )
    empty = INCOMING_CLAIMS.empty(), MODELS.empty()
    feed = PricedFeed(
        AnswerSummary("hub", ROWS, ROWS, ROWS, 0, 0, PROVIDER_ENTRIES),
        NO_STATEMENTS,
        *empty,
        UNREADABLE_OFFERS,
        PROVIDER_ENTRIES,
    )
    parts = [FramesInMemory([statements, *empty])]
    priced = PricedRows([], {"hub": feed}, REJECTED.empty(), stored=parts)
    kept = priced.of_models(pl.Series(names[:1]))["hub"].statements
    assert kept["model_id"].to_list() == names[:1]
    assert held(kept) < 20_000 < ROWS * 64


def held(rows: pl.DataFrame) -> int:
    """Return the bytes of all buffers that rows refer to, those of other rows too."""
    return rows.to_arrow(compat_level=pl.CompatLevel.newest()).get_total_buffer_size()
