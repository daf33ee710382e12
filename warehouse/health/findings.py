"""Run one check of a home or an installation, and report what it found in one sentence."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import msgspec

from schemas.errors import PricehouseError


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check; `remedy` is what to do where it failed.

    The JSON names are those that programs have read since the first version.
    """

    check: str
    ok: bool = msgspec.field(name="well")
    message: str = msgspec.field(name="said")
    remedy: str | None = msgspec.field(name="way_back", default=None)


class CheckFailed(PricehouseError):
    """Raised by a check that finds a problem; `remedy` where it is not that of the check."""

    def __init__(self, problem: str, *, remedy: str | None = None) -> None:
        super().__init__(problem)
        self.remedy = remedy


def run_check(check: str, inspect: Callable[[], str], *, remedy: str) -> Finding:
    """Run a check and return its finding; what cannot be read at all has failed too.

    `inspect` returns one sentence about what it saw, or raises a PricehouseError with the problem.
    """
    try:
        return Finding(check=check, ok=True, message=inspect())
    except CheckFailed as error:
        problem, remedy = str(error), error.remedy or remedy
    except (PricehouseError, OSError) as error:
        problem = str(error)
    except duckdb.Error as error:  # a file that opens may still be damaged where it is read next
        problem = str(error).strip().partition("\n")[0][:200]
    return Finding(check=check, ok=False, message=problem, remedy=remedy)
