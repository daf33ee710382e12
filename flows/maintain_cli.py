"""`pricehouse maintain`: keep the home small, and say what went."""

from __future__ import annotations

import os

import click
import msgspec

from flows.environment import read_settings
from flows.maintain import KEEP_HOURLY_DAYS, MOST_DAYS, Maintained, Upkeep
from flows.maintain import maintain as maintain_home
from flows.terminal import err, out
from providers.registry import load_registry


@click.command()
@click.option(
    "--keep-hourly-days", type=click.IntRange(1, MOST_DAYS), default=KEEP_HOURLY_DAYS,
    show_default=True, metavar="N", help="Keep the bytes of every run for so many days.",
)  # fmt: skip
@click.option("--compact", is_flag=True, help="Rewrite the warehouse though it is not due yet.")
@click.option("--dry-run", is_flag=True, help="Say what would go; drop and rewrite nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def maintain(*, keep_hourly_days: int, compact: bool, dry_run: bool, as_json: bool) -> None:
    """Thin out landing/, rewrite the warehouse in order, and remove what nobody needs.

    Of the runs older than N days one a day keeps its raw answers, the last that was committed;
    history and evidence stay in the warehouse. A checkpoint comes first, so that `replay` still
    rebuilds everything. Run it once a day; a second time it does nothing.
    """
    upkeep = Upkeep(keep_hourly_days=keep_hourly_days, compact=compact, dry_run=dry_run)
    home = read_settings(os.environ, load_registry()).home
    with err.status("look") as shown:
        done = maintain_home(home, upkeep, told=shown.update)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
    else:
        for line in lines(done):
            out.print(line, markup=False)


def lines(done: Maintained) -> list[str]:
    """Say in a few lines what went, the sum first."""
    went = "would go" if done.dry_run else "freed"
    told = [f"{_size(done.bytes_freed)} {went} in {done.home}"]
    told.append(
        f"  landing: {done.objects_dropped} answers of {len(done.runs_thinned)} runs before "
        f"{done.hourly_since:%Y-%m-%d}; the last run of each day keeps its answers"
    )
    if done.checkpoint:
        told.append(f"  checkpoint: {done.checkpoint} stands in for them")
    before, after = _size(done.warehouse_bytes_before), _size(done.warehouse_bytes_after)
    if done.compacted and done.dry_run:
        told.append(f"  warehouse: would be rewritten in order, {before} now")
    elif done.compacted:
        told.append(f"  warehouse: rewritten in order, {before} to {after}")
    for what, names in (
        ("left by killed processes", done.leftovers),
        ("old checkpoints", done.checkpoints_dropped),
        ("old publications", done.publications_dropped),
    ):
        if names:
            told.append(f"  {what}: {len(names)}")
    return told


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if abs(size) >= 1e6 else f"{size / 1e3:.1f} kB"
