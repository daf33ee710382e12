"""The commands with a shared warehouse, as processes of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.hub import Hub, serve
from tests.support.command import answered, pricehouse
from tests.support.killing import catalog
from tests.support.lakes import SharedPlace, lake_in_bucket, lake_in_folder
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from warehouse.storage.landing import Landing


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with serve(catalog(0)) as running:
        yield running


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("ducklake:postgres:dbname=x", "PRICEHOUSE_STORE is not"),
        ("ducklake:sqlite:file.db", "must be like `ducklake:postgres:"),
        ("ducklake:postgres:host=h", "names no database"),
        ("ducklake:postgres:dbname=x password=CanaryOfTheSetting", "a password belongs into"),
        ("ducklake:postgres:dbname=x nonsense", "no known `name=value`"),
        ("ducklake:postgres:dbname=x schema=A-B", "small letters"),
        ("ducklake:postgres:dbname='x", "cannot be read"),
        ("ducklake:postgres:dbname=", "names no database"),
        ("ducklake:postgres:dbname=x port=54a", "port= takes a whole number"),
        ("ducklake:postgres:dbname=x port=99999", "port= takes a whole number from 1 to 65535"),
        ("ducklake:postgres:dbname=x connect_timeout=99999999999", "whole number from 0 to"),
        ("ducklake:postgres:dbname=x schema=pg_hub", "a name of PostgreSQL's own"),
        ("ducklake:postgres:dbname=x sslmode=always", "sslmode= takes disable, allow"),
        ("ducklake:postgres:dbname=x sslrootcert=ca.pem", "sslrootcert= must be an absolute path"),
        ("ducklake:postgres:dbname=postgresql://u:CanaryOfTheSetting@h/x", "a name alone"),
        ("ducklake:postgres:dbname='host=h password=CanaryOfTheSetting'", "a name alone"),
        ("ducklake:postgres:dbname=x host=u:CanaryOfTheSetting@h", "a name alone"),
    ],
)
@pytest.mark.parametrize("arguments", [["ingest"], ["status"], ["up", "--no-serve"]])
def test_a_setting_that_cannot_be_used_is_refused_with_a_sentence(
    tmp_path: Path, setting: str, message: str, arguments: list[str]
) -> None:
    done = pricehouse(*arguments, home=tmp_path / "home", PRICEHOUSE_WAREHOUSE=setting)
    assert done.returncode == 2
    if arguments != ["status"]:  # which names the absent home first
        assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert "CanaryOfTheSetting" not in done.stderr + done.stdout
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("name", "signs"), [("star*", "*"), ("h[ab]", "[ ]"), ("q?x", "?"), ("back\\s", "\\")]
)
def test_a_store_folder_that_is_a_pattern_is_refused(tmp_path: Path, name: str, signs: str) -> None:
    """DuckLake removed files of every folder that the pattern matches."""
    (tmp_path / name).mkdir()
    settings = {
        "PRICEHOUSE_WAREHOUSE": "ducklake:postgres:dbname=x host=127.0.0.1 port=1",
        "PRICEHOUSE_STORE": str(tmp_path / name / "store"),
    }
    (tmp_path / name / "store").mkdir()
    for arguments in (["ingest"], ["maintain"], ["warehouse", "pull"]):
        done = pricehouse(*arguments, home=tmp_path / "home", **settings)
        assert done.returncode == 2
        assert f"its path may not have {signs}, which" in " ".join(done.stderr.split())


@pytest.mark.slow
def test_no_output_file_or_log_holds_a_password(
    tmp_path: Path, hub: Hub, shared_postgres: Postgres, object_store: RunningObjectStore
) -> None:
    place = lake_in_bucket(shared_postgres, object_store, tmp_path / "shared")
    settings = {k: v for k, v in place.environment.items() if k != "PGPASSFILE"}
    password, secret = shared_postgres.password, settings["AWS_SECRET_ACCESS_KEY"]
    home, url = tmp_path / "home", hub.url
    given = settings | {"PGPASSWORD": password}
    texts = []
    for arguments, more in (
        (("ingest",), {}),
        (("ingest",), {"PGPASSWORD": f"{password}-wrong"}),
        (("ingest",), {"PRICEHOUSE_STORE": "s3://no-such-bucket/home"}),
        (("status",), {}),
        (("doctor",), {}),
        (("doctor",), {"PGPASSWORD": f"{password}-wrong"}),
        (("maintain",), {}),
        (("warehouse", "pull"), {}),
    ):
        done = pricehouse(*arguments, home=home, url=url, **(given | more))
        assert "Traceback" not in done.stderr, done.stderr
        texts.append(done.stdout + done.stderr)
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    for canary in (password, secret):
        assert all(canary not in text for text in texts)
        assert [path for path in files if canary.encode() in path.read_bytes()] == []
    assert password not in shared_postgres.log
    query = "SELECT application_name || query FROM pg_stat_activity"
    assert password not in shared_postgres.run(query)


@pytest.mark.slow
def test_doctor_names_what_is_wrong_and_its_remedies_help(
    tmp_path: Path, hub: Hub, shared_postgres: Postgres
) -> None:
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    first, second, url = tmp_path / "first", tmp_path / "second", hub.url

    def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return pricehouse(*arguments, home=home, url=url, **place.environment)

    def failed(home: Path) -> dict[str, str]:
        done = run(home, "doctor", "--json")
        findings = json.loads(done.stdout)["findings"]
        return {f["check"]: f["said"] for f in findings if not f["well"]}

    assert answered(run(first, "ingest", "--json"))["outcome"] == "published"
    assert failed(first) == {}
    assert "shared warehouse: postgres on" in run(first, "status").stdout
    assert answered(run(second, "warehouse", "pull", "--json"))["how"] == "pulled"
    # the shared warehouse is ahead
    hub.show(catalog(1))
    assert answered(run(first, "ingest", "--json"))["outcome"] == "published"
    assert "is ahead" in failed(second)["lake_copy"]
    assert run(second, "warehouse", "pull").returncode == 0
    assert failed(second) == {}
    # the copy is ahead: a run without the setting
    assert pricehouse("ingest", home=second, url=url).returncode == 0
    assert "this home is ahead" in failed(second)["lake_copy"]
    assert run(first, "ingest").returncode == 0
    assert "has another" in failed(second)["lake_copy"]
    assert run(second, "warehouse", "pull").returncode == 0
    assert failed(second) == {}
    assert len(Landing(second / "landing").set_aside_runs()) == 1
    # a file is lost
    data = Path(place.settings.data)
    lost = max(data.rglob("*.parquet"), key=lambda path: path.stat().st_size)
    lost.unlink()
    assert str(lost) in failed(first)["lake_files"]
    assert run(second, "warehouse", "push", "--rewrite").returncode == 0
    assert failed(first) == {}
    # files of a killed writer
    orphan = lost.with_name("ducklake-orphan.parquet")
    orphan.write_bytes(b"torn")
    assert failed(first) == {}
    subprocess.run(["touch", "-d", "3 days ago", str(orphan)], check=True)
    assert "ducklake-orphan" in failed(first)["lake_orphans"]
    assert run(first, "maintain").returncode == 0
    assert failed(first) == {}
    assert not orphan.exists()


def test_two_schemas_have_locks_and_data_of_their_own(
    tmp_path: Path, shared_postgres: Postgres
) -> None:
    places: list[SharedPlace] = [
        lake_in_folder(shared_postgres, tmp_path / name) for name in ("one", "two")
    ]
    one, two = (place.settings for place in places)
    assert one.lock_key != two.lock_key
    assert one.data != two.data
