"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import platform
import signal
import sys
import time
from collections.abc import Callable, MutableMapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

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
SERVER_GRACE_S, WORKER_GRACE_S = 20.0, 40.0


Report = Callable[[str], None]
"""Show one line of progress to the operator."""


def run_until_stopped(
    environment: MutableMapping[str, str], *, host: str | None, port: int | None, report: Report
) -> None:
    """Start what is missing and keep it running until SIGINT or SIGTERM.

    `environment` is changed: Prefect reads its settings from there. SettingsError for a setting
    that cannot be used, PricehouseError when a process cannot be started.
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
    environment.update(child_environment)
    with ExitStack() as running:
        try:
            _bring_up(server, child_environment, running, stop, report)
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


def _bring_up(
    server: PrefectServer,
    environment: dict[str, str],
    running: ExitStack,
    stop: Stop,
    report: Report,
) -> None:
    # Prefect reads its settings when it is imported, and that takes a second.
    from flows.server.deployments import (
        POOL,
        deploy,
        require_automations,
        require_pool,
        server_answers,
    )

    kept: list[Supervised] = []
    if server_answers(server):
        report(f"using the Prefect server at {server.ui_url}")
    elif server.listen is None:
        raise PricehouseError(
            f"PREFECT_API_URL is {server.api_url} and no server answers there; start that server, "
            "or unset it to have one started here"
        )
    else:
        report(f"starting a Prefect server at {server.ui_url}")
        kept.append(
            _start(
                _prefect("Prefect's server", environment, "server", "start"),
                running,
                report,
                grace_s=SERVER_GRACE_S,
            )
        )
        deadline = time.monotonic() + START_S
        while not server_answers(server):
            stop.check()
            kept[0].require_alive()
            if time.monotonic() >= deadline:
                raise PricehouseError(f"Prefect's server did not answer within {START_S:.0f} s")
            time.sleep(POLL_S)
    for prepare in (
        require_pool,
        lambda: deploy(environment, checkout=CHECKOUT),
        lambda: require_automations(
            heartbeat_s=int(environment["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
        ),
    ):
        stop.check()
        prepare()
    kept += _start_watcher(environment, running, report)
    stop.check()
    worker = ("worker", "start", "--pool", POOL, "--type", "process", "--name", platform.node())
    kept.append(
        _start(
            _prefect("the worker", environment, *worker), running, report, grace_s=WORKER_GRACE_S
        )
    )
    report(f"scheduled; look at {server.ui_url} (Ctrl-C stops it)")
    while True:
        stop.check()
        for process in kept:
            process.keep()
        time.sleep(POLL_S)


def _start_watcher(
    environment: dict[str, str], running: ExitStack, report: Report
) -> list[Supervised]:
    """Start who watches between runs whether data gets old, where alerts have addresses."""
    if not has_addresses(environment):
        return []
    _connect_alerts(environment, report)
    watcher = [sys.executable, "-m", "flows.server.watcher"]
    command = Command("the watcher of alerts", watcher, environment, CHECKOUT)
    return [_start(command, running, report, grace_s=WORKER_GRACE_S)]


def _connect_alerts(environment: dict[str, str], report: Report) -> None:
    """Let the automation about old data notify; what fails is reported, and `up` goes on."""
    from flows.server.stale_notification import connect_stale_automation

    try:
        if addresses := find_alert_addresses(environment):
            stale_after = read_alert_rules(environment).stale_after
            connect_stale_automation(addresses, stale_after=stale_after)
    except PricehouseError as error:
        report(f"the automation about old data sends no message: {error}")


def _prefect(name: str, environment: dict[str, str], *arguments: str) -> Command:
    return Command(name, [sys.executable, "-m", "prefect", *arguments], environment, CHECKOUT)


def _start(command: Command, running: ExitStack, report: Report, *, grace_s: float) -> Supervised:
    process = Supervised(command, report=report)
    running.callback(process.stop, grace_s=grace_s)
    return process
