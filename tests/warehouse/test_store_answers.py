"""What is made of the answers of object stores that refuse, are misspelt or cannot do enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.store import find_store
from samples.routes import ServerRequest
from schemas.errors import ObjectMissing, StoreError
from schemas.secrets import Secret, StoreKeys
from tests.support.object_store import RunningObjectStore
from tests.support.raw_server import RawReply, serving
from warehouse.store.objects import Store, StoreLimits, open_store
from warehouse.store.store_settings import S3Place, StoreSettings

CANARY = "CanaryOfTheStore0123"
QUICK = StoreLimits(connect_s=10, request_s=1, retries=0, retry_s=1)
EMPTY_LISTING = RawReply(
    body=b'<?xml version="1.0"?><ListBucketResult><Name>prices</Name><KeyCount>0</KeyCount>'
    b"<IsTruncated>false</IsTruncated></ListBucketResult>",
    headers={"Content-Type": "application/xml"},
)
STORED = RawReply(body=b"", headers={"ETag": '"1"'})


def store_at(url: str, region: str = "us-east-1") -> Store:
    place = S3Place("prices", "home", url, region, StoreKeys(Secret("key"), Secret(CANARY)))
    return open_store(StoreSettings("s3://prices/home", place), QUICK)


def refusal(status: int, code: str) -> RawReply:
    text = f"<Error><Code>{code}</Code><Message>{CANARY}</Message></Error>"
    return RawReply(status, text.encode(), {"Content-Type": "application/xml"})


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refusal(400, "ExpiredToken"), "the session token .* has ended"),
        (refusal(403, "InvalidToken"), "the session token .* has ended"),
        (refusal(403, "RequestTimeTooSkewed"), "the clock of this machine is wrong"),
        (refusal(400, "AuthorizationHeaderMalformed"), "set AWS_REGION to its region"),
        (refusal(301, "PermanentRedirect"), "set AWS_REGION to its region"),
        (refusal(403, "AccessDenied"), "does not allow this key to list"),
        (refusal(404, "NoSuchBucket"), "has no bucket prices; make the bucket, or set"),
        (refusal(503, "SlowDown"), "it answers 503"),
    ],
)
def test_a_refusal_has_its_remedy_and_no_text_of_the_server(answer: RawReply, message: str) -> None:
    with serving([answer]) as server, pytest.raises(StoreError, match=message) as caught:
        store_at(server.url).list("")
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_panic_of_the_client_is_an_error_of_the_store() -> None:
    """Settings that are read are checked; this is what is left of it for what was overlooked."""
    with serving([EMPTY_LISTING]) as server:
        store = store_at(server.url, region="us-east-1\n")
        with pytest.raises(StoreError, match="AWS_REGION") as caught:
            store.list("")
    assert caught.value.__context__ is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.read("home.json"),
        lambda store: store.head("home.json"),
        lambda store: store.list("landing"),
        lambda store: store.delete(["home.json"]),
        lambda store: store.put_new("home.json", b"x"),
        lambda store: store.put("home.json", b"x"),
    ],
    ids=["read", "head", "list", "delete", "put_new", "put"],
)
def test_a_bucket_that_is_not_there_is_named_and_not_made(
    object_store: RunningObjectStore, use: Callable[[Store], object]
) -> None:
    """SeaweedFS makes a bucket with the first object that is put."""
    settings = object_store.environment(PRICEHOUSE_STORE="s3://misspelt-bucket/home")
    for _ in range(2):
        store = find_store(settings)
        assert store is not None
        with pytest.raises(StoreError, match="has no bucket misspelt-bucket; make") as caught:
            use(store)
        assert not isinstance(caught.value, ObjectMissing)


def test_a_store_that_overwrites_is_refused_at_its_first_object() -> None:
    def answer(request: ServerRequest) -> RawReply:
        if request.method == "POST":
            return RawReply(body=b"<DeleteResult/>", headers={"Content-Type": "application/xml"})
        return STORED if request.method == "PUT" else EMPTY_LISTING

    with serving(answer) as server:
        store = store_at(server.url)
        with pytest.raises(StoreError, match="If-None-Match"):
            store.put_new("home.json", b"x")
        assert [request.method for request in server.requests] == ["GET", "PUT", "PUT", "POST"]


@pytest.mark.slow
def test_a_store_that_does_not_overwrite_is_used_as_it_is(object_store: RunningObjectStore) -> None:
    address = f"s3://{object_store.bucket()}/home"
    store = find_store(object_store.environment(PRICEHOUSE_STORE=address))
    assert store is not None
    assert [store.put_new("a", b"1"), store.put_new("a", b"2"), store.put_new("b", b"3")] == [
        *(True, False, True)
    ]
    assert [store.read("a"), store.read("b")] == [b"1", b"3"]


def test_a_large_body_may_take_longer_than_an_answer(tmp_path: Path) -> None:
    """Over a slow link 8 MB took longer than a request could, and so for ever."""

    def answer(request: ServerRequest) -> RawReply:
        if request.method == "GET":
            return EMPTY_LISTING
        return RawReply(body=b"", headers={"ETag": '"1"'}, wait_s=3 * QUICK.request_s)

    file = tmp_path / "file"
    file.write_bytes(b"1" * 1_000_000)
    with serving(answer) as server:
        store = store_at(server.url)
        store.put("a", file)
        with pytest.raises(StoreError, match="no answer in time"):
            store.put("b", b"small")
