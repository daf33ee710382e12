"""The options of the suite.

`--strict-skips` fails a session with a skip that is not in the list, and prints failures at once;
`--every-case` runs each case of a sampled test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
MODULE = """
import pytest

def test_full(): ...

def test_skipped(): pytest.skip({reason!r})
"""


CASES = """
import pytest

@pytest.mark.sampled
@pytest.mark.parametrize("case", range(7))
def test_case(case): assert case != 3, "the third one"
"""


def run(folder: Path, module: str, *options: str, reason: str) -> subprocess.CompletedProcess[str]:
    """Run a suite of one module with a skipped test, with the conftest of ours."""
    return run_text(folder, module, MODULE.format(reason=reason), *options)


def run_text(
    folder: Path, module: str, text: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run a suite of one module of this text, with the conftest of ours."""
    support = ("tests/support/sampling.py", "tests/support/skips.py")
    for name in ("tests/conftest.py", *support, "pyproject.toml"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, target)
    file = folder / module
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "xdist", *options, module],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_unlisted_skip_fails_and_is_listed(workers: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, "tests/test_new.py", "--strict-skips", *workers, reason="no moon")
    assert done.returncode == 1, done.stdout
    assert "tests/test_new.py::test_skipped: no moon" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_unlisted_skip_passes_without_the_option(tmp_path: Path) -> None:
    done = run(tmp_path, "tests/test_new.py", reason="no moon")
    assert done.returncode == 0, done.stdout


def test_listed_skip_passes_with_the_option(tmp_path: Path) -> None:
    reason = "this process may mount no tmpfs; another test tries"
    module = "tests/resilience/test_full_disk.py"
    done = run(tmp_path, module, "--strict-skips", reason=reason)
    assert done.returncode == 0, done.stdout
    unlisted = run(tmp_path, module, "--strict-skips", reason="another reason")
    assert unlisted.returncode == 1, unlisted.stdout


def test_every_third_case_of_a_sampled_test_runs_and_with_the_option_each(tmp_path: Path) -> None:
    some = run_text(tmp_path, "tests/test_new.py", CASES)
    assert "1 failed, 2 passed, 4 deselected" in some.stdout
    every = run_text(tmp_path, "tests/test_new.py", CASES, "--every-case")
    assert "1 failed, 6 passed" in every.stdout


def test_a_failure_is_printed_before_the_summary_of_a_strict_run(tmp_path: Path) -> None:
    done = run_text(tmp_path, "tests/test_new.py", CASES, "--strict-skips")
    before, _, after = done.stdout.partition("= FAILURES =")
    assert "tests/test_new.py::test_case[3] (call)" in before
    assert "the third one" in before
    assert "the third one" in after
    usual = run_text(tmp_path, "tests/test_new.py", CASES)
    assert "the third one" not in usual.stdout.partition("= FAILURES =")[0]
