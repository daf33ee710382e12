"""The consoles that commands print to, and the progress bar of a run that fetches."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from schemas.payload import Traffic

_WIDTH = None if sys.stdout.isatty() else 140  # a file or pipe has no width of its own
out = Console(highlight=False, width=_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def err_print(text: str) -> None:
    """Print a line of plain text to standard error."""
    err.print(text, markup=False)


class ProgressBar:
    """Count pages and bytes on stderr, a line per feed; the total is not known beforehand."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[progress]}"),
            TimeElapsedColumn(),
            console=err,
            transient=not err.is_terminal,
        )
        self._lines: dict[str, TaskID] = {}

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def landed(self, feed: str, traffic: Traffic) -> None:
        """Count one more page."""
        progress = f"{traffic.pages} pages, {traffic.bytes / 1e6:.1f} MB"
        if traffic.waited_s:
            progress += f", waited {traffic.waited_s:.0f} s"
        self._bar.update(self._line(feed), progress=progress)

    def closed(self, feed: str, outcome: str) -> None:
        """Stop the feed's line at its outcome."""
        self._bar.update(self._line(feed), total=1, completed=1, description=f"{feed} {outcome}")

    def _line(self, feed: str) -> TaskID:
        if feed not in self._lines:
            self._lines[feed] = self._bar.add_task(feed, total=None, progress="")
        return self._lines[feed]
