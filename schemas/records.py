"""What landing stores beside the bytes: the run, what came, how it ended; replay reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Origin = Literal["live", "sample"]
FetchOutcome = Literal["complete", "partial", "failed", "skipped", "not_modified"]
EndOutcome = Literal["committed", "failed", "dry_run", "interrupted", "cancelled", "refused"]
"""`refused`: what a person asked for, or a setting of the command, cannot be used (exit 2)."""
SCHEDULED = "schedule"
"""The trigger of a run that a scheduler began, so that nobody sees its error."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the message of an alert was first delivered, to whatever address."""

    alert_id: str
    at: datetime


class AlertRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run opens alerts by, and the deliveries that no earlier commit knows; no address."""

    stale_after_s: float
    move_pct: float
    """A price that moves by so many percent or more is a finding."""
    deliveries: list[Delivery] = []


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Written before the first request; all times UTC."""

    run_id: str
    flow: str
    trigger: str
    origin: Origin
    started_at: datetime
    scheduled_at: datetime | None = None
    prefect_run_id: str | None = None
    code_version: str
    rules_version: str = ""
    """Names the code that makes prices and cards; '' in a run of earlier code."""
    settings: dict[str, str]
    """Base URLs and the like; never a secret."""
    registry_hash: str
    """Hash of the landed provider_registry.json that this run used."""
    claims_hash: str
    """Hash of the landed compliance_claims.json that this run used."""
    details: bool
    """Whether the Hub query asked for the daily fields too."""
    decisions_hash: str | None = None
    """Hash of the landed decisions that this run carried out, if it carried out any."""
    alerts: AlertRecord | None = None
    """None: a run of earlier code, which opened none."""


class LandedPage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer of a feed; its body is the landed object of that hash."""

    page: int
    url: str
    status: int
    payload_hash: str
    bytes: int
    fetched_at: datetime
    captured_at: datetime | None = None
    answered: dict[str, str]
    about: str | None = None
    """The id that the request named, where a feed is asked about single ids; such a page may be of
    an earlier run, and `fetched_at` is then before this one."""
    next_link: str | msgspec.UnsetType | None = msgspec.UNSET
    """The address of the page after it, None on the last one; not set: it was not kept then."""
    received_at: datetime | None = None
    """When the bytes came, where the source answered that they are not modified since; None: they
    came with this answer."""


FAILED_OUTCOMES = frozenset({"failed", "partial"})
"""The outcomes of a feed that did not answer whole."""


class FeedFetch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fetching one feed went. Only a whole one may change what the warehouse holds."""

    feed: str
    outcome: FetchOutcome
    started_at: datetime
    finished_at: datetime
    requests: int = 0
    retries: int = 0
    waited_s: float = 0.0
    bytes: int = 0
    pages: list[LandedPage]
    error_code: str | None = None
    error: str | None = None
    short_pages: int | None = None
    """Pages with fewer rows than the request asked for that were not the last; None: not counted,
    as before they were."""
    unknown_ids: list[str] = []
    """Ids of the requests that the source does not know; for a day they are not requested again."""

    @property
    def is_whole(self) -> bool:
        """Whether it states all that the source does: it came whole, or is not modified since.

        An archive that states the same moment once more (`captured_at`) states nothing new.
        """
        if self.outcome == "not_modified":
            return bool(self.pages) and all(
                page.received_at and not page.captured_at for page in self.pages
            )
        return self.outcome == "complete"

    @property
    def observed_at(self) -> datetime:
        """When the source stated this: an archive's own date, else our clock at the last byte."""
        captured = [page.captured_at for page in self.pages if page.captured_at]
        return max(captured) if captured else self.finished_at


class EndMark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run ended; a run without one was interrupted."""

    outcome: EndOutcome
    finished_at: datetime
    sequence: int | None = None
    """Position among committed runs, from 1; the order of replay."""
    error: str | None = None


class PackedHead(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of every packed run; the rest of it only when it is asked for."""

    record: RunRecord
    mark: EndMark


class PackedRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All records of one ended run, as they are packed with those of its day."""

    record: RunRecord
    mark: EndMark
    fetches: list[FeedFetch]
    traces: dict[str, list[LandedPage]] = {}
    """By feed what a run that was killed had landed of feeds that it never closed."""
