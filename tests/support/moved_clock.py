"""A wall clock for processes under test that the test moves while they run.

    with moved_clock(tmp_path, at=datetime(2026, 12, 1, 10, tzinfo=UTC)) as clock:
        with up(home, hub.url, **clock.environment) as running:
            clock.move_to(datetime(2026, 12, 1, 11, 6, 55, tzinfo=UTC))

`moved_clock.c` is compiled for it and loaded with LD_PRELOAD; monotonic clocks stay real.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

COMPILER = shutil.which("cc")
SOURCE = Path(__file__).with_suffix(".c")


class MovedClock:
    """The clock of the processes that get its environment."""

    def __init__(self, folder: Path, *, at: datetime) -> None:
        self._seconds = folder / "moved-by"
        library = folder / "moved_clock.so"
        assert COMPILER is not None
        subprocess.run(
            [COMPILER, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True
        )
        self._seconds.write_bytes(struct.pack("<q", 0))
        self.environment = {"LD_PRELOAD": str(library), "MOVED_CLOCK": str(self._seconds)}
        self.move_to(at)

    def move_to(self, at: datetime) -> None:
        """Set the clock, forwards or backwards; it runs on from there."""
        moved_by = round((at - datetime.now(UTC)).total_seconds())
        with self._seconds.open("r+b") as file:  # the processes have this very file mapped
            os.pwrite(file.fileno(), struct.pack("<q", moved_by), 0)

    def now(self) -> datetime:
        """Return the time that the processes see, to the second."""
        (moved_by,) = struct.unpack("<q", self._seconds.read_bytes())
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + moved_by, UTC)
