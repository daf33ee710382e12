"""The manifest of a backup: every file of a home at one moment, by the hash of its bytes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from schemas.records import Origin

FORMAT = 1


class SavedFile(msgspec.Struct, frozen=True):
    """One file: its path in the home, with `/`, and its bytes."""

    path: str
    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds; times UTC."""

    origin: Origin
    made_at: datetime
    code_version: str
    publication_id: str | None
    """What readers saw; None: nothing was published yet."""
    newest_run_id: str | None
    files: list[SavedFile]


class SealedManifest(msgspec.Struct, frozen=True, kw_only=True):
    """backup.json: the manifest as JSON, and the hash of that text, so that damage is noticed."""

    format: int
    sha256: str
    manifest: msgspec.Raw
