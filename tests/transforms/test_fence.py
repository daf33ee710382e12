"""The fence around single rows, and pages of which one value is more than can be read."""

from __future__ import annotations

import json

import msgspec
import polars as pl
import pytest

from schemas.errors import FeedMalformed
from schemas.failures import traceback_text
from schemas.unreadable import MAX_DEPTH, decode_page, mend
from transforms.parsing.collector import Collector
from transforms.parsing.fence import MAX_KINDS, EntryLocation, RowFence
from transforms.parsing.parsed_rows import ModelRow, OfferingRow

Raw = msgspec.Raw


def entries(*texts: str) -> list[EntryLocation]:
    return [EntryLocation("hash", f"$[{n}]", Raw(text.encode())) for n, text in enumerate(texts)]


def test_a_row_that_raises_is_rejected_and_the_others_are_read() -> None:
    fence, read, rejected = RowFence(), list[str](), list[str]()

    def each(entry: EntryLocation) -> None:
        read.append(str(1 / int(bytes(entry.raw))))

    fence.each(entries("1", "0", "x", "2", "0"), each, lambda entry: rejected.append(entry.path))
    assert (read, rejected) == (["1.0", "0.5"], ["$[1]", "$[2]", "$[4]"])
    assert [(f.rows, f.path, f.kind.split(",")[0]) for f in fence.failures] == [
        (2, "$[1]", "ZeroDivisionError"),
        (1, "$[2]", "ValueError"),
    ]
    assert all("Traceback" in failure.traceback for failure in fence.failures)


@pytest.mark.parametrize(
    "error", [FeedMalformed("x"), MemoryError(), KeyboardInterrupt(), SystemExit()]
)
def test_errors_that_are_not_about_a_row_pass(error: BaseException) -> None:
    def read(entry: EntryLocation) -> None:
        raise error

    with pytest.raises(type(error)):
        RowFence().each(entries("1"), read, lambda _: None)


def test_tracebacks_are_kept_for_a_limited_number_of_kinds() -> None:
    fence = RowFence()

    def read(entry: EntryLocation) -> None:
        raise type(f"Error{entry.path}", (Exception,), {})

    fence.each(entries(*["1"] * 100), read, lambda _: None)
    assert len(fence.failures) == MAX_KINDS


def test_rows_that_no_column_can_hold_are_rejected_one_by_one() -> None:
    rejected = list[int]()

    def reject(row: int) -> str:
        rejected.append(row)
        return f"$[{row}]"

    def build(rows: list[int]) -> pl.DataFrame:
        return pl.DataFrame({"a": rows}, schema={"a": pl.Int64})

    frame = RowFence().frame([1, 2**70, 3, 4, 2**80], build, reject)
    assert (frame["a"].to_list(), rejected) == ([1, 3, 4], [2**70, 2**80])


def test_an_offering_that_polars_cannot_hold_is_a_rejected_row() -> None:
    out = Collector("hub")
    for number, length in enumerate((8192, 2**70)):
        path = f"$[{number}]"
        out.offerings.append(
            OfferingRow("hub", "h", path, "o/m", "novita", "x", context_length=length)
        )
    out.models.append(ModelRow("o/m", *[None] * 4, 2**70, *[None] * 5))
    out.distinct += 1
    parsed = out.finish()
    assert (parsed.offerings.height, parsed.rejected.height, parsed.models.height) == (1, 1, 0)
    (row,) = parsed.rejected.to_dicts()
    assert (row["reasons"], row["json_path"]) == (["entry:unreadable"], "$[1]")
    assert (row["record_key"], row["inference_provider"]) == ("o/m", "novita")
    assert parsed.summary.records == 2
    assert parsed.summary.providers["entries"].sum() == 2


def test_a_traceback_has_no_character_that_moves_a_terminal_s_cursor() -> None:
    try:
        raise ValueError("row \x1b[2J says \u202e no")
    except ValueError as error:
        text = traceback_text(error)
    assert "ValueError: row \ufffd[2J says \ufffd no" in text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r'["\ud83d\ude00", "a\ud83d", "\ude00b", "\\ud800", "\ud800\ud800"]', None),
        ('["' + r"\"" * 50 + r"\ud800" + '"]', ['"' * 50 + "\ufffd"]),
    ],
)
def test_half_a_surrogate_pair_costs_one_character(text: str, read: list[str] | None) -> None:
    expected = read or ["😀", "a\ufffd", "\ufffdb", r"\ud800", "\ufffd\ufffd"]
    assert decode_page(text.encode(), list[str]) == expected


def test_what_is_nested_too_deep_is_replaced_by_a_text_and_the_rest_stays() -> None:
    deep = "[" * 5000 + '"]{"' + "]" * 5000
    body = f'[{{"a": 1}}, {{"b": {deep}, "c": "[[["}}, {deep}, 3]'.encode()
    first, second, third, last = decode_page(body, list[Raw])
    assert (bytes(first), bytes(last)) == (b'{"a": 1}', b"3")
    assert json.loads(bytes(second))["c"] == "[[["
    for part in (second, third):
        assert bytes(part).count(b"[") < MAX_DEPTH + 5
        assert b'"too deep"' in bytes(part)


@pytest.mark.parametrize("body", [b"", b"<html>", b'["', b"[" * 9000, b"]" * 9000, b'{"a":"\\'])
def test_a_body_that_is_no_json_stays_so(body: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, RecursionError)):
        decode_page(body, list[Raw])


def test_a_body_that_can_be_read_is_never_mended() -> None:
    body = json.dumps([{"a": ["x", "\\u", '"', "😀"]}]).encode()
    assert mend(body) == body
