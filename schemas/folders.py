"""Folders that settings name: where the home is, and a path of the person who runs a command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.errors import SettingsError

HOME = "PRICEHOUSE_HOME"
DEFAULT_HOME = Path("data")


def read_home(environment: Mapping[str, str], default: Path = DEFAULT_HOME) -> Path:
    """Return the folder of the home; an empty variable counts as unset."""
    return read_path(environment.get(HOME) or str(default), setting=HOME)


def read_path(text: str, *, setting: str) -> Path:
    """Return the path that a setting has, with the folder of a user in the place of `~`."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        problem = f"{setting} is {text}, and the folder of that user is not known"
    raise SettingsError(f"{problem}; write the whole path")
