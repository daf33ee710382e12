"""The marketplace that `pricehouse up` serves beside the schedule."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flows.server.supervisor import Command
from schemas.errors import SettingsError

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8400
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what an operator may ask for


@dataclass(frozen=True)
class MarketplaceAddress:
    """Where the marketplace listens."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT

    @property
    def url(self) -> str:
        """Where a person looks."""
        name = _EVERYWHERE.get(self.host, self.host)
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}"

    def require_free(self) -> None:
        """Raise SettingsError when nothing can listen there, before anything is started."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            with closing(socket.create_server((self.host, self.port), family=family)):
                pass
        except OSError as error:
            raise SettingsError(
                f"the marketplace cannot listen at {self.host} port {self.port}: "
                f"{error.strerror}; choose another port with --serve-port, or leave the "
                "marketplace out with --no-serve"
            ) from error

    def require_apart(self, port: int) -> None:
        """Raise SettingsError when Prefect's server is to listen at the same port."""
        if self.port == port:
            raise SettingsError(
                f"the marketplace and Prefect's server cannot both listen at port {port}; choose "
                "another one with --serve-port or --port"
            )

    def command(self, environment: Mapping[str, str], folder: Path) -> Command:
        """Return the program that serves it; the home is in the environment."""
        options = ("--host", self.host, "--port", str(self.port))
        arguments = [sys.executable, "-m", "cli.main", "serve", *options]
        return Command("the marketplace", arguments, environment, folder)
