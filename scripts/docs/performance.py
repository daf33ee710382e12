"""Write docs/performance.md: python -m scripts.docs.performance > docs/performance.md.

Every figure comes from bench/results/, where the programs of bench/ write what they measured.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bench.facts import read_results
from bench.floors import FLOORS
from bench.stages import floor_text, seconds_of, steps_of
from bench.verdict import CHANGED, FIRST, UNCHANGED
from pipeline.maintenance import KEEP_HOURLY_DAYS
from warehouse.publication.reader_pool import LIMIT_S

SIZES = {50_000: "make bench", 1_000_000: "make bench-million"}
BEFORE = "-before"
Figures = Mapping[str, Any]
HEAD = """# Performance

How long an hour takes, what it holds in memory, and what a home is like after a year.
[bench/README.md](../bench/README.md) explains what is measured and how to repeat it.

```sh
make bench          # 50,000 models, the marketplace, the start of commands
make bench-million  # 1,000,000 models
make bench-years    # a day, a month and a year of hours
make bench-page     # write this page again
```

`python -m scripts.docs.performance > docs/performance.md` writes this page from the files in
bench/results/, and a test compares the two. A ratio is the median of the rounds' ratios to the bare
script of the same round. A goal that is missed is marked so.
"""

EIGHT_AT_ONCE = f"""Asked from one thread. Eight queries at once, as with 50,000 models, are
**missed**: on two cores they take longer than the {LIMIT_S:g} s that the API gives a query, and are
answered with 503.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for models, command in SIZES.items():
        parts += _hour(models, command)
    parts += _shared()
    parts += _listed("The marketplace", "market-50000", "make bench")
    parts += _listed("The marketplace at 1,000,000 models", "market-1000000", "make bench-million")
    parts.append(EIGHT_AT_ONCE)
    parts += _listed("Filtered cards", "filters", "make bench-million")
    parts += _listed("The start of commands", "startup", "make bench")
    parts += _years()
    return "\n".join(parts)


def _hour(models: int, command: str) -> list[str]:
    title = f"## An hour of {models:,} models\n"
    now, before = read_results(f"hour-{models}"), read_results(f"hour-{models}{BEFORE}")
    if now is None and before is None:
        return [title, f"Not measured yet: `{command}`.\n"]
    parts = [title]
    if now is None:
        parts.append(f"Not measured yet since the profile of before: `{command}`.\n")
    for what, figures in (("", now), ("Before: ", before)):
        if figures is not None:
            parts += [f"{what}{_machine(figures)}\n", _costs(figures), _goals(figures)]
    return [*parts, _profile(now, before)]


def _shared() -> list[str]:
    title, figures = "## An hour of a shared warehouse\n", read_results("shared-50000")
    if figures is None:
        return [title, "Not measured yet: `make bench`.\n"]
    note = (
        "PostgreSQL and the object store run on the same two cores; their processor time is in no "
        "row, and their time is. A ratio is to the same hour of a home's file.\n"
    )
    return [title, f"{_machine(figures)}\n", note, _costs(figures), _goals(figures)]


def _costs(figures: Figures) -> str:
    rows = [
        (
            row["name"],
            f"{row['seconds']:.2f}",
            f"{row['cpu_s']:.2f}",
            f"{row['peak_mb']:.0f}",
            f"{row['ratio']:.2f}",
        )
        for row in figures["rows"]
    ]
    skipped = figures.get("skipped", {})
    rows += [(name, "skipped", why, "", "") for name, why in skipped.items()]
    return _table(("", "seconds", "processor seconds", "peak MB", "ratio"), rows)


def _goals(figures: Figures) -> str:
    rows = [(p["promise"], p["measured"], _verdict(p)) for p in figures["promises"]]
    return _table(("goal", "measured", ""), rows)


def _profile(now: Figures | None, before: Figures | None) -> str:
    """Return a line per step: seconds before and now, beside the least that it can take."""
    columns = [
        (f"{when}{name}", figures["stages"][name])
        for when, figures in (("before: ", before), ("", now))
        if figures is not None
        for name in (FIRST, UNCHANGED, CHANGED)
    ]
    floors: Mapping[str, float] = ((now or before) or {}).get("floors", {})
    rows = []
    for step in steps_of(dict(columns)):
        cells = [_cell(steps, step) for _, steps in columns]
        rows.append((f"`{step}`" if "_" in step else step, *cells, floor_text(step, floors)))
    named = "; ".join(f"{name}: {FLOORS[name]}" for name in floors)
    head = ("step", *(name for name, _ in columns), "floor")
    return (
        f"{_table(head, rows)}\nSeconds, in brackets those of the processor; steps that work side "
        f"by side share them. A floor is the least that a step can take: {named}.\n"
    )


def _cell(steps: Sequence[Figures], step: str) -> str:
    seconds, used = seconds_of(steps, step), seconds_of(steps, step, "cpu_s")
    return "" if seconds is None else f"{seconds:.2f} ({used:.2f})"


def _listed(title: str, name: str, command: str) -> list[str]:
    figures = read_results(name)
    if figures is None:
        return [f"## {title}\n", f"Not measured yet: `{command}`.\n"]
    return [f"## {title}\n", f"{_machine(figures)}\n", _goals(figures)]


def _years() -> list[str]:
    figures = read_results("years")
    title = "## A year of hours\n"
    if figures is None:
        return [title, "Not measured yet: `make bench-years`.\n"]
    points = figures["points"]
    rows: list[tuple[str, ...]] = [
        ("of them played", *(f"{point['played_hours']:,}" for point in points))
    ]
    for key, name in (
        ("hour_cpu_s", "an hour, processor s"),
        ("maintain_cpu_s", "maintenance, processor s"),
    ):
        rows.append((name, *(f"{point[key]:.2f}" for point in points)))
    for step in points[0]["steps_cpu_s"]:
        taken = [f"{1000 * point['steps_cpu_s'].get(step, 0):.0f}" for point in points]
        rows.append((f"`{step}`, processor ms" if "_" in step else f"{step}, processor ms", *taken))
    replayed = [f"{point['replay']['cpu_s_per_hour']:.2f}" for point in points]
    rows.append(("replay of an hour, processor s", *replayed))
    peaks = [f"{point['replay']['peak_mb']}" for point in points]
    rows.append(("peak of replaying, MB", *peaks))
    for query in points[0]["queries_ms"]:
        times = [f"{point['queries_ms'][query]:.0f}" for point in points]
        rows.append((f"query, {query}, processor ms", *times))
    for part in points[0]["bytes"]:
        files = part.startswith("files")
        sizes = [
            f"{point['bytes'][part]:,}" if files else f"{point['bytes'][part] / 1e6:.1f}"
            for point in points
        ]
        rows.append((part if files else f"{part}, MB", *sizes))
    head = ("after", *(f"{point['hours']:,} hours" for point in points))
    scaled = (
        f"Scaled: the catalogue has {figures['models']} models, and the changes of an hour are "
        "those of the whole Hub (about 15 offers come or go, one price and a twenty-fourth of the "
        "speeds change). `python -m bench.years` drives the real steps on landed bytes with a "
        f"clock that is moved on; nothing is fetched. {figures['period']} hours are played. "
        "Earlier history is put before them as copies of what those hours logged, with the records "
        f"of their runs; {figures['last']} hours more are played on top of it and measured.\n"
    )
    return [title, f"{_machine(figures)}\n", scaled, _table(head, rows), _disk(points)]


def _disk(points: Sequence[Figures]) -> str:
    """Return what landing keeps, calculated from a point before anything was thinned out."""
    first, last = points[0], points[-1]
    answers, records = (
        first["bytes"][part] / first["hours"] for part in ("answers", "run records")
    )
    kept = KEEP_HOURLY_DAYS * 24
    return (
        f"Calculated from the first column: an hour lands {answers / 1e3:.0f} kB of answers and "
        f"{records / 1e3:.0f} kB of records. Maintenance keeps all of the last {KEEP_HOURLY_DAYS} "
        f"days, {kept * (answers + records) / 1e6:.0f} MB. Of each day before, one hour's answers "
        f"stay, {365 * answers / 1e6:.0f} MB a year, and all records, packed. A checkpoint of the "
        f"warehouse takes {last['bytes'].get('a checkpoint', 0) / 1e6:.1f} MB after "
        f"{last['hours']:,} hours; two are kept.\n"
    )


def _machine(figures: Figures) -> str:
    packages = figures["packages"]
    dlt = f", dlt {packages['dlt']}" if "dlt" in packages else ""
    return (
        f"Measured on {figures['measured_at'][:10]}, code {figures['code']}: {figures['cores']} "
        f"cores ({figures['processor']}), {figures['memory_mb'] / 1000:.0f} GB, "
        f"{figures['disk']}, {figures['system']}, Python {figures['python']}, DuckDB "
        f"{packages['duckdb']}, polars {packages['polars']}{dlt}; load {figures['load_before']} "
        f"before, {figures['load_after']} after."
    )


def _verdict(promise: Figures) -> str:
    return "met" if promise["kept"] else "**missed**"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(line)} |" for line in (head, *rows)]
    lines.insert(1, f"|{'---|' * len(head)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the page."""
    sys.stdout.write(page())


if __name__ == "__main__":
    main()
