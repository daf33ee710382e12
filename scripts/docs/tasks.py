"""Write docs/tasks.md from the code's table: python -m scripts.docs.tasks > docs/tasks.md."""

from __future__ import annotations

import sys
from collections import defaultdict

from transforms.task_groups import GROUPS

HEAD = """# Tasks and their groups

`task_group` is the output type of a task. Every task that is not listed is `other`, among them
classification, segmentation, detection and fill-mask. The command
`python -m scripts.docs.tasks > docs/tasks.md` writes this page from `transforms/task_groups.json`;
a test compares the two.

| task_group | tasks |
|---|---|
"""


def tasks_page() -> str:
    """Return the page as Markdown."""
    tasks = defaultdict[str, list[str]](list)
    for task, group in GROUPS.items():
        tasks[group].append(f"`{task}`")
    rows = [f"| `{group}` | {', '.join(names)} |\n" for group, names in tasks.items()]
    return HEAD + "".join(rows) + "| `other` | everything else |\n"


if __name__ == "__main__":
    sys.stdout.write(tasks_page())
