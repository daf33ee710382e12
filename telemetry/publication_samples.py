"""The metrics of a publication, from what `status` reads of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from telemetry.metric_families import Sample


def publication_samples(
    *,
    observed_to: datetime | None,
    published_at: datetime | None,
    counts: Mapping[str, int],
    feeds: Iterable[tuple[str, datetime | None, int]],
) -> Iterator[Sample]:
    """Yield the samples; `counts` has offers, rankable, held, gaps and alerts_open, `feeds`
    are (name, last whole answer, failures in a row). A time that is unknown has no sample."""
    if observed_to is not None:
        yield Sample("data_observed_timestamp_seconds", observed_to.timestamp())
    if published_at is not None:
        yield Sample("publication_timestamp_seconds", published_at.timestamp())
    yield Sample("offers", counts["offers"])
    yield Sample("rankable_offers", counts["rankable"])
    yield Sample("held_offers", counts["held"])
    yield Sample("gaps", counts["gaps"])
    yield Sample("alerts_open", counts["alerts_open"])
    for feed, last_success_at, failures in feeds:
        if last_success_at is not None:
            labels = (feed,)
            at = last_success_at.timestamp()
            yield Sample("feed_last_success_timestamp_seconds", at, labels)
        yield Sample("feed_failures_in_a_row", failures, (feed,))
