"""Read the proxies of this machine from the environment, once, and check them.

HTTP libraries read HTTP_PROXY and its like by themselves, each by other rules, and fail with errors
of their own in the middle of a run. Here the variables are read by one rule, and what pricehouse
starts gets them in a form that all libraries accept.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import unquote

import httpx

from providers.http.proxy_exceptions import ProxyExceptions, read_exceptions
from schemas.errors import SettingsError
from schemas.secrets import MASK, Secret

NO_PROXY = "NO_PROXY"
VARIABLES = {"http": "HTTP_PROXY", "https": "HTTPS_PROXY", "all": "ALL_PROXY"}
"""Scheme of a request → the variable of its proxy; `all` is for a scheme without one."""
SHORTEST_SECRET = 4
"""Shorter passwords are not masked in texts: they would mask parts of words."""
SOCKS = ("socks5", "socks5h")
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_PORTS_OF_URLS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9a-fA-F:.]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+]{0,11}")


@dataclass(frozen=True)
class ProxyServer:
    """A proxy: its address without the login, the variable that names it, and the login.

    `login` is `user:password`, percent-encoded.
    """

    variable: str
    scheme: str
    host: str
    port: int
    login: Secret | None = None

    @property
    def address(self) -> str:
        """Where it is, fit for a message."""
        return f"{self.scheme}://{self._place()}"

    @property
    def is_socks(self) -> bool:
        """Whether it is a SOCKS proxy, and no HTTP one."""
        return self.scheme in SOCKS

    def url(self) -> str:
        """Return its address with the login, for libraries; the proxy resolves names.

        Several libraries resolve names themselves for `socks5`, and none for `socks5h`.
        """
        login = f"{self.login.reveal()}@" if self.login else ""
        return f"{'socks5h' if self.is_socks else self.scheme}://{login}{self._place()}"

    def scrub(self, text: str) -> str:
        """Mask the password in a text of a server or a library, in each form that is sent."""
        if self.login is None:
            return text
        encoded = self.login.reveal()
        password = encoded.partition(":")[2]
        header = b64encode(unquote(encoded).encode()).decode()
        for form in (header, password, unquote(password)):
            text = text.replace(form, MASK) if len(form) >= SHORTEST_SECRET else text
        return text

    def _place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Proxies:
    """The proxies that requests go through: `http`, `https` or `all` → proxy."""

    servers: Mapping[str, ProxyServer] = field(default_factory=dict)
    exceptions: ProxyExceptions = field(default_factory=ProxyExceptions)

    def proxy_of(self, url: str) -> ProxyServer | None:
        """Return the proxy for requests to a URL; None sends them straight to its host."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            return None  # no request can be sent to it
        port = parsed.port or _PORTS_OF_URLS.get(parsed.scheme, 0)
        if self.exceptions.covers(parsed.raw_host.decode("ascii", "replace"), port):
            return None
        return self.servers.get(parsed.scheme) or self.servers.get("all")

    def variables(self, *hosts: str) -> dict[str, str]:
        """Return the variables for programs that read them by their own rules, in both cases.

        `hosts` are further ones that no proxy is asked for.
        """
        found = {VARIABLES[kind]: server.url() for kind, server in self.servers.items()}
        found[NO_PROXY] = self.exceptions.portable(*hosts)
        return found | {name.lower(): text for name, text in found.items()}

    def describe(self) -> str:
        """Return one sentence for a person, without a login."""
        if not self.servers:
            return "no proxy is set"
        if self.exceptions.everything:
            return f"no proxy is used: {NO_PROXY} is *"
        ways = [
            f"{scheme} through {server.address} ({server.variable})"
            for scheme in _PORTS_OF_URLS
            if (server := self.servers.get(scheme) or self.servers.get("all"))
        ]
        count = len(self.exceptions.items)
        some = f" and the {count} items of {NO_PROXY}" if count else ""
        return f"{', '.join(ways)}; none for this machine{some}"


NO_PROXIES = Proxies()


def read_proxies(environment: Mapping[str, str]) -> Proxies:
    """Return the proxies of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

    A name in lower case comes first, also when it is empty, which means none. SettingsError names
    a variable that cannot be used; it never quotes a login.
    """
    servers = {}
    for kind, variable in VARIABLES.items():
        name, text = _effective(environment, variable)
        if text:
            servers[kind] = _read_server(name, text)
    name, text = _effective(environment, NO_PROXY)
    try:
        exceptions = read_exceptions(text)
    except ValueError as error:
        problem = str(error)
    else:
        return Proxies(servers, exceptions)
    raise SettingsError(
        f"{name} has {problem}; its items must be hosts, domains, addresses or networks, separated "
        "by commas, like localhost,.example.com,10.0.0.0/8"
    )


def _effective(environment: Mapping[str, str], variable: str) -> tuple[str, str]:
    """Return the name that counts of a variable's two, and its text; '' when neither is set.

    In a CGI process a client's header `Proxy` becomes HTTP_PROXY, which is not trusted there.
    """
    lower = variable.lower()
    if lower in environment:
        return lower, environment[lower].strip()
    if variable == VARIABLES["http"] and "REQUEST_METHOD" in environment:
        return variable, ""
    return variable, environment.get(variable, "").strip()


def _read_server(variable: str, text: str) -> ProxyServer:
    """Return a proxy; an address without a scheme is one of http."""
    scheme, found, _ = text.partition("://")
    scheme = scheme.lower() if found else "http"
    if scheme not in _PORTS:
        named = f"has the scheme {scheme}" if _SCHEME.fullmatch(scheme) else "has no usable scheme"
        raise SettingsError(
            f"{variable} {named}; it must begin with http://, https:// or socks5://, like "
            "http://proxy.example:3128, or be unset"
        )
    if scheme in SOCKS and find_spec("socksio") is None:
        raise SettingsError(
            f"{variable} is a SOCKS proxy, which needs the package socksio: run `make venv`"
        )
    try:
        return _parse_server(variable, scheme, text if found else f"http://{text}")
    except (ValueError, httpx.InvalidURL):
        pass  # raised out here: the chain would quote the value, which may hold a password
    raise SettingsError(
        f"{variable} is no address of a proxy; it must be like http://proxy.example:3128, or "
        "http://user:password@proxy.example:3128 with special characters percent-encoded"
    )


def _parse_server(variable: str, scheme: str, text: str) -> ProxyServer:
    """Return the parts of an address; ValueError or httpx.InvalidURL when one is odd."""
    parsed = httpx.URL(text)
    host = parsed.raw_host.decode("ascii")
    port = _PORTS[scheme] if parsed.port is None else parsed.port
    if not _HOST.fullmatch(host) or not 0 < port < 65536:
        raise ValueError("no host, or no port")
    if parsed.path not in ("", "/") or parsed.query or parsed.fragment:
        raise ValueError("more than an address")
    userinfo = parsed.userinfo.decode("ascii")
    if userinfo and ":" not in userinfo:
        userinfo += ":"  # websockets refuses a user without a password
    login = Secret(userinfo) if userinfo else None
    return ProxyServer(variable, scheme, host, port, login)
