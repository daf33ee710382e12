"""Let the requests of all runs share what each upstream allows, through rate limits of Prefect.

Prefect's own `rate_limit` waits inside the call: a wait there knows no deadline of a feed, does not
end when the run does, and does not differ for a missing limit and for a server that is away. So a
run takes slots itself, as strictly, and the HTTP client waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.context import SettingsContext, get_settings_context
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES

from flows.server.upstream_limits import limit_names, read_limits
from providers.http.rate_limit import Throttle, unthrottled
from schemas.errors import SettingsError
from schemas.registry import Registry

BLOCK = 10
"""Slots that are taken at once, of a small limit a quarter: each call costs some ten milliseconds,
and the server counts only whole slots as come back since the call before."""
BLOCK_S = 10.0
"""Slots that are not used by then are given up, so that no run saves some for later."""
AWAY_S = 60.0
"""How long the server is not asked again after it did not answer."""
_TIMEOUT_S = 5.0
_LOCKED, _UNPROCESSABLE = 423, 422


@contextmanager
def shared_throttle(registry: Registry, *, report: Callable[[str], None]) -> Iterator[Throttle]:
    """Give what asks Prefect's server before a request; without a server of its own, nothing does.

    SettingsError, before anything is asked of a source, where a limit is missing or is no rate
    limit. `report` gets one line when the server does not answer; the run goes on at its own pace.
    """
    if not PREFECT_API_URL.value():
        yield unthrottled
        return
    with get_client(sync_client=True, httpx_settings={"timeout": _TIMEOUT_S}) as client:
        throttle = SharedThrottle(client, limit_names(registry), report=report)
        throttle.require_limits()
        yield throttle


class SharedThrottle:
    """Take slots of the limits, in blocks; several threads may ask."""

    def __init__(
        self,
        client: SyncPrefectClient,
        names: Mapping[str, str],
        *,
        report: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`names` has the limit of each feed."""
        self._client = client
        self._names = names
        self._report = report
        self._monotonic = monotonic
        self._limits: dict[str, GlobalConcurrencyLimitResponse] = {}
        self._taken: dict[str, tuple[int, float]] = {}  # name → slots left, and until when
        self._calls_at = float("-inf")
        self._has_reported = False
        self._lock = threading.Lock()
        # Prefect's client would try again for a minute, in which no stop ends it.
        context = get_settings_context()
        settings = context.settings.copy_with_update({PREFECT_CLIENT_MAX_RETRIES: 0})
        self._trying_once = partial(SettingsContext, profile=context.profile, settings=settings)

    def require_limits(self) -> None:
        """Read the limits; SettingsError where one is missing or gives no slot back."""
        with self._lock:
            self._call(self._read)

    def __call__(self, feed: str) -> float:
        """Return 0 if a request of the feed may be sent now, else in how many seconds to ask."""
        name = self._names[feed]
        with self._lock:
            slots, until = self._taken.get(name, (0, 0.0))
            if not slots or self._monotonic() >= until:
                if (wait_s := self._call(lambda: self._take(name))) != 0:
                    return wait_s or 0.0
                slots, until = self._taken[name]
            self._taken[name] = slots - 1, until
            return 0.0

    def _call(self, request: Callable[[], float | None]) -> float | None:
        """Return what the server gave; None while it is away."""
        if self._monotonic() < self._calls_at:
            return None
        try:
            with self._trying_once():
                return request()
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - Prefect raises whatever its HTTP client does
            self._calls_at = self._monotonic() + AWAY_S
            if not self._has_reported:
                self._report(
                    "Prefect's server gave no slot of the shared rate limits "
                    f"({type(error).__name__}); until it does, requests keep this run's own pace"
                )
                self._has_reported = True
        return None

    def _read(self) -> None:
        names = set(self._names.values())
        found = read_limits(self._client)
        self._limits = {name: limit for name, limit in found.items() if name in names}
        missing = sorted(names - self._limits.keys())
        if missing:
            raise SettingsError(
                f"Prefect's server has no rate limit {', '.join(missing)}; `pricehouse up`, or "
                "`pricehouse up --server-only` on its machine, creates it at its start"
            )
        for limit in self._limits.values():
            if limit.slot_decay_per_second <= 0:
                raise SettingsError(
                    f"the limit {limit.name} of Prefect's server is no rate limit: set its slot "
                    "decay per second, or delete it, and `pricehouse up` creates it at its start"
                )

    def _take(self, name: str) -> float:
        """Take a block of slots; return 0, or the seconds after which to ask again."""
        if not self._limits:  # the server was away when the run began
            self._read()
        slots = max(min(BLOCK, self._limits[name].limit // 4), 1)
        try:
            taken = self._client.increment_concurrency_slots([name], slots, "rate_limit").json()
        except PrefectHTTPStatusError as error:
            if error.response.status_code == _LOCKED:
                return max(float(error.response.headers["Retry-After"]), 0.1)
            if error.response.status_code == _UNPROCESSABLE:  # an operator has lowered the limit
                self._read()
                return 1.0
            raise
        if not taken:
            self._read()  # names the limit, which somebody deleted
        self._taken[name] = slots, self._monotonic() + BLOCK_S
        return 0.0
