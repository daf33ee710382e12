"""Every way in which Vault fails: one code, what is wrong, and what to do about it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from providers.secrets.settings import VaultSettings
from schemas.errors import SecretError

_PUT = "store the token with `pricehouse secrets put huggingface`"
_GRANT = "docs/secrets.md has the policy that is needed"

FAILURES = {
    "vault_unreachable": "no connection ({why}): check the address, and that Vault runs",
    "vault_timeout": "no answer in time: check the address, and the load of Vault",
    "vault_tls": "the TLS handshake failed ({why}): check that the address has the right scheme, "
    "host and port, and that VAULT_CACERT names the CA that signed its certificate",
    "vault_sealed": "it is sealed: its operator must unseal it",
    "vault_uninitialised": "it is not initialised: its operator must initialise and unseal it",
    "vault_down": "it answered {why}: it is busy or down; the next run tries again",
    "vault_strange": "it does not answer as Vault does ({why}): check the address; behind a "
    "redirection, set the target's address",
    "vault_namespace": "there is no namespace {namespace!r}: check VAULT_NAMESPACE",
    "vault_token": "it does not accept VAULT_TOKEN, which is wrong, expired or revoked (or may "
    "not even look itself up): set a valid one",
    "vault_approle": "it does not know this pair of VAULT_ROLE_ID and VAULT_SECRET_ID: check the "
    "role id, and make a new secret id if it was used up or has expired",
    "vault_approle_refused": "it refuses the AppRole login: after five wrong secret ids the role "
    "is locked for 15 minutes; otherwise AppRole is not enabled at auth/approle",
    "vault_mount": "no secrets engine is mounted at {mount!r}: check PRICEHOUSE_VAULT_MOUNT",
    "vault_mount_hidden": "nothing is mounted at {mount!r}, or the policies allow nothing below "
    f"it: check PRICEHOUSE_VAULT_MOUNT; {_GRANT}",
    "vault_not_kv": "the engine at {mount!r} is {why}, no KV engine: check PRICEHOUSE_VAULT_MOUNT",
    "vault_denied": f"the policies do not allow to {{why}} {{secret}}: {_GRANT}",
    "vault_missing": f"there is no secret {{secret}}: {_PUT}, or check PRICEHOUSE_VAULT_MOUNT",
    "vault_deleted": f"the newest version of {{secret}} is deleted: undelete it, or {_PUT}",
    "vault_field": f"{{secret}} has no usable token ({{why}}): {_PUT}",
    "vault_conflict": "another client wrote {secret} at the same moment: check it, and try again",
}
"""Code of a SecretError → its message after `Vault at <address>: `."""


def vault_failure(code: str, settings: VaultSettings, *, why: str = "") -> SecretError:
    """Return the error of that code; `why` is a text of ours or of the system, never of Vault."""
    message = FAILURES[code].format(
        why=why,
        mount=settings.mount,
        secret=f"{settings.mount}/{settings.path}",
        namespace=settings.namespace,
    )
    server = settings.proxy
    through = f" (through the proxy {server.address}, {server.variable})" if server else ""
    return SecretError(f"Vault at {settings.address}{through}: {message}", code=code)


def reason(error: BaseException) -> str:
    """Return the system's text for a broken connection, from the bottom of the chain."""
    text = type(error).__name__
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return cause.reason or text
        if isinstance(cause, OSError) and cause.strerror:
            text = cause.strerror
    return text


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
