"""What is kept of the parts of a large run is as small as it looks."""

from __future__ import annotations

import polars as pl

from pipeline.report import EXAMPLES, first_changes

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
    # a slice has few rows, and the buffers of all
    table = first.to_arrow(compat_level=pl.CompatLevel.newest())
    assert table.get_total_buffer_size() < EXAMPLES * 1_000 < ROWS * 64
