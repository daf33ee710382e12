"""A real Vault-compatible server (OpenBao) on a port of its own, and what tests do to it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import hvac
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.raw_server import unused_port

ROOT = "root-token-of-the-tests"
CANARY = "hf_CanaryThatNobodyMaySee0123456789"
SECRET = "huggingface/api_key"  # noqa: S105 - the path, not the secret


@dataclass(frozen=True)
class Bao:
    """A running server; `ca` is the file that its certificate is checked against."""

    url: str
    pid: int
    ca: str | None = None

    def admin(self, *, token: str = ROOT, namespace: str | None = None) -> hvac.Client:
        return hvac.Client(
            url=self.url, token=token, namespace=namespace, verify=self.ca or True, timeout=10
        )

    def environment(self, **more: str) -> dict[str, str]:
        """Return settings that log in as root, unless `more` has another login."""
        login = {} if more.keys() & {"VAULT_ROLE_ID", "VAULT_TOKEN"} else {"VAULT_TOKEN": ROOT}
        return {"VAULT_ADDR": self.url, "HF_TOKEN": "hf_decoy", **login, **more}

    def token(self, policy: str, **more: object) -> str:
        """Return a token that has the rights of the policy."""
        admin = self.admin()
        admin.sys.create_or_update_policy("of-a-test", policy)
        made = admin.auth.token.create(policies=["of-a-test"], **more)
        return str(made["auth"]["client_token"])


@contextlib.contextmanager
def dev_server(folder: Path) -> Iterator[Bao]:
    """Run a server in memory, unsealed, with KV 2 at `secret`."""
    port = unused_port()
    listen = f"-dev-listen-address=127.0.0.1:{port}"
    options = ["-dev", "-dev-no-store-token", f"-dev-root-token-id={ROOT}", listen]
    with _running(options, folder) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_for(hvac.Client(url=url, token=ROOT, verify=True), process)
        yield Bao(url, process.pid)


@contextlib.contextmanager
def tls_server(folder: Path) -> Iterator[Bao]:
    """Run a server with TLS and its storage on disk, not initialised yet."""
    port = unused_port()
    ca = make_certificates(folder)
    (folder / "raft").mkdir()
    config = folder / "bao.hcl"
    config.write_text(
        f"""
        storage "raft" {{ path = "{folder}/raft" }}
        listener "tcp" {{
          address = "127.0.0.1:{port}"
          tls_cert_file = "{folder}/server.pem"
          tls_key_file = "{folder}/server.key"
        }}
        api_addr = "https://127.0.0.1:{port}"
        cluster_addr = "https://127.0.0.1:{unused_port()}"
        """
    )
    with _running([f"-config={config}"], folder) as process:
        url = f"https://127.0.0.1:{port}"
        _wait_for(hvac.Client(url=url, token=ROOT, verify=str(ca)), process)
        yield Bao(url, process.pid, str(ca))


@contextlib.contextmanager
def _running(options: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    binary = Path(sys.executable).with_name("bao")
    with (folder / "bao.log").open("wb") as log:
        process = subprocess.Popen(
            [binary, "server", *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(120)


def _wait_for(client: hvac.Client, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(OSError):
            client.sys.read_health_status(method="GET")
            return
        time.sleep(0.02)
    raise AssertionError("bao did not come up; see bao.log")


def make_certificates(folder: Path) -> Path:
    """Write server.pem and server.key for 127.0.0.1, and return the CA that signed them."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the tests")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vault of the tests")])
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    ca = (
        _certificate(ca_name, ca_key.public_key(), ca_name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
        .sign(ca_key, hashes.SHA256())
    )
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    server = (
        _certificate(name, key.public_key(), ca_name)
        .add_extension(loopback, critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    (folder / "server.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "ca.pem"


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )
