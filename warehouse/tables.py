"""The tables of the writer's file, each named once: reading, loading, checks and compaction follow.

The numbered migrations create them. A new table is a migration and one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from schemas.delta import CURRENT
from warehouse.internal_schema import SCHEMA


class Kind(Enum):
    """How a run changes the rows of a table."""

    CURRENT = "one row per key; a run deletes and inserts the rows that differ"
    LOG = "append only, with an id that grows with each row"
    APPENDED = "append only"
    REPLACED = "a run replaces all rows"
    DERIVED = "rows that follow from other tables, stored because readers ask for them all the time"
    LEDGER = "written when the schema changes, never by a run"


@dataclass(frozen=True)
class Table:
    """One table of the writer's file.

    `part` names its rows in a State, Delta or Load, and the table in messages. `order` are the
    columns by which compaction sorts the rows; of a current table they are the key.
    """

    relation: str
    part: str
    kind: Kind
    order: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    """The columns of a log that are the same in all rows of one run: the loader fills them in."""

    @property
    def name(self) -> str:
        """The name of the table in a statement, with its schema."""
        return f"{SCHEMA}.{self.relation}"

    @property
    def row_id(self) -> str:
        """The column that numbers the rows of a log, or the runs."""
        return self.order[0]


def _current(relation: str, part: str) -> Table:
    return Table(relation, part, Kind.CURRENT, CURRENT[part].key)


def _log(relation: str, part: str, *stamps: str, row_id: str = "log_id") -> Table:
    return Table(relation, part, Kind.LOG, (row_id,), stamps=("run_id", *stamps))


ALERTS = Table("_ph_alert", "alerts", Kind.APPENDED, ("opened_at", "alert_id"))
CHECKS = Table("_ph_check", "checks", Kind.APPENDED, ("run_id", "check_id"))
GAPS = Table("_ph_gap", "gaps", Kind.APPENDED, ("feed", "from_at"))
OFFER_LINKS = Table(
    "_ph_offer_link", "links", Kind.APPENDED, ("at", "old_offer_id", "new_offer_id")
)
REJECTED_ROWS = Table(
    "_ph_rejected_row",
    "rejected",
    Kind.APPENDED,
    ("run_id", "feed", "payload_hash", "json_path", "record_key"),
)
RUN_FEEDS = Table("_ph_run_feed", "run_feeds", Kind.APPENDED, ("run_id", "feed"))
RUNS = Table("_ph_run", "runs", Kind.APPENDED, ("sequence",))

TABLES: tuple[Table, ...] = (
    _current("_ph_offer", "offers"),
    _current("_ph_listing", "listings"),
    _current("_ph_claim", "claims"),
    _current("_ph_price", "prices"),
    _current("_ph_card", "cards"),
    _current("_ph_model", "models"),
    _current("_ph_provider", "providers"),
    _current("_ph_refusal", "refusals"),
    _current("_ph_correction", "corrections"),
    _log("_ph_claim_log", "claim_log", "recorded_at", "rule_version"),
    _log("_ph_price_log", "price_log", "recorded_at", "rule_version"),
    _log("_ph_status_log", "status_log", "recorded_at"),
    _log("_ph_speed_log", "speed_log"),
    _log("_ph_change", "changes", "recorded_at", row_id="change_id"),
    OFFER_LINKS,
    GAPS,
    CHECKS,
    ALERTS,
    REJECTED_ROWS,
    RUNS,
    RUN_FEEDS,
    Table("_ph_feed", "feeds", Kind.REPLACED, ("feed",)),
    Table("_ph_source", "sources", Kind.REPLACED, ("source",)),
    Table("_ph_compliance_claim", "compliance_claims", Kind.REPLACED, ("claim_id",)),
    Table(
        "_ph_card_facts",
        "card_facts",
        Kind.DERIVED,
        ("model_id", "inference_provider", "offer_id"),
    ),
    Table("_ph_price_end", "price_ends", Kind.DERIVED, ("log_id",)),
    Table("_ph_feed_set", "feed_sets", Kind.DERIVED, ("feeds",)),
    Table("_ph_hour", "hour", Kind.DERIVED, ("ranked_from",)),
    Table("_ph_migration", "migrations", Kind.LEDGER, ("number",)),
    Table("_ph_view", "views", Kind.LEDGER, ("name",)),
)
"""In the order in which a run writes them."""


def tables_of(kind: Kind) -> list[Table]:
    """Return the tables of one kind, in the order in which a run writes them."""
    return [table for table in TABLES if table.kind is kind]
