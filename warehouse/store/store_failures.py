"""Say in a sentence what a store or its client reports, without a text of a server."""

from __future__ import annotations

import re

from schemas.errors import StoreError
from warehouse.store.store_settings import SETTING

PANIC = "PanicException"
"""What obstore raises where its own code fails: no subclass of Exception, so known by its name."""
ABSENT_BUCKET = "NoSuchBucket"
_SERVER_ERROR = re.compile(r"status code: (5\d\d)")
_TIMEOUT = re.compile(r"kind: Timeout|timed out")
_ENDED = re.compile(r"ExpiredToken|InvalidToken|TokenRefreshRequired")
_REFUSALS = re.compile(r"AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|status code: 40[13]")
_DENIED = {"PermissionDeniedError", "UnauthenticatedError"}
_ELSEWHERE = re.compile(
    r"PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|"
    r"incorrectly configured region"
)


def folder_failure(address: str, error: BaseException, action: str) -> StoreError:
    """Return what is wrong with a store in a folder, whose text has no secret and the reason."""
    reason = re.sub(r"\s+", " ", str(error).partition("Debug source")[0]).strip()[:200]
    return StoreError(
        f"the store {address} cannot be used to {action}: {reason}; look after that folder, and "
        "run again"
    )


def bucket_failure(address: str, error: BaseException, action: str) -> StoreError:
    """Return what is wrong with a store on S3, by the codes that S3 defines."""
    text = str(error)
    if ABSENT_BUCKET in text:
        return _absent(address)
    if _ENDED.search(text):
        return StoreError(
            f"the session token for the store {address} has ended or is not of these keys; set "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew, or keys that "
            "last without the token"
        )
    if "RequestTimeTooSkewed" in text:
        return StoreError(
            f"the store {address} refuses requests because the clock of this machine is wrong; "
            "set it right, and run again"
        )
    if _ELSEWHERE.search(text):
        return StoreError(
            f"the bucket of the store {address} is in another region than AWS_REGION names; set "
            "AWS_REGION to its region"
        )
    if type(error).__name__ in _DENIED or _REFUSALS.search(text):
        return StoreError(
            f"the store {address} does not allow this key to {action}; set keys that may, and "
            "check AWS_REGION and the clock of this machine"
        )
    return StoreError(
        f"the store {address} cannot be reached ({_problem(error, text)}); check that it runs, "
        "AWS_ENDPOINT_URL and AWS_REGION, and run again: what it lacks is pushed then"
    )


def _absent(address: str) -> StoreError:
    bucket = address.removeprefix("s3://").partition("/")[0]
    return StoreError(
        f"the store {address} has no bucket {bucket}; make the bucket, or set {SETTING} and "
        "AWS_ENDPOINT_URL right"
    )


def _problem(error: BaseException, text: str) -> str:
    if found := _SERVER_ERROR.search(text):
        return f"it answers {found[1]}"
    if _TIMEOUT.search(text):
        return "no answer in time"
    if "error sending request" in text or "Connect" in text:
        return "no connection"
    return type(error).__name__
