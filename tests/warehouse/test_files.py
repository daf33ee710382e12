"""A copy of a file has its bytes, whether the file system can share blocks or not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from warehouse.storage.files import copy_file

DATA = b"a page\n" * 100_000


def refuse(source: int, target: int) -> None:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


def break_off(source: int, target: int) -> None:
    os.write(target, b"half a clone")
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("clone", [refuse, break_off])
def test_a_file_is_copied_where_blocks_cannot_be_shared(clone: object, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(DATA)
    copy_file(source, target, clone)  # type: ignore[arg-type]
    assert target.read_bytes() == DATA


def test_a_file_that_shares_blocks_is_not_copied_again(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(DATA)

    def share(old: int, new: int) -> None:
        assert os.fstat(old).st_size == len(DATA)
        os.write(new, b"the blocks of the source")

    copy_file(source, target, share)
    assert target.read_bytes() == b"the blocks of the source"


def test_a_copy_on_this_file_system_replaces_what_was_there(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(DATA)
    target.write_bytes(b"longer than before" * 1_000_000)
    copy_file(source, target)
    assert target.read_bytes() == DATA


def test_a_source_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        copy_file(tmp_path / "source", tmp_path / "target")
