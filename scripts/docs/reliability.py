"""Write docs/reliability.md: python -m scripts.docs.reliability > docs/reliability.md.

The tables are made of what the tests run: the matrix of servers, the damages of a home. The other
rows and the measured numbers stand here; a test holds that every test they name exists.
"""

from __future__ import annotations

import sys

from tests.resilience.test_damage import DAMAGES
from tests.support.fault_cases import CASES

MATRIX = "tests/resilience/test_fault_matrix.py::test_an_hour_against"
DAMAGED = "tests/resilience/test_damage.py::test_doctor_reports_and_repairs_damage"
HEAD = """# What may go wrong, and what then comes of it

Each row is a test that does it for real: a server on a socket of this machine that misbehaves, a
process that is killed, a disk that is full, a file that is damaged. The page is written by
`python -m scripts.docs.reliability > docs/reliability.md`; a test holds the two equal and looks for every
test that is named. What an operator does about an error stands in [operating.md](operating.md).

## Numbers

Measured on 2026-11-25, 2 cores, Linux, Python 3.11. The default suite repeats each at the size in
the third column.

| what | measured once | in each run of the suite |
|---|---|---|
"""
NUMBERS = (
    (
        "SIGKILL at random moments of fetch, landing, load, checkpoint and publication; after each "
        "the publication was whole, and in the end the home exported byte for byte what one did that "
        "nobody disturbed",
        "500 kills, 160 committed hours, 0 losses",
        "20 kills",
    ),
    (
        "broken pieces of real answers through the parsers: no crash, accepted + rejected = input",
        "1,100,000 pages in two runs, 0 failures",
        "100,000 pages",
    ),
    ("servers that misbehave, in one hour each", f"{len(CASES)} cases", f"{len(CASES)} cases"),
    (
        "readers in a loop while hours are published: no error, never a mix of two hours",
        "16 readers × 20 publications, 0 errors",
        "the same",
    ),
)
OTHERS = (
    (
        "killed at a random moment of any stage",
        "the publication is whole, the next hours end where undisturbed ones would",
        "tests/resilience/test_kills.py::"
        "test_hours_killed_at_random_moments_of_every_stage_lose_nothing",
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
        "hours go on over it",
        "tests/resilience/test_torn_log.py::test_hours_continue_over_a_log_that_was_cut",
    ),
    (
        "a write-ahead log with a changed byte",
        "refused with a way back, or never there",
        "tests/resilience/test_torn_log.py::"
        "test_a_log_with_a_changed_byte_is_refused_with_a_remedy_or_ignored",
    ),
    (
        "a disk that fills up at any point of an hour",
        "the hour ends whole, or with a word",
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
        "one sentence that says what to allow",
        "tests/resilience/test_full_disk.py::test_a_user_without_permission_gets_what_to_allow",
    ),
    (
        "a user who may only read",
        "status, sql and doctor answer",
        "tests/resilience/test_full_disk.py::test_a_user_who_may_only_read_can_run_queries",
    ),
    (
        "two ingests at once",
        "the second waits, and both are told",
        "tests/resilience/test_many_readers.py::"
        "test_of_two_ingests_at_once_the_second_waits_and_both_commit",
    ),
    (
        "a reader that holds one publication through many later ones",
        "it goes on undisturbed",
        "tests/resilience/test_many_readers.py::"
        "test_an_open_publication_stays_readable_after_many_later_ones",
    ),
    (
        "sixteen readers through twenty publications",
        "no error, never a mix",
        "tests/resilience/test_many_readers.py::"
        "test_sixteen_readers_see_twenty_publishes_without_an_error_or_a_mix",
    ),
    (
        "a publication deleted under its readers",
        "they are told; the next hour publishes",
        "tests/resilience/test_damage.py::"
        "test_a_deleted_publication_is_an_error_and_the_next_hour_publishes",
    ),
    (
        "a warehouse of an earlier schema",
        "opens with its rows, and rebuilds the same",
        "tests/warehouse/test_upgrade.py::"
        "test_a_warehouse_of_an_earlier_schema_is_brought_on_with_its_rows",
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
            "\nPower loss was not tried: a kill leaves the system's caches standing.\n",
            "\n## Crashes, locks, disks, upgrades\n\n| case | outcome | test |\n|---|---|---|\n",
            *(_row(case, outcome, f"`{test}`") for case, outcome, test in OTHERS),
            "\n## Damage to a home\n\n`pricehouse doctor` finds each and names the way back, which "
            f"the test goes. Test: `{DAMAGED}`.\n\n"
            "| damage | the next hour | doctor's finding |\n|---|---|---|\n",
            *(
                _row(
                    damage.name,
                    f"refuses, and says “{damage.hour}”" if damage.hour else "goes on",
                    ", ".join(f"`{name}`" for name in damage.found) or "none: mended by itself",
                )
                for damage in DAMAGES
            ),
            "\n## Servers that misbehave\n\nIn each case the hour ends in bounded time, the other "
            "feed's news of that hour is published, and the token of the run is found nowhere: not "
            "in the home, the log, the output or an error. Test: "
            f"`{MATRIX}`, by the name of the case.\n\n| case | outcome |\n|---|---|\n",
            *(_row(case.name, case.outcome) for case in CASES),
        ]
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
