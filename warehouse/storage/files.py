"""Files that are whole or absent: after a kill, after a power cut, on a full disk."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from schemas.errors import HomeError, UsageError

DISK_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""Errors of the disk, not of the path that was named."""
IN_PLACE = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
"""Flags of a file that is made or written under its own name: what a symbolic link leads to is
another's, and one that leads to nothing would make a file there."""
_FICLONE = 0x40049409
"""Linux's request to share the blocks of a file, which the standard library names from 3.13 on."""
_ELSEWHERE = "or set PRICEHOUSE_HOME to another folder"
_WHAT_TO_DO = {
    errno.ENOSPC: "free space on that disk and run again",
    errno.EDQUOT: "free space within the quota, or raise it, and run again",
    errno.EFBIG: "raise the limit on file sizes (`ulimit -f`) and run again",
    errno.ELOOP: "it is a symbolic link, which may lead out of the folder; remove it and run again",
    errno.EROFS: f"make that disk writable {_ELSEWHERE}",
    errno.EACCES: f"let this user read and write there {_ELSEWHERE}",
    errno.EPERM: f"let this user read and write there {_ELSEWHERE}",
}


@contextmanager
def os_errors_as_home_error(path: Path) -> Iterator[None]:
    """Turn an OSError into a HomeError that names `path`, the reason and what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        advice = _WHAT_TO_DO.get(error.errno or 0, f"look after that disk and folder {_ELSEWHERE}")
        raise HomeError(f"{path} cannot be used: {reason}; {advice}") from error


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file whole and durably, or leave what was there; HomeError when the disk refuses."""
    temp = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    with os_errors_as_home_error(path):
        try:
            # 0o666 under the umask: with tempfile's 0o600 other users could not read.
            _write(temp, data, os.O_EXCL)
            temp.rename(path)
        except BaseException:
            with suppress(OSError):
                temp.unlink()
            raise
        sync_folder(path.parent)


def clone(source: int, target: int) -> None:
    """Let an empty open file share the blocks of another; OSError where a file system cannot."""
    fcntl.ioctl(target, _FICLONE, source)


def copy_file(source: Path, target: Path, clone: Callable[[int, int], None] = clone) -> None:
    """Copy the bytes of a file, by sharing its blocks where the file system can.

    Shared blocks take neither time nor space until one of the two files is written.
    """
    with source.open("rb") as old, target.open("wb") as new, suppress(OSError):
        clone(old.fileno(), new.fileno())
        return
    shutil.copyfile(source, target)


def temporary_folder() -> TemporaryDirectory[str]:
    """Make a folder that is removed with the block; HomeError where none can be made."""
    try:
        return TemporaryDirectory(prefix="pricehouse-", ignore_cleanup_errors=True)
    except OSError as error:
        raise HomeError(
            f"no temporary folder can be made: {error.strerror}; let this user write to /tmp, or "
            "set TMPDIR to a folder that it may write"
        ) from error


def append_line(path: Path, line: bytes) -> None:
    """Add one line to a file, on disk before this returns; HomeError when the disk refuses."""
    with os_errors_as_home_error(path):
        _write(path, line + b"\n", os.O_APPEND)


def make_folder(path: Path) -> None:
    """Create a folder and its parents so that they outlive a power cut; HomeError if refused."""
    with os_errors_as_home_error(path):
        if path.is_dir():
            return
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def make_named_folder(path: Path) -> None:
    """Create a folder that was named on the command line; UsageError if it cannot be one."""
    try:
        make_folder(path)
    except HomeError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno in DISK_TROUBLE:
            raise
        raise UsageError(
            f"{path} cannot be a folder: {cause.strerror} ({cause.filename}); name another one"
        ) from error


def require_empty(path: Path) -> None:
    """Raise UsageError unless a named folder is empty, or not there yet and can be made."""
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(
                f"{path} is there and not empty, so nothing was written; name a new folder, or "
                "remove what is in this one"
            )
        above = next(parent for parent in path.absolute().parents if parent.exists())
    except OSError as error:
        raise UsageError(f"{path} cannot be used: {error.strerror}; name another one") from error
    if not above.is_dir():
        raise UsageError(f"{path} cannot be a folder: {above} is a file; name another one")


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk; without it a rename may be undone by a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes, flags: int) -> None:
    handle = os.open(path, os.O_WRONLY | IN_PLACE | flags, 0o666)
    try:
        rest = memoryview(data)
        while rest:  # a nearly full disk takes a part first and refuses the next call
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
