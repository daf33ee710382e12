"""Real receivers of alerts on this machine: a webhook and an SMTP server, each a loopback socket.

with webhook() as receiver:
    environment = {"PRICEHOUSE_ALERT_URLS": receiver.address("secret-path")}
    …
    assert receiver.texts == [...]
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Webhook:
    """What a webhook received; it answers with `status`."""

    port: int
    status: int = 200
    location: str | None = None
    """Where it sends a client to, with a status that redirects."""
    answers: threading.Event = field(default_factory=threading.Event)
    """While it is not set, no message is answered."""
    received: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def address(self, path: str) -> str:
        """Return the address of Apprise for JSON posted to a path."""
        return f"json://127.0.0.1:{self.port}/{path}"

    @property
    def texts(self) -> list[str]:
        """Title and body of each message, in order."""
        return [f"{each['title']}\n{each['message']}" for each in self.received]

    def lines(self) -> list[str]:
        """Return the lines of all bodies: one for each notice."""
        return [line for each in self.received for line in each["message"].splitlines()]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve a webhook at a free port of this machine."""
    found = Webhook(port=0)
    found.answers.set()

    class WebhookHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.paths.append(self.path)
            if found.status == 200:
                found.received.append(json.loads(body))
            found.answers.wait(60)
            self.send_response(found.status)
            if found.location is not None:
                self.send_header("Location", found.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            found.paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the output of tests free of requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), WebhookHandler) as server:
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            found.answers.set()
            server.shutdown()
        thread.join()


@dataclass
class Mailbox:
    """What an SMTP server received."""

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    def address(self, user: str, password: str) -> str:
        """Return the address of Apprise for a mail by this server."""
        return (
            f"mailto://{user}:{password}@127.0.0.1:{self.port}"
            "?from=pricehouse@example.org&to=operator@example.org&mode=insecure"
        )


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Serve SMTP (RFC 5321, with AUTH LOGIN and PLAIN) at a free port of this machine."""
    found = Mailbox()

    class MailHandler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._answer("220 loopback")
            while line := self.rfile.readline().decode().strip():
                verb = line.split()[0].upper()
                if verb == "EHLO":
                    self.wfile.write(b"250-loopback\r\n250 AUTH PLAIN\r\n")
                elif verb == "AUTH":
                    found.logins.append(line.split()[1])
                    self._answer("235 ok")
                elif verb == "DATA":
                    self._answer("354 go on")
                    found.mails.append(message_from_bytes(self._mail()))
                    self._answer("250 ok")
                elif verb == "QUIT":
                    self._answer("221 bye")
                    return
                else:
                    self._answer("250 ok")

        def _mail(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b"."))
            return b"".join(lines)

        def _answer(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailHandler) as server:
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()
