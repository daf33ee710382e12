"""`--home` names the home, before or after the command, and overrides PRICEHOUSE_HOME."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import ENTRIES, main

NO_HOME = {"record", "secrets"}
"""Commands that need no home."""


def run(*arguments: str, environment: dict[str, str | None]) -> Result:
    return CliRunner().invoke(main, arguments, env=environment)


@pytest.mark.parametrize(
    "call",
    [
        ["accept", "0123456789abcdef", "--reason", "checked"],
        ["doctor"],
        ["explain", "org/model"],
        ["export", "files"],
        ["maintain"],
        ["recommend"],
        ["sql", "SELECT 1"],
        ["status"],
    ],
    ids=lambda call: call[0],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_home_option_overrides_the_setting(call: list[str], place: str, tmp_path: Path) -> None:
    option = ["--home", str(tmp_path / "given")]
    arguments = [*option, *call] if place == "before" else [*call, *option]
    done = run(*arguments, environment={"PRICEHOUSE_HOME": str(tmp_path / "set")})
    assert done.exit_code == 2
    assert f"{tmp_path / 'given'}: nothing here yet" in done.output.replace("\n", "")


def test_home_after_the_command_overrides_the_one_before_it(tmp_path: Path) -> None:
    done = run(
        "--home", str(tmp_path / "a"), "status", "--home", str(tmp_path / "b"), environment={}
    )
    assert f"{tmp_path / 'b'}: nothing here yet" in done.output.replace("\n", "")


def test_home_option_does_not_outlive_its_command(tmp_path: Path) -> None:
    setting: dict[str, str | None] = {"PRICEHOUSE_HOME": str(tmp_path / "set")}
    run("--home", str(tmp_path / "given"), "status", environment=setting)
    done = run("status", environment=setting)
    assert f"{tmp_path / 'set'}: nothing here yet" in done.output.replace("\n", "")


@pytest.mark.parametrize("place", ["before", "after"])
def test_unusable_home_option_is_wrong_usage(place: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for value, message in (("", "it is empty; name a folder"), (str(file), "is a file")):
        option = ["--home", value]
        done = run(
            *([*option, "status"] if place == "before" else ["status", *option]), environment={}
        )
        assert done.exit_code == 2
        assert "Invalid value for '--home'" in done.output
        assert message in done.output


@pytest.mark.parametrize("name", sorted(set(ENTRIES) - NO_HOME))
def test_every_command_with_a_home_takes_the_option(name: str) -> None:
    assert "--home" in {option for param in main.commands[name].params for option in param.opts}
