"""Read where things are and which feeds are on from the environment.

Secrets have their own reader (`providers/secrets`), as have the web server (`marketplace`) and the
Prefect server (`flows/server`). `schemas/contract.py` refuses a variable that switches validation
off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from schemas.durations import read_duration
from schemas.errors import SettingsError
from schemas.folders import DEFAULT_HOME, read_home
from schemas.registry import Registry
from schemas.verdict import DEFAULT_STALE_AFTER

ENABLE_FEEDS = "PRICEHOUSE_ENABLE_FEEDS"
ACCOUNT_PRICES = "PRICEHOUSE_ACCOUNT_PRICES"
STALE_AFTER = "PRICEHOUSE_STALE_AFTER"
ALERT_MOVE = "PRICEHOUSE_ALERT_MOVE"
SHOW = "show"

DEMO_HOME = DEFAULT_HOME / "demo"


class AlertRules(BaseModel):
    """When data is old, and from how many percent on a price that moves is a finding."""

    model_config = ConfigDict(frozen=True)

    stale_after: timedelta = DEFAULT_STALE_AFTER
    move_pct: float = 25.0


class Settings(BaseModel):
    """Where things are and what is read; never a secret."""

    model_config = ConfigDict(frozen=True)

    home: Path
    base_urls: dict[str, str]
    """Feed → base URL; `Feed.details_key` → that of its answers about single ids."""
    enable_feeds: tuple[str, ...] = ()
    """Feeds to read that the registry leaves off."""
    account_prices: bool = False
    """Whether prices that only the asking account has may reach cards and exports."""
    alert_rules: AlertRules | None = None
    """None: those of the run before."""

    def recorded(self) -> dict[str, str]:
        """Return what the run record keeps: base URLs by feed, and the switches that are set."""
        switches = {}
        if self.enable_feeds:
            switches[ENABLE_FEEDS] = ",".join(self.enable_feeds)
        if self.account_prices:
            switches[ACCOUNT_PRICES] = SHOW
        return self.base_urls | switches


def read_settings(
    environment: Mapping[str, str], registry: Registry, *, home: Path = DEFAULT_HOME
) -> Settings:
    """Return the settings; an empty variable counts as unset. SettingsError names a bad one."""
    return Settings(
        home=read_home(environment, home),
        base_urls=_base_urls(registry, _given_urls(environment, registry)),
        enable_feeds=_enabled(environment.get(ENABLE_FEEDS) or "", registry),
        account_prices=_shows_account_prices(environment.get(ACCOUNT_PRICES) or ""),
        alert_rules=read_alert_rules(environment),
    )


def read_alert_rules(environment: Mapping[str, str]) -> AlertRules:
    """Return the rules of alerts; SettingsError names a setting that cannot be used."""
    rules = AlertRules()
    if text := environment.get(STALE_AFTER):
        try:
            rules = rules.model_copy(update={"stale_after": read_duration(text)})
        except ValueError as error:
            raise SettingsError(f"{STALE_AFTER} is {text!r}; {error}") from None
    if text := environment.get(ALERT_MOVE):
        percent = text.strip().removesuffix("%").rstrip()
        if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", percent, re.ASCII) or not float(percent):
            raise SettingsError(f"{ALERT_MOVE} is {text!r}; it must be percent, like 25")
        rules = rules.model_copy(update={"move_pct": float(percent)})
    return rules


def recorded_settings(home: Path, recorded: Mapping[str, str], registry: Registry) -> Settings:
    """Return the settings of an earlier run, for a run that fetches nothing.

    A feed that the earlier run did not know has its default address.
    """
    return Settings(home=home, base_urls={**_base_urls(registry, recorded), **recorded})


def _given_urls(environment: Mapping[str, str], registry: Registry) -> dict[str, str]:
    """Return the base URLs that the environment sets, by the key of the feed or of its details."""
    settings = [(feed.feed, feed.setting) for _, feed in registry.feeds()]
    settings += [(f.details_key, f.details.setting) for _, f in registry.feeds() if f.details]
    return {key: _url(environment[name], name) for key, name in settings if environment.get(name)}


def _base_urls(registry: Registry, given: Mapping[str, str]) -> dict[str, str]:
    """Return the base URL of every feed, and of its answers about single ids.

    The given one; else that of the catalogue which the feed is compared with, and for single ids
    the one given for the feed; else the registry's.
    """
    urls: dict[str, str] = {}
    for _, feed in registry.feeds():
        beside = urls.get(feed.compares) if feed.compares else None
        urls[feed.feed] = given.get(feed.feed) or beside or str(feed.base_url).rstrip("/")
        if (details := feed.details) is not None:
            own = given.get(feed.details_key) or given.get(feed.feed)
            urls[feed.details_key] = own or str(details.base_url).rstrip("/")
    return urls


def listed(text: str) -> list[str]:
    """Return the names of a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _enabled(text: str, registry: Registry) -> tuple[str, ...]:
    off = [feed.feed for _, feed in registry.feeds() if not feed.enabled]
    if unknown := [name for name in listed(text) if name not in off]:
        raise SettingsError(
            f"{ENABLE_FEEDS} names {', '.join(unknown)}; feeds that are off by default, and can be "
            f"switched on: {', '.join(off)}"
        )
    return tuple(sorted(set(listed(text))))


def _shows_account_prices(text: str) -> bool:
    if text not in {"", SHOW, "hide"}:
        raise SettingsError(
            f"{ACCOUNT_PRICES} is {text!r}; `{SHOW}` lets prices of your own account into cards "
            "and exports, `hide` (as without it) keeps them out"
        )
    return text == SHOW


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
