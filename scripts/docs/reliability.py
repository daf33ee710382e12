"""Write docs/reliability.md: python -m scripts.docs.reliability > docs/reliability.md.

The tables come from what the tests run: the matrix of servers, the damages of a home. The other
rows and the measured numbers are written here; a test checks that every test that they name exists.
"""

from __future__ import annotations

import sys

from tests.resilience.test_damage import DAMAGES
from tests.support.fault_matrix_cases import CASES, Case
from tests.support.fuzzing import INPUTS

MATRIX = "tests/resilience/test_fault_matrix.py::test_an_hour_against"
DAMAGED = "tests/resilience/test_damage.py::test_doctor_reports_and_repairs_damage"
HEAD = """# Reliability: failures and their outcomes

Each row is a test with a real failure: a server on a socket of this machine that misbehaves, a
process that is killed, a full disk, a damaged file. [operating.md](operating.md) explains what to
do about an error. `python -m scripts.docs.reliability > docs/reliability.md` writes this page; a
test compares the two and looks for every test that the page names.

```sh
.venv/bin/pricehouse doctor
```

## Measurements

Measured on 2026-11-25, 2 cores, Linux, Python 3.11. The test suites (`make test`, `make test-slow`)
repeat each at the size in the third column.

| test | measured once | in the test suites |
|---|---|---|
"""
NUMBERS = (
    (
        "SIGKILL at random moments of fetch, landing, load, checkpoint and publication; after each "
        "the publication was whole, and at the end the home's export had the same rows as that of "
        "a home without kills",
        "500 kills, 160 committed hours, 0 losses, on 2026-11-28 (`python -m "
        "tests.support.killing 500`)",
        "20 kills",
    ),
    (
        "SIGKILL at random moments of an hour of a shared warehouse: fetch, both transactions, the "
        "shared commit, between it and the mark, between the mark and the commit of the file, "
        "publication; the next hour ran in the home of another machine, and at the end its export "
        "had the same rows as that of a home without kills, what each machine had landed replayed "
        "to it, and no sequence or id was doubled (`python -m tests.support.shared_killing 200`)",
        "200 kills, half of them with the data on S3, 139 committed hours, 0 losses, on 2026-11-29",
        "20 kills",
    ),
    (
        "two workers of a shared warehouse start together; in every second round PostgreSQL ends "
        "the session of the lock, so that both commit at the same time: one commits, the other "
        "leaves with a sentence, and no sequence or id is doubled (`python -m "
        "tests.support.shared_racing 50`)",
        "50 rounds, one commit in each, on 2026-11-29",
        "4 rounds",
    ),
    (
        "readers through hours of a shared warehouse with its maintenance, of its publications and "
        "of its tables, beside the same hours of a file (`python -m tests.support.shared_readers 8 "
        "100 s3`)",
        "8 readers, 100 hours, 0 failures in 16,464 looks, on 2026-11-28; p99 of a publication "
        "0.98 × that of the file's home",
        "2 readers, 6 hours",
    ),
    (
        "broken pieces of real answers through the parsers: no crash, accepted + rejected = input",
        "1,100,000 pages in two runs, 0 failures",
        f"{INPUTS:,} pages",
    ),
    ("servers that misbehave, one run each", f"{len(CASES)} cases", f"{len(CASES)} cases"),
    (
        "readers in a loop while runs publish: no error, never rows of two publications in one "
        "answer",
        "16 readers × 20 publications, 0 errors",
        "the same",
    ),
    (
        "hours in fast time through `pricehouse up` and its Prefect server, with kills of run, "
        "worker and server, refusing sources and hours asleep (`python -m tests.support.soak 200 "
        "FOLDER`): no hour counted twice, each interval and gap as the servers stated, the same "
        "export by replay, memory, descriptors and files bounded",
        "200 hours of seed 1, on 2026-11-28 on a loaded machine: 43 kills, 48 answers refused or "
        "broken, 55 hours asleep, and nobody helped; 171 hours were committed, each interval and "
        "gap as stated, the replay's export the same, the doctor found nothing; the 37 alerts are "
        "those that the records of the runs call for, and each was sent once, in 48 messages, none "
        "of them Prefect's; the server had at most 257 MB, the worker 196, the marketplace 206, "
        "the home 16 files beside landing, and Prefect's database grew to 118 MB",
        "5 hours",
    ),
)
STORE_FAULTS = "tests/resilience/test_store_faults.py::"
SHARED_FAULTS = "tests/resilience/test_shared_faults.py::"
SHARED_HOMES = "tests/pipeline/test_shared_homes.py::"
SHARED_BREAKS = "tests/pipeline/test_shared_breaks.py::"
UP_FAULTS = "tests/e2e/test_up_faults.py::"
OTHERS = (
    (
        "killed before any kind of write to the store",
        "the next run completes it, also on another machine that pulled; a replay exports the same",
        f"{STORE_FAULTS}test_killed_before_any_write_another_home_goes_on",
    ),
    (
        "the store goes away during a run",
        "one sentence and exit status 1; readers keep the last publication, the next run is whole",
        f"{STORE_FAULTS}test_a_store_that_goes_away_in_mid_run_costs_that_run",
    ),
    (
        "a shared warehouse: PostgreSQL or its object store stops before a run, while it lands, "
        "before it writes, before its commit",
        "one sentence and exit status 1; readers keep the last publication, the next run is whole "
        "on either machine; the password and the key are nowhere",
        f"{SHARED_FAULTS}test_a_server_that_stops_at_any_point_costs_that_run_alone",
    ),
    (
        "the same after its commit",
        "without PostgreSQL it is published; without the store too, and the next run pushes it",
        f"{SHARED_FAULTS}test_a_server_that_stops_at_any_point_costs_that_run_alone",
    ),
    (
        "a shared warehouse: the connection breaks when the commit has arrived",
        "the run asks again and goes on; without an answer one sentence and exit status 1, and "
        "the next run, on whatever machine, finds it committed",
        f"{SHARED_FAULTS}test_a_commit_whose_answer_is_lost_counts",
    ),
    (
        "a shared warehouse and a home that differ: one ahead of the other, a file missing, files "
        "of killed writers, a lost catalogue",
        "`doctor` names it; its remedy makes the home a copy again, without a loss",
        f"{SHARED_HOMES}test_a_home_that_is_ahead_adds_its_runs_by_a_replay",
    ),
    (
        "a run of a clock a year ahead in a shared warehouse",
        "refused on every machine, and `doctor --repair` on each leads back",
        f"{SHARED_HOMES}test_a_run_of_the_future_is_repaired_on_either_machine",
    ),
    (
        "a home with runs of its own is given the setting of a shared warehouse that has others",
        "refused, with nothing written to the store and nothing set aside; so is the store of "
        "another home",
        f"{SHARED_HOMES}test_a_home_of_another_history_is_refused_and_nothing_of_it_goes",
    ),
    (
        "a shared warehouse is given the store of another one, or an empty one that of another "
        "home",
        "refused, with nothing pulled and nothing written",
        f"{SHARED_BREAKS}test_the_store_of_another_warehouse_is_refused_before_anything_is_pulled",
    ),
    (
        "a pull of a shared warehouse is killed",
        "the next one pulls the rest; what each machine landed replays to the same rows",
        f"{SHARED_BREAKS}test_a_pull_that_is_killed_is_done_again",
    ),
    (
        "maintenance with a store is killed while it packs a day",
        "the next one brings the day to the store before anything is removed there",
        f"{SHARED_BREAKS}test_days_that_a_killed_maintenance_packed_reach_the_store",
    ),
    (
        "hours and maintenance of a home without the setting, in the places of a shared "
        "warehouse's",
        "the next command on that home sets its runs and checkpoints aside; packed ones are "
        "refused",
        f"{SHARED_BREAKS}test_a_checkpoint_of_a_run_that_was_set_aside_replaces_nothing",
    ),
    (
        "readers of a shared warehouse through its maintenance",
        "no error; a publication and a transaction are whole; time travel within seven days",
        "tests/resilience/test_shared_readers.py::"
        "test_readers_see_whole_publications_and_tables_through_maintenance",
    ),
    (
        "two machines with homes of their own write one store",
        "one commits, the other is refused before anything is committed",
        "tests/pipeline/test_store.py::test_of_two_homes_at_the_same_place_one_commits",
    ),
    (
        "a machine with a key and a role that only read is told to write",
        "one sentence and exit status 1, nothing is written; what it serves follows the store",
        "tests/resilience/test_reader_machine.py::"
        "test_a_machine_that_only_reads_pulls_and_serves_and_can_write_nothing",
    ),
    (
        "under Prefect: two homes are ingested at once on two workers, with a small rate limit",
        "by the log of the Hub's server both together stay within the limit, and both publish",
        "tests/e2e/test_up_parts.py::test_two_homes_are_ingested_at_once_within_the_hubs_window",
    ),
    (
        "the cluster: the worker that ran the first hour goes away",
        "the other one runs the next hour, and both marketplaces show it",
        "tests/deploy/test_cluster_processes.py::"
        "test_when_a_worker_goes_the_other_runs_the_hour_and_both_marketplaces_show_it",
    ),
    (
        "under Prefect: the process of a run is killed",
        "the run is Crashed, the next hour runs, the gap is recorded",
        f"{UP_FAULTS}test_a_killed_flow_process_is_crashed_at_once",
    ),
    (
        "under Prefect: the worker is killed during a run",
        "the run is Crashed, the worker is started again, the next hour runs",
        f"{UP_FAULTS}test_a_killed_worker_crashes_its_run_and_is_started_again",
    ),
    (
        "under Prefect: the server is killed during a run",
        "the run completes, the server is started again",
        f"{UP_FAULTS}test_a_run_outlives_the_server_and_the_server_is_started_again",
    ),
    (
        "under Prefect: the machine sleeps for hours",
        "the late runs are made up once, the gap is recorded, no hour is committed twice",
        f"{UP_FAULTS}test_hours_missed_while_the_machine_sleeps_are_made_up_once",
    ),
    (
        "under Prefect: its database is lost",
        "a missed hour runs at once, the schedule continues",
        f"{UP_FAULTS}test_a_lost_database_of_prefect_costs_its_history_alone",
    ),
    (
        "under Prefect: a run under a clock that was ahead",
        "later runs fail and name the remedy, which leads back",
        f"{UP_FAULTS}test_after_a_clock_that_was_ahead_a_repair_and_a_lost_database_lead_back",
    ),
    (
        "killed at a random moment of any stage",
        "the publication is whole, the next runs give what they give without kills",
        "tests/resilience/test_kills.py::"
        "test_hours_killed_at_random_moments_of_every_stage_lose_nothing",
    ),
    (
        "killed in the middle of the write of a block of the writer's file",
        "the next run restores the file from the publication, and gives what it gives without",
        "tests/resilience/test_torn_warehouse.py::"
        "test_the_next_run_restores_a_file_that_does_not_open",
    ),
    (
        "the same, where opening the file does not read that block",
        "the same: after a kill the next run reads every block",
        "tests/resilience/test_torn_warehouse.py::test_after_a_kill_every_block_is_read",
    ),
    (
        "the same, after a run that was committed and not published",
        "refused with “pricehouse replay”, and the file is left as it was",
        "tests/resilience/test_torn_warehouse.py::"
        "test_a_torn_file_with_a_run_that_was_not_published_needs_a_replay",
    ),
    (
        "one run under a clock a year ahead",
        "later runs are refused with the remedy; `doctor --repair` leads back to the home before",
        "tests/resilience/test_future_runs.py::test_a_repair_leads_back_to_the_home_as_it_was",
    ),
    (
        "killed between two steps of that repair",
        "the same command completes it",
        "tests/resilience/test_future_runs.py::"
        "test_a_repair_killed_before_any_step_is_completed_by_the_next",
    ),
    (
        "killed between commit and publication",
        "the next run publishes what was committed",
        "tests/resilience/test_kills.py::"
        "test_an_hour_killed_between_commit_and_publication_is_published_by_the_next",
    ),
    (
        "maintenance killed at any step or moment",
        "the home is whole and rebuilds the same",
        "tests/resilience/test_maintain_kills.py::test_killed_at_any_moment_nothing_is_lost",
    ),
    (
        "a write-ahead log that a kill cut",
        "the next runs succeed",
        "tests/resilience/test_torn_log.py::test_hours_continue_over_a_log_that_was_cut",
    ),
    (
        "a write-ahead log with a changed byte",
        "refused with a remedy, or it has no effect",
        "tests/resilience/test_torn_log.py::"
        "test_a_log_with_a_changed_byte_is_refused_with_a_remedy_or_ignored",
    ),
    (
        "a disk that fills up at any point of a run",
        "the run completes, or fails with a clear error",
        "tests/resilience/test_full_disk.py::"
        "test_on_a_nearly_full_disk_an_hour_completes_or_fails_with_a_clear_error",
    ),
    (
        "a limit on the size of files",
        "the same",
        "tests/resilience/test_full_disk.py::"
        "test_under_a_file_size_limit_an_hour_completes_or_fails_with_a_clear_error",
    ),
    (
        "a user who may not write, or not read",
        "one sentence that names the permission to grant",
        "tests/resilience/test_full_disk.py::test_a_user_without_permission_gets_what_to_allow",
    ),
    (
        "a user who may only read",
        "status, sql and doctor work",
        "tests/resilience/test_full_disk.py::test_a_user_who_may_only_read_can_run_queries",
    ),
    (
        "two ingests at once",
        "the second waits, and both are processed",
        "tests/resilience/test_many_readers.py::"
        "test_of_two_ingests_at_once_the_second_waits_and_both_commit",
    ),
    (
        "a reader that holds one publication through many later ones",
        "it reads the same rows throughout",
        "tests/resilience/test_many_readers.py::"
        "test_an_open_publication_stays_readable_after_many_later_ones",
    ),
    (
        "sixteen readers through twenty publications",
        "no error, never rows of two publications in one answer",
        "tests/resilience/test_many_readers.py::"
        "test_sixteen_readers_see_twenty_publishes_without_an_error_or_a_mix",
    ),
    (
        "a publication deleted under its readers",
        "they get an error; the next run publishes",
        "tests/resilience/test_damage.py::"
        "test_a_deleted_publication_is_an_error_and_the_next_hour_publishes",
    ),
    (
        "a warehouse of an earlier schema",
        "opens with its rows, and rebuilds the same",
        "tests/warehouse/test_upgrade.py::"
        "test_a_warehouse_of_each_earlier_schema_opens_with_its_rows",
    ),
    (
        "a warehouse of newer code",
        "refused, and left as it was",
        "tests/warehouse/test_upgrade.py::test_a_newer_warehouse_is_refused_and_left_as_it_was",
    ),
    (
        "a broken piece of a real answer",
        "no crash, and every entry is accepted or rejected",
        "tests/resilience/test_fuzz.py::test_no_broken_page_breaks_a_parser_or_loses_an_entry",
    ),
)


def page() -> str:
    """Return the page as Markdown."""
    return "".join(
        [
            HEAD,
            *(_row(*row) for row in NUMBERS),
            "\nPower loss was not tested: a kill keeps the system's caches.\n",
            "\n## Crashes, locks, disks, upgrades\n\n| case | outcome | test |\n|---|---|---|\n",
            *(_row(case, outcome, f"`{test}`") for case, outcome, test in OTHERS),
            "\n## Damage to a home\n\n`pricehouse doctor` finds each and prints a remedy, which "
            f"the test follows. Test: `{DAMAGED}`.\n\n"
            "| damage | the next run | doctor's finding |\n|---|---|---|\n",
            *(
                _row(
                    damage.name,
                    f"refuses with “{damage.hour}”" if damage.hour else "succeeds",
                    ", ".join(f"`{name}`" for name in damage.found)
                    or "none: the next run repairs it",
                )
                for damage in DAMAGES
            ),
            "\n## Servers that misbehave\n\nIn each case the run ends in bounded time, publishes "
            "the other feed's changes, and writes the token of the run nowhere: not "
            "in the home, the log, the output or an error. Test: "
            f"`{MATRIX}`, by the name of the case.\n\n| case | outcome |\n|---|---|\n",
            *(_row(case.name, _outcome(case)) for case in CASES),
        ]
    )


def _outcome(case: Case) -> str:
    """Describe what the test of a case requires."""
    if case.code:
        parts = [f"`{case.feed}` fails with `{case.code}`, its last rows stay"]
    else:
        parts = [f"`{case.feed}` is whole"]
    if case.rejected:
        parts.append("rejected: " + ", ".join(f"`{reason}`" for reason in case.rejected))
    if case.held:
        parts.append(f"held: `{case.held}`, the card keeps its price")
    if case.price_feed:
        parts.append(f"the card shows the price of `{case.price_feed}`")
    if case.query:
        parts.append("a query checks the published rows")
    if case.apart:
        parts.append("peak of memory measured")
    return "; ".join(parts)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
