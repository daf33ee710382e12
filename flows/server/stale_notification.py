"""Keep the automation that notifies of old data, and the block with the addresses of its message.

It is for the day on which `pricehouse up` itself does not run, so that its watcher cannot notify.
The automation about old data fires the very moment that a machine wakes up; this one waits after
it, so that the late run or the watcher has its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.events import EventTrigger, ResourceSpecification
from prefect.events.actions import DoNothing, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, Posture
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from flows.events import COMMITTED, NOTIFIED
from flows.home_names import HomeNames
from flows.server.stale_automation import (
    STALE,
    core_fields,
    is_own_action,
    refresh_stale_automation,
)
from providers.alert_sender import is_known
from schemas.errors import PricehouseError
from schemas.secrets import Secret

NOTIFY = "pricehouse: notify of old data"
BLOCK, BLOCK_TYPE = "pricehouse-alerts", "slack-webhook"
"""Of Prefect's blocks this type takes any address of Apprise, encrypted and masked."""
TURN = timedelta(minutes=5)
"""What a late run or the watcher, which looks every minute, has before this automation notifies."""
NO_LABEL = "pricehouse.none"
"""A label that no resource has, so that the events of the automation and of the home are counted
together. Without any, Prefect counts at all times, and not only after the automation fired."""
EARLIER_MATCH = ResourceSpecification({"prefect.resource.name": [STALE, "pricehouse /*"]})
"""The events that an earlier version counted: those of all homes of a server."""
SUBJECT = "pricehouse: old data"
BODY = (
    "No hour was committed in time, and `pricehouse up` does not report it: look whether it runs "
    "(`pricehouse status`)."
)


def new_stale_notification(names: HomeNames) -> AutomationCore:
    """Return the automation as it is created; without an address it notifies nobody."""
    return AutomationCore(
        name=names.title(NOTIFY),
        description=f"Notifies when “{names.title(STALE)}” fired and, within five "
        "minutes, neither an hour was committed nor the watcher of `pricehouse up` reported that "
        "its message was sent. `pricehouse up` and each run give it the addresses of alerts.",
        trigger=EventTrigger(
            after={"prefect.automation.triggered"},
            expect={COMMITTED, NOTIFIED},
            match=_own_events(names),
            for_each={NO_LABEL},
            posture=Posture.Proactive,
            threshold=1,
            within=TURN,
        ),
        actions=[DoNothing()],
    )


def _own_events(names: HomeNames) -> ResourceSpecification:
    """Match the events of the home, and that of the automation about its old data."""
    return ResourceSpecification(
        {"prefect.resource.name": [names.title(STALE), *names.resource_names()]}
    )


def refresh_stale_notification(
    found: AutomationCore, *, block_id: UUID | None, was_block: UUID | None, names: HomeNames
) -> AutomationCore:
    """Return the automation with the addresses of today; what an operator changed stays.

    `block_id` is the block with the addresses of today, None where there are none; `was_block` is
    the one that an earlier `up` made.
    """
    settings = core_fields(found)
    own_action = all(
        is_own_action(action, was_block, subject=SUBJECT, body=BODY) for action in found.actions
    )
    if own_action:
        settings["actions"] = [
            DoNothing()
            if block_id is None
            else SendNotification(block_document_id=block_id, subject=SUBJECT, body=BODY)
        ]
    if isinstance(found.trigger, EventTrigger) and found.trigger.match == EARLIER_MATCH:
        settings["trigger"] = found.trigger.model_copy(update={"match": _own_events(names)})
    return AutomationCore(**settings)


def keep_stale_automations(
    addresses: Sequence[Secret] | None, *, stale_after: timedelta, names: HomeNames
) -> None:
    """Give a home's automations the setting and the addresses of today; remove those of before.

    `addresses` None leaves the block as it is: where they are kept does not answer. Nothing is
    stored where the automation about old data is missing. PricehouseError, which quotes no address,
    when the server does not take it, or when Apprise knows none of the addresses.
    """
    try:
        _keep(addresses, stale_after, names)
    except PricehouseError:
        raise
    except Exception as error:  # noqa: BLE001 - its text may quote an address
        problem = type(error).__name__
    else:
        return
    raise PricehouseError(f"Prefect's server could not keep the notification block: {problem}")


def _keep(addresses: Sequence[Secret] | None, stale_after: timedelta, names: HomeNames) -> None:
    with get_client(sync_client=True) as client:
        found = client.read_automations_by_name(names.title(STALE))
        block = _read_block(client, names.of(BLOCK))
        kept = block.id if block else None
        urls = kept_urls = str(block.data.get("url", "")) if block else ""
        if addresses is not None:
            urls = _known(addresses, kept_urls) if found else ""
        if urls and urls != kept_urls:
            kept = _save_block(names.of(BLOCK), urls)
        block_id = kept if urls else None
        notifying = client.read_automations_by_name(names.title(NOTIFY))
        if found and urls and not notifying:  # the server of an earlier version
            client.create_automation(new_stale_notification(names))
            notifying = client.read_automations_by_name(names.title(NOTIFY))
        for each in notifying:
            today = refresh_stale_notification(each, block_id=block_id, was_block=kept, names=names)
            _update(client, each, today)
        for each in found:
            today = refresh_stale_automation(
                each, stale_after=stale_after, was_block=kept, names=names
            )
            _update(client, each, today)
        if block is not None and not urls:
            client.delete_block_document(block.id)
    if addresses and found and not urls:
        raise PricehouseError("no address for alerts is one that Apprise knows")


def _known(addresses: Sequence[Secret], kept: str) -> str:
    """Return the addresses that Apprise knows, as a block holds them."""
    texts = [address.reveal() for address in addresses]
    if " ".join(texts) == kept:  # Apprise takes long to load, and most runs change nothing
        return kept
    return " ".join(address.reveal() for address in addresses if is_known(address))


def _read_block(client: SyncPrefectClient, name: str) -> BlockDocument | None:
    try:
        return client.read_block_document_by_name(name, BLOCK_TYPE, include_secrets=True)
    except ObjectNotFound:
        return None


def _save_block(name: str, urls: str) -> UUID:
    from prefect.blocks.notifications import SlackWebhook  # it loads Apprise

    save = cast(Any, SlackWebhook(url=SecretStr(urls)).save)
    return cast(UUID, save(name, overwrite=True, _sync=True))


def _update(client: SyncPrefectClient, found: Automation, today: AutomationCore) -> None:
    """Update the automation where it changes: an update begins its count anew."""
    if core_fields(today) != core_fields(found):
        client.update_automation(found.id, today)
