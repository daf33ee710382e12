"""Which message of which alert was sent to which address: landing/alerts.jsonl, a line a message.

It never holds an address, but a short hash of it that takes long to compute, with a salt of its
own. A line that a message is about to be sent is on disk before the first byte of the message
leaves, so that a kill in between can lose the message and never repeat it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import scrypt
from pathlib import Path
from typing import Literal

import msgspec

from schemas.records import Delivery
from schemas.secrets import Secret
from warehouse.storage.files import append_line, make_folder, os_errors_as_home_error, write_atomic
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.lock import hold

Event = Literal["opened", "closed"]
Notice = tuple[str, Event]
"""The id of an alert, and which of its two messages."""
LINES = 1_000
"""A journal with more lines loses those of addresses and alerts that are long over."""
KEPT = timedelta(days=60)
LOCK_WAIT_S = 60.0


class JournalLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of one message; `known` is the first sight of an address.

    `sending` without a later `sent` or `failed` is a message of which nobody knows whether it
    arrived: it counts as sent.
    """

    at: datetime
    state: Literal["salt", "known", "sending", "sent", "failed"]
    address: str = ""
    notices: list[Notice] = []


@dataclass
class DeliveryJournal:
    """The journal of one home, while its lock is held."""

    path: Path
    salt: bytes
    lines: list[JournalLine] = field(default_factory=list)

    def address_id(self, address: Secret) -> str:
        """Return what names an address here; nobody can read the address from it."""
        text = address.reveal().encode()
        return scrypt(text, salt=self.salt, n=2**14, r=8, p=1, dklen=4).hex()

    def known_since(self, address_id: str, now: datetime) -> datetime:
        """Return when the address was first seen here: now, if it is new."""
        times = (line.at for line in self.lines if line.address == address_id)
        if (first := next(times, None)) is not None:
            return first
        self.append(JournalLine(at=now, state="known", address=address_id))
        return now

    def done(self, address_id: str) -> set[Notice]:
        """Return what was sent to an address, or may have been."""
        found: set[Notice] = set()
        for line in self.lines:
            if line.address == address_id:
                notices = {(alert_id, event) for alert_id, event in line.notices}
                found = found - notices if line.state == "failed" else found | notices
        return found

    def append(self, line: JournalLine) -> None:
        """Put a line on disk before this returns."""
        append_line(self.path, msgspec.json.encode(line))
        self.lines.append(line)


@contextmanager
def open_journal(home: Home, *, now: datetime) -> Iterator[DeliveryJournal]:
    """Hold the journal of a home: two processes never send at the same time. HomeBusy if one does.

    A line that a kill left torn is removed: its message never left.
    """
    with hold(home.root / ".alerts.lock", wait_s=LOCK_WAIT_S):
        make_folder(home.landing)
        path = journal_path(Landing(home.landing))
        whole, lines = _read(path)
        salt = next((line.address for line in lines if line.state == "salt"), None)
        if salt is None:
            salt = secrets.token_hex(16)
            lines = [JournalLine(at=now, state="salt", address=salt), *lines]
            whole = False
        if len(lines) > LINES:
            lines = [line for line in lines if _is_kept(line, now)]
            whole = False
        if not whole:
            write_atomic(path, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        yield DeliveryJournal(path, bytes.fromhex(salt), lines)


def merge_journal(home: Home, data: bytes) -> None:
    """Add the lines of another machine's journal of this home, in the order of their times.

    Its salt counts, so that both name an address alike.
    """
    with hold(home.root / ".alerts.lock", wait_s=LOCK_WAIT_S):
        make_folder(home.landing)
        path = journal_path(Landing(home.landing))
        own, others = _read(path)[1], _parse(data)
        has_salt = any(line.state == "salt" for line in others)
        fresh = [line for line in own if line not in others]
        fresh = [line for line in fresh if line.state != "salt" or not has_salt]
        lines = sorted([*others, *fresh], key=lambda line: (line.state != "salt", line.at))
        if lines != own:
            write_atomic(path, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def read_deliveries(landing: Landing) -> list[Delivery]:
    """Return when the first message about each alert was delivered, by time."""
    first: dict[str, datetime] = {}
    for line in _read(journal_path(landing))[1]:
        if line.state == "sent":
            for alert_id, _ in line.notices:
                first.setdefault(alert_id, line.at)
    return [Delivery(alert_id=alert_id, at=at) for alert_id, at in first.items()]


def journal_path(landing: Landing) -> Path:
    """Return where the journal is; it need not be there."""
    return landing.root / "alerts.jsonl"


def _is_kept(line: JournalLine, now: datetime) -> bool:
    return line.state in {"salt", "known"} or now - line.at < KEPT


def _read(path: Path) -> tuple[bool, list[JournalLine]]:
    """Return whether every line is whole, and the lines that are."""
    with os_errors_as_home_error(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return True, []
    lines = _parse(data)
    return data.endswith(b"\n") and len(lines) == data.count(b"\n"), lines


def _parse(data: bytes) -> list[JournalLine]:
    """Return the lines that are whole."""
    lines = []
    for line in data.splitlines():
        with suppress(msgspec.DecodeError):
            lines.append(msgspec.json.decode(line, type=JournalLine))
    return lines
