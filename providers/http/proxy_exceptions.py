"""Which hosts are never asked through a proxy: this machine, and the items of NO_PROXY."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

Network = IPv4Network | IPv6Network
LOOPBACK = ("localhost", ".localhost", "127.0.0.1", "127.0.0.0/8", "::1")
"""This machine, in a form that httpx, requests and websockets all accept."""
_NAME = re.compile(r"[a-z0-9_-]([a-z0-9._-]*[a-z0-9_-])?")
_PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True)
class ExemptHost:
    """One item of NO_PROXY: a domain with all names below it, or a network.

    `port` is the only one that is meant, None every one.
    """

    place: str | Network
    port: int | None = None

    def covers(self, host: str, port: int) -> bool:
        """Return whether the item means a host, which is a name or an address in lower case."""
        if self.port not in (None, port):
            return False
        if isinstance(self.place, str):
            return host == self.place or host.endswith(f".{self.place}")
        address = _address(host)
        return address is not None and address in self.place

    def portable(self) -> str | None:
        """Return the item in a form that httpx, requests and websockets accept; None without one.

        httpx raises an error for IPv6 networks and brackets, and takes a URL pattern instead.
        """
        if isinstance(self.place, str):
            return self.place if self.port is None else f"{self.place}:{self.port}"
        single = self.place.num_addresses == 1
        host = str(self.place.network_address if single else self.place)
        if self.place.version == 4:
            return host if self.port is None else f"{host}:{self.port}"
        if not single:
            return None
        return host if self.port is None else f"all://[{host}]:{self.port}"


@dataclass(frozen=True)
class ProxyExceptions:
    """The items of NO_PROXY; `everything` is an item `*`, under which no proxy is used at all."""

    items: tuple[ExemptHost, ...] = ()
    everything: bool = False

    def covers(self, host: str, port: int) -> bool:
        """Return whether a host is asked without a proxy; this machine always is."""
        host = host.lower().rstrip(".")
        if self.everything or is_loopback(host):
            return True
        return any(item.covers(host, port) for item in self.items)

    def portable(self, *more: str) -> str:
        """Return a NO_PROXY for other programs: this machine, the items, and further hosts."""
        if self.everything:
            return "*"
        items = (text for item in self.items if (text := item.portable()) is not None)
        return ",".join(dict.fromkeys([*LOOPBACK, *items, *more]))


def read_exceptions(text: str) -> ProxyExceptions:
    """Return the items of a NO_PROXY, separated by commas or spaces; ValueError quotes an odd one.

    Items are names, with or without a dot or `*.` before them, addresses, networks with a slash,
    and names or addresses with a port; IPv6 with or without brackets; or `*`.
    """
    items = [item for item in re.split(r"[,\s]+", text.lower()) if item]
    return ProxyExceptions(tuple(_read(items)), everything="*" in items)


def is_loopback(host: str) -> bool:
    """Return whether a host, a name or an address, is this machine; names are not resolved."""
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _read(items: Iterable[str]) -> Iterable[ExemptHost]:
    for item in items:
        if item == "*":
            continue
        try:
            yield _item(item)
        except ValueError:
            # An address with a password is no item; what is beside an @ is not quoted.
            raise ValueError("an item with @" if "@" in item else repr(item[:60])) from None


def _item(item: str) -> ExemptHost:
    """Return what an item means; ValueError when it means nothing."""
    if "/" in item:
        return ExemptHost(ip_network(re.sub(r"^\[(.*)\](?=/)", r"\1", item), strict=False))
    if (address := _address(item)) is not None:
        return ExemptHost(ip_network(address))
    host, colon, port = item.rpartition(":")
    if not colon or item.endswith("]"):
        host, port = item, ""
    elif not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise ValueError(item)
    number = int(port) if port else None
    if host.startswith("["):
        if not host.endswith("]"):
            raise ValueError(item)
        return ExemptHost(ip_network(IPv6Address(host[1:-1])), number)
    if (address := _address(host)) is not None and address.version == 4:
        return ExemptHost(ip_network(address), number)
    return ExemptHost(_name(host), number)


def _name(text: str) -> str:
    """Return a domain in ASCII, without a dot around it."""
    domain = text.removeprefix("*").strip(".")
    try:
        name = httpx.URL(f"http://{domain}").raw_host.decode()
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None
    if not _NAME.fullmatch(name):
        raise ValueError(text)
    return name


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address; an IPv4 one that is written as IPv6 is IPv4. None for a name."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if "%" in text:  # the zone of a link-local address, which no proxy is asked for
        return None
    return getattr(address, "ipv4_mapped", None) or address
