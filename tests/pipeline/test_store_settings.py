"""Where a store is, by which keys, and what a command without them reports."""

from __future__ import annotations

import subprocess
import sys
import traceback
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from pipeline.store import find_store
from providers.secrets.store_keys import find_store_keys
from samples.hub import serve
from schemas.errors import SettingsError, StoreError
from schemas.secrets import Secret, StoreKeys
from tests.support.bao import Bao, dev_server
from tests.support.command import answered, environment, pricehouse
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.object_store import ADMIN_SECRET, RunningObjectStore
from tests.support.stores import StorePlace, folder_place
from warehouse.store.objects import StoreLimits, open_store
from warehouse.store.store_settings import S3Place, StoreSettings, read_store_settings

S3 = {"PRICEHOUSE_STORE": "s3://prices/home"}
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "CanaryOfTheStore0123"}
ENDPOINT = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
QUICK = StoreLimits(connect_s=1, request_s=1, retries=0, retry_s=1)
WITHOUT_OBSTORE = """
import sys
sys.modules["obstore"] = None
from cli.main import main
main()
"""
IMPORTED = """
import sys
from cli.main import main
try:
    main()
finally:
    assert "obstore" not in sys.modules, "obstore is loaded"
"""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"PRICEHOUSE_STORE": "gs://prices"}, "scheme 'gs'"),
        ({"PRICEHOUSE_STORE": "s3://"}, "like s3://bucket/prefix"),
        ({"PRICEHOUSE_STORE": "s3://key:CanaryOfTheStore0123@prices/home"}, "no bucket"),
        ({"PRICEHOUSE_STORE": "s3://prices/../other"}, "no bucket"),
        ({"PRICEHOUSE_STORE": "/no/such/folder"}, "is no folder"),
        (S3 | KEYS, "AWS_ENDPOINT_URL"),
        (S3 | ENDPOINT, "AWS_ACCESS_KEY_ID"),
        (S3 | ENDPOINT | {"AWS_ACCESS_KEY_ID": "key"}, "without AWS_SECRET_ACCESS_KEY"),
        (S3 | KEYS | {"AWS_ENDPOINT_URL": "http://u:CanaryOfTheStore0123@h"}, "no plain address"),
        (S3 | KEYS | {"AWS_ENDPOINT_URL_S3": "prices.example"}, "no plain address"),
        (S3 | KEYS | {"AWS_ENDPOINT_URL": "http://prices.example/a b"}, "no plain address"),
        (S3 | KEYS | {"AWS_ENDPOINT_URL": "http://prices.example/a\nb"}, "no plain address"),
        (S3 | KEYS | {"AWS_ENDPOINT_URL": "http://pr\u00e9is.example"}, "no plain address"),
        (S3 | KEYS | {"AWS_ENDPOINT_URL": "http://%zz:9000"}, "no plain address"),
        (S3 | KEYS | {"AWS_REGION": "eu west"}, "is no region"),
        (S3 | KEYS | {"AWS_DEFAULT_REGION": "eu\u00e9"}, "is no region"),
        ({"PRICEHOUSE_STORE": "~no-such-user/x"}, "PRICEHOUSE_STORE is ~no-such-user/x"),
        (
            {"PRICEHOUSE_STORE": "/srv/prices", "PRICEHOUSE_HOME": "~no-such-user/x"},
            "PRICEHOUSE_HOME is ~no-such-user/x",
        ),
    ],
)
def test_a_store_that_cannot_be_is_named_without_a_secret(
    settings: dict[str, str], message: str
) -> None:
    if message == "is no folder":
        message = "which is no folder"
    with pytest.raises(SettingsError, match=message) as caught:
        find_store(settings)
    assert "CanaryOfTheStore0123" not in str(caught.value)


def test_what_a_copied_line_brings_with_it_is_no_part_of_a_setting() -> None:
    """A region or an address with a line break made obstore panic."""
    around = {"AWS_ENDPOINT_URL": " http://127.0.0.1:9/\n", "AWS_REGION": "us-east-1\n"}
    found = read_store_settings(S3 | around, lambda: StoreKeys(Secret("key"), Secret("secret")))
    assert found is not None
    assert isinstance(found.place, S3Place)
    assert (found.place.endpoint, found.place.region) == ("http://127.0.0.1:9/", "us-east-1")


@pytest.mark.parametrize(
    ("store", "home"),
    [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("link", "a/b"), ("link/../a", "a"), ("loop", "loop")],
)
def test_a_store_that_is_its_home_or_lies_in_it_is_refused(
    tmp_path: Path, store: str, home: str
) -> None:
    """Maintenance would remove from the home what it removes from the store."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "loop").symlink_to("loop")
    settings = {"PRICEHOUSE_STORE": str(tmp_path / store), "PRICEHOUSE_HOME": str(tmp_path / home)}
    with pytest.raises(SettingsError, match="beside its home"):
        find_store(settings)


def test_a_home_in_its_store_is_refused_by_every_command(tmp_path: Path) -> None:
    store, home = tmp_path / "store", tmp_path / "store" / "home"
    store.mkdir()
    for arguments in (["ingest"], ["warehouse", "push"], ["maintain"], ["up"], ["serve"]):
        done = pricehouse(*arguments, home=home, PRICEHOUSE_STORE=str(store))
        assert (done.returncode, "beside its home" in " ".join(done.stderr.split())) == (2, True)
        assert "Traceback" not in done.stderr
    assert list(store.iterdir()) == []


@pytest.mark.parametrize("setting", ["PRICEHOUSE_STORE", "PRICEHOUSE_HOME"])
def test_a_folder_of_an_unknown_user_is_one_sentence(tmp_path: Path, setting: str) -> None:
    for command in ("status", "ingest"):
        given = {"PRICEHOUSE_HOME": str(tmp_path / "home")} | {setting: "~no-such-user/x"}
        done = CliRunner().invoke(main, [command], env=given)
        assert done.exit_code == 2
        text = " ".join(done.output.split())
        assert "write the whole path" in text or "nothing here yet" in text


def test_without_a_store_nothing_is_opened() -> None:
    assert find_store({}) is None
    assert find_store({"PRICEHOUSE_STORE": " "}) is None


@pytest.fixture(scope="module")
def bao(tmp_path_factory: pytest.TempPathFactory) -> object:
    with dev_server(tmp_path_factory.mktemp("bao")) as server:
        yield server


def test_keys_come_from_vault_where_the_variables_are_empty(bao: Bao) -> None:
    assert find_store_keys(bao.environment()) is None
    bao.admin().secrets.kv.v2.create_or_update_secret(
        path="store/keys", secret={"access_key_id": "id", "secret_access_key": "from-vault"}
    )
    found = find_store_keys(bao.environment())
    assert found is not None
    assert found.secret_access_key.reveal() == "from-vault"
    given = find_store_keys(bao.environment(**KEYS))
    assert given is not None
    assert given.access_key_id.reveal() == "key"
    bao.admin().secrets.kv.v2.create_or_update_secret(
        path="store/keys", secret={"access_key_id": "id"}
    )
    with pytest.raises(SettingsError, match="secret_access_key of secret/store/keys"):
        find_store_keys(bao.environment())


def test_where_obstore_is_missing_the_extra_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_OBSTORE, "ingest"],
        env=environment(tmp_path / "home", **folder_place(tmp_path).environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'pricehouse[lake]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_store_obstore_is_not_loaded(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        for command in (["ingest"], ["status"], ["maintain"], ["replay"]):
            done = subprocess.run(
                [sys.executable, "-c", IMPORTED, *command],
                env=environment(tmp_path / "home", hub.url),
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_commands_push_by_the_setting_and_status_names_the_store(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, settings = tmp_path / "home", store_place.environment
    with serve(small_catalog()) as hub:
        assert pricehouse("ingest", home=home, url=hub.url, **settings).returncode == 0
    status = answered(pricehouse("status", "--json", home=home, **settings))
    assert status["store"] == settings["PRICEHOUSE_STORE"]
    assert f"store: {status['store']}" in pricehouse("status", home=home, **settings).stdout
    pushed = answered(pricehouse("warehouse", "push", "--json", home=home, **settings))
    assert pushed["files"] == 0
    there = tmp_path / "there"
    pulled = answered(pricehouse("warehouse", "pull", "--json", home=there, **settings))
    assert pulled["publication_id"] == status["publication_id"]
    assert pricehouse("doctor", home=there, **settings).returncode == 0
    used = pricehouse("warehouse", "pull", home=there, **settings)
    assert (used.returncode, "is not empty" in used.stderr) == (2, True)
    for command in ("push", "pull"):
        unset = pricehouse("warehouse", command, home=there)
        assert (unset.returncode, "no store is set" in unset.stderr) == (2, True)
    assert ADMIN_SECRET not in repr((status, pushed, pulled))
    files = [path for path in (*home.rglob("*"), *there.rglob("*")) if path.is_file()]
    assert [path for path in files if ADMIN_SECRET.encode() in path.read_bytes()] == []
    store = store_place.open()
    objects = [each.name for each in store.list("")]
    assert [name for name in objects if ADMIN_SECRET.encode() in store.read(name)] == []


def test_a_key_that_is_refused_is_one_sentence(
    object_store: RunningObjectStore, tmp_path: Path
) -> None:
    canary = "CanaryOfAWrongKey0123456789"
    settings = object_store.environment(
        PRICEHOUSE_STORE=f"s3://{object_store.bucket()}/home", AWS_SECRET_ACCESS_KEY=canary
    )
    done = pricehouse("ingest", home=tmp_path, **settings)
    assert done.returncode == 1
    assert "does not allow this key" in done.stderr
    assert canary not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert pricehouse("doctor", home=tmp_path, **settings).stdout.count("does not allow") == 1


def test_the_key_that_reads_can_write_nothing(
    object_store: RunningObjectStore, tmp_path: Path
) -> None:
    settings = object_store.environment(
        reader=True, PRICEHOUSE_STORE=f"s3://{object_store.bucket()}/home"
    )
    store = find_store(settings)
    assert store is not None
    for write in (
        lambda: store.put("a", b"b"),
        lambda: store.put_new("a", b"b"),
        lambda: store.delete(["a"]),
    ):
        with pytest.raises(StoreError, match="does not allow"):
            write()
    with serve(small_catalog()) as hub, pytest.raises(StoreError, match="does not allow"):
        ingest(tmp_path, hub, clock=Clock(), store=store)
    assert store.list("") == []


def test_a_store_that_hangs_or_is_gone_is_one_sentence_without_a_chain(
    object_store: RunningObjectStore, tmp_path: Path
) -> None:
    keys = StoreKeys(Secret("key"), Secret("CanaryOfTheStore0123"))
    for url, around, problem in (
        (object_store.url, object_store.hanging(), "no answer in time"),
        ("http://127.0.0.1:9", nullcontext(), "no connection"),
    ):
        place = S3Place("prices", "home", url, "us-east-1", keys)
        store = open_store(StoreSettings("s3://prices/home", place), QUICK)
        with around, pytest.raises(StoreError, match="cannot be reached") as caught:
            store.read("a")
        assert caught.value.__context__ is None
        text = "".join(traceback.format_exception(caught.value))
        assert "CanaryOfTheStore0123" not in text
        assert "Debug source" not in text
        assert problem in text
