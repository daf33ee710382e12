"""The path under which a proxy serves the marketplace, and what that changes of addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.errors import SettingsError

SETTING = "PRICEHOUSE_ROOT_PATH"
_VALID = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_LINK = re.compile(r'(\b(?:href|src|action)=")/(?!/)')


class RootPathMiddleware:
    """Serve each address also under the root path, whether the proxy removes it or not.

    Every address that is made from the request then begins with the root path.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            path = scope["path"]
            kept = path == self._root or path.startswith(f"{self._root}/")
            full = path if kept else self._root + path
            at_root = f"{self._root}/" if full == self._root else full
            scope = {**scope, "path": at_root, "root_path": self._root}
        await self._app(scope, receive, send)


def checked_root_path(text: str) -> str:
    """Return a root path like `/prices`, empty for none; SettingsError for what is no path."""
    root = text.strip().removesuffix("/")
    if not root:
        return ""
    if not _VALID.fullmatch(root) or {".", ".."} & set(root.split("/")):
        raise SettingsError(
            f"the root path (--root-path, {SETTING}) is {text!r}; it must be a path like /prices, "
            "of letters, digits and . _ ~ - between slashes, without a host or a query"
        )
    return root


def refuse_own_address(root: str, paths: Iterable[str]) -> None:
    """Raise SettingsError if a root path begins like one of the marketplace's own addresses.

    It would not be known then whether a proxy has removed it.
    """
    first = root.split("/")[1]
    if first in {path.split("/")[1] for path in paths if path.startswith("/")}:
        raise SettingsError(
            f"the root path (--root-path, {SETTING}) is {root!r}, and /{first} is an address of "
            "the marketplace itself; choose another, like /prices"
        )


def root_of(request: Request) -> str:
    """Return the root path of a request, empty for none."""
    scope = request.scope
    return str(scope.get("app_root_path", scope.get("root_path", "")))


def path_of(request: Request) -> str:
    """Return the path of a request without the root path."""
    return request.url.path.removeprefix(root_of(request))


def under_root(html: str, root: str) -> str:
    """Return a page of which every link, form and file of this server is under the root path.

    No text of a page looks like an attribute: templates escape its quotation marks.
    """
    return _LINK.sub(rf"\g<1>{root}/", html) if root else html
