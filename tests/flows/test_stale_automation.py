"""The automation about old data follows the settings, and keeps what its operator changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.events import EventTrigger
from prefect.events.actions import DoNothing, PauseAutomation, SendNotification
from prefect.events.schemas.automations import AutomationCore

from flows.events import COMMITTED, NOTIFIED
from flows.server.stale_automation import (
    BODY,
    EARLIER_DESCRIPTION,
    EARLIER_WITHIN,
    GRACE,
    SUBJECT,
    core_fields,
    new_stale_automation,
    refresh_stale_automation,
)

BLOCK = UUID(int=1)
OTHER = UUID(int=2)
SIX_HOURS = timedelta(hours=6)


def changed(automation: AutomationCore, *, within: Any = None, **fields: Any) -> AutomationCore:
    """Return an automation as somebody changed it."""
    if within is not None:
        fields["trigger"] = automation.trigger.model_copy(update={"within": within})
    return AutomationCore(**core_fields(automation) | fields)


def refresh(
    found: AutomationCore,
    *,
    stale_after: timedelta = SIX_HOURS,
    block: UUID | None = None,
    was_block: UUID | None = None,
) -> AutomationCore:
    return refresh_stale_automation(
        found, stale_after=stale_after, block_id=block, was_block=was_block
    )


def trigger_of(automation: AutomationCore) -> EventTrigger:
    assert isinstance(automation.trigger, EventTrigger)
    return automation.trigger


@pytest.mark.parametrize("before", [timedelta(minutes=90), timedelta(hours=2), timedelta(days=3)])
def test_the_time_and_the_description_follow_the_setting(before: timedelta) -> None:
    found = new_stale_automation(before)
    assert refresh(found) == new_stale_automation(SIX_HOURS)
    assert "6h15m" in new_stale_automation(SIX_HOURS).description
    assert "2h" not in new_stale_automation(SIX_HOURS).description
    assert "two hours" not in found.name


def test_the_automation_of_an_earlier_version_follows_the_setting() -> None:
    new = new_stale_automation(SIX_HOURS)
    earlier = changed(new, within=EARLIER_WITHIN, description=EARLIER_DESCRIPTION)
    assert refresh(earlier) == new


@pytest.mark.parametrize("description", [EARLIER_DESCRIPTION, "ours", None])
def test_a_time_that_an_operator_set_stays(description: str | None) -> None:
    fields = {} if description is None else {"description": description}
    ours = changed(new_stale_automation(SIX_HOURS), within=timedelta(hours=9), **fields)
    assert refresh(ours) == ours


def test_an_address_connects_the_block_and_without_one_it_is_disconnected() -> None:
    new = new_stale_automation(SIX_HOURS)
    notifying = refresh(new, block=BLOCK, was_block=BLOCK)
    assert notifying.actions == [
        SendNotification(block_document_id=BLOCK, subject=SUBJECT, body=BODY)
    ]
    assert trigger_of(notifying).expect == {COMMITTED, NOTIFIED}
    assert trigger_of(notifying).within == SIX_HOURS + GRACE
    assert refresh(notifying, block=BLOCK, was_block=BLOCK) == notifying
    assert refresh(notifying, was_block=BLOCK) == new
    assert refresh(notifying) == new, "somebody deleted the block in Prefect"


@pytest.mark.parametrize(
    "action",
    [
        SendNotification(block_document_id=OTHER, subject="old", body="prices"),
        PauseAutomation(automation_id=OTHER),
    ],
)
@pytest.mark.parametrize("block", [BLOCK, None])
def test_an_action_of_an_operator_stays(action: Any, block: UUID | None) -> None:
    ours = changed(new_stale_automation(SIX_HOURS), actions=[action])
    assert refresh(ours, block=block, was_block=BLOCK) == ours
    assert not any(isinstance(each, DoNothing) for each in ours.actions)
