"""Keep the automation about old data, and the block that holds the addresses of its message.

It is for the day on which `pricehouse up` itself does not run, so that its watcher cannot notify:
it fires only where neither an hour was committed nor the watcher sent a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.events import EventTrigger
from prefect.events.actions import DoNothing, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, Posture
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from flows.events import COMMITTED, NOTIFIED
from providers.alert_sender import is_known
from schemas.durations import duration_text
from schemas.errors import PricehouseError
from schemas.secrets import Secret

STALE = "pricehouse: no new hour was committed in time"
EARLIER_DESCRIPTION = (
    "Adds an event to the event feed when no hour was committed in time. Add a "
    "notification action to be notified."
)
EARLIER_WITHIN = timedelta(hours=2, minutes=15)
BLOCK, BLOCK_TYPE = "pricehouse-alerts", "slack-webhook"
"""Of Prefect's blocks this type takes any address of Apprise, encrypted and masked."""
GRACE = timedelta(minutes=15)
"""How much later than the watcher the automation fires."""
SUBJECT = "pricehouse: old data"
BODY = (
    "No hour was committed in time, and `pricehouse up` did not report it: look whether it runs "
    "(`pricehouse status`)."
)


def new_stale_automation(stale_after: timedelta) -> AutomationCore:
    """Return the automation as `up` creates it: it adds an event, and notifies nobody."""
    within = stale_after + GRACE
    return AutomationCore(
        name=STALE,
        description=describe(within),
        trigger=EventTrigger(
            after={COMMITTED},
            expect={COMMITTED},
            match={"prefect.resource.id": "pricehouse.home.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[DoNothing()],
    )


def describe(within: timedelta) -> str:
    """Return the description of an automation that fires after `within`."""
    return (
        f"Adds an event to the event feed when no hour was committed for {duration_text(within)}: "
        "PRICEHOUSE_STALE_AFTER and a quarter of an hour. `pricehouse up` sets this time again at "
        "its start, unless somebody else changed it. It notifies where alerts have addresses, or "
        "where you add a notification action."
    )


def refresh_stale_automation(
    found: AutomationCore, *, stale_after: timedelta, block_id: UUID | None, was_block: UUID | None
) -> AutomationCore:
    """Return the automation with today's setting and addresses; what an operator changed stays.

    `block_id` is the block with the addresses of today, None where there are none; `was_block` is
    the one that an earlier `up` made.
    """
    settings: dict[str, Any] = core_fields(found)
    trigger = found.trigger
    own_action = all(_is_own_action(action, was_block) for action in found.actions)
    if own_action:
        settings["actions"] = [
            DoNothing()
            if block_id is None
            else SendNotification(block_document_id=block_id, subject=SUBJECT, body=BODY)
        ]
    if isinstance(trigger, EventTrigger):
        changed: dict[str, Any] = {}
        if own_action and trigger.expect in ({COMMITTED}, {COMMITTED, NOTIFIED}):
            changed["expect"] = {COMMITTED} if block_id is None else {COMMITTED, NOTIFIED}
        if _is_own_time(found, trigger.within, stale_after):
            changed["within"] = stale_after + GRACE
            settings["description"] = describe(stale_after + GRACE)
        settings["trigger"] = trigger.model_copy(update=changed)
    return AutomationCore(**settings)


def core_fields(automation: AutomationCore) -> dict[str, Any]:
    """Return the fields of an automation that an update takes."""
    fields = AutomationCore.model_fields.keys() - {"owner_resource"}
    return {field: getattr(automation, field) for field in fields}


def _is_own_action(action: object, was_block: UUID | None) -> bool:
    if not isinstance(action, SendNotification):
        return isinstance(action, DoNothing)
    if was_block is None:  # somebody deleted the block that it used
        return (action.subject, action.body) == (SUBJECT, BODY)
    return action.block_document_id == was_block


def _is_own_time(found: AutomationCore, within: timedelta, stale_after: timedelta) -> bool:
    """Return whether `up` set the time after which the automation fires, and nobody after it."""
    if found.description == EARLIER_DESCRIPTION:  # it has no figure to compare with
        return within in {EARLIER_WITHIN, stale_after + GRACE}
    return found.description == describe(within)


def keep_stale_automation(addresses: Sequence[Secret] | None, *, stale_after: timedelta) -> None:
    """Give the automation the setting and the addresses of today, and remove those of before.

    `addresses` None leaves the block as it is: where they are kept does not answer. Nothing is
    stored where the automation is missing. PricehouseError, which quotes no address, when the
    server does not take it, or when Apprise knows none of the addresses.
    """
    try:
        _keep(addresses, stale_after)
    except PricehouseError:
        raise
    except Exception as error:  # noqa: BLE001 - its text may quote an address
        problem = type(error).__name__
    else:
        return
    raise PricehouseError(f"Prefect's server could not keep the notification block: {problem}")


def _keep(addresses: Sequence[Secret] | None, stale_after: timedelta) -> None:
    with get_client(sync_client=True) as client:
        found = client.read_automations_by_name(STALE)
        block = _read_block(client)
        kept = block.id if block else None
        urls = kept_urls = str(block.data.get("url", "")) if block else ""
        if addresses is not None:
            urls = _known(addresses, kept_urls) if found else ""
        if urls and urls != kept_urls:
            kept = _save_block(urls)
        block_id = kept if urls else None
        for automation in found:
            _update(client, automation, stale_after=stale_after, block_id=block_id, was_block=kept)
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


def _read_block(client: SyncPrefectClient) -> BlockDocument | None:
    try:
        return client.read_block_document_by_name(BLOCK, BLOCK_TYPE, include_secrets=True)
    except ObjectNotFound:
        return None


def _save_block(urls: str) -> UUID:
    from prefect.blocks.notifications import SlackWebhook  # it loads Apprise

    save = cast(Any, SlackWebhook(url=SecretStr(urls)).save)
    return cast(UUID, save(BLOCK, overwrite=True, _sync=True))


def _update(
    client: SyncPrefectClient,
    found: Automation,
    *,
    stale_after: timedelta,
    block_id: UUID | None,
    was_block: UUID | None,
) -> None:
    """Update the automation where it changes: an update begins its count anew."""
    today = refresh_stale_automation(
        found, stale_after=stale_after, block_id=block_id, was_block=was_block
    )
    if core_fields(today) != core_fields(found):
        client.update_automation(found.id, today)
