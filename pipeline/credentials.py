"""Which secret a source's requests carry, and why a feed is not asked at all."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.session import FindToken, Run
from pipeline.settings import ENABLE_FEEDS
from providers.http.auth import Bearer
from providers.huggingface import TOKEN_FEEDS
from providers.secrets import SCHEMES, VARIABLES
from schemas.errors import SecretError
from schemas.registry import Feed, Source


class Skip(NamedTuple):
    """Why a feed is not asked: `code` for programs, `said` for a person."""

    code: str
    said: str


def reason_to_skip(run: Run, feed: Feed) -> Skip | None:
    """Return why this run does not ask the feed, None when it does."""
    if run.feeds is not None and feed.feed not in run.feeds:
        return Skip("not_asked", "not asked in this run")
    if not run.reads(feed):
        return Skip("off", f"off by default, {ENABLE_FEEDS} switches it on: {feed.off_because}")
    return None


def credential(source: Source, base_urls: dict[str, str], find: FindToken) -> Bearer | Skip | None:
    """Return what the source's requests may carry, for its own hosts alone.

    None: it is read anonymously. A feed that answers only with its key is skipped without one,
    also where Vault does not give it; the token of the catalogue's source is Vault's to refuse,
    which raises SecretError and ends the run.
    """
    name = next((feed.secret for feed in source.feeds if feed.secret), None)
    if name is not None:
        return _key(source, name, base_urls, find)
    urls = [base_urls[feed.feed] for feed in source.feeds if feed.feed in TOKEN_FEEDS]
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
