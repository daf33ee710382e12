"""OpenTelemetry spans of a run: one of the run, below it one per step and one per feed.

The SDK is the extra `pricehouse[otel]`, and is imported only where spans are wanted. Spans are sent
once, when the run has ended: no thread runs beside the steps, and no collector delays them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
TIMEOUT_S = 5.0
"""How long an ended run waits for the collector, unless OTEL_EXPORTER_OTLP_TIMEOUT states it."""
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
_MODULES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_LOG = logging.getLogger(__name__)

Attributes = Mapping[str, str | int | float | bool | None]
"""Facts of a span; None is left out."""


class RunSpans(Protocol):
    """The spans of one run; times are UTC."""

    def begin(self, name: str, attributes: Attributes) -> None:
        """Begin the span of the run."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Make the block a span below that of the run; an exception marks it as failed."""

    def add(
        self, name: str, started_at: datetime, finished_at: datetime, attributes: Attributes
    ) -> None:
        """Add a span of what has ended; `error` in the attributes marks it as failed."""

    def end(self, attributes: Attributes) -> None:
        """End the span of the run, marked as failed with `error`, and send all."""


class NoSpans:
    """Make no spans."""

    def begin(self, name: str, attributes: Attributes) -> None:
        """Ignore the begin of a run."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run the block alone."""
        del name
        yield

    def add(
        self, name: str, started_at: datetime, finished_at: datetime, attributes: Attributes
    ) -> None:
        """Ignore what has ended."""

    def end(self, attributes: Attributes) -> None:
        """Ignore the end of a run."""


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # of a package above it
        return False


def spans_of(
    environment: Mapping[str, str], *, is_installed: Callable[[str], bool] = _is_installed
) -> RunSpans:
    """Return the spans that the environment asks for; none, with a warning, where they cannot be.

    A run is never ended by them.
    """
    endpoint = _endpoint(environment)
    if endpoint is None:
        return NoSpans()
    if problem := _problem(environment, is_installed):
        _LOG.warning("%s is set and no spans are sent: %s", ENDPOINT, problem)
        return NoSpans()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    # its own lines are tracebacks; `end` reports a failure in one sentence
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    own_timeout = any(environment.get(name) for name in _TIMEOUTS)
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=None if own_timeout else TIMEOUT_S)
    return _SentSpans(exporter, environment)


def _endpoint(environment: Mapping[str, str]) -> str | None:
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    if environment.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return None
    if own := environment.get(TRACES_ENDPOINT):
        return own
    base = environment.get(ENDPOINT)
    return f"{base.rstrip('/')}/v1/traces" if base else None


def _problem(environment: Mapping[str, str], is_installed: Callable[[str], bool]) -> str | None:
    if missing := [name for name in _MODULES if not is_installed(name)]:
        return f"{missing[0]} is not installed; run `pip install 'pricehouse[otel]'`"
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), None)
    if protocol not in {None, "http/protobuf"}:
        return f"the protocol is {protocol!r}; only http/protobuf is supported"
    return None


class _SentSpans:
    """Spans that are kept until the run has ended, then sent to a collector."""

    def __init__(self, exporter: SpanExporter, environment: Mapping[str, str]) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._exporter = exporter
        self._kept = InMemorySpanExporter()
        name = environment.get("OTEL_SERVICE_NAME") or "pricehouse"
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": name}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self._tracer = self._provider.get_tracer("pricehouse")
        self._run: Any = None

    def begin(self, name: str, attributes: Attributes) -> None:
        from opentelemetry.context import Context

        # a context of its own: what Prefect has begun is not sent
        self._run = self._tracer.start_span(name, Context(), attributes=_known(attributes))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        span = self._tracer.start_span(name, self._below())
        try:
            yield
        except BaseException as error:
            # of an exception only its type: its text may be of a library
            _fail(span, type(error).__name__)
            raise
        finally:
            span.end()

    def add(
        self, name: str, started_at: datetime, finished_at: datetime, attributes: Attributes
    ) -> None:
        span = self._tracer.start_span(
            name, self._below(), attributes=_known(attributes), start_time=_nanoseconds(started_at)
        )
        if error := attributes.get("error"):
            _fail(span, str(error))
        span.end(_nanoseconds(finished_at))

    def end(self, attributes: Attributes) -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        self._run.set_attributes(_known(attributes))
        if error := attributes.get("error"):
            _fail(self._run, str(error))
        self._run.end()
        spans = self._kept.get_finished_spans()
        try:
            sent = self._exporter.export(spans) == SpanExportResult.SUCCESS
        except Exception as error:  # noqa: BLE001 - a library's; no run ends because of its spans
            _LOG.debug("%s", type(error).__name__)
            sent = False
        if not sent:
            _LOG.warning("%d spans were not taken by the collector at %s", len(spans), ENDPOINT)
        self._exporter.shutdown()
        self._provider.shutdown()

    def _below(self) -> Any:
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        return set_span_in_context(self._run, Context())


def _known(attributes: Attributes) -> dict[str, str | int | float | bool]:
    return {f"pricehouse.{key}": value for key, value in attributes.items() if value is not None}


def _fail(span: Any, why: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_status(Status(StatusCode.ERROR, why))


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
