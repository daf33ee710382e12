"""A small proxy that serves another server under a path, like one before a real site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

_OWN = {"connection", "transfer-encoding", "keep-alive"}


@contextmanager
def prefix_proxy(upstream: str, prefix: str, *, removes: bool) -> Iterator[str]:
    """Yield the address of a proxy that passes on what is under `prefix`, and nothing else."""

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            inside = self.path == prefix or self.path.startswith((f"{prefix}/", f"{prefix}?"))
            if not inside:
                self.send_error(404, "nothing is beside the prefix")
                return
            path = (self.path[len(prefix) :] or "/") if removes else self.path
            connection = HTTPConnection(urlsplit(upstream).netloc, timeout=120)
            connection.request(self.command, path, headers=dict(self.headers.items()))
            answer = connection.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {*_OWN, "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Passing) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
