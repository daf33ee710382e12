"""Read and write one secret in a Vault-compatible server. Only this module imports hvac.

Every failure becomes one error of ours. None carries an exception of hvac or requests, not even as
its context, nor a text of the server: those hold headers and bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import hvac  # type: ignore[import-untyped]  # it ships no types
import requests
from hvac import exceptions as hvac_errors

from providers.secrets.errors import reason, vault_failure
from providers.secrets.settings import AppRole, VaultSettings
from schemas.errors import PricehouseError, SecretError, SettingsError
from schemas.secrets import Secret

TIMEOUT_S = 10.0
Fields = dict[str, Any]


class Vault:
    """Log in to one Vault for one secret. Close it, or use it as a context manager.

    It never retries: a run that finds no token ends, and the next hour tries again. `timeout_s`
    bounds the connecting and each wait for bytes.
    """

    def __init__(self, settings: VaultSettings, *, timeout_s: float = TIMEOUT_S) -> None:
        self._settings = settings
        session = requests.Session()
        session.trust_env = False  # the settings have the proxy and the certificates
        session.verify = settings.cacert or True  # hvac prefers it to its own
        self._client = hvac.Client(
            url=settings.address,
            token="",  # with None, hvac reads the environment and the home folder
            namespace=settings.namespace,
            session=session,
            proxies={"all": settings.proxy.url()} if settings.proxy else {},
            timeout=timeout_s,
            allow_redirects=False,  # requests would carry Vault's token to the other host
        )
        self._place = {"path": settings.path, "mount_point": settings.mount}

    def __enter__(self) -> Self:
        self._log_in()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.adapter.close()

    def read(self) -> tuple[Fields, int]:
        """Return the secret's fields, and the version of its KV engine (1 or 2)."""
        kv_version = self._kv_version()
        stored = self._fetch(kv_version)
        if isinstance(stored, hvac_errors.VaultError):
            raise self._failure("vault_deleted" if _last_version(stored) else "vault_missing")
        return self._fields(stored, kv_version), kv_version

    def write(self, fields: Mapping[str, Secret]) -> int:
        """Set these fields, keep the others, and return the version of the KV engine.

        KV 2 refuses to overwrite what another client wrote meanwhile; KV 1 cannot.
        """
        kv_version = self._kv_version()
        stored = self._fetch(kv_version)
        missing = isinstance(stored, hvac_errors.VaultError)
        kept = {} if missing else self._fields(stored, kv_version)
        secret = kept | {name: value.reveal() for name, value in fields.items()}
        kv = self._client.secrets.kv
        if kv_version == 1:
            outcome = self._request(
                lambda: kv.v1.create_or_update_secret(secret=secret, method="PUT", **self._place)
            )
        else:
            cas = _last_version(stored)
            outcome = self._request(
                lambda: kv.v2.create_or_update_secret(secret=secret, cas=cas, **self._place)
            )
        if isinstance(outcome, hvac_errors.InvalidRequest):
            raise self._failure("vault_conflict")
        if isinstance(outcome, hvac_errors.VaultError):
            raise self._failure("vault_denied", why="write")
        return kv_version

    def _log_in(self) -> None:
        login = self._settings.login
        if isinstance(login, Secret):
            self._client.token = login.reveal()
            return
        match self._request(lambda: self._login_by(login)):
            case hvac_errors.InvalidRequest():
                raise self._failure("vault_approle")
            case hvac_errors.InvalidPath():
                raise self._no_such_path()
            case hvac_errors.VaultError():
                raise self._failure("vault_approle_refused")
            case {"auth": {"client_token": str(token)}}:
                self._client.token = token
            case _:
                raise self._failure("vault_strange", why="a login without a token")

    def _login_by(self, login: AppRole) -> object:
        return self._client.auth.approle.login(
            role_id=login.role_id.reveal(), secret_id=login.secret_id.reveal(), use_token=False
        )

    def _kv_version(self) -> int:
        """Return 1 or 2, by the request of Vault's own command line, which needs no more rights."""
        settings = self._settings
        path = f"/v1/sys/internal/ui/mounts/{settings.mount}/{settings.path}"
        match self._request(lambda: self._client.adapter.get(path)):
            case hvac_errors.InvalidPath():
                raise self._no_such_path()
            case hvac_errors.VaultError():
                raise self._mount_refused()
            case {"data": {"path": str(mount)}} if mount.strip("/") != settings.mount:
                raise self._failure("vault_mount")
            case {"data": {"type": "kv", "options": {"version": "2"}}}:
                return 2
            case {"data": {"type": "kv"}}:
                return 1
            case {"data": {"type": str(engine)}}:
                raise self._failure("vault_not_kv", why=engine)
        raise self._failure("vault_strange", why="a mount without a type")

    def _mount_refused(self) -> SecretError:
        """Distinguish a bad token, a mount that does not exist, and policies that allow nothing."""
        by_token = isinstance(self._settings.login, Secret)  # an AppRole's is a moment old
        if by_token and not self._request(self._client.is_authenticated):
            return self._failure("vault_token")
        kv = self._client.secrets.kv
        outcome = self._request(
            lambda: kv.v2.read_secret_version(raise_on_deleted_version=True, **self._place)
        )
        missing = isinstance(outcome, hvac_errors.InvalidPath)  # it may ask, and there is nothing
        return self._failure("vault_mount" if missing else "vault_mount_hidden")

    def _no_such_path(self) -> SecretError:
        if self._settings.namespace:
            return self._failure("vault_namespace")
        return self._failure("vault_strange", why="404")

    def _fetch(self, kv_version: int) -> Any:
        """Return the stored secret, or the InvalidPath when there is none."""
        kv = self._client.secrets.kv
        if kv_version == 1:
            stored = self._request(lambda: kv.v1.read_secret(**self._place))
        else:
            stored = self._request(
                lambda: kv.v2.read_secret_version(raise_on_deleted_version=True, **self._place)
            )
        if isinstance(stored, hvac_errors.InvalidPath):
            return stored
        if isinstance(stored, hvac_errors.VaultError):
            raise self._failure("vault_denied", why="read")
        return stored

    def _fields(self, stored: Any, kv_version: int) -> Fields:
        match stored, kv_version:
            case ({"data": dict(fields)}, 1) | ({"data": {"data": dict(fields)}}, 2):
                return fields
        raise self._failure("vault_strange", why="a secret without fields")

    def _request(self, call: Callable[[], object]) -> Any:
        """Return the result of a call, or as a value the refusal whose meaning depends on the call.

        A failure that means the same for every call is raised, outside of the `except`: the chain
        of an error is kept and printed by others.
        """
        failure: PricehouseError
        try:
            result = call()
        except (
            hvac_errors.InvalidRequest,
            hvac_errors.Forbidden,
            hvac_errors.InvalidPath,
        ) as refusal:
            if refusal.json is not None:
                return refusal
            failure = self._not_from_vault(refusal)
        except (hvac_errors.VaultError, OSError) as error:  # requests' errors are OSErrors
            failure = self._failure_of(error)
        else:
            if not isinstance(result, requests.Response) or result.status_code == 204:
                return result
            failure = self._failure("vault_strange", why=f"status {result.status_code}")
        raise failure

    def _not_from_vault(self, refusal: hvac_errors.VaultError) -> PricehouseError:
        """Name a refusal without Vault's JSON: Go's server answers 400 to http on a TLS port."""
        http = self._settings.address.startswith("http://")
        if http and isinstance(refusal, hvac_errors.InvalidRequest):
            return SettingsError(
                f"VAULT_ADDR is {self._settings.address}, and that port seems to speak TLS: make "
                "it https://"
            )
        return self._failure("vault_strange", why="a refusal without JSON")

    def _failure_of(self, error: hvac_errors.VaultError | OSError) -> PricehouseError:
        match error:
            case requests.exceptions.SSLError():  # first: it is a ConnectionError too
                return self._failure("vault_tls", why=reason(error))
            case requests.exceptions.Timeout():
                return self._failure("vault_timeout")
            case requests.exceptions.ConnectionError():
                return self._failure("vault_unreachable", why=reason(error))
            case hvac_errors.VaultDown():
                return self._down()
            case (
                hvac_errors.InternalServerError()
                | hvac_errors.BadGateway()
                | hvac_errors.RateLimitExceeded()
            ):
                return self._failure("vault_down", why=type(error).__name__)
        return self._failure("vault_strange", why=type(error).__name__)

    def _down(self) -> SecretError:
        try:
            if not self._client.sys.is_initialized():
                return self._failure("vault_uninitialised")
            if self._client.sys.is_sealed():
                return self._failure("vault_sealed")
        except (hvac_errors.VaultError, OSError, TypeError, KeyError):
            pass  # it does not answer that either: it is down
        return self._failure("vault_down", why="503")

    def _failure(self, code: str, *, why: str = "") -> SecretError:
        return vault_failure(code, self._settings, why=why)


def _last_version(stored: Any) -> int:
    """Return a KV 2 secret's newest version, deleted or not; 0 when there never was one."""
    match stored.json if isinstance(stored, hvac_errors.VaultError) else stored:
        case {"data": {"metadata": {"version": int(version)}}}:
            return version
    return 0
