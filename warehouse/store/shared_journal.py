"""One journal of alert messages for several machines: what one has sent, no other sends again.

It is pulled and merged before a machine sends, and pushed after it. Machines that send in the same
second may repeat a message.
"""

from __future__ import annotations

from warehouse.storage.deliveries import journal_path, merge_journal
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.objects import Store

NAME = "landing/alerts.jsonl"


def pull_journal(home: Home, store: Store) -> None:
    """Add the lines of the store's journal that the home lacks; StoreError."""
    if store.head(NAME) is not None:
        merge_journal(home, store.read(NAME))


def push_journal(home: Home, store: Store) -> None:
    """Put the home's journal, which has the lines of the store's, in its place; StoreError."""
    path = journal_path(Landing(home.landing))
    if path.is_file():
        store.put(NAME, path)
