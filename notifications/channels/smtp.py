"""Mail over SMTP. One connection serves a batch; a failure says whose fault it was.

Codes follow RFC 5321, 4.2.1: 4yz may be taken later, 5yz never. A refused sender or sign-in is no fault of
the letter but of our settings, so it stops the channel instead of killing every notice in turn.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from notifications.channels import ChannelDown, InDoubt, Letter, TryAgain, Undeliverable
from notifications.channels.thread import POLICY, put_thread
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import Settings

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    sender: str
    sender_name: str
    user: str | None = None
    password: str | None = None
    starttls: bool = False

    @staticmethod
    def of(settings: Settings) -> Server:
        return Server(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.mail_from,
            sender_name=settings.utility_name,
            user=settings.smtp_user,
            password=settings.smtp_password,
            starttls=settings.smtp_starttls,
        )


class Smtp:
    """A channel to one SMTP server; connects when first needed. SMTP has no keys: a repeat is a second mail,
    if one that says so by its Message-ID."""

    honours_keys = False
    at_once = 1

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> str:
        message = self._message(letter)
        connection = self._connected()
        try:
            connection.send_message(message, from_addr=self._server.sender, to_addrs=[letter.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPSenderRefused as error:
            self._drop()
            raise ChannelDown(
                f"our sender was refused: {_said(error.smtp_code, error.smtp_error)}"
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            # It may have been taken: the next try repeats the message id.
            self._drop()
            raise InDoubt(f"the mail server broke off: {error}") from error
        return ""

    def rest(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        server = self._server
        try:
            opened = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
            if server.starttls:
                opened.starttls(context=ssl.create_default_context())  # its certificate is checked
            if server.user:
                opened.login(server.user, server.password or "")
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelDown(f"no mail server at {server.host}:{server.port}: {error}") from error
        self._connection = opened
        return opened

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=POLICY)
        try:
            message["From"] = formataddr((self._server.sender_name, self._server.sender))
            message["To"] = letter.recipient
            message["Subject"] = letter.subject
            message["Message-ID"] = letter.message_id
            message["Date"] = format_datetime(utc_now())
            put_thread(message, letter.thread)
            if letter.unsubscribe:
                message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
                message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            message.set_content(letter.text)
            message.add_alternative(letter.html, subtype="html")
            for file in letter.files:
                kind, _, sub = file.media_type.partition("/")
                message.add_attachment(file.content, maintype=kind, subtype=sub, filename=file.name)
        except ValueError as error:
            raise Undeliverable(f"no letter can be made of it: {error}") from error
        return message


def _refused(code: int, reason: bytes | str) -> TryAgain | Undeliverable:
    kind = Undeliverable if 500 <= code < 600 else TryAgain
    return kind(f"the mail server answered {_said(code, reason)}")


def _said(code: int, reason: bytes | str) -> str:
    return f"{code} {reason.decode('utf-8', 'replace') if isinstance(reason, bytes) else reason}"
