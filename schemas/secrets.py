"""A secret that masks itself, and where it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

MASK = "***"


class Secret:
    """Hold a text that no message, log, repr, JSON or pickle may contain.

    Made from printable ASCII without spaces, stripped at both ends; ValueError, which does not
    quote it, for anything else: HTTP libraries quote a header that they reject in their message.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        stripped = text.strip()
        if not stripped:
            raise ValueError("it is empty")
        if not all("!" <= character <= "~" for character in stripped):
            raise ValueError(
                "it holds a line break, a space or a character outside ASCII (not shown): "
                "was more than the secret copied?"
            )
        self._text = stripped

    def reveal(self) -> str:
        """Return the text, for the one module that sends it."""
        return self._text

    def scrub(self, text: str) -> str:
        """Return `text` with every occurrence of the secret masked."""
        return text.replace(self._text, MASK)

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: pass it inside the process")


@dataclass(frozen=True)
class VaultPlace:
    """Where a secret is stored in Vault, and the kind of login; none of it is secret."""

    address: str
    namespace: str | None
    mount: str
    path: str
    field: str
    kv_version: int
    auth: Literal["token", "approle"]


@dataclass(frozen=True)
class VariablePlace:
    """The environment variable that a secret came from."""

    variable: str


@dataclass(frozen=True)
class FoundSecret:
    """A secret and where it was found."""

    secret: Secret
    place: VaultPlace | VariablePlace


@dataclass(frozen=True)
class StoreKeys:
    """What signs the requests to an object store."""

    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None
