"""The environment that Prefect's server, worker and flow runs get from `pricehouse up`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from providers.http.proxies import Proxies
from providers.secrets import VARIABLES
from providers.secrets.settings import IN_FILE
from schemas.errors import SettingsError
from warehouse.store.store_settings import SETTING, store_address

HEARTBEAT_S = 30
KEEP_RUNS_S, KEEP_EVENTS = 30 * 86400, "P7D"
"""How long Prefect keeps ended flow runs with their logs and artifacts (seconds), and events."""
PREFECT_FILE = Path(__file__).with_name("prefect.yaml")
"""The deployments; a link in a checkout, so that a wheel has the file too."""
DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # Its newer pages request settings from a tracking service in spite of the above.
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    # The browser asks the server that the page came from, under whatever name it reached it.
    "PREFECT_SERVER_UI_API_URL": "/api",
    # In the server's memory, the default, a restart frees the slot of a run that continues.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(KEEP_RUNS_S),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": KEEP_EVENTS,
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S),
}
"""What is set unless the operator sets it."""
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 4200
_LOGINS = ("VAULT_TOKEN", "VAULT_ROLE_ID", "VAULT_SECRET_ID")
_PATHS = (
    "VAULT_CACERT",
    "PGPASSFILE",
    *(f"{name}{IN_FILE}" for name in (*VARIABLES.values(), *_LOGINS)),
)
_AUTH = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what an operator may ask for
_THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


_API_URL = "PREFECT_API_URL"
_DATABASE_URLS = (
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_API_DATABASE_CONNECTION_URL",
)
_DATABASE = ("PREFECT_SERVER_DATABASE_", "PREFECT_API_DATABASE_")
_DRIVERS = ("postgresql+asyncpg://", "sqlite+aiosqlite:///")


class Part(Enum):
    """What `up` runs here: all of it, or what a machine of several has."""

    ALL = "all"
    SERVER = "server"
    WORKER = "worker"


@dataclass(frozen=True)
class PrefectServer:
    """The address of Prefect's server; without `listen` it is already running elsewhere."""

    api_url: str
    listen: tuple[str, int] | None

    @property
    def ui_url(self) -> str:
        """Where a person looks."""
        return self.api_url.removesuffix("/api")


def find_server(
    environment: Mapping[str, str], *, host: str | None, port: int | None, part: Part = Part.ALL
) -> PrefectServer:
    """Return the server of PREFECT_API_URL, unless host or port is given; SettingsError names a
    setting that cannot be used."""
    url = environment.get(_API_URL)
    if part is Part.WORKER and not url:
        raise SettingsError(
            f"{_API_URL} is not set, and --worker-only starts no server; set it to the address of "
            "the server that `pricehouse up --server-only` runs, like http://10.0.0.5:4200/api"
        )
    if url and host is None and port is None:
        if part is Part.SERVER:
            raise SettingsError(
                f"{_API_URL} names a server elsewhere, and --server-only starts one here; unset it"
            )
        if not url.startswith(("http://", "https://")):
            raise SettingsError(
                f"PREFECT_API_URL is {url!r}; it must be like http://127.0.0.1:4200/api"
            )
        return PrefectServer(url.rstrip("/"), None)
    host = host or environment.get("PREFECT_SERVER_API_HOST") or DEFAULT_HOST
    port = port or _port(environment.get("PREFECT_SERVER_API_PORT") or str(DEFAULT_PORT))
    if host not in _THIS_MACHINE and not any(environment.get(name) for name in _AUTH):
        raise SettingsError(
            f"on {host} other machines reach Prefect, and who reaches it can run flows here; set "
            "PREFECT_SERVER_API_AUTH_STRING to user:password, or leave the host at 127.0.0.1"
        )
    _check_database(environment)
    name = _EVERYWHERE.get(host, host)
    return PrefectServer(f"http://{f'[{name}]' if ':' in name else name}:{port}/api", (host, port))


def prefect_environment(
    environment: Mapping[str, str],
    server: PrefectServer,
    *,
    home: Path,
    python: Path,
    checkout: Path | None = None,
) -> dict[str, str]:
    """Return the environment with everything set that server, worker and flow runs need.

    Flow runs start in a folder of their own, so paths become absolute. `home` is the pricehouse
    home; they load the flows of `checkout`, without one those that are installed.
    """
    home = home.absolute()
    variables = {**DEFAULTS, **{name: value for name, value in environment.items() if value}}
    variables |= {
        "PRICEHOUSE_HOME": str(home),
        "PREFECT_HOME": str(Path(variables.get("PREFECT_HOME") or home / "prefect").absolute()),
        "PREFECT_API_URL": server.api_url,
        "PATH": os.pathsep.join([str(python.parent), variables.get("PATH", os.defpath)]),
    }
    if checkout is not None:
        found = [str(checkout), *filter(None, [variables.get("PYTHONPATH")])]
        variables["PYTHONPATH"] = os.pathsep.join(found)
    variables |= {
        name: str(Path(variables[name]).absolute()) for name in _PATHS if name in variables
    }
    if (address := store_address(variables)) is not None:
        variables[SETTING] = address
    if auth := next((variables[name] for name in _AUTH if name in variables), None):
        variables["PREFECT_API_AUTH_STRING"] = variables.get("PREFECT_API_AUTH_STRING", auth)
    if server.listen:
        host, port = server.listen
        variables |= {"PREFECT_SERVER_API_HOST": host, "PREFECT_SERVER_API_PORT": str(port)}
        if auth:
            variables["PREFECT_SERVER_API_AUTH_STRING"] = variables.get(_AUTH[0], auth)
    return variables


def without_database(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the server's database: only the server needs its password."""
    return {name: text for name, text in environment.items() if not name.startswith(_DATABASE)}


def proxy_variables(proxies: Proxies, server: PrefectServer) -> dict[str, str]:
    """Return the proxy variables that Prefect's programs and flow runs get.

    Prefect reads them with several libraries, which fail on settings that pricehouse accepts. A
    server that is started here, or that NO_PROXY excepts in a form that those do not know, is never
    asked through a proxy.
    """
    straight = server.listen is not None or proxies.proxy_of(server.api_url) is None
    host = urlsplit(server.api_url).hostname
    return proxies.variables(*([host] if straight and host else []))


def _check_database(environment: Mapping[str, str]) -> None:
    """Raise SettingsError for an address that Prefect would refuse; it has a password."""
    for name in _DATABASE_URLS:
        if (url := environment.get(name)) and not url.startswith(_DRIVERS):
            raise SettingsError(
                f"{name} must begin with {_DRIVERS[0]} (or {_DRIVERS[1]} and a path)"
            )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsError(f"PREFECT_SERVER_API_PORT is {text!r}; it must be a port number")
    return int(text)
