"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import platform
import signal
import sys
import time
from collections.abc import Callable, MutableMapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import FrameType

from flows.server.marketplace import MarketplaceAddress
from flows.server.settings import (
    PREFECT_FILE,
    PrefectServer,
    find_server,
    prefect_environment,
    proxy_variables,
)
from flows.server.supervisor import POLL_S, Command, Supervised
from flows.server.watcher import has_addresses
from pipeline.settings import read_alert_rules, read_settings
from providers.http.proxies import read_proxies
from providers.registry import load_registry
from providers.secrets.alert_addresses import find_alert_addresses
from schemas.errors import PricehouseError, SettingsError
from warehouse.storage.home import Home

CHECKOUT = Path(__file__).resolve().parents[2]
"""The folder that has the packages: a checkout, or site-packages when pricehouse is installed."""
START_S = 180.0
SERVER_GRACE_S, WORKER_GRACE_S, SERVE_GRACE_S = 20.0, 40.0, 15.0


Report = Callable[[str], None]
"""Show one line of progress to the operator."""


def run_until_stopped(
    environment: MutableMapping[str, str],
    *,
    host: str | None,
    port: int | None,
    serve: MarketplaceAddress | None,
    report: Report,
) -> None:
    """Start what is missing and keep it running until SIGINT or SIGTERM.

    `environment` is changed: Prefect reads its settings from there. `serve` is where the
    marketplace listens; None leaves it out. SettingsError for a setting that cannot be used,
    PricehouseError when a process cannot be started.
    """
    stop = Stop()
    settings = read_settings(environment, load_registry())
    home = Home.open(settings.home, origin="live")
    server = find_server(environment, host=host, port=port)
    proxies = read_proxies(environment)
    child_environment = prefect_environment(
        environment, server, home=home.root, python=Path(sys.executable), checkout=CHECKOUT
    ) | proxy_variables(proxies, server)
    if not PREFECT_FILE.is_file():
        raise SettingsError(f"{PREFECT_FILE} is missing; install pricehouse again")
    if serve is not None:
        if server.listen is not None:
            serve.require_apart(server.listen[1])
        serve.require_free()
    environment.update(child_environment)
    with ExitStack() as running:
        processes = Processes(child_environment, running, stop, report)
        try:
            _bring_up(server, processes)
            _schedule(home, server, serve, processes)
        except Stopped:
            report("stopping")
    report("stopped")


class Stopped(Exception):
    """Raised during work once a stop was requested."""


class Stop:
    """Whether SIGINT or SIGTERM came; checked where it is safe to leave."""

    def __init__(self) -> None:
        self._requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request)

    def check(self) -> None:
        """Raise Stopped when a stop was requested."""
        if self._requested:
            raise Stopped

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        self._requested = True


class Processes:
    """What `up` started, and what it does again and again while they run."""

    def __init__(
        self, environment: dict[str, str], running: ExitStack, stop: Stop, report: Report
    ) -> None:
        self.environment = environment
        self.stop = stop
        self.report = report
        self._running = running
        self._kept: list[Supervised] = []

    def start(self, command: Command, *, grace_s: float) -> Supervised:
        """Start a program; it is ended, after those that were started later, when `up` ends."""
        process = Supervised(command, report=self.report)
        self._running.callback(process.stop, grace_s=grace_s)
        self._kept.append(process)
        return process

    def keep(self, *looks: Callable[[], None]) -> None:
        """Start again what ends, and call each of `looks`, until a stop is requested."""
        while True:
            self.stop.check()
            for process in self._kept:
                process.keep()
            for look in looks:
                look()
            time.sleep(POLL_S)


def _bring_up(server: PrefectServer, processes: Processes) -> None:
    """Use the server that answers, or start one and wait until it does."""
    # Prefect reads its settings when it is imported, and that takes a second.
    from flows.server.deployments import server_answers

    if server_answers(server):
        processes.report(f"using the Prefect server at {server.ui_url}")
        return
    if server.listen is None:
        raise PricehouseError(
            f"PREFECT_API_URL is {server.api_url} and no server answers there; start that server, "
            "or unset it to have one started here"
        )
    processes.report(f"starting a Prefect server at {server.ui_url}")
    module = "flows.server.prefect_server"
    command = _module("Prefect's server", processes.environment, module, "server", "start")
    process = processes.start(command, grace_s=SERVER_GRACE_S)
    deadline = time.monotonic() + START_S
    while not server_answers(server):
        processes.stop.check()
        process.require_alive()
        if time.monotonic() >= deadline:
            raise PricehouseError(f"Prefect's server did not answer within {START_S:.0f} s")
        time.sleep(POLL_S)


def _schedule(
    home: Home, server: PrefectServer, serve: MarketplaceAddress | None, processes: Processes
) -> None:
    """Deploy, start marketplace and worker, and keep them running."""
    from flows.server.deployments import POOL, deploy, require_automations, require_pool
    from flows.server.first_hour import FirstHour

    environment, stop, report = processes.environment, processes.stop, processes.report
    if serve is not None:  # it has pages before the first publication too
        processes.start(serve.command(environment, CHECKOUT), grace_s=SERVE_GRACE_S)
        report(f"serving the marketplace at {serve.url}")
    heartbeat_s = int(environment["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    stale_after = read_alert_rules(environment).stale_after
    for prepare in (
        require_pool,
        lambda: deploy(environment, checkout=CHECKOUT),
        lambda: require_automations(heartbeat_s=heartbeat_s, stale_after=stale_after),
    ):
        stop.check()
        prepare()
    _keep_alert_addresses(environment, stale_after, report)
    _start_watcher(processes)
    stop.check()
    worker = ("worker", "start", "--pool", POOL, "--type", "process", "--name", platform.node())
    processes.start(_module("the worker", environment, "prefect", *worker), grace_s=WORKER_GRACE_S)
    report(f"scheduled; look at {server.ui_url} (Ctrl-C stops it)")
    first = FirstHour(home, published_at=serve.url if serve else None, report=report)
    processes.keep(first.look)


def _start_watcher(processes: Processes) -> None:
    """Start who watches between runs whether data gets old, where alerts have addresses."""
    if not has_addresses(processes.environment):
        return
    module = "flows.server.watcher"
    command = _module("the watcher of alerts", processes.environment, module)
    processes.start(command, grace_s=WORKER_GRACE_S)


def _keep_alert_addresses(
    environment: dict[str, str], stale_after: timedelta, report: Report
) -> None:
    """Let the automations about old data notify; what fails is reported, and `up` goes on."""
    from flows.server.stale_notification import keep_stale_automations

    addresses = None
    try:
        addresses = find_alert_addresses(environment)
    except PricehouseError as error:
        report(f"the addresses of alerts cannot be read: {error}")
    try:
        keep_stale_automations(addresses, stale_after=stale_after)
    except PricehouseError as error:
        report(f"Prefect sends no message about old data: {error}")


def _module(name: str, environment: dict[str, str], *arguments: str) -> Command:
    return Command(name, [sys.executable, "-m", *arguments], environment, CHECKOUT)
