"""Look at a home from outside: what it exports, what readers see, and a copy of its landing."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from pipeline.doctor import diagnose
from warehouse.publication.export import export
from warehouse.publication.newest import newest
from warehouse.storage.home import Home


def exported(home: Path) -> dict[str, bytes]:
    """Return name → bytes of each file of an export of the newest publication."""
    return {
        path.name: path.read_bytes() for path in export(newest(Home.at(home)), home / "exported")
    }


def exported_link(home: Path, folder: Path) -> dict[str, bytes]:
    """Export what the link leads to, as a reader who knows nothing of homes may."""
    files = export((home / "marketplace.duckdb").resolve(), folder)
    return {path.name: path.read_bytes() for path in files}


def failed_checks(home: Path) -> set[str]:
    """Return the checks of the doctor that fail for a home; each must have a remedy."""
    findings = diagnose(home, {}).findings
    assert all(bool(finding.remedy) != finding.ok for finding in findings)
    return {finding.check for finding in findings if not finding.ok}


def copy_landing(home: Path, to: Path) -> Path:
    """Copy a home's landing, and nothing else, into another folder."""
    shutil.copytree(home / "landing", to / "landing")
    return to


def whole(home: Path) -> bool:
    """Open what readers see and compare its parts; False before there is any publication."""
    link = home / "marketplace.duckdb"
    if not link.is_symlink():
        return False
    with duckdb.connect(str(link.resolve()), read_only=True) as con:
        row = con.sql(
            "SELECT p.publication_id = r.run_id, r.offers + r.adapters = (SELECT count(*) FROM "
            "cards) FROM publication p, runs r ORDER BY r.started_at DESC LIMIT 1"
        ).fetchone()
    assert row == (True, True)
    return True
