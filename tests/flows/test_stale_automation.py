"""The automations about old data follow the settings, and keep what their operator changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.events import EventTrigger, Resource
from prefect.events.actions import DoNothing, PauseAutomation, SendNotification
from prefect.events.schemas.automations import AutomationCore

from flows.events import COMMITTED, NOTIFIED
from flows.home_names import HomeNames
from flows.server.stale_automation import (
    EARLIER_BODY,
    EARLIER_DESCRIPTION,
    EARLIER_MATCH,
    EARLIER_SUBJECT,
    EARLIER_WITHIN,
    core_fields,
    describe,
    new_stale_automation,
    refresh_stale_automation,
)
from flows.server.stale_notification import (
    BODY,
    SUBJECT,
    new_stale_notification,
    refresh_stale_notification,
)
from flows.server.stale_notification import (
    EARLIER_MATCH as EARLIER_NAMES_MATCH,
)
from warehouse.storage.home import Home

ONLY, OTHERS = HomeNames(), HomeNames("second_hub")
BLOCK = UUID(int=1)
OTHER = UUID(int=2)
SIX_HOURS = timedelta(hours=6)
NO_BLOCKS = {"block_id": None, "was_block": None}


def changed(automation: AutomationCore, *, within: Any = None, **fields: Any) -> AutomationCore:
    """Return an automation as somebody changed it."""
    if within is not None:
        fields["trigger"] = automation.trigger.model_copy(update={"within": within})
    return AutomationCore(**core_fields(automation) | fields)


def refresh(
    found: AutomationCore,
    *,
    stale_after: timedelta = SIX_HOURS,
    was_block: UUID | None = None,
    names: HomeNames = ONLY,
) -> AutomationCore:
    return refresh_stale_automation(
        found, stale_after=stale_after, was_block=was_block, names=names
    )


def refresh_notification(
    found: AutomationCore, *, block_id: UUID | None, was_block: UUID | None
) -> AutomationCore:
    return refresh_stale_notification(found, block_id=block_id, was_block=was_block, names=ONLY)


def trigger_of(automation: AutomationCore) -> EventTrigger:
    assert isinstance(automation.trigger, EventTrigger)
    return automation.trigger


@pytest.mark.parametrize("before", [timedelta(minutes=90), timedelta(hours=2), timedelta(days=3)])
def test_the_time_and_the_description_follow_the_setting(before: timedelta) -> None:
    found = new_stale_automation(before, ONLY)
    assert refresh(found) == new_stale_automation(SIX_HOURS, ONLY)
    assert "6h15m" in new_stale_automation(SIX_HOURS, ONLY).description
    assert "2h" not in new_stale_automation(SIX_HOURS, ONLY).description
    assert "two hours" not in found.name


def test_the_automation_of_an_earlier_version_follows_the_setting() -> None:
    new = new_stale_automation(SIX_HOURS, ONLY)
    earlier = changed(new, within=EARLIER_WITHIN, description=EARLIER_DESCRIPTION)
    assert refresh(earlier) == new


@pytest.mark.parametrize("description", [EARLIER_DESCRIPTION, "ours", None])
def test_a_time_that_an_operator_set_stays(description: str | None) -> None:
    fields = {} if description is None else {"description": description}
    ours = changed(new_stale_automation(SIX_HOURS, ONLY), within=timedelta(hours=9), **fields)
    assert refresh(ours) == ours


@pytest.mark.parametrize("was_block", [BLOCK, None])
def test_the_automation_of_a_version_that_notified_by_itself_only_adds_an_event(
    was_block: UUID | None,
) -> None:
    new = new_stale_automation(SIX_HOURS, ONLY)
    action = SendNotification(block_document_id=BLOCK, subject=EARLIER_SUBJECT, body=EARLIER_BODY)
    earlier = changed(
        new,
        trigger=trigger_of(new).model_copy(update={"expect": {COMMITTED, NOTIFIED}}),
        actions=[action],
        description=describe(trigger_of(new).within).replace(
            "Another automation notifies of it, where alerts have addresses.",
            "It notifies where alerts have addresses, or where you add a notification action.",
        ),
    )
    assert earlier != new
    assert refresh(earlier, was_block=was_block) == new, "also where somebody deleted the block"


@pytest.mark.parametrize(
    "action",
    [
        SendNotification(block_document_id=OTHER, subject="old", body="prices"),
        PauseAutomation(automation_id=OTHER),
    ],
)
@pytest.mark.parametrize("block", [BLOCK, None])
def test_an_action_of_an_operator_stays(action: Any, block: UUID | None) -> None:
    ours = changed(new_stale_automation(SIX_HOURS, ONLY), actions=[action])
    assert refresh(ours, was_block=BLOCK) == ours
    notifying = changed(new_stale_notification(ONLY), actions=[action])
    assert refresh_notification(notifying, block_id=block, was_block=BLOCK) == notifying
    assert not any(isinstance(each, DoNothing) for each in ours.actions)


def test_an_address_connects_the_block_and_without_one_it_is_disconnected() -> None:
    new = new_stale_notification(ONLY)
    notifying = refresh_notification(new, block_id=BLOCK, was_block=BLOCK)
    assert notifying.actions == [
        SendNotification(block_document_id=BLOCK, subject=SUBJECT, body=BODY)
    ]
    assert trigger_of(notifying) == trigger_of(new)
    again = refresh_notification(notifying, block_id=BLOCK, was_block=BLOCK)
    assert again == notifying
    for was_block in (BLOCK, None):  # None: somebody deleted the block in Prefect
        gone = refresh_notification(notifying, block_id=None, was_block=was_block)
        assert gone == new


def test_the_automations_of_an_earlier_version_leave_other_homes_out() -> None:
    new, notifying = new_stale_automation(SIX_HOURS, ONLY), new_stale_notification(ONLY)
    for found, earlier_match in ((new, EARLIER_MATCH), (notifying, EARLIER_NAMES_MATCH)):
        trigger = trigger_of(found).model_copy(update={"match": earlier_match})
        earlier = changed(found, trigger=trigger)
        assert earlier != found
        own = found is new
        today = refresh(earlier) if own else refresh_notification(earlier, **NO_BLOCKS)
        assert today == found


@pytest.mark.parametrize(
    ("names", "others"), [(ONLY, OTHERS), (OTHERS, ONLY), (OTHERS, HomeNames("third"))]
)
def test_each_home_is_counted_by_automations_of_its_own(
    names: HomeNames, others: HomeNames
) -> None:
    home = Home(Path("/srv/home"))
    own, other = Resource(names.resource(home)), Resource(others.resource(home))
    stale, notifying = new_stale_automation(SIX_HOURS, names), new_stale_notification(names)
    assert trigger_of(stale).expect == {COMMITTED}
    assert trigger_of(notifying).expect == {COMMITTED, NOTIFIED}
    assert trigger_of(notifying).for_each, "else Prefect counts at all times, and it fires again"
    for automation in (stale, notifying):
        match = trigger_of(automation).match
        assert match.includes([own])
        assert not match.includes([other])
        assert automation.name not in {
            new_stale_automation(SIX_HOURS, others).name,
            new_stale_notification(others).name,
        }
    match = trigger_of(notifying).match
    assert match.includes([fired(stale.name)])
    assert not match.includes([fired(new_stale_automation(SIX_HOURS, others).name)])
    assert not match.includes([fired("pricehouse: crash runs without a heartbeat")])


def fired(name: str) -> Resource:
    """Return the resource of an automation that fired."""
    fields = {"prefect.resource.id": "prefect.automation.1", "prefect.resource.name": name}
    return Resource(fields)
