"""Collect the rows of a feed's pages, as frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import polars as pl

from schemas.contract import Contract
from schemas.errors import FeedMalformed
from schemas.kept_rows import (
    IN_MEMORY,
    ChunkRows,
    FrameStore,
    StoredFrames,
)
from schemas.offerings import DRIFT, MODELS, OFFERINGS, REJECTED
from schemas.text import printable_or_none, replace_unprintable
from transforms.parsing.decode import UnexpectedField, excerpt
from transforms.parsing.fence import (
    UNREADABLE_ENTRY,
    EntryLocation,
    RowFence,
    text_field,
)
from transforms.parsing.limits import MAX_DRIFT, MAX_PAGE_RECORDS, MAX_RECORDS
from transforms.parsing.parsed_feed import (
    NO_PARTS,
    AnswerSummary,
    ParsedFeed,
    count_by_provider,
)
from transforms.parsing.parsed_rows import ModelRow, OfferingRow, RejectedRow

PARTS_AT_LEAST = 20
"""Each part costs a scan of what is stored, so those of a very large catalogue are larger."""


@dataclass
class Collector:
    """Collect one feed's rows, and turn them into frames page by page.

    From `store.part_rows` offerings on, those of the pages so far are put aside, page after page.
    """

    feed: str
    offerings: list[OfferingRow] = field(default_factory=list)
    models: list[ModelRow] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    fence: RowFence = field(default_factory=RowFence)
    distinct: int = 0
    repeats: int = 0
    nameless: int = 0
    records: int = 0
    store: FrameStore = IN_MEMORY
    shape: Contract = OFFERINGS
    """The columns of offerings that the feed states."""
    _drift: dict[tuple[str, str], str] = field(default_factory=dict)
    _frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    _page: list[tuple[list[OfferingRow], list[ModelRow]] | ChunkRows] = field(default_factory=list)
    """What was collected of the open page before `offerings` and `models`, in order."""
    _page_records: int = 0
    _page_tuples: int = 0
    _parts: list[StoredFrames] = field(default_factory=list)
    _names: list[pl.DataFrame] = field(default_factory=list)

    def read_models(
        self, entries: Iterable[EntryLocation], read: Callable[[EntryLocation], None]
    ) -> None:
        """Read every model of a page; one that raises an error is rejected whole.

        `read` changes the counts after everything that may raise an error.
        """

        def reject(entry: EntryLocation) -> None:
            self.nameless += 1
            self.reject(entry, UNREADABLE_ENTRY, key=text_field(entry.raw, "id"))

        self.fence.each(entries, read, reject)

    def read_entries(
        self,
        entries: Iterable[EntryLocation],
        read: Callable[[EntryLocation], None],
        *,
        model_id: str,
    ) -> None:
        """Read every entry of a model; one that raises an error is rejected, the others count."""

        def reject(entry: EntryLocation) -> None:
            provider = text_field(entry.raw, "provider") or entry.name
            self.reject(entry, UNREADABLE_ENTRY, key=model_id, provider=provider)

        self.fence.each(entries, read, reject)

    # Five parameters beside the row: each is a column of REJECTED that a reader searches by.
    def reject(
        self,
        entry: EntryLocation,
        reason: str,
        *,
        key: str | None = None,
        field: str | None = None,
        provider: str | None = None,
    ) -> None:
        """Reject one entry; `key` is the id of its model as it is written, where it is known."""
        self.rejected.append(
            RejectedRow(
                self.feed,
                entry.payload_hash,
                entry.path,
                replace_unprintable(key) if key is not None else None,
                [reason],
                field,
                excerpt(entry.raw),
                printable_or_none(provider),
            )
        )

    def record_drift(self, unexpected: Iterable[UnexpectedField]) -> None:
        """Keep one example of each unexpected field, of MAX_DRIFT fields at most."""
        for found in unexpected:
            if len(self._drift) < MAX_DRIFT:
                self._drift.setdefault((replace_unprintable(found.field), found.kind), found.text)

    def add(self, chunks: Sequence[ChunkRows], spellings: set[str]) -> bool:
        """Add the rows of chunks, and their ids to those of the walk, and return True.

        Returns False, and adds nothing, when a model is a repeat or there are too many entries:
        then its models have to be read one by one.
        """
        ids, height = set[str](), sum(rows.offerings.height for rows in chunks)
        ids.update(*(rows.spellings for rows in chunks))
        models = sum(len(rows.spellings) for rows in chunks)
        if len(ids) < models or not spellings.isdisjoint(ids) or not self.has_room(height):
            return False
        spellings |= ids
        self._page += [(self.offerings, self.models), *chunks]
        self._page_tuples += len(self.offerings)
        self._page_records += len(self.offerings) + height
        self.offerings, self.models = [], []
        self.distinct += models
        return True

    def has_room(self, more: int = 0) -> bool:
        """Return whether so many entries more are not above what any real feed has."""
        tuples = self._page_tuples + len(self.offerings) + len(self.rejected)
        in_all = self.records + self._page_records + len(self.offerings) + len(self.rejected)
        return tuples <= MAX_PAGE_RECORDS and in_all + more <= MAX_RECORDS

    def require_room(self) -> None:
        """Raise FeedMalformed `too_many` when this feed has more entries than any real one."""
        if not self.has_room():
            raise FeedMalformed(
                f"{self.feed}: more than {MAX_PAGE_RECORDS} odd entries on a page or "
                f"{MAX_RECORDS} in all; nothing of it was read",
                code="too_many",
            )

    def close_page(self) -> None:
        """Turn the rows of a page into frames: 100,000 Python tuples at once would be ten times
        their size."""
        self._page.append((self.offerings, self.models))
        self.records += self._page_records + len(self.offerings) + len(self.rejected)
        offerings, models = list[pl.DataFrame](), list[pl.DataFrame]()
        for part in self._page:
            frames = part if isinstance(part, ChunkRows) else self._built(*part)
            offerings.append(frames[0])
            models.append(frames[1])
        names = [row.inference_provider for row in self.rejected]
        for name, parts in (
            ("offerings", offerings),
            ("models", models),
            ("rejected", [_frame(REJECTED, self.rejected)]),
            ("providers", _providers(self.feed, offerings, names)),
        ):
            filled = [part for part in parts if not part.is_empty()] or parts[:1]
            self._frames.setdefault(name, []).extend(filled)
        self.offerings, self.models, self.rejected = [], [], []
        self._page, self._page_records, self._page_tuples = [], 0, 0
        waiting = sum(part.height for part in self._frames["offerings"])
        if waiting >= max(self.store.part_rows, self.records // PARTS_AT_LEAST):
            self._put_aside()

    def finish(self) -> ParsedFeed:
        """Return all that was collected, as frames."""
        self.close_page()
        if self._parts:
            self._put_aside()
        drift = [(self.feed, *key, text) for key, text in sorted(self._drift.items())]
        return ParsedFeed(
            AnswerSummary(
                feed=self.feed,
                records=self.records,
                rows=self.distinct + self.repeats + self.nameless,
                distinct=self.distinct,
                repeats=self.repeats,
                nameless=self.nameless,
                providers=count_by_provider(pl.concat(self._frames["providers"])),
                drift=_frame(DRIFT, drift),
            ),
            rejected=pl.concat(self._frames["rejected"]),
            offerings=pl.concat([self.shape.empty(), *self._frames["offerings"]]),
            models=pl.concat([MODELS.empty(), *self._frames["models"]]),
            failures=self.fence.failures,
            parts=tuple(self._parts),
            names=pl.concat([NO_PARTS, *self._names]),
        )

    def _put_aside(self) -> None:
        """Put the frames of the pages so far aside, as one part."""
        offerings, models = (pl.concat(self._frames[name]) for name in ("offerings", "models"))
        self._frames["offerings"], self._frames["models"] = [], []
        if not (offerings.is_empty() and models.is_empty()):
            part = pl.lit(len(self._parts), pl.UInt32)
            self._names.append(models.select("model_id", "hub_id", part=part))
            self._parts.append(self.store.put(offerings, models))

    def _built(
        self, offerings: list[OfferingRow], models: list[ModelRow]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        return (
            self.fence.frame(offerings, self._offerings, self._unbuilt),
            self.fence.frame(models, partial(_frame, MODELS), lambda row: row.model_id),
        )

    def _offerings(self, rows: list[OfferingRow]) -> pl.DataFrame:
        """Return rows of a page; they share the text of its hash, a fourth of their size."""
        frame = _frame(OFFERINGS, rows).select(list(self.shape.dtypes))
        hashes = frame["payload_hash"]
        if hashes.n_unique() != 1:
            return frame
        return frame.with_columns(hashes.head(1).new_from_index(0, frame.height))

    def _unbuilt(self, row: OfferingRow) -> str:
        """Reject an offering that polars cannot hold; return its path."""
        evidence = msgspec.Raw((row.evidence or "").encode("utf-8", "replace"))
        entry = EntryLocation(row.payload_hash, row.json_path, evidence)
        provider = row.inference_provider
        self.reject(entry, UNREADABLE_ENTRY, key=row.model_id, provider=provider)
        return row.json_path


def _providers(
    feed: str, offerings: list[pl.DataFrame], names: list[str | None]
) -> list[pl.DataFrame]:
    """Return PROVIDER_ENTRIES of a page: of its offerings, and of its rejected rows (`names`)."""
    refused = pl.Series("inference_provider", names, pl.String)
    # `select` and `group_by` take as long as all else that is done with a page
    found = [own.get_column("inference_provider") for own in offerings]
    counts = pl.concat([*found, refused]).value_counts(name="entries")
    return [
        pl.DataFrame(
            [
                pl.Series("feed", [feed], pl.String).new_from_index(0, counts.height),
                counts["inference_provider"],
                counts["entries"].cast(pl.Int64),
            ]
        )
    ]


def _frame(shape: Contract, rows: list[Any]) -> pl.DataFrame:
    if not rows:
        return shape.empty()
    return shape.build(dict(zip(shape.dtypes, map(list, zip(*rows, strict=True)), strict=True)))
