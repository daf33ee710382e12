"""Let the automation about old data notify, by a block that holds the addresses of alerts.

It is for the day on which `pricehouse up` itself does not run, so that its watcher cannot notify:
it fires only where neither an hour was committed nor the watcher sent a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import get_client
from prefect.events import EventTrigger
from prefect.events.actions import DoNothing, SendNotification
from prefect.events.schemas.automations import AutomationCore
from pydantic import SecretStr

from flows.events import COMMITTED, NOTIFIED
from flows.server.deployments import STALE
from providers.alert_sender import is_known
from schemas.errors import PricehouseError
from schemas.secrets import Secret

BLOCK = "pricehouse-alerts"
GRACE = timedelta(minutes=15)
"""How much later than the watcher the automation fires."""
SUBJECT = "pricehouse: old data"
BODY = (
    "No hour was committed in time, and `pricehouse up` did not report it: look whether it runs "
    "(`pricehouse status`)."
)


def connect_stale_automation(addresses: Sequence[Secret], *, stale_after: timedelta) -> None:
    """Store the block, and let the automation use it unless its operator gave it another action.

    PricehouseError, which quotes no address, when the server does not take it.
    """
    known = [address.reveal() for address in addresses if is_known(address)]
    if not known:
        raise PricehouseError("no address for alerts is one that Apprise knows")
    try:
        _connect(" ".join(known), stale_after)
    except Exception as error:  # noqa: BLE001 - its text may quote an address
        problem = type(error).__name__
    else:
        return
    raise PricehouseError(f"Prefect's server could not store the notification block: {problem}")


def _connect(addresses: str, stale_after: timedelta) -> None:
    # of Prefect's blocks it is the one that takes any address of Apprise, encrypted and masked
    block = SlackWebhook(url=SecretStr(addresses))
    block_id = cast(UUID, block.save(BLOCK, overwrite=True))  # a coroutine only in async code
    with get_client(sync_client=True) as client:
        for found in client.read_automations_by_name(STALE):
            if not all(isinstance(action, DoNothing) for action in found.actions):
                continue
            fields = AutomationCore.model_fields.keys() - {"owner_resource"}
            settings = {field: getattr(found, field) for field in fields}
            settings["actions"] = [
                SendNotification(block_document_id=block_id, subject=SUBJECT, body=BODY)
            ]
            if isinstance(found.trigger, EventTrigger) and found.trigger.expect == {COMMITTED}:
                settings["trigger"] = found.trigger.model_copy(
                    update={"expect": {COMMITTED, NOTIFIED}, "within": stale_after + GRACE}
                )
            client.update_automation(found.id, AutomationCore(**settings))
