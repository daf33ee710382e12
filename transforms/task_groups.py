"""Tasks and their groups, by what comes out. The table is data: task_groups.json."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

GROUPS: dict[str, str] = {
    task: group
    for group, tasks in json.loads(
        Path(__file__).with_name("task_groups.json").read_text("utf-8")
    ).items()
    for task in tasks
}
"""Task → text | image | audio | video | embedding; every other task is `other`."""


def task_group(task: pl.Expr) -> pl.Expr:
    """Return the group of a task column; an unknown task is `other`."""
    return task.replace_strict(GROUPS, default="other", return_dtype=pl.String)
