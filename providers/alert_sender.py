"""Send a message to an address of Apprise. Only this module imports Apprise.

Apprise writes addresses and answers into its log and its errors, so nothing of either is kept.
"""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING

from schemas.alerts import Message
from schemas.secrets import Secret

if TYPE_CHECKING:
    from apprise import NotifyBase

DEADLINE_S = 30.0
AFTER_DEADLINE_S = 5.0
"""A connection waits longer than we do: what it gives up by itself would be sent again."""


def send_message(
    address: Secret, message: Message, *, deadline_s: float = DEADLINE_S
) -> bool | None:
    """Return whether the address took the message, None when that is unknown after the deadline.

    False also for an address that Apprise does not know.
    """
    plugin = _open(address)
    if plugin is None:
        return False
    plugin.socket_read_timeout = max(plugin.socket_read_timeout, deadline_s + AFTER_DEADLINE_S)
    taken: list[bool] = []
    thread = Thread(target=_deliver, args=(plugin, message, taken), daemon=True)
    thread.start()
    thread.join(deadline_s)
    return taken[0] if taken else None


def is_known(address: Secret) -> bool:
    """Return whether Apprise can send to such an address."""
    return _open(address) is not None


def _open(address: Secret) -> NotifyBase | None:
    import apprise  # it takes a quarter of a second, which a run without a message does not need

    logging.getLogger("apprise").disabled = True
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it logs the paths of requests
    try:
        plugin = apprise.Apprise.instantiate(address.reveal())
    except Exception:  # noqa: BLE001 - its text quotes the address
        return None
    if plugin is not None:
        plugin.redirects = False  # a login would go along, and the message would not
        plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
    return plugin


def _deliver(plugin: NotifyBase, message: Message, taken: list[bool]) -> None:
    import apprise

    kind = apprise.NotifyType.SUCCESS if message.is_good else apprise.NotifyType.WARNING
    try:
        result = plugin.notify(body=message.body, title=message.title, notify_type=kind)
    except Exception:  # noqa: BLE001 - its text may quote the address
        result = False
    taken.append(bool(result))
