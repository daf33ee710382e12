"""Every metric of a home: its name, meaning and labels. Values of labels are from closed lists.

A time is a Unix time in seconds, so that `time() - …` is the age also where nothing runs any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

PREFIX = "pricehouse_"


class MetricFamily(NamedTuple):
    """One metric; its full name begins with PREFIX. All are gauges."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


class Sample(NamedTuple):
    """One value of a metric, with the values of its labels in their order."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


PUBLICATION = (
    MetricFamily("data_observed_timestamp_seconds", "Time of the newest answer that readers see."),
    MetricFamily("stale_after_seconds", "Age from which on data is stale: PRICEHOUSE_STALE_AFTER."),
    MetricFamily("publication_timestamp_seconds", "Time at which it was published."),
    MetricFamily("offers", "Present offers, adapters included."),
    MetricFamily("rankable_offers", "Offers that are ranked."),
    MetricFamily("held_offers", "Offers whose newer value the gate refused."),
    MetricFamily("gaps", "Times between two whole answers of a feed that were too long, ever."),
    MetricFamily("alerts_open", "Alerts that are open in the newest publication."),
    MetricFamily("feed_last_success_timestamp_seconds", "Last whole answer of a feed.", ("feed",)),
    MetricFamily("feed_failures_in_a_row", "Runs in a row in which a feed failed.", ("feed",)),
)
"""Of the newest publication: in the file of the home, and live under /metrics."""

RUN = (
    MetricFamily("build_info", "1, with the version of pricehouse that ran.", ("version",)),
    MetricFamily(
        "run_started_timestamp_seconds",
        "Start of the newest run: later than the end while it runs, or when it was killed.",
    ),
    MetricFamily("run_finished_timestamp_seconds", "End of the last run that ended by itself."),
    MetricFamily(
        "run_last_success_timestamp_seconds", "End of the last run that ended with status 0."
    ),
    MetricFamily("run_success", "1 when the last run ended with status 0, else 0."),
    MetricFamily("run_outcome", "1 for the outcome of the last run, else 0.", ("outcome",)),
    MetricFamily("run_duration_seconds", "Duration of the last run."),
    MetricFamily("run_step_duration_seconds", "Duration of a step of the last run.", ("step",)),
    MetricFamily("run_step_cpu_seconds", "Processor seconds of a step of the last run.", ("step",)),
    MetricFamily("run_peak_memory_bytes", "The most memory that the process of the last run held."),
    MetricFamily("run_models", "Models of the last run."),
    MetricFamily("run_prices", "Offers of the last run by the status of their price.", ("status",)),
    MetricFamily("run_changes", "Changes of the last run by event.", ("event",)),
    MetricFamily("run_held", "Values that the last run held, by check.", ("check",)),
    MetricFamily("run_feed_success", "1: a feed answered whole, 0: it failed.", ("feed",)),
    MetricFamily("run_feed_duration_seconds", "Duration of fetching a feed.", ("feed",)),
    MetricFamily("run_feed_requests", "Requests to a feed in the last run.", ("feed",)),
    MetricFamily("run_feed_retries", "Requests that were sent again.", ("feed",)),
    MetricFamily(
        "run_feed_waited_seconds", "Waits for the rate limit and between tries.", ("feed",)
    ),
    MetricFamily("run_feed_pages", "Pages of a feed.", ("feed",)),
    MetricFamily("run_feed_bytes", "Decoded bytes of a feed.", ("feed",)),
    MetricFamily("run_feed_rows", "Rows of a feed, accepted or rejected.", ("feed", "result")),
    MetricFamily("run_feed_rate_limit_remaining", "Requests that its last answer left.", ("feed",)),
    MetricFamily("run_feed_rate_limit_reset_seconds", "Seconds until they are renewed.", ("feed",)),
    MetricFamily("warehouse_bytes", "Size of the writer's file."),
)
"""Of the last run: in its file, and from there under /metrics."""

LIVE = (MetricFamily("data_age_seconds", "Age of the newest answer that readers see."),)
"""Only under /metrics, where it is computed for each scrape."""

HTTP = (
    MetricFamily(
        "http_requests_total", "Requests by route and status.", ("route", "method", "status")
    ),
    MetricFamily("http_request_duration_seconds", "Time to answer, by route.", ("route",)),
)
"""Only under /metrics: a counter and a histogram."""

GAUGES = {family.name: family for family in (*PUBLICATION, *RUN, *LIVE)}


def require_families(samples: Iterable[Sample]) -> None:
    """Raise ValueError for a sample of no known metric, or with another number of labels."""
    for sample in samples:
        family = GAUGES.get(sample.name)
        if family is None or len(family.labels) != len(sample.labels):
            raise ValueError(f"{sample} belongs to no metric of telemetry/metric_families.py")
