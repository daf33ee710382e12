"""A kill around a message: it is never sent twice, and what was not begun is sent by the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.notify import Notifier, notify
from providers.alert_sender import send_message
from samples.hub import serve
from schemas.alerts import Message
from schemas.clock import utc_now
from schemas.secrets import Secret
from tests.support.hours import Clock, chat_catalog, ingest
from tests.support.receivers import Webhook, webhook
from warehouse.storage.home import Home

JOURNAL = Path("landing") / "alerts.jsonl"


def notify_and_die(root: Path, address: str, when: str) -> None:
    """Notify with a real message, and be killed before or after it left."""

    def send(to: Secret, message: Message) -> bool | None:
        if when == "after":
            assert send_message(to, message)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    notify(Home(root), Notifier(find_addresses=lambda: [Secret(address)], send=send, report=print))


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


@pytest.fixture
def stale_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(home, hub, clock=Clock(utc_now() - timedelta(hours=3)))
    return home


def notify_again(home: Path, receiver: Webhook) -> int:
    return notify(
        Home(home),
        Notifier(
            find_addresses=lambda: [Secret(receiver.address("x"))],
            send=send_message,
            report=print,
        ),
    )


@pytest.mark.parametrize(("when", "arrived"), [("after", 1), ("before", 0)])
def test_a_message_whose_sender_was_killed_is_not_sent_again(
    stale_home: Path, receiver: Webhook, when: str, arrived: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(stale_home), receiver.address("x"), when],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == -signal.SIGKILL
    assert notify_again(stale_home, receiver) == 0
    assert len(receiver.received) == arrived


def test_a_torn_line_of_the_journal_is_a_message_that_never_left(
    stale_home: Path, receiver: Webhook
) -> None:
    notify_again(stale_home, receiver)
    journal = stale_home / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    sending = next(n for n, line in enumerate(lines) if b'"sending"' in line)
    journal.write_bytes(b"".join(lines[:sending]) + lines[sending][:20])
    assert notify_again(stale_home, receiver) == 1
    assert journal.read_bytes().endswith(b"\n")
    assert notify_again(stale_home, receiver) == 0


if __name__ == "__main__":
    notify_and_die(Path(sys.argv[1]), *sys.argv[2:])
