"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import click
from rich.markup import escape

from flows.environment import read_settings
from flows.prefect_settings import Server, find_server, prefect_environment
from flows.supervise import POLL_S, Command, Supervised
from flows.terminal import err
from providers.registry import load_registry
from schemas.errors import PricehouseError, SettingsError
from warehouse.home import Home

CHECKOUT = Path(__file__).resolve().parents[1]
START_S = 180.0
SERVER_GRACE_S, WORKER_GRACE_S = 20.0, 40.0


@click.command()
@click.option("--host", help="Where the server listens (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Its port (default 4200).")
def up(*, host: str | None, port: int | None) -> None:
    """Schedule the hour: Prefect's server and UI, the deployments, a worker, until stopped.

    Uses the Prefect server at PREFECT_API_URL, or one that answers at host and port already; else
    starts one, which keeps its database under prefect/ in the home. Ctrl-C or SIGTERM ends what
    was started here.
    """
    stop = Stop()
    settings = read_settings(os.environ, load_registry())
    home = Home.open(settings.home, origin="live")
    server = find_server(os.environ, host=host, port=port)
    told = prefect_environment(
        os.environ, server, home=home.root, python=Path(sys.executable), checkout=CHECKOUT
    )
    if not (CHECKOUT / "prefect.yaml").is_file():
        raise SettingsError(f"{CHECKOUT} has no prefect.yaml; run `up` from a checkout")
    os.environ.update(told)
    with ExitStack() as running:
        try:
            _bring_up(server, told, running, stop)
        except Stopped:
            _say("stopping")
    _say("stopped")


class Stopped(Exception):
    """Raised where work is going on when somebody asked to stop."""


class Stop:
    """Whether SIGINT or SIGTERM came; they are looked at where it is safe to leave."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def check(self) -> None:
        """Raise Stopped when asked to stop."""
        if self._asked:
            raise Stopped

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


def _bring_up(server: Server, told: dict[str, str], running: ExitStack, stop: Stop) -> None:
    from flows.deployments import (  # Prefect reads its settings when it is imported, a second long
        POOL,
        answers,
        deploy,
        require_automations,
        require_pool,
    )

    kept: list[Supervised] = []
    if answers(server):
        _say(f"using the Prefect server at {server.ui_url}")
    elif server.listen is None:
        raise PricehouseError(
            f"PREFECT_API_URL is {server.api_url} and nothing answers there; start that server, "
            "or unset it to have one started here"
        )
    else:
        _say(f"starting a Prefect server at {server.ui_url}")
        kept.append(_start(_prefect("Prefect's server", told, "server", "start"), running,
                           grace_s=SERVER_GRACE_S))  # fmt: skip
        deadline = time.monotonic() + START_S
        while not answers(server):
            stop.check()
            kept[0].require_alive()
            if time.monotonic() >= deadline:
                raise PricehouseError(f"Prefect's server did not answer within {START_S:.0f} s")
            time.sleep(POLL_S)
    for prepare in (
        require_pool,
        lambda: deploy(told, checkout=CHECKOUT),
        lambda: require_automations(heartbeat_s=int(told["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])),
    ):
        stop.check()
        prepare()
    stop.check()
    worker = ("worker", "start", "--pool", POOL, "--type", "process", "--name", platform.node())
    kept.append(_start(_prefect("the worker", told, *worker), running, grace_s=WORKER_GRACE_S))
    _say(f"scheduled; look at {server.ui_url} (Ctrl-C stops it)")
    while True:
        stop.check()
        for process in kept:
            process.keep()
        time.sleep(POLL_S)


def _prefect(name: str, told: dict[str, str], *arguments: str) -> Command:
    return Command(name, [sys.executable, "-m", "prefect", *arguments], told, CHECKOUT)


def _start(command: Command, running: ExitStack, *, grace_s: float) -> Supervised:
    process = Supervised(command, say=_say)
    running.callback(process.stop, grace_s=grace_s)
    return process


def _say(text: str) -> None:
    err.print(f"[bold]pricehouse[/]: {escape(text)}")
