"""What belongs to one home in Prefect, and by what name: several homes may share one server.

A home is one of several by the schema of its shared warehouse (`schema=` in PRICEHOUSE_WAREHOUSE),
which every machine that works on it has in common. Without that setting, and for the schema
`pricehouse`, the names are those of the only home of a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.lake.lake_settings import DEFAULT_SCHEMA, lake_schema
from warehouse.storage.home import Home

RESOURCE = "pricehouse.home."
"""What the resource of every home's events begins with."""


@dataclass(frozen=True)
class HomeNames:
    """The names of one home; `schema` is that of its shared warehouse, None without one."""

    schema: str | None = None

    @property
    def label(self) -> str | None:
        """What the names of this home end with, None for the only or first home of a server.

        Prefect takes no underscore in the names of blocks and artifacts, and a schema no hyphen.
        """
        if self.schema in {None, DEFAULT_SCHEMA}:
            return None
        return str(self.schema).replace("_", "-")

    def of(self, name: str) -> str:
        """Return this home's name of a deployment, work pool, block or artifact."""
        return f"{name}-{self.label}" if self.label else name

    def title(self, name: str) -> str:
        """Return this home's name of an automation, which is a sentence."""
        return f"{name} ({self.label})" if self.label else name

    def resource(self, home: Home) -> dict[str, str]:
        """Return the resource of the home's events: the same on every machine that shares it."""
        name = self.schema or home.root
        return {
            "prefect.resource.id": f"{RESOURCE}{name}",
            "prefect.resource.name": f"pricehouse {name}",
        }

    def resource_ids(self) -> list[str]:
        """Return what the ids of the resources of this home look like, as a trigger matches them.

        A home without a shared warehouse is named after its folder.
        """
        return [f"{RESOURCE}{name}" for name in self._resources()]

    def resource_names(self) -> list[str]:
        """Return the same of the names of the resources."""
        return [f"pricehouse {name}" for name in self._resources()]

    def _resources(self) -> list[str]:
        if self.label is None:
            return ["/*", DEFAULT_SCHEMA]
        return [str(self.schema)]


def find_home_names(environment: Mapping[str, str]) -> HomeNames:
    """Return the names of the home of these settings; SettingsError for one that cannot be used."""
    return HomeNames(lake_schema(environment))
