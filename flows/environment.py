"""Read the settings from the environment; nothing else here does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from schemas.errors import SettingsError
from schemas.registry import Registry

DEFAULT_HOME = Path("data")
DEMO_HOME = DEFAULT_HOME / "demo"


class Settings(BaseModel):
    """Where things are; no secret ever stands here."""

    model_config = ConfigDict(frozen=True)

    home: Path
    base_urls: dict[str, str]
    """Feed → base URL."""


def read_settings(
    environment: Mapping[str, str], registry: Registry, *, home: Path = DEFAULT_HOME
) -> Settings:
    """Return the settings; an empty variable counts as unset. SettingsError names a bad one."""
    return Settings(
        home=Path(environment.get("PRICEHOUSE_HOME") or home).expanduser(),
        base_urls={
            feed.feed: _url(environment.get(feed.setting) or str(feed.base_url), feed.setting)
            for _, feed in registry.feeds()
        },
    )


def _url(text: str, setting: str) -> str:
    """Return a base URL without a trailing slash."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"{setting} is {text!r}; it must be like https://huggingface.co")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(
            f"{setting} must be a plain base URL, without user, password, query or fragment"
        )
    return text.rstrip("/")
