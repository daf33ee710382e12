"""A real object store (SeaweedFS) on ports of its own, with a key that may all and one that reads.

A test asks for the fixture `object_store`, which one session starts once, and takes a bucket of its
own:

    settings = object_store.environment(bucket := object_store.bucket())
    pricehouse("ingest", home=home, url=url, PRICEHOUSE_STORE=f"s3://{bucket}/home", **settings)
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
from obstore.store import S3Store

from tests.support.raw_server import unused_port

ADMIN_KEY, ADMIN_SECRET = "admin-of-the-tests", "SecretThatMayAll0123456789"
READER_KEY, READER_SECRET = "reader-of-the-tests", "CanaryKeyThatMayRead0123456789"
START_S = 240
_BUCKETS = count(1)


@dataclass
class RunningObjectStore:
    """A running server; `stop` and `start` keep its files, ports and keys."""

    folder: Path
    url: str
    ports: dict[str, int]
    process: subprocess.Popen[bytes] | None = field(default=None)

    def environment(self, *, reader: bool = False, **more: str) -> dict[str, str]:
        """Return the AWS variables of the key that may all, or of the one that reads."""
        key, secret = (READER_KEY, READER_SECRET) if reader else (ADMIN_KEY, ADMIN_SECRET)
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            **more,
        }

    def bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"bucket-{os.getpid()}-{next(_BUCKETS)}"
        # A bucket is a folder of the filer, which asks for no key on loopback.
        folder = f"http://127.0.0.1:{self.ports['filer']}/buckets/{name}/"
        httpx.post(folder, timeout=START_S, trust_env=False).raise_for_status()
        return name

    def client(self, bucket: str, *, reader: bool = False) -> S3Store:
        """Return a client of a bucket, to look at it beside the code that is tested."""
        key, secret = (READER_KEY, READER_SECRET) if reader else (ADMIN_KEY, ADMIN_SECRET)
        return S3Store(
            bucket,
            endpoint=self.url,
            region="us-east-1",
            access_key_id=key,
            secret_access_key=secret,
            client_options={"allow_http": True},
        )

    def start(self) -> None:
        """Start the server and return when it answers."""
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(
                [_weed(), "server", *self.options()],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            )
        give_up = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < give_up:
            with contextlib.suppress(httpx.TransportError):
                if self._takes_objects():
                    return
            time.sleep(0.1)
        raise AssertionError(f"weed did not come up; see {self.folder}/weed.log")

    def _takes_objects(self) -> bool:
        """Return whether a file can be written: S3 answers before it knows where files may be."""
        if not httpx.get(f"{self.url}/healthz", timeout=5, trust_env=False).is_success:
            return False
        probe = f"http://127.0.0.1:{self.ports['filer']}/probe/{os.getpid()}"
        return httpx.put(probe, content=b"1" * 4096, timeout=5, trust_env=False).is_success

    def stop(self) -> None:
        """Kill the server, which then refuses connections; by SIGTERM it takes half a minute."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Let the server take connections and answer none for as long as the block runs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def options(self) -> list[str]:
        """Return the options of its command."""
        ports = [
            f"-{server}.port{'.grpc' if grpc else ''}={number}"
            for name, number in self.ports.items()
            for server, _, grpc in [name.partition(".")]
        ]
        return [
            f"-dir={self.folder / 'files'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-filer",
            "-s3",
            f"-s3.config={self.folder / 's3.json'}",
            "-master.volumeSizeLimitMB=256",
            "-volume.max=5000",  # a bucket takes seven, and a session has hundreds
            "-master.telemetry=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            *ports,
        ]


@contextlib.contextmanager
def running_object_store(folder: Path, *, keys: str = "") -> Iterator[RunningObjectStore]:
    """Run a server until the block ends; `keys` is the text of a file with keys of its own."""
    (folder / "files").mkdir()
    (folder / "s3.json").write_text(keys or json.dumps({"identities": _identities()}))
    ports = {
        f"{server}{kind}": unused_port()
        for server in ("master", "volume", "filer", "s3")
        for kind in ("", ".grpc")  # by default 10,000 above the other, which may be no port
    }
    store = RunningObjectStore(folder, f"http://127.0.0.1:{ports['s3']}", ports)
    store.start()
    try:
        yield store
    finally:
        store.stop()


def _identities() -> list[dict[str, object]]:
    keys = {
        "admin": (ADMIN_KEY, ADMIN_SECRET, ["Admin", "Read", "Write", "List", "Tagging"]),
        "reader": (READER_KEY, READER_SECRET, ["Read", "List"]),
    }
    return [
        {
            "name": name,
            "credentials": [{"accessKey": key, "secretKey": secret}],
            "actions": actions,
        }
        for name, (key, secret, actions) in keys.items()
    ]


def _weed() -> str:
    return str(Path(sys.executable).with_name("weed"))
