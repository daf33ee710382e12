"""The only door to object stores. Only this module imports obstore.

Every failure becomes one error of ours. None carries an exception of obstore, not even as its
context, nor a text of a server: those hold addresses, keys and answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from schemas.errors import ObjectMissing, SettingsError, StoreError
from warehouse.storage.files import os_errors_as_home_error
from warehouse.store.store_settings import SETTING, S3Place, StoreSettings

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig, S3Config

T = TypeVar("T")
_CHUNK_BYTES = 8 * 1024 * 1024
_SERVER_ERROR = re.compile(r"status code: (5\d\d)")
_TIMEOUT = re.compile(r"kind: Timeout|timed out")
_REFUSALS = re.compile(r"AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|status code: 40[13]")


@dataclass(frozen=True)
class StoreLimits:
    """How long one request may take, and how often it is sent again."""

    connect_s: float = 5.0
    request_s: float = 30.0
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
        self._client: ObjectStore = _client(settings.place, limits)

    def put_new(self, name: str, content: bytes | Path) -> bool:
        """Store an object under a name that is free; False where there is one, which stays."""
        data = content if isinstance(content, bytes) else content.read_bytes()
        is_put = self._call(
            lambda: self._obstore.put(self._client, name, data, mode="create"),
            "write",
            absent=self._errors.AlreadyExistsError,
        )
        return is_put is not None

    def put(self, name: str, content: bytes | Path) -> None:
        """Store an object, in the place of one of that name; readers see the old or the new."""
        source = content if isinstance(content, bytes) else content.open("rb")
        try:
            self._call(
                lambda: self._obstore.put(
                    self._client, name, source, chunk_size=_CHUNK_BYTES, max_concurrency=4
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

    def _found(self, name: str, call: Callable[[], T]) -> T:
        found = self._call(call, "read", absent=FileNotFoundError)
        if found is None:
            raise ObjectMissing(
                f"the store {self.address} lacks {name}; run `pricehouse doctor` on the machine "
                "that writes it, which names what to do"
            )
        return found

    def _call(
        self, call: Callable[[], T], action: str, *, absent: type[Exception] | tuple[()] = ()
    ) -> T | None:
        """Return what a call gives, None where it raises `absent`.

        A failure is raised outside of the `except`: the chain of an error is kept and printed by
        others.
        """
        try:
            return call()
        except absent:
            return None
        except (self._errors.BaseError, OSError, ValueError) as error:
            failure = self._failure(error, action)
        raise failure

    def _failure(self, error: Exception, action: str) -> StoreError:
        text = str(error)
        if self.folder is not None:  # a folder has no secret, and only its text has the reason
            reason = re.sub(r"\s+", " ", text.partition("Debug source")[0]).strip()[:200]
            return StoreError(
                f"the store {self.address} cannot be used to {action}: {reason}; look after that "
                "folder, and run again"
            )
        denied = (self._errors.PermissionDeniedError, self._errors.UnauthenticatedError)
        if isinstance(error, denied) or _REFUSALS.search(text):
            return StoreError(
                f"the store {self.address} does not allow this key to {action}; set keys that "
                "may, and check AWS_REGION and the clock of this machine"
            )
        if "NoSuchBucket" in text:
            return StoreError(
                f"the store {self.address} has no such bucket; make it, or check "
                f"{SETTING} and AWS_ENDPOINT_URL"
            )
        if found := _SERVER_ERROR.search(text):
            problem = f"it answers {found[1]}"
        elif _TIMEOUT.search(text):
            problem = "no answer in time"
        elif "error sending request" in text or "Connect" in text:
            problem = "no connection"
        else:
            problem = type(error).__name__
        return StoreError(
            f"the store {self.address} cannot be reached ({problem}); check that it runs, "
            "AWS_ENDPOINT_URL and AWS_REGION, and run again: what it lacks is pushed then"
        )


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


def _client(place: Path | S3Place, limits: StoreLimits) -> ObjectStore:
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
            "timeout": timedelta(seconds=limits.request_s),
        },
        retry_config=retry,
    )
