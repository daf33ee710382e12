"""/metrics: requests by route and status, the newest publication, and the last run of the home."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.statements import statement
from schemas.clock import age_s, utc_now
from schemas.errors import PricehouseError
from telemetry.exposition import CONTENT_TYPE, ServerMetrics, read_text
from telemetry.metric_families import RUN, Sample
from telemetry.publication_samples import publication_samples
from warehouse.publication.reader_pool import PublicationPool, Reading
from warehouse.publication.verdict_facts import open_alerts

PATH = "/metrics"
UNKNOWN_ROUTE = "none"
"""The route of a request that no route takes: its path is the client's, and there is no end of
them."""
NOT_ANSWERED = "none"
"""The status of a request whose client left before its answer began."""
METHODS = frozenset({"GET", "POST", "OPTIONS"})
"""HEAD is served, and counted, as GET."""
_RUN_NAMES = frozenset(family.name for family in RUN)
_MOST_BYTES = 1_000_000
_LOG = logging.getLogger(__name__)

metrics_api = APIRouter()


class MetricsMiddleware:
    """Count each request with the template of its route, its method and its status."""

    def __init__(self, app: ASGIApp, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), NOT_ANSWERED

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        except Exception:
            status = "500" if status == NOT_ANSWERED else status
            raise
        finally:
            method = scope["method"]
            self._metrics.count(
                route=route_of(scope),
                method=method if method in METHODS else "other",
                status=status,
                seconds=time.perf_counter() - started,
            )


def route_of(scope: Scope) -> str:
    """Return the template of the route that took a request, like `/v1/offers/{offer_id}`."""
    path = getattr(scope.get("route"), "path", None)
    if path is not None:
        return str(path)
    # a mounted application and a plain route leave no template in the scope
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return UNKNOWN_ROUTE
    return "/static/{path}" if isinstance(endpoint, StaticFiles) else "/mcp"


def home_samples(pool: PublicationPool, *, stale_after: timedelta) -> Iterator[Sample]:
    """Yield the figures of the newest publication, and those that the last run kept."""
    yield Sample("stale_after_seconds", stale_after.total_seconds())
    try:
        with pool.reading() as reading:
            yield from reading.keep("metrics", lambda: list(_samples(reading)))
            observed_to = reading.publication["observed_to"]
            age = age_s(observed_to, utc_now()) if observed_to else None
            if age is not None:
                yield Sample("data_age_seconds", age)
    except PricehouseError as error:  # nothing is published, or it cannot be read: /readyz has why
        _LOG.debug("no publication to measure: %s", type(error).__name__)
    yield from _last_run(pool)


def _samples(reading: Reading) -> Iterator[Sample]:
    facts = reading.publication
    (counts,) = reading.rows(statement("select_published_counts"))
    feeds = reading.rows(statement("select_feeds"))
    yield from publication_samples(
        observed_to=facts["observed_to"],
        published_at=facts["published_at"],
        counts=counts | {"alerts_open": len(open_alerts(reading.rows))},
        feeds=[
            (f["feed"], f["last_success_at"], f["failures_in_a_row"]) for f in feeds if f["enabled"]
        ],
    )


def _last_run(pool: PublicationPool) -> Iterator[Sample]:
    try:
        with pool.home.metrics.open("rb") as file:
            text = file.read(_MOST_BYTES).decode()
        samples = list(read_text(text))
    except (OSError, ValueError):  # no run has kept any, or the file is damaged
        return
    yield from (sample for sample in samples if sample.name in _RUN_NAMES)


@metrics_api.get(PATH, include_in_schema=False)
def metrics(request: Request) -> Response:
    """Return the metrics in the text format of Prometheus."""
    found: ServerMetrics = request.app.state.metrics
    return Response(found.text(), 200, {"Cache-Control": "no-store"}, CONTENT_TYPE)
