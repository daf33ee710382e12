"""The folder that holds everything, and whether its data is live or a sample."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from schemas.errors import HomeError, HomeKindError, SettingsError, UsageError
from schemas.records import Origin
from warehouse.storage.files import DISK_TROUBLE, make_folder, write_atomic
from warehouse.storage.lock import hold

FORMAT = 1
STAMP_WAIT_S = 30.0


class _Format(msgspec.Struct):
    format: int


class _Stamp(_Format):
    origin: Origin


@dataclass(frozen=True)
class Home:
    """One home; the properties are paths, which need not exist."""

    root: Path

    @classmethod
    def open(cls, root: Path, *, origin: Origin) -> Home:
        """Open a home for writing, new or of the same kind; HomeKindError for the other kind.

        HomeError when a link in it leads to nothing: a file would be made elsewhere.
        """
        home = cls(root)
        home._make_root()
        kind = home._kind()
        if kind is None:
            # Two first runs of different kinds must not both take the home as theirs.
            with hold(home.lock, wait_s=STAMP_WAIT_S):
                kind = home._kind() or home._stamp(origin)
        if kind != origin:
            raise HomeKindError(
                f"{root} is a home of {kind} data and {origin} data was to enter it; "
                "set PRICEHOUSE_HOME to another folder"
            )
        home._require_links_lead_somewhere()
        return home

    @classmethod
    def adopt(cls, root: Path, *, origin: Origin) -> Home:
        """Open a home whose kind its landed runs show, and stamp it if the stamp is missing.

        HomeKindError when it has a stamp of the other kind.
        """
        home = cls(root)
        if home._kind() is None:
            with hold(home.lock, wait_s=STAMP_WAIT_S):
                home._write_stamp(origin)
        return cls.open(root, origin=origin)

    @classmethod
    def at(cls, root: Path) -> Home:
        """Return the home for reading, without writing anything; UsageError when there is none."""
        home = cls(root)
        if home._kind() is None:
            raise UsageError(
                f"{root}: nothing here yet; run `pricehouse demo` or `pricehouse ingest`, or "
                "`pricehouse warehouse pull` for a copy of a home elsewhere"
            )
        return home

    @property
    def origin(self) -> Origin:
        """Kind of its data; HomeError without a stamp."""
        kind = self._kind()
        if kind is None:
            raise HomeError(f"{self._stamp_file} is missing; it states the kind of the data")
        return kind

    @property
    def has_stamp(self) -> bool:
        """Whether it is a home: its stamp is there."""
        return self._stamp_file.exists()

    @property
    def landing(self) -> Path:
        """Folder of landed bytes and run records."""
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        """The writer's database; readers use `link`."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """Folder of the last publications."""
        return self.root / "published"

    @property
    def link(self) -> Path:
        """Symbolic link to the newest publication."""
        return self.root / "marketplace.duckdb"

    @property
    def parsed(self) -> Path:
        """Folder of parsed pages; it may be removed at any time."""
        return self.root / "parsed"

    @property
    def metrics(self) -> Path:
        """Metrics of the last run, in the text format of Prometheus."""
        return self.root / "metrics" / "pricehouse.prom"

    @property
    def lock(self) -> Path:
        """File that a writer holds locked."""
        return self.root / ".lock"

    @property
    def _stamp_file(self) -> Path:
        return self.root / "home.json"

    def _make_root(self) -> None:
        try:
            make_folder(self.root)
        except HomeError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno not in DISK_TROUBLE:
                raise self._unusable(cause) from error
            raise

    def _require_links_lead_somewhere(self) -> None:
        own = (self._stamp_file, self.warehouse, self.landing, self.published, self.parsed)
        for path in (*own, self.metrics.parent):
            if path.is_symlink() and not path.exists():
                raise HomeError(
                    f"{path} is a symbolic link to {path.readlink()}, where nothing is; mount or "
                    "put back what was there, or remove the link. Nothing was changed"
                )

    def _kind(self) -> Origin | None:
        try:
            data = self._stamp_file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error
        try:
            known = msgspec.json.decode(data, type=_Format).format
            if known > FORMAT:
                raise HomeError(
                    f"{self.root} was written by a newer pricehouse (format {known}, this one "
                    f"knows {FORMAT}); update this checkout, then run `make venv`"
                )
            return msgspec.json.decode(data, type=_Stamp).origin
        except msgspec.DecodeError as error:
            raise HomeError(
                f"{self._stamp_file} is damaged: {error}; it should read "
                f'{{"origin": "live", "format": {FORMAT}}}, or "sample" for the demo'
            ) from error

    def _stamp(self, origin: Origin) -> Origin:
        # Without its stamp a home in use may be of either kind, so neither may enter.
        for used in (self.landing, self.warehouse, self.published, self.link):
            if os.path.lexists(used):
                raise HomeError(
                    f"{self._stamp_file} is missing beside {used.name}, so it is unknown whether "
                    f"this data is live or a sample; write it back as "
                    f'{{"origin": "live", "format": {FORMAT}}}, or "sample" for the demo'
                )
        self._write_stamp(origin)
        return origin

    def _write_stamp(self, origin: Origin) -> None:
        write_atomic(self._stamp_file, msgspec.json.encode({"origin": origin, "format": FORMAT}))

    def _unusable(self, error: OSError) -> SettingsError:
        reason = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        return SettingsError(
            f"PRICEHOUSE_HOME is {self.root}, which cannot be a home: {reason}; "
            "set it to a folder that this user may read and write"
        )
