"""A real SMTP server on this machine, and reading what was sent: to it, or into the folder of an installation."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scripts.backends import ports

USER, PASSWORD = "portulan", "p@ss/word"
TAKEN = "250 Taken"


@dataclass
class Mailbox:
    """What a server took, and what it answers to recipients and to contents: lists are used up first."""

    port: int = field(default_factory=ports.any_free)
    messages: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[str] = field(default_factory=list[str])
    senders: list[str] = field(default_factory=list[str])
    """Whom notices about the mails go to."""
    to_recipients: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    to_contents: list[str] = field(default_factory=list[str])
    was_encrypted: bool = False

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answers = self.to_recipients.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_contents:
            return self.to_contents.pop(0)
        self.was_encrypted = session.ssl is not None
        self.recipients.extend(envelope.rcpt_tos)
        self.senders.append(envelope.mail_from or "")
        content = envelope.content
        assert isinstance(content, bytes)
        self.messages.append(parsed(content))
        return TAKEN


@contextmanager
def serving(box: Mailbox | None = None, **options: Any) -> Iterator[Mailbox]:
    """Give a server that listens while the block runs."""
    found = box or Mailbox()
    controller = Controller(found, hostname="127.0.0.1", port=found.port, **options)
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


@contextmanager
def serving_encrypted(certificate: Path) -> Iterator[Mailbox]:
    """Give a server that insists on STARTTLS, and on our name and password."""

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        is_ours = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=is_ours, handled=is_ours)

    with serving(
        tls_context=server_context(certificate), require_starttls=True, authenticator=authenticate, auth_required=True
    ) as found:
        yield found


def server_context(certificate: Path) -> ssl.SSLContext:
    """Return what a server encrypts with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def make_certificate(folder: Path) -> Path:
    """Return a file with a certificate for this machine, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = builder.add_extension(here, critical=False).sign(key, hashes.SHA256())
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def parsed(content: bytes) -> EmailMessage:
    """Return a message as mail programs read it."""
    return message_from_bytes(content, policy=default)  # pyright: ignore[reportReturnType, reportArgumentType]


def part(message: EmailMessage, kind: str = "plain") -> str:
    """Return the text of a message, or its HTML."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def in_folder(data_dir: Path) -> list[EmailMessage]:
    """Return the mails of an installation without a mail server, the newest last."""
    files = sorted((data_dir / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [parsed(path.read_bytes()) for path in files]
