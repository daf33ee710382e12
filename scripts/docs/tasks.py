"""Write docs/tasks.md from the table that the code uses: python -m scripts.docs.tasks > docs/tasks.md."""

from __future__ import annotations

import sys
from collections import defaultdict

from transforms.task_groups import GROUPS

HEAD = """# Tasks and their groups

`task_group` says what comes out. Every task that is not named here is `other`, among them
classification, segmentation, detection and fill-mask. The table is made from
`transforms/task_groups.json` by `python -m scripts.docs.tasks > docs/tasks.md`; a test holds the two equal.

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
