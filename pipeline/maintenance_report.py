"""The result of maintenance as lines of text, for a terminal and an artifact."""

from __future__ import annotations

from pipeline.maintenance import Maintained


def lines(done: Maintained) -> list[str]:
    """Return in a few lines what was removed, the sum first."""
    went = "would go" if done.dry_run else "freed"
    report = [f"{_size(done.bytes_freed)} {went} in {done.home}"]
    report.append(
        f"  landing: {done.objects_dropped} answers of {len(done.runs_thinned)} runs before "
        f"{done.hourly_since:%Y-%m-%d}; the last run of each day keeps its answers"
    )
    if done.runs_packed:
        verb = "would be packed" if done.dry_run else "packed"
        report.append(f"  run records: of {done.runs_packed} runs {verb}, one file a day")
    if done.checkpoint:
        report.append(f"  checkpoint: {done.checkpoint} replaces them")
    before, after = _size(done.warehouse_bytes_before), _size(done.warehouse_bytes_after)
    if done.compacted and done.dry_run:
        report.append(f"  warehouse: would be rewritten in order, {before} now")
    elif done.compacted:
        report.append(f"  warehouse: rewritten in order, {before} to {after}")
    if done.lake is not None:
        report.append(
            f"  shared warehouse: {done.lake.files_before} files before, {done.lake.files_after} "
            f"after; {done.lake.snapshots_expired} snapshots expired"
        )
    for what, names in (
        ("left by killed processes", done.leftovers),
        ("old checkpoints", done.checkpoints_dropped),
        ("old publications", done.publications_dropped),
    ):
        if names:
            report.append(f"  {what}: {len(names)}")
    return report


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if abs(size) >= 1e6 else f"{size / 1e3:.1f} kB"
