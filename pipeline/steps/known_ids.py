"""Find which providers and ids an adapter asks about: the mapped ones, without unknown ones."""

from __future__ import annotations

from datetime import timedelta

from pipeline.context import Run
from pipeline.feed_specs import RunFeed
from pipeline.feeds import spec_of
from pipeline.steps.lanes import Lanes
from pipeline.steps.stored import read_mapped_ids
from schemas.records import FeedFetch
from schemas.registry import Source

UNKNOWN_FOR = timedelta(days=1)
"""How long after the start of a run the ids that a source did not know in it are left out."""


def mapped_providers(run: Run, landed: list[FeedFetch]) -> list[str]:
    """Return the inference providers that the catalogues of this run name, and the registry's.

    A provider that a catalogue lacks altogether is one that a comparison has to find.
    """
    found = set(run.registry.serving_providers(run.today.date()))
    for fetch in landed:
        read = spec_of(fetch.feed).mapped_providers
        if read is not None and fetch.is_whole:
            found.update(read(run.folder.landing.get(page.payload_hash) for page in fetch.pages))
    return sorted(found)


def mapped_ids(run: Run, lanes: Lanes, source: Source, inference_provider: str) -> list[str]:
    """Return the ids that a provider has in the catalogues, each once, sorted.

    Of each catalogue by its answer of this run, which it waits for, else by the last committed one.
    """
    found: set[str] = set()
    unanswered: list[RunFeed] = []
    catalogs = {feed.source for feed in run.catalogs()}
    # two catalogues that wait for one another would wait for ever
    fetches = [] if source.source in catalogs else lanes.fetched(catalogs)
    complete = {fetch.feed: fetch for fetch in fetches if fetch.is_whole}
    for feed in run.catalogs():
        fetch, read = complete.get(feed.name), feed.spec.mapped_ids
        if fetch is None or read is None:
            unanswered.append(feed)
            continue
        bodies = (run.folder.landing.get(page.payload_hash) for page in fetch.pages)
        found.update(read(bodies, inference_provider))
    if unanswered:
        found |= read_mapped_ids(run, [feed.source for feed in unanswered], inference_provider)
    return sorted(found)


def recent_unknown_ids(run: Run, feed: str) -> set[str]:
    """Return the ids that a feed's source did not know in runs of the last day, at this address.

    They come from the manifests in landing, so that a run that failed or was killed counts as far
    as it wrote them, and replay, which requests nothing, does not depend on them.
    """
    found: set[str] = set()
    for folder in run.folder.landing.newest_first():
        record = folder.record
        if run.today - record.started_at >= UNKNOWN_FOR:
            break
        if (
            record.run_id != run.record.run_id
            and record.settings.get(feed) == run.record.settings.get(feed)
            and (fetch := folder.fetch_of(feed)) is not None
        ):
            found.update(fetch.unknown_ids)
    return found
