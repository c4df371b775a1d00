"""Real mail servers: one that customers' mail lies on (IMAP), one that takes ours (SMTP)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from free_ports import free_port
from imapclient import IMAPClient

USER, PASSWORD = "care", "only for tests"
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Imap:
    """A running IMAP server; `ca_file` is its own certificate, "" where it has none."""

    port: int
    ca_file: str = ""

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """Signed in, as a mail program is."""
        with IMAPClient("127.0.0.1", self.port, ssl=False) as opened:
            if self.ca_file:
                import ssl

                opened.starttls(ssl.create_default_context(cafile=self.ca_file))
            opened.login(USER, PASSWORD)
            yield opened

    def arrives(self, raw: bytes, folder: str = "INBOX") -> None:
        """A mail was delivered."""
        with self.client() as opened:
            opened.append(folder, raw)

    def unread(self, folder: str = "INBOX") -> int:
        """How much nobody has read."""
        with self.client() as opened:
            opened.select_folder(folder, readonly=True)
            return len(opened.search(["UNSEEN"]))

    def all(self, folder: str = "INBOX") -> int:
        """How much lies there."""
        with self.client() as opened:
            opened.select_folder(folder, readonly=True)
            return len(opened.search(["ALL"]))

    def environment(self, tls: str = "none") -> dict[str, str]:
        """The settings by which it is read."""
        given = {"HOST": "localhost", "PORT": str(self.port), "USER": USER, "PASSWORD": PASSWORD, "TLS": tls}
        if self.ca_file:
            given["CA_FILE"] = self.ca_file
        return {f"UTILITY_CRM_IMAP_{name}": value for name, value in given.items()}


@contextmanager
def imap_server(folder: Path | None = None) -> Iterator[Imap]:
    """pymap, an IMAP server in memory, with an empty mailbox; with a folder for it, it has a certificate of
    its own and speaks TLS."""
    port, cert = free_port(), ""
    command = [str(Path(sys.executable).with_name("pymap")), "--host", "127.0.0.1", "--port", str(port)]
    if folder is None:
        command.append("--no-tls")
    else:
        cert = certificate(folder)
        command += ["--cert", cert, "--key", str(folder / "key.pem")]
    command += ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port, server)
            imap = Imap(port, cert)
            with imap.client() as opened:  # the mail it brings along
                opened.select_folder("INBOX")
                opened.delete_messages(opened.search(["ALL"]))
                opened.expunge()
            yield imap
        finally:
            server.kill()


@dataclass
class Smtp:
    """A server that takes whatever we send; `taken` in the order in which it came."""

    port: int
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook."""
        parsed = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(envelope.content or b"")
        self.taken.append((envelope.rcpt_tos[0], parsed))
        return "250 taken"


@contextmanager
def smtp_server() -> Iterator[Smtp]:
    """It listens on a port of its own."""
    smtp = Smtp(free_port())
    controller = Controller(smtp, hostname="127.0.0.1", port=smtp.port)
    controller.start()
    try:
        yield smtp
    finally:
        controller.stop()


def certificate(folder: Path) -> str:
    """A certificate for localhost that nobody else trusts, and beside it its key."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl makes the server's certificate"
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-days", "3650", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)]
    made += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(made, check=True, capture_output=True)
    return str(cert)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("the mail server did not start")
