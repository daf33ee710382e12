"""The columns of a table that is wider than the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warehouse.publication.fit_table import fitting_columns


def fitting(names: list[str], rows: list[list[object]], width: int) -> tuple[list[str], list[str]]:
    chosen, empty = fitting_columns(names, ["varchar"] * len(names), rows, width)
    return [names[i] for i in chosen], [names[i] for i in empty]


def test_prices_come_first_identifiers_last_and_empty_columns_go() -> None:
    names = ["offer_id", "region", "model_id", "cost_per_image", "input_per_million"]
    rows: list[list[object]] = [["0" * 16, "eu", "org/m", None, "0.05"]]
    assert fitting(names, rows, 34) == (["model_id", "input_per_million"], ["cost_per_image"])
    assert fitting(names, rows, 50)[0] == ["region", "model_id", "input_per_million"]
    assert fitting(names, rows, 99)[0] == ["offer_id", "region", "model_id", "input_per_million"]


def test_a_table_without_rows_or_values_keeps_its_columns() -> None:
    assert fitting(["model_id", "unit"], [], 80) == (["model_id", "unit"], [])
    assert fitting(["model_id", "unit"], [[None, None]], 80) == (["model_id", "unit"], [])


@given(
    st.lists(st.sampled_from(["offer_id", "amount", "unit", "x"]), min_size=1, unique=True),
    st.lists(st.none() | st.text(max_size=30), min_size=4, max_size=4),
    st.integers(1, 200),
)
def test_columns_keep_their_order_and_fit_unless_there_is_one(
    names: list[str], row: list[str | None], width: int
) -> None:
    cells = row[: len(names)]
    chosen, empty = fitting(names, [list(cells)], width)
    assert chosen == [name for name in names if name in chosen]
    assert chosen
    assert not set(chosen) & set(empty)
    drawn = [
        max(len(n), len("varchar"), len(str(c or "NULL"))) + 3
        for n, c in zip(names, cells, strict=True)
        if n in chosen
    ]
    assert len(chosen) == 1 or sum(drawn) + 1 <= width
