"""The other side of notifications, real and on this machine: an HTTP server that does as it is told, a mail server, certificates."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = int | Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers each call with the next of `will`, and with 204 when none is left. Can be closed and opened again on the same port."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self.will: list[Behaviour] = []
        self.port = 0
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def open(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.calls.append(Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                behaviour = receiver.will.pop(0) if receiver.will else 204
                if isinstance(behaviour, int):
                    self.send_response(behaviour)
                    self.send_header("content-length", "0")
                    self.end_headers()
                else:
                    behaviour(self)

            def log_message(self, *words: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *words: object) -> None:
                pass  # A caller who hangs up is what some tests are about.

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def wait_for(self, num_calls: int, *, timeout_s: float = 30.0) -> list[Call]:
        deadline = time.monotonic() + timeout_s
        while len(self.calls) < num_calls:
            assert time.monotonic() < deadline, f"{len(self.calls)} of {num_calls} calls came"
            time.sleep(0.02)
        return self.calls


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(tls=tls)
    try:
        yield receiver
    finally:
        receiver.close()


@dataclass
class PostOffice:
    """What a mail server took. `refuse` is its answer to every recipient, None to take them."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    refuse: str | None = None

    async def handle_RCPT(  # noqa: N802 - the library looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse is not None:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        self.was_encrypted.append(session.ssl is not None)
        return "250 OK"


@contextmanager
def post_office(tls: ssl.SSLContext | None = None, *, user: tuple[str, str] | None = None) -> Iterator[PostOffice]:
    """A mail server; with `tls` it demands STARTTLS first, with `user` that name and password."""
    office = PostOffice(_free_port())

    def authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        office.signed_in.append(given.login.decode())
        right = user is not None and given == LoginPassword(user[0].encode(), user[1].encode())
        return AuthResult(success=right, handled=right)

    controller = Controller(
        office,
        hostname="127.0.0.1",
        port=office.port,
        tls_context=tls,
        require_starttls=tls is not None,
        auth_required=user is not None,
        auth_require_tls=tls is not None,
        authenticator=authenticated,
    )
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


@dataclass(frozen=True)
class Certified:
    """`server` shows a certificate, `client` believes whoever signed it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def certified(folder: Path, name: str) -> Certified:
    """A certificate for one name, signed by itself, for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{name}.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return Certified(server, ssl.create_default_context(cafile=str(pem)))
