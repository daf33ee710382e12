"""What landed is whole, is stored once, and damage to it is an error."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.failed_runs import failed_before_each, failed_since_commit
from schemas.errors import HomeError, LandingError
from schemas.payload import Payload
from schemas.records import EndMark, FeedFetch, LandedPage, RunRecord
from warehouse.storage.future_runs import require_wrong_clock
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder

CHECKOUT = Path(__file__).parents[2]
NOON = datetime(2026, 2, 26, 12, 27, tzinfo=UTC)

PUT_ON_A_FULL_DISK = """
import os, resource, sys
from pathlib import Path
from schemas.errors import HomeError
from warehouse.storage.landing import Landing
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    Landing(Path(sys.argv[1])).put(os.urandom(100_000))
except HomeError as error:
    print(error)
"""

LAND_UNTIL_KILLED = """
import os, sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from schemas.payload import Payload
from schemas.records import EndMark, FeedFetch, RunRecord
from warehouse.storage.landing import Landing
landing, attempt, now = Landing(Path(sys.argv[1])), int(sys.argv[2]), datetime.now(UTC)
print("ready", flush=True)
for n in count(1):
    run = landing.begin(RunRecord(
        run_id=f"{attempt:02d}-{n:06d}", flow="hourly", trigger="test", origin="live",
        started_at=now, code_version="0", settings={}, registry_hash="0", claims_hash="0",
        details=False))
    for feed in ("hub", "router"):
        pages = [
            run.land(Payload(feed=feed, url="http://127.0.0.1/", page=page, status=200,
                             body=body * 500, fetched_at=now))
            for page, body in enumerate((os.urandom(40), b"%d" % n, b"the same each time"), 1)
        ]
        run.close_feed(FeedFetch(
            feed=feed, outcome="complete", started_at=now, finished_at=now, pages=pages))
    run.end(EndMark(outcome="committed", finished_at=now, sequence=attempt * 1_000_000 + n))
"""


def record(run_id: str = "2026-02-26T12") -> RunRecord:
    return RunRecord(
        run_id=run_id,
        flow="hourly",
        trigger="schedule",
        origin="live",
        started_at=NOON,
        scheduled_at=NOON - timedelta(seconds=1),
        prefect_run_id="1b1e",
        code_version="0.1.0",
        settings={"PRICEHOUSE_ROUTER_URL": "http://b/", "PRICEHOUSE_HUB_URL": "http://a/"},
        registry_hash="a" * 64,
        claims_hash="b" * 64,
        details=True,
    )


def payload(body: bytes, *, feed: str = "hub", page: int = 1) -> Payload:
    return Payload(
        feed=feed,
        url=f"http://127.0.0.1/api/models?cursor={page}",
        page=page,
        status=200,
        body=body,
        fetched_at=NOON + timedelta(microseconds=page),
        captured_at=NOON - timedelta(days=1),
        answered={"x-request-id": "r-1", "ratelimit": '"api";r=495;t=23'},
    )


def fetched(pages: list[LandedPage], *, feed: str = "hub") -> FeedFetch:
    return FeedFetch(
        feed=feed,
        outcome="complete",
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=9),
        requests=3,
        retries=1,
        waited_s=0.25,
        bytes=sum(page.bytes for page in pages),
        pages=pages,
    )


def ended(sequence: int | None) -> EndMark:
    return EndMark(
        outcome="committed" if sequence else "failed", finished_at=NOON, sequence=sequence
    )


def only_object(landing: Landing) -> Path:
    (path,) = (landing.root / "objects").rglob("*.zst")
    return path


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return Landing(tmp_path_factory.mktemp("shared"))


@settings(deadline=None)
@given(body=st.binary(max_size=4096) | st.binary(min_size=1, max_size=8).map(lambda b: b * 50_000))
def test_every_body_comes_back_as_it_went_in(shared: Landing, body: bytes) -> None:
    payload_hash = shared.put(body)
    assert payload_hash == sha256(body).hexdigest()
    assert shared.get(payload_hash) == body


def test_the_same_body_is_stored_once_and_not_written_again(landing: Landing) -> None:
    first = landing.put(b"[]" * 1000)
    before = only_object(landing).stat()
    assert landing.put(b"[]" * 1000) == first
    after = only_object(landing).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_object_is_found_by_its_hash_and_readable_with_plain_zstd(landing: Landing) -> None:
    payload_hash = landing.put(b"[]")
    path = landing.root / "objects" / payload_hash[:2] / f"{payload_hash}.zst"
    assert path.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"


@settings(deadline=None)
@given(data=st.data(), body=st.binary(max_size=2000))
def test_a_truncated_object_is_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, body: bytes
) -> None:
    landing = Landing(tmp_path_factory.mktemp("truncated"))
    payload_hash = landing.put(body)
    path = only_object(landing)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(LandingError, match=payload_hash) as caught:
        landing.get(payload_hash)
    assert str(path) in str(caught.value)


@settings(deadline=None)
@given(data=st.data(), body=st.binary(max_size=2000))
def test_an_object_with_a_flipped_bit_is_named_or_still_holds_its_body(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, body: bytes
) -> None:
    landing = Landing(tmp_path_factory.mktemp("flipped"))
    payload_hash = landing.put(body)
    path = only_object(landing)
    damaged = bytearray(path.read_bytes())
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(damaged)
    try:
        assert landing.get(payload_hash) == body  # zstd leaves a few bits unused
    except LandingError as error:
        assert payload_hash in str(error)  # noqa: PT017 - either outcome is right


def test_an_object_whose_last_byte_changed_is_named(landing: Landing) -> None:
    payload_hash = landing.put(b"a price list")
    path = only_object(landing)
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(LandingError, match=payload_hash):
        landing.get(payload_hash)


def test_an_object_that_holds_another_body_is_named(landing: Landing) -> None:
    payload_hash = landing.put(b"one")
    path = only_object(landing)
    other = landing.put(b"two")
    path.write_bytes((landing.root / "objects" / other[:2] / f"{other}.zst").read_bytes())
    with pytest.raises(LandingError, match=f"{payload_hash}.*other bytes"):
        landing.get(payload_hash)


def test_a_missing_object_is_named(landing: Landing) -> None:
    with pytest.raises(LandingError, match="f" * 64):
        landing.get("f" * 64)


@pytest.mark.parametrize("keep", [0, 10, -1])
def test_a_damaged_object_is_repaired_by_the_next_same_answer(landing: Landing, keep: int) -> None:
    payload_hash = landing.put(b"[1, 2, 3]" * 100)
    path = only_object(landing)
    path.write_bytes(path.read_bytes()[:keep])
    landing.put(b"[1, 2, 3]" * 100)
    assert landing.get(payload_hash) == b"[1, 2, 3]" * 100


def test_a_full_disk_leaves_no_object_and_names_the_remedy(landing: Landing) -> None:
    message = subprocess.run(
        [sys.executable, "-c", PUT_ON_A_FULL_DISK, str(landing.root)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "File too large" in message
    assert str(landing.root) in message
    assert "run again" in message
    assert [path for path in landing.root.rglob("*") if path.is_file()] == []


def test_a_landing_that_cannot_be_written_names_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(HomeError, match=f"{tmp_path}/file"):
        Landing(tmp_path / "file").put(b"[]")


def test_everything_that_a_run_wrote_reads_back_equal(landing: Landing) -> None:
    run = landing.begin(record())
    hub = fetched([run.land(payload(b"[1]")), run.land(payload(b"[2]", page=2))])
    router = fetched([run.land(payload(b"{}", feed="router"))], feed="router")
    run.close_feed(router)
    run.close_feed(hub)
    run.end(ended(1))
    (again,) = Landing(landing.root).runs()
    assert (again.run_id, again.record) == (record().run_id, record())
    assert again.fetches() == [hub, router]
    assert again.mark == ended(1)
    assert [again.landing.get(page.payload_hash) for page in hub.pages] == [b"[1]", b"[2]"]
    assert again.traces() == {}
    assert not list(run.path.glob("*.jsonl"))


def test_records_are_json_with_utc_times_and_keys_in_a_stable_order(landing: Landing) -> None:
    run = landing.begin(record())
    text = (run.path / "run.json").read_text()
    assert '"started_at": "2026-02-26T12:27:00Z"' in text
    assert text.index("PRICEHOUSE_HUB_URL") < text.index("PRICEHOUSE_ROUTER_URL")
    other = landing.begin(
        msgspec.structs.replace(record("other"), settings=dict(reversed(record().settings.items())))
    )
    assert (other.path / "run.json").read_text() == text.replace('2026-02-26T12"', 'other"')


def test_a_landed_page_states_what_the_payload_stated(landing: Landing) -> None:
    answer = payload("[“é”]".encode())
    page = landing.begin(record()).land(answer)
    assert page.payload_hash == answer.payload_hash
    assert page.bytes == len(answer.body)
    shared_fields = ("page", "url", "status", "fetched_at", "captured_at", "answered")
    for name in shared_fields:
        assert getattr(page, name) == getattr(answer, name)


def test_a_page_about_one_id_states_the_id_and_its_feed_is_read_alone(landing: Landing) -> None:
    run = landing.begin(record())
    page = run.land(replace(payload(b"{}", feed="list"), about="org/name", status=404))
    run.close_feed(fetched([page], feed="list"))
    assert run.fetch_of("hub") is None
    found = run.fetch_of("list")
    assert found is not None
    assert [(p.about, p.status) for p in found.pages] == [("org/name", 404)]


@pytest.mark.parametrize(("age", "is_refused"), [(timedelta(0), True), (timedelta(days=1), False)])
def test_only_answers_that_a_run_fetched_show_that_its_clock_was_right(
    landing: Landing, age: timedelta, is_refused: bool
) -> None:
    run = landing.begin(record())
    at = run.record.started_at - age
    date = {"date": format_datetime(at, usegmt=True)}
    answer = replace(payload(b"{}"), fetched_at=at, captured_at=None, answered=date)
    run.close_feed(fetched([run.land(answer)]))
    with pytest.raises(HomeError) if is_refused else nullcontext():
        require_wrong_clock([run])


def test_a_run_id_is_used_once(landing: Landing) -> None:
    run = landing.begin(record())
    before = (run.path / "run.json").read_bytes()
    with pytest.raises(HomeError, match=record().run_id):
        landing.begin(msgspec.structs.replace(record(), trigger="manual"))
    assert (run.path / "run.json").read_bytes() == before


def test_runs_come_by_id_and_committed_ones_by_sequence(landing: Landing) -> None:
    marks = {"c": ended(1), "a": ended(3), "d": ended(None), "b": ended(2), "e": None}
    for run_id, mark in marks.items():
        run = landing.begin(record(run_id))
        if mark is not None:
            run.end(mark)
    assert [run.run_id for run in landing.runs()] == ["a", "b", "c", "d", "e"]
    assert [run.run_id for run in landing.committed()] == ["c", "b", "a"]
    assert [run.run_id for run in landing.unfinished()] == ["e"]


def test_an_empty_landing_has_no_runs_and_stays_unwritten(landing: Landing) -> None:
    assert (landing.runs(), landing.committed(), landing.unfinished()) == ([], [], [])
    assert not landing.root.exists()


def test_the_newest_runs_are_read_without_the_earlier_ones(landing: Landing) -> None:
    for number, run_id in enumerate(("a", "b", "c"), start=1):
        landing.begin(record(run_id)).end(ended(number))
    landing.begin(record("d")).end(ended(None))
    (landing.root / "runs" / "a" / "run.json").write_text("{")
    newest_first = landing.newest_first()
    assert [next(newest_first).run_id for _ in range(3)] == ["d", "c", "b"]
    committed = landing.newest_committed()
    assert committed is not None
    assert committed.run_id == "c"
    assert [run.run_id for run in failed_since_commit(landing.newest_first())] == ["d"]
    assert landing.unfinished() == []
    with pytest.raises(LandingError, match="is damaged"):
        next(newest_first)


def test_failed_runs_belong_to_the_commit_after_them(landing: Landing) -> None:
    for run_id, mark in zip(
        "abcdef", [ended(None), ended(1), None, ended(None), ended(2), None], strict=True
    ):
        run = landing.begin(record(run_id))
        if mark is not None:
            run.end(mark)
    failed = failed_before_each(landing.runs())
    found = {run_id: [run.run_id for run in runs] for run_id, runs in failed.items()}
    assert found == {"b": ["a"], "e": ["d"]}
    assert failed_since_commit(landing.newest_first()) == []


def test_packed_runs_are_read_like_others_and_damage_is_reported(landing: Landing) -> None:
    runs = []
    for number in (1, 2):
        run = landing.begin(record(f"20260226T{number:02}0000"))
        run.close_feed(fetched([run.land(payload(b"%d" % number))]))
        run.end(ended(number))
        runs.append(run)
    before = [(run.record, run.mark, run.fetches(), run.traces()) for run in runs]
    landing.pack_day("20260226", runs[:1])
    landing.pack_day("20260226", runs[1:])
    assert [(r.record, r.mark, r.fetches(), r.traces()) for r in landing.runs()] == before
    assert [run.run_id for run in landing.committed()] == [run.run_id for run in runs]
    assert list((landing.root / "runs").iterdir()) == []
    (file,) = (landing.root / "days").iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(LandingError, match=f"{file.name} is damaged"):
        landing.runs()


def test_a_run_that_has_not_ended_cannot_be_packed(landing: Landing) -> None:
    run = landing.begin(record("20260226T010000"))
    with pytest.raises(LandingError, match="has not ended"):
        landing.pack_day("20260226", [run])
    assert landing.unfinished() == [run]


def test_two_runs_that_claim_one_place_in_the_replay_are_an_error(landing: Landing) -> None:
    landing.begin(record("a")).end(ended(1))
    landing.begin(record("b")).end(ended(1))
    with pytest.raises(LandingError, match="order of replay"):
        landing.committed()


def test_a_run_killed_while_being_created_is_left_out(landing: Landing) -> None:
    landing.begin(record("b"))
    (landing.root / "runs" / "a").mkdir()
    (landing.root / "runs" / "c").mkdir()
    (landing.root / "runs" / "c" / "run.json").write_text("{")
    assert [run.run_id for run in landing.runs()] == ["b"]


@pytest.mark.parametrize("how", ["torn", "gone"])
def test_a_run_that_ended_is_never_left_out_silently(landing: Landing, how: str) -> None:
    run = landing.begin(record())
    run.end(ended(1))
    if how == "torn":
        (run.path / "run.json").write_text("{")
    else:
        (run.path / "run.json").unlink()
    with pytest.raises(LandingError, match=r"run\.json"):
        landing.committed()


@pytest.mark.parametrize("name", ["end.json", "hub.json"])
@pytest.mark.parametrize("text", ["", '{"feed"', "[]", '{"unknown": 1}'])
def test_a_damaged_mark_or_manifest_is_named(landing: Landing, name: str, text: str) -> None:
    run = landing.begin(record())
    (run.path / name).write_text(text)
    with pytest.raises(LandingError, match=name):
        _ = run.fetches(), run.mark


def test_an_open_feed_is_a_trace_and_no_fetch(landing: Landing) -> None:
    run = landing.begin(record())
    pages = [run.land(payload(b"[%d]" % n, page=n)) for n in (1, 2, 3)]
    assert run.fetches() == []
    assert run.traces() == {"hub": pages}


@pytest.mark.parametrize("lost", [1, 40])
def test_a_torn_last_line_of_a_trace_is_passed_over(landing: Landing, lost: int) -> None:
    run = landing.begin(record())
    pages = [run.land(payload(b"[%d]" % n, page=n)) for n in (1, 2)]
    trace = run.path / "hub.jsonl"
    trace.write_bytes(trace.read_bytes()[:-lost])
    assert run.traces() == {"hub": pages if lost == 1 else pages[:1]}


def test_a_trace_left_beside_its_manifest_is_not_open(landing: Landing) -> None:
    run = landing.begin(record())
    page = run.land(payload(b"[]"))
    line = (run.path / "hub.jsonl").read_bytes()
    run.close_feed(fetched([page]))
    (run.path / "hub.jsonl").write_bytes(line)
    assert run.traces() == {}
    assert run.fetches() == [fetched([page])]


def test_a_closed_feed_or_run_is_never_changed(landing: Landing) -> None:
    run = landing.begin(record())
    run.close_feed(fetched([]))
    run.close_feed(fetched([]))
    run.end(ended(1))
    run.end(ended(1))
    with pytest.raises(HomeError, match=r"hub\.json"):
        run.close_feed(msgspec.structs.replace(fetched([]), outcome="failed"))
    with pytest.raises(HomeError, match=r"end\.json"):
        run.end(ended(None))
    assert (run.fetches(), run.mark) == ([fetched([])], ended(1))


@pytest.mark.parametrize("feed", ["run", "end"])
def test_a_feed_cannot_take_the_name_of_the_runs_own_files(landing: Landing, feed: str) -> None:
    run = landing.begin(record())
    with pytest.raises(ValueError, match=feed):
        run.land(replace(payload(b"[]"), feed=feed))
    with pytest.raises(ValueError, match=feed):
        run.close_feed(fetched([], feed=feed))
    assert run.record == landing.runs()[0].record


def test_after_kills_at_any_moment_every_closed_feed_can_be_read(landing: Landing) -> None:
    # How far a run comes in a given time is the machine's business: go on until both were seen.
    for attempt in range(60):
        command = [sys.executable, "-c", LAND_UNTIL_KILLED, str(landing.root), str(attempt)]
        with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.003 * 1.25 ** min(attempt, 40))  # up to 22 s
            process.kill()
        assert_all_readable(landing)
        if attempt >= 9 and landing.unfinished() and landing.committed():
            break
    assert landing.unfinished(), "no kill came in the middle of a run"
    assert landing.committed(), "no run came to its end"


def assert_all_readable(landing: Landing) -> None:
    for path in (landing.root / "objects").rglob("*.zst"):
        landing.get(path.stem)
    committed = landing.committed()
    assert [run.run_id for run in committed] == sorted(run.run_id for run in committed)
    assert all(len(run.fetches()) == 2 for run in committed)
    for run in landing.runs():
        assert_pages_readable(run)


def assert_pages_readable(run: RunFolder) -> None:
    closed = [page for fetch in run.fetches() for page in fetch.pages]
    traced = [page for pages in run.traces().values() for page in pages]
    for page in closed + traced:
        assert len(run.landing.get(page.payload_hash)) == page.bytes
    assert all(len(fetch.pages) == 3 for fetch in run.fetches())
