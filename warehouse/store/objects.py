"""The only door to object stores. Only this module imports obstore.

Every failure becomes one error of ours. None carries an exception of obstore, not even as its
context, nor a text of a server: those hold addresses, keys and answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from schemas.errors import ObjectMissing, SettingsError, StoreError
from warehouse.storage.files import os_errors_as_home_error
from warehouse.store.store_failures import (
    ABSENT_BUCKET,
    PANIC,
    bucket_failure,
    folder_failure,
)
from warehouse.store.store_settings import SETTING, S3Place, StoreSettings

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig, S3Config

T = TypeVar("T")
_CHUNK_BYTES = 8 * 1024 * 1024
_SMALL_BYTES = 256 * 1024
"""What is sent within the time that an answer may take."""


@dataclass(frozen=True)
class StoreLimits:
    """How long one request may take, and how often it is sent again."""

    connect_s: float = 5.0
    request_s: float = 30.0
    """Without a byte of an answer; what takes longer to send has `body_s`."""
    body_s: float = 300.0
    """For all of a request and its answer: 8 MB over a slow link."""
    retries: int = 2
    retry_s: float = 30.0
    """After so long no request is sent again."""


@dataclass(frozen=True)
class StoredObject:
    """One object of a store; `put_at` is by the store's clock."""

    name: str
    size: int
    put_at: datetime


class Store:
    """One store. Names are relative to its folder or prefix, with `/` between their parts.

    Every method raises StoreError where the store does not answer or refuses.
    """

    def __init__(self, settings: StoreSettings, limits: StoreLimits) -> None:
        import obstore
        from obstore import exceptions

        self.address = settings.address
        self.folder = settings.place if isinstance(settings.place, Path) else None
        self._obstore = obstore
        self._errors = exceptions
        self._is_found = self.folder is not None
        """Whether its bucket is known to be there."""
        self._is_empty: bool | None = None if self.folder is None else False
        """Whether nothing is stored yet, None before anybody looked; a folder needs no look."""
        place = settings.place
        self._client = self._made(lambda: _client(place, limits, answer_s=limits.request_s))
        self._sender = self._made(lambda: _client(place, limits, answer_s=limits.body_s))

    def put_new(self, name: str, content: bytes | Path) -> bool:
        """Store an object under a name that is free; False where there is one, which stays.

        StoreError for the first object of a store that would put another in its place.
        """
        data = content if isinstance(content, bytes) else content.read_bytes()
        self._look()
        is_put = self._create(name, data)
        if is_put and self._is_empty:
            self._is_empty = False
            if self._create(name, data):
                with suppress(StoreError):
                    self.delete([name])
                raise StoreError(
                    f"the store {self.address} puts a second object in the place of the first "
                    "though it is asked not to (If-None-Match), so two machines would overwrite "
                    "each other; use an object store that supports it, or a newer version"
                )
        return is_put

    def put(self, name: str, content: bytes | Path) -> None:
        """Store an object, in the place of one of that name; readers see the old or the new."""
        self._look()
        source = content if isinstance(content, bytes) else content.open("rb")
        client = self._client if isinstance(source, bytes) else self._sender
        try:
            self._call(
                lambda: self._obstore.put(
                    client, name, source, chunk_size=_CHUNK_BYTES, max_concurrency=4
                ),
                "write",
            )
        finally:
            if not isinstance(source, bytes):
                source.close()

    def read(self, name: str) -> bytes:
        """Return an object; ObjectMissing without it."""
        return self._found(name, lambda: bytes(self._obstore.get(self._client, name).bytes()))

    def fetch(self, name: str, target: Path, *, size: int) -> str:
        """Write an object of so many bytes to a file, and return its sha256; ObjectMissing without
        it, StoreError where it is shorter.

        In parts, so that none takes longer than a request may.
        """
        digest = sha256()
        with os_errors_as_home_error(target), target.open("wb") as file:
            for start in range(0, size, _CHUNK_BYTES):
                part = self._found(name, self._part(name, start, min(_CHUNK_BYTES, size - start)))
                digest.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())  # it is renamed next, and must be whole after a power cut
        return digest.hexdigest()

    def digest(self, name: str, *, size: int) -> str:
        """Return the sha256 of an object of so many bytes; errors as `fetch`."""
        digest = sha256()
        for start in range(0, size, _CHUNK_BYTES):
            digest.update(
                self._found(name, self._part(name, start, min(_CHUNK_BYTES, size - start)))
            )
        return digest.hexdigest()

    def head(self, name: str) -> StoredObject | None:
        """Return what is known of an object, None without it."""
        try:
            found = self._found(name, lambda: self._obstore.head(self._client, name))
        except ObjectMissing:
            return None
        return StoredObject(name, found["size"], found["last_modified"])

    def list(self, folder: str, *, after: str | None = None) -> list[StoredObject]:
        """Return the objects below a folder by name.

        `after` an object or a folder that lies in it, those that follow that name: also what such a
        folder has.
        """
        # SeaweedFS leaves a folder out whose own name is the offset, so a shorter name is sent
        offset = after[:-1] if after else None
        found = self._call(
            lambda: [
                StoredObject(each["path"], each["size"], each["last_modified"])
                for page in self._obstore.list(self._client, folder, offset=offset, chunk_size=1000)
                for each in page
            ],
            "list",
        )
        self._is_found = True
        following = (each for each in found or () if after is None or each.name > after)
        return sorted(following, key=lambda each: each.name)

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects; one that is gone already is no error."""
        for name in names:
            self._call(
                partial(self._obstore.delete, self._client, name),
                "delete",
                absent=FileNotFoundError,
            )

    def _part(self, name: str, start: int, length: int) -> Callable[[], bytes]:
        def read() -> bytes:
            part = bytes(self._obstore.get_range(self._client, name, start=start, length=length))
            if len(part) != length:
                raise self._errors.GenericError("it is shorter than it was")
            return part

        return read

    def _create(self, name: str, data: bytes) -> bool:
        client = self._client if len(data) <= _SMALL_BYTES else self._sender
        is_put = self._call(
            lambda: self._obstore.put(client, name, data, mode="create"),
            "write",
            absent=self._errors.AlreadyExistsError,
        )
        return is_put is not None

    def _look(self) -> None:
        """Look before the first object is put: some object stores make the bucket of a misspelt
        name.
        """
        if self._is_empty is None:
            self._is_empty = self._has_nothing()

    def _has_nothing(self) -> bool:
        found = self._made(lambda: self._obstore.list_with_delimiter(self._client), "list")
        self._is_found = True
        return not found["objects"] and not found["common_prefixes"]

    def _found(self, name: str, call: Callable[[], T]) -> T:
        found = self._call(call, "read", absent=FileNotFoundError)
        if found is None:
            if not self._is_found:  # an answer to HEAD does not say whether there is a bucket
                self._has_nothing()
            raise ObjectMissing(
                f"the store {self.address} lacks {name}; run `pricehouse doctor` on the machine "
                "that writes it, which names what to do"
            )
        return found

    def _call(
        self, call: Callable[[], T], action: str, *, absent: type[Exception] | tuple[()] = ()
    ) -> T | None:
        """Return what a call gives, None where it raises `absent`."""
        try:
            return self._made(call, action, passed=absent)
        except absent:
            return None

    def _made(
        self,
        call: Callable[[], T],
        action: str = "open",
        *,
        passed: type[Exception] | tuple[()] = (),
    ) -> T:
        """Return what a call gives; StoreError where it fails, unless that is `passed`.

        A failure is raised outside of the `except`: the chain of an error is kept and printed by
        others.
        """
        error: BaseException
        try:
            return call()
        except passed as found:
            if ABSENT_BUCKET not in str(found):
                raise
            error = found
        except (self._errors.BaseError, OSError, ValueError) as found:
            error = found
        except BaseException as found:
            if type(found).__name__ != PANIC:
                raise
            error = found
        failure = bucket_failure if self.folder is None else folder_failure
        problem = failure(self.address, error, action)
        del error
        raise problem


def open_store(settings: StoreSettings, limits: StoreLimits | None = None) -> Store:
    """Return a store, which nothing was sent to yet; SettingsError where obstore is missing."""
    try:
        return Store(settings, limits or StoreLimits())
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("obstore"):
            raise
    raise SettingsError(
        f"{SETTING} is set, and the package obstore is not installed; run "
        "`pip install 'pricehouse[lake]'`, or unset it"
    )


def _client(place: Path | S3Place, limits: StoreLimits, *, answer_s: float) -> ObjectStore:
    """Return a client that gives up after `answer_s` seconds without a byte of an answer."""
    from obstore.store import LocalStore, S3Store

    if isinstance(place, Path):
        return LocalStore(place, automatic_cleanup=True)
    retry: RetryConfig = {
        "max_retries": limits.retries,
        "retry_timeout": timedelta(seconds=limits.retry_s),
    }
    keys = place.keys
    config: S3Config = {
        "region": place.region,
        "access_key_id": keys.access_key_id.reveal(),
        "secret_access_key": keys.secret_access_key.reveal(),
    }
    if keys.session_token is not None:
        config["session_token"] = keys.session_token.reveal()
    if place.endpoint is not None:
        config["endpoint"] = place.endpoint
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        config=config,
        client_options={
            "allow_http": (place.endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=limits.connect_s),
            "read_timeout": timedelta(seconds=answer_s),
            "timeout": timedelta(seconds=limits.body_s),
        },
        retry_config=retry,
    )
