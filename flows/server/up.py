"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import MutableMapping
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

from flows.home_names import HomeNames, find_home_names
from flows.server.marketplace import MarketplaceAddress
from flows.server.processes import Processes, Report, Stop, Stopped
from flows.server.settings import (
    PREFECT_FILE,
    Part,
    PrefectServer,
    find_server,
    prefect_environment,
    proxy_variables,
    without_database,
)
from flows.server.supervisor import POLL_S, Command
from flows.server.watcher import follow_others, is_needed
from pipeline.settings import read_alert_rules, read_settings
from providers.http.proxies import read_proxies
from providers.registry import load_registry
from providers.secrets.alert_addresses import find_alert_addresses
from schemas.errors import PricehouseError, SettingsError
from warehouse.storage.files import make_folder
from warehouse.storage.home import Home
from warehouse.store.store_settings import store_address

CHECKOUT = Path(__file__).resolve().parents[2]
"""The folder that has the packages: a checkout, or site-packages when pricehouse is installed."""
START_S = 180.0
SERVER_GRACE_S, WORKER_GRACE_S, SERVE_GRACE_S = 20.0, 40.0, 15.0


# Six parameters and the environment: where both servers listen, and what of it all runs here.
def run_until_stopped(
    environment: MutableMapping[str, str],
    *,
    host: str | None,
    port: int | None,
    serve: MarketplaceAddress | None,
    report: Report,
    part: Part = Part.ALL,
) -> None:
    """Start what is missing and keep it running until SIGINT or SIGTERM.

    `environment` is changed: Prefect reads its settings from there. `serve` is where the
    marketplace listens; None leaves it out. SettingsError for a setting that cannot be used,
    PricehouseError when a process cannot be started.
    """
    stop = Stop()
    settings = read_settings(environment, load_registry())
    names = find_home_names(environment)
    store_address(environment)  # SettingsError before a home is made in the store's folder
    server = find_server(environment, host=host, port=port, part=part)
    # The home is on the machines of the workers; the server keeps a folder of its own there.
    is_server = part is Part.SERVER
    home = Home(settings.home) if is_server else Home.open(settings.home, origin="live")
    proxies = read_proxies(environment)
    is_checkout = (CHECKOUT / "pyproject.toml").is_file()
    child_environment = prefect_environment(
        environment,
        server,
        home=home.root,
        python=Path(sys.executable),
        checkout=CHECKOUT if is_checkout else None,
    ) | proxy_variables(proxies, server)
    if not PREFECT_FILE.is_file():
        raise SettingsError(f"{PREFECT_FILE} is missing; install pricehouse again")
    if serve is not None:
        if server.listen is not None:
            serve.require_apart(server.listen[1])
        serve.require_free()
    environment.update(child_environment)
    make_folder(Path(child_environment["PREFECT_HOME"]))  # Prefect makes no folder above it
    with ExitStack() as running:
        processes = Processes(child_environment, running, stop, report)
        try:
            _bring_up(server, processes, part)
            if serve is not None:  # it has pages before the first publication too
                processes.start(
                    serve.command(without_database(child_environment), CHECKOUT),
                    grace_s=SERVE_GRACE_S,
                )
                report(f"serving the marketplace at {serve.url}")
            _schedule(server, names, processes, part)
            if part is Part.SERVER:
                report(
                    f"the schedule is at {server.ui_url}, for workers elsewhere (Ctrl-C stops it)"
                )
                processes.keep()
            else:
                _work(home, names, server, serve, processes)
        except Stopped:
            report("stopping")
    report("stopped")


def _bring_up(server: PrefectServer, processes: Processes, part: Part) -> None:
    """Use the server that answers, or start one and wait until it does."""
    # Prefect reads its settings when it is imported, and that takes a second.
    from flows.server.deployments import server_answers

    if server_answers(server):
        processes.report(f"using the Prefect server at {server.ui_url}")
        return
    if server.listen is None:
        or_else = "" if part is Part.WORKER else ", or unset it to have one started here"
        raise PricehouseError(
            f"PREFECT_API_URL is {server.api_url} and no server answers there; start that server"
            f"{or_else}"
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


def _schedule(server: PrefectServer, names: HomeNames, processes: Processes, part: Part) -> None:
    """Create on the server what is missing there, and update the deployments; a worker alone only
    looks whether that was done."""
    from flows.server.deployments import (
        deploy,
        require_automations,
        require_deployed,
        require_pool,
    )
    from flows.server.upstream_limits import require_upstream_limits

    if part is Part.WORKER:
        require_deployed(server, names)
        return
    environment = processes.environment
    heartbeat_s = int(environment["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    stale_after = read_alert_rules(environment).stale_after
    for prepare in (
        partial(require_pool, names),
        partial(require_upstream_limits, load_registry()),
        partial(deploy, environment, names, checkout=CHECKOUT),
        partial(require_automations, names, heartbeat_s=heartbeat_s, stale_after=stale_after),
    ):
        processes.stop.check()
        prepare()


def _work(
    home: Home,
    names: HomeNames,
    server: PrefectServer,
    serve: MarketplaceAddress | None,
    processes: Processes,
) -> None:
    """Start the worker and what belongs to its home, and keep all running."""
    from flows.server.deployments import HOURLY, POOL
    from flows.server.first_hour import FirstHour

    environment, report = without_database(processes.environment), processes.report
    _keep_alert_addresses(environment, names, read_alert_rules(environment).stale_after, report)
    _start_watcher(environment, processes)
    processes.stop.check()
    worker = ("--pool", names.of(POOL), "--type", "process", "--name", platform.node())
    command = _module("the worker", environment, "prefect", "worker", "start", *worker)
    processes.start(command, grace_s=WORKER_GRACE_S)
    report(f"scheduled; look at {server.ui_url} (Ctrl-C stops it)")
    _follow_others(home, environment, report)
    first = FirstHour(
        home,
        deployment=names.of(HOURLY),
        published_at=serve.url if serve else None,
        report=report,
    )
    processes.keep(first.look)


def _follow_others(home: Home, environment: dict[str, str], report: Report) -> None:
    """Bring the home up to other machines, so that no hour of theirs counts as missed here."""
    try:
        follow_others(home, environment)
    except PricehouseError as error:
        report(f"what other machines published is not here yet: {error}")


def _start_watcher(environment: dict[str, str], processes: Processes) -> None:
    """Start who watches between runs whether data gets old, where alerts have addresses or other
    machines run hours too."""
    if not is_needed(environment):
        return
    command = _module("the watcher", environment, "flows.server.watcher")
    processes.start(command, grace_s=WORKER_GRACE_S)


def _keep_alert_addresses(
    environment: dict[str, str], names: HomeNames, stale_after: timedelta, report: Report
) -> None:
    """Let the automations about old data notify; what fails is reported, and `up` goes on."""
    from flows.server.stale_notification import keep_stale_automations

    addresses = None
    try:
        addresses = find_alert_addresses(environment)
    except PricehouseError as error:
        report(f"the addresses of alerts cannot be read: {error}")
    try:
        keep_stale_automations(addresses, stale_after=stale_after, names=names)
    except PricehouseError as error:
        report(f"Prefect sends no message about old data: {error}")


def _module(name: str, environment: dict[str, str], *arguments: str) -> Command:
    return Command(name, [sys.executable, "-m", *arguments], environment, CHECKOUT)
