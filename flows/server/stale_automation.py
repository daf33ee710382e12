"""The automation about old data: an event in the feed where no hour was committed in time.

What notifies of it is `flows.server.stale_notification`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.events import EventTrigger, ResourceSpecification
from prefect.events.actions import DoNothing, SendNotification
from prefect.events.schemas.automations import AutomationCore, Posture

from flows.events import COMMITTED, NOTIFIED
from flows.home_names import RESOURCE, HomeNames
from schemas.durations import duration_text

STALE = "pricehouse: no new hour was committed in time"
EARLIER_DESCRIPTION = (
    "Adds an event to the event feed when no hour was committed in time. Add a "
    "notification action to be notified."
)
EARLIER_WITHIN = timedelta(hours=2, minutes=15)
EARLIER_MATCH = ResourceSpecification({"prefect.resource.id": f"{RESOURCE}*"})
"""The events that an earlier version counted: those of all homes of a server."""
GRACE = timedelta(minutes=15)
"""How much later than the watcher the automation fires."""
EARLIER_SUBJECT = "pricehouse: old data"
EARLIER_BODY = (
    "No hour was committed in time, and `pricehouse up` did not report it: look whether it runs "
    "(`pricehouse status`)."
)
"""What the automation itself sent in an earlier version, the moment a machine woke up too."""


def new_stale_automation(stale_after: timedelta, names: HomeNames) -> AutomationCore:
    """Return the automation of a home as `up` creates it: it adds an event and notifies nobody."""
    within = stale_after + GRACE
    return AutomationCore(
        name=names.title(STALE),
        description=describe(within),
        trigger=EventTrigger(
            after={COMMITTED},
            expect={COMMITTED},
            match=_own_events(names),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[DoNothing()],
    )


def _own_events(names: HomeNames) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.id": names.resource_ids()})


def describe(within: timedelta) -> str:
    """Return the description of an automation that fires after `within`."""
    return (
        f"Adds an event to the event feed when no hour was committed for {duration_text(within)}: "
        "PRICEHOUSE_STALE_AFTER and a quarter of an hour. `pricehouse up` sets this time again at "
        "its start, unless somebody else changed it. Another automation notifies of it, where "
        "alerts have addresses."
    )


def _earlier_description(within: timedelta) -> str:
    """Return the description of when this automation notified itself."""
    return describe(within).replace(
        "Another automation notifies of it, where alerts have addresses.",
        "It notifies where alerts have addresses, or where you add a notification action.",
    )


def refresh_stale_automation(
    found: AutomationCore, *, stale_after: timedelta, was_block: UUID | None, names: HomeNames
) -> AutomationCore:
    """Return the automation with today's setting; what an operator changed stays.

    `was_block` is the block that an earlier `up` made: through it this automation notified itself.
    """
    settings: dict[str, Any] = core_fields(found)
    trigger = found.trigger
    own_action = all(
        is_own_action(action, was_block, subject=EARLIER_SUBJECT, body=EARLIER_BODY)
        for action in found.actions
    )
    if own_action:
        settings["actions"] = [DoNothing()]
    if isinstance(trigger, EventTrigger):
        changed: dict[str, Any] = {}
        if own_action and trigger.expect == {COMMITTED, NOTIFIED}:
            changed["expect"] = {COMMITTED}
        if trigger.match == EARLIER_MATCH:
            changed["match"] = _own_events(names)
        if _is_own_time(found, trigger.within, stale_after):
            changed["within"] = stale_after + GRACE
            settings["description"] = describe(stale_after + GRACE)
        settings["trigger"] = trigger.model_copy(update=changed)
    return AutomationCore(**settings)


def core_fields(automation: AutomationCore) -> dict[str, Any]:
    """Return the fields of an automation that an update takes."""
    fields = AutomationCore.model_fields.keys() - {"owner_resource"}
    return {field: getattr(automation, field) for field in fields}


def is_own_action(action: object, was_block: UUID | None, *, subject: str, body: str) -> bool:
    """Return whether `up` set an action: none, or a message through the block that it made.

    Where somebody deleted that block (`was_block` None), its text tells.
    """
    if not isinstance(action, SendNotification):
        return isinstance(action, DoNothing)
    if was_block is None:
        return (action.subject, action.body) == (subject, body)
    return action.block_document_id == was_block


def _is_own_time(found: AutomationCore, within: timedelta, stale_after: timedelta) -> bool:
    """Return whether `up` set the time after which the automation fires, and nobody after it."""
    if found.description == EARLIER_DESCRIPTION:  # it has no figure to compare with
        return within in {EARLIER_WITHIN, stale_after + GRACE}
    return found.description in {describe(within), _earlier_description(within)}
