"""The publications in a store: pushed by the home that writes, pulled by those that read.

published/marketplace-<id>.duckdb   the file, put first
          marketplace-<id>.json     its sha256 and size; a publication counts when this is there
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import msgspec

from schemas.errors import ObjectMissing, StoreError
from warehouse.publication.publish import (
    KEEP,
    link_publication,
    publication_path,
    published_id,
)
from warehouse.storage.home import Home
from warehouse.store.objects import Store, StoredObject

FOLDER = "published"
DELETE_OLDER_THAN = timedelta(hours=2)
"""A publication stays at least so long after the one that followed it: readers may be pulling it.
"""
_LABEL = ".json"
_OURS = re.compile(rf"{FOLDER}/marketplace-[0-9]{{8}}T[0-9]+Z-[0-9A-Za-z]+\.(json|duckdb)")
"""The name of a publication; other programs may keep files beside them."""


class FileLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a pulled file is compared with."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class StoredPublication:
    """A publication of a store, by its id, which sorts by time."""

    publication_id: str
    label: StoredObject


def push_publication(home: Home, store: Store, *, again: bool = False) -> None:
    """Push the publication that readers of this home see, unless the store has it; then remove
    those that no reader pulls any more. With `again` one that is torn is pushed anew.
    """
    publication_id = published_id(home)
    if publication_id is None:
        return
    path = publication_path(home, publication_id)
    name = f"{FOLDER}/{path.name}"
    if again and not _is_whole(store, publication_id):
        remove_publication(store, publication_id)
    if store.head(_label_name(name)) is not None:
        return
    with path.open("rb") as file:
        digest = sha256()
        while part := file.read(1024 * 1024):
            digest.update(part)
    store.put(name, path)
    label = FileLabel(sha256=digest.hexdigest(), bytes=path.stat().st_size)
    store.put_new(_label_name(name), msgspec.json.encode(label))
    remove_old_publications(store)


def stored_publications(store: Store) -> list[StoredPublication]:
    """Return the publications of a store that are whole, by time."""
    return [
        StoredPublication(_id_of(each.name), each)
        for each in _objects(store)
        if each.name.endswith(_LABEL)
    ]


def read_label(store: Store, publication_id: str) -> FileLabel:
    """Return what the file of a publication is compared with; StoreError where it is damaged."""
    name = _label_name(_file_name(publication_id))
    data = store.read(name)
    try:
        return msgspec.json.decode(data, type=FileLabel)
    except msgspec.DecodeError:
        problem = StoreError(
            f"{name} of the store {store.address} is damaged; remove it, and run `pricehouse "
            "warehouse push` on the machine that writes the store"
        )
    raise problem


def fetch_publication(store: Store, publication_id: str, target: Path) -> None:
    """Write the file of a publication; StoreError where it is not the one that was pushed."""
    name, label = _file_name(publication_id), read_label(store, publication_id)
    if store.fetch(name, target, size=label.bytes) != label.sha256:
        raise StoreError(
            f"{name} of the store {store.address} has other bytes than were pushed; run "
            "`pricehouse warehouse push` on the machine that writes the store"
        )


def pull_newest(home: Home, store: Store) -> str | None:
    """Let the link of a home that only reads lead to the store's newest publication.

    Return its id where the link moved. The caller holds the lock of the home.
    """
    found = stored_publications(store)
    if not found or (newest := found[-1].publication_id) == published_id(home):
        return None
    try:
        link_publication(home, newest, lambda staged: fetch_publication(store, newest, staged))
    except ObjectMissing:
        if stored_publications(store)[-1:] == found[-1:]:
            raise
        return None  # it was removed since: there is a newer one
    return newest


def remove_old_publications(
    store: Store, *, older_than: timedelta = DELETE_OLDER_THAN
) -> list[str]:
    """Remove all but the newest three and those that were the newest lately; return their ids.

    Every time is the store's own: that of the newest publication is taken for now.
    """
    found = stored_publications(store)
    old = [
        each.publication_id
        for each, after in list(pairwise(found))[: -(KEEP - 1)]
        if found[-1].label.put_at - after.label.put_at >= older_than
    ]
    for publication_id in old:
        remove_publication(store, publication_id)
    return old


def torn_publications(store: Store) -> tuple[list[str], list[str]]:
    """Return the files without their label, and the labels without their file."""
    names = {each.name for each in _objects(store)}
    files = {name for name in names if not name.endswith(_LABEL)}
    labels = names - files
    return (
        sorted(file for file in files if _label_name(file) not in labels),
        sorted(p for p in labels if f"{p.removesuffix(_LABEL)}.duckdb" not in files),
    )


def remove_publication(store: Store, publication_id: str) -> None:
    """Remove one publication, whether it is there or not; its label first."""
    name = _file_name(publication_id)
    store.delete([_label_name(name), name])


def _objects(store: Store) -> list[StoredObject]:
    return [each for each in store.list(FOLDER) if _OURS.fullmatch(each.name)]


def _is_whole(store: Store, publication_id: str) -> bool:
    try:
        label = read_label(store, publication_id)
        return store.digest(_file_name(publication_id), size=label.bytes) == label.sha256
    except StoreError:
        return False


def _id_of(label_name: str) -> str:
    return label_name.removeprefix(f"{FOLDER}/marketplace-").removesuffix(_LABEL)


def _file_name(publication_id: str) -> str:
    return f"{FOLDER}/marketplace-{publication_id}.duckdb"


def _label_name(file_name: str) -> str:
    return f"{file_name.removesuffix('.duckdb')}{_LABEL}"
