"""The checks of `doctor` that fail in a home."""

from __future__ import annotations

from pathlib import Path

from pipeline.doctor import diagnose


def failed_checks(home: Path) -> set[str]:
    """Return the names of the failed checks; each of them, and no other, has a remedy."""
    findings = diagnose(home, {}).findings
    assert all(bool(finding.remedy) != finding.ok for finding in findings)
    return {finding.check for finding in findings if not finding.ok}
