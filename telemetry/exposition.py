"""Metrics in the text format of Prometheus, and the requests that a server counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from telemetry.metric_families import GAUGES, HTTP, PREFIX, Sample, require_families

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# Else each counter has a second series with the time of its first count, which nothing reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


class _Gauges(Collector):
    """The samples that a function returns at each scrape."""

    def __init__(self, samples: Callable[[], Iterable[Sample]]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have samples."""
        by_name: dict[str, list[Sample]] = defaultdict(list)
        for sample in self._samples():
            by_name[sample.name].append(sample)
        require_families(sample for samples in by_name.values() for sample in samples)
        for name, family in GAUGES.items():
            if name in by_name:
                gauge = GaugeMetricFamily(PREFIX + name, family.help, labels=family.labels)
                for sample in by_name[name]:
                    gauge.add_metric(sample.labels, sample.value)
                yield gauge


def as_text(samples: Sequence[Sample]) -> bytes:
    """Return samples in the text format; ValueError for one of no known metric."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(lambda: samples))
    return generate_latest(registry)


def read_text(text: str) -> Iterator[Sample]:
    """Yield the samples of a text that `as_text` wrote; ValueError where it is damaged.

    What an earlier or a later version wrote besides is left out.
    """
    for metric in text_string_to_metric_families(text):
        name = metric.name.removeprefix(PREFIX)
        if (family := GAUGES.get(name)) is None:
            continue
        for found in metric.samples:
            if found.labels.keys() == set(family.labels):
                labels = tuple(found.labels[label] for label in family.labels)
                yield Sample(name, found.value, labels)


class ServerMetrics:
    """The requests that one server answered, with the gauges that a function returns."""

    def __init__(self, samples: Callable[[], Iterable[Sample]]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Gauges(samples))
        ProcessCollector(registry=self._registry)
        requests, durations = HTTP
        self._requests = Counter(
            PREFIX + requests.name, requests.help, requests.labels, registry=self._registry
        )
        self._durations = Histogram(
            PREFIX + durations.name,
            durations.help,
            durations.labels,
            registry=self._registry,
            buckets=_BUCKETS,
        )

    def count(self, *, route: str, method: str, status: str, seconds: float) -> None:
        """Count one answered request; the route is a template, never the path of a request."""
        self._requests.labels(route, method, status).inc()
        self._durations.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics in the text format."""
        return generate_latest(self._registry)
