"""Which secret a source's requests carry, and why a feed is not asked at all."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from pipeline.context import FindToken, Run
from pipeline.feeds import spec_of
from pipeline.settings import ENABLE_FEEDS
from providers.http.auth import Bearer
from providers.secrets import SCHEMES, VARIABLES
from schemas.elapsed import elapsed
from schemas.errors import SecretError
from schemas.registry import Feed, Source

HOUR = timedelta(hours=1)


class Skip(NamedTuple):
    """Why a feed is not asked: `code` for programs, `reason` for people."""

    code: str
    reason: str


def reason_to_skip(run: Run, feed: Feed) -> Skip | None:
    """Return why this run does not ask the feed, None when it does."""
    if run.options.feeds is not None and feed.feed not in run.options.feeds:
        return Skip("not_asked", "not asked in this run")
    if not run.reads(feed):
        return Skip("off", f"off by default, {ENABLE_FEEDS} switches it on: {feed.off_because}")
    last, every = run.observed.get(feed.feed), timedelta(seconds=feed.expected_every_s)
    # an hour early: an hourly rhythm would otherwise ask an hour later each day
    if last is not None and every > HOUR and run.today - last < every - HOUR:
        return Skip("not_due", f"asked once in {elapsed(every)}; last answered {last:%H:%M} UTC")
    return None


def credential(source: Source, base_urls: dict[str, str], find: FindToken) -> Bearer | Skip | None:
    """Return what the source's requests may carry, for its own hosts alone.

    None: the source is read anonymously. A feed that needs a key is skipped without one, also when
    Vault does not give it. When Vault refuses the token of Hugging Face, SecretError ends the run.
    """
    name = next((feed.secret for feed in source.feeds if feed.secret), None)
    if name is not None:
        return _key(source, name, base_urls, find)
    urls = [base_urls[feed.feed] for feed in source.feeds if spec_of(feed.feed).takes_token]
    if not urls or (found := find()) is None:
        return None
    return Bearer(found.secret, base_urls=urls)


def _key(source: Source, name: str, base_urls: dict[str, str], find: FindToken) -> Bearer | Skip:
    try:
        found = find(name=name)
    except SecretError as error:
        return Skip("no_key", f"no key: {error}")
    if found is None:
        return Skip(
            "no_key", f"no key: store one as {name}/api_key in Vault, or set {VARIABLES[name]}"
        )
    urls = [base_urls[feed.feed] for feed in source.feeds]
    return Bearer(found.secret, base_urls=urls, scheme=SCHEMES.get(name, "Bearer"))
