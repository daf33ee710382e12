"""Read from the environment where the store of a home is; the keys are found by others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from schemas.errors import SettingsError
from schemas.folders import read_home, read_path
from schemas.secrets import StoreKeys

SETTING = "PRICEHOUSE_STORE"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_S3 = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_.=-]+(/[A-Za-z0-9_.=-]+)*")
_REGION = re.compile(r"[A-Za-z0-9-]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_LIKE = "it must be like s3://bucket/prefix, or a folder"


@dataclass(frozen=True)
class S3Place:
    """A prefix of a bucket, and the keys for it; without an endpoint it is AWS's."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str
    keys: StoreKeys


@dataclass(frozen=True)
class StoreSettings:
    """Where a store is: in a folder, or on S3. `address` names it without a secret."""

    address: str
    place: Path | S3Place


def store_address(environment: Mapping[str, str]) -> str | None:
    """Return the address of the store, None without one; SettingsError for one that is none, or
    that is the home's own folder.
    """
    text = (environment.get(SETTING) or "").strip()
    if not text:
        return None
    if text.startswith(_S3):
        bucket, prefix = _parts(text)
        return f"{_S3}{bucket}/{prefix}".rstrip("/")
    if "://" in text:  # not quoted: it may hold a password
        raise SettingsError(f"{SETTING} has the scheme {text.partition('://')[0]!r}; {_LIKE}")
    folder = read_path(text, setting=SETTING).absolute()
    _require_apart(folder, read_home(environment))
    return str(folder)


def read_store_settings(
    environment: Mapping[str, str], find_keys: Callable[[], StoreKeys | None]
) -> StoreSettings | None:
    """Return where the store is, None where none is set; SettingsError names what is missing.

    `find_keys` is called for S3 alone. Without keys and a region or an endpoint nothing begins: a
    client of S3 would ask the metadata service of a cloud for them, and wait for it.
    """
    address = store_address(environment)
    if address is None:
        return None
    if not address.startswith(_S3):
        folder = Path(address)
        if not folder.is_dir():
            raise SettingsError(
                f"{SETTING} is {address}, which is no folder; make it, or mount it, and run again"
            )
        return StoreSettings(address, folder)
    endpoint, region = _first(environment, ENDPOINTS), _first(environment, REGIONS)
    if endpoint is not None:
        _require_url(endpoint)
    if region is not None and not _REGION.fullmatch(region):
        raise SettingsError(
            f"{' or '.join(REGIONS)} is no region (not shown); it must be a name of letters, "
            "digits and hyphens, like us-east-1"
        )
    if endpoint is None and region is None:
        raise SettingsError(
            f"{SETTING} is {address}, and neither an endpoint nor a region is set; set "
            "AWS_ENDPOINT_URL to the address of the object store, or AWS_REGION for AWS"
        )
    keys = find_keys()
    if keys is None:
        raise SettingsError(
            f"{SETTING} is {address}, and there are no keys for it; set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or store both as store/keys in Vault"
        )
    bucket, prefix = _parts(address)
    return StoreSettings(address, S3Place(bucket, prefix, endpoint, region or "us-east-1", keys))


def _require_apart(store: Path, home: Path) -> None:
    """Refuse a store that is the home, or lies in it, or the other way round: what goes from one
    would go from the other too.
    """
    # not Path.resolve(), which raises on a loop of links
    own, other = (Path(os.path.realpath(folder)) for folder in (home, store))
    if own == other or own in other.parents or other in own.parents:
        raise SettingsError(
            f"{SETTING} is {store} and the home is {home.absolute()}: a store must be beside its "
            f"home, not the same folder, nor in it, nor around it; set {SETTING} to another folder"
        )


def _parts(text: str) -> tuple[str, str]:
    bucket, _, prefix = text.removeprefix(_S3).partition("/")
    prefix = prefix.strip("/")
    good = _BUCKET.fullmatch(bucket) and (not prefix or _PREFIX.fullmatch(prefix))
    if not good or {".", ".."} & set(prefix.split("/")):
        raise SettingsError(f"{SETTING} names no bucket and prefix (not shown); {_LIKE}")
    return bucket, prefix


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    found = (environment.get(name, "").strip() for name in names)
    return next(filter(None, found), None)


def _require_url(endpoint: str) -> None:
    try:
        plain_text = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and bool(_HOST.fullmatch(parts.hostname or ""))
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        usable = plain = False
    if not (usable and plain and plain_text):
        raise SettingsError(
            f"{' or '.join(ENDPOINTS)} is no plain address (not shown); it must be like "
            "https://s3.example:9000, without user, password, query, fragment or spaces"
        )
