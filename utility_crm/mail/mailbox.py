"""A mailbox on an IMAP server (RFC 9051), read without leaving a trace until we say so."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from utility_crm.kit.settings import Settings

MOST_BYTES: Final = 40 * 2**20
"""Of one mail; providers take 25 to 35 MB. Of a larger one the head is kept and a person told."""
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0


class MailboxDown(Exception):
    """The server cannot be reached, refuses us, or broke off; its text says which."""


class NotGiven(Exception):
    """The server did not give this one mail."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where mail is fetched, and as whom. `tls`: "tls", "starttls" or, only where it was asked for, "none".
    `done`: the folder that mail is moved to once it is taken; marked as read where there is none."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    done: str = ""
    tls: str = "tls"
    ca_file: str | None = None

    @staticmethod
    def of(given: Settings) -> Address | None:
        """The one of the settings; None where no mail is fetched."""
        if not given.imap_host:
            return None
        return Address(
            host=given.imap_host,
            port=given.imap_port,
            user=given.imap_user or given.mail_from,
            password=given.imap_password or "",
            folder=given.imap_folder,
            done=given.imap_done_folder,
            tls=given.imap_tls,
            ca_file=given.imap_ca_file,
        )

    @property
    def name(self) -> str:
        """What we call it; a mailbox of another name is read from its beginning."""
        return f"{self.user}@{self.host}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Given:
    """One mail: its bytes, or its head alone where it is larger than MOST_BYTES."""

    raw: bytes
    size_bytes: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An opened folder; its numbers are good under `uid_validity`."""

    client: IMAPClient
    done: str
    uid_validity: int
    uid_next: int

    def numbers_from(self, uid: int) -> list[int]:
        """The numbers of all mail from this one on, in order."""
        found: list[int] = _asked(self.client.search, ["UID", f"{uid}:*"])
        return sorted(one for one in found if one >= uid)  # "7:*" names the last one, too, when it is 3

    def unread(self) -> set[int]:
        """The numbers of mail that nobody has read."""
        return set(_asked(self.client.search, ["UNSEEN"]))

    def since(self, day: date) -> set[int]:
        """The numbers of mail that came on this day or later, by the server's calendar."""
        return set(_asked(self.client.search, ["SINCE", day]))

    def give(self, uid: int) -> Given | None:
        """A mail, which stays unread; None where it is not there any more. Raises `NotGiven`."""
        try:
            size = self._fetch(uid, "RFC822.SIZE")
            if size is None:
                return None
            whole = int(size) <= MOST_BYTES
            raw = self._fetch(uid, "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]")
        except _Refused as error:
            raise NotGiven(str(error)) from error
        return None if raw is None else Given(bytes(raw), int(size), whole)

    def settle(self, uids: Sequence[int]) -> None:
        """Mark these as read, and move them where there is a folder for it; again does no harm."""
        if not uids:
            return
        _asked(self.client.add_flags, uids, [b"\\Seen"], silent=True)
        if not self.done:
            return
        if not _asked(self.client.folder_exists, self.done):
            _asked(self.client.create_folder, self.done)
        if _asked(self.client.has_capability, "MOVE"):
            _asked(self.client.move, uids, self.done)
        else:
            _asked(self.client.copy, uids, self.done)
            _asked(self.client.delete_messages, uids, silent=True)
            _asked(self.client.uid_expunge, uids)

    def _fetch(self, uid: int, what: str) -> Any:
        found = _asked(self.client.fetch, [uid], [what], refused=_Refused).get(uid, {})
        return found.get(what.replace(".PEEK", "").encode())


@contextmanager
def opened(address: Address) -> Iterator[Mailbox]:
    """The folder, opened for reading and writing. Raises `MailboxDown`."""
    context = ssl.create_default_context(cafile=address.ca_file)
    timeout = SocketTimeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
    try:
        client = IMAPClient(
            address.host,
            address.port,
            ssl=address.tls == "tls",
            ssl_context=context if address.tls == "tls" else None,
            timeout=timeout,
        )
    except (OSError, IMAPClientError) as error:
        raise MailboxDown(f"no mail server at {address.host}:{address.port}: {error}") from error
    try:
        if address.tls == "starttls":
            _asked(client.starttls, context)
        _asked(client.login, address.user, address.password)
        chosen = _asked(client.select_folder, address.folder)
        yield Mailbox(client, address.done, int(chosen[b"UIDVALIDITY"]), int(chosen.get(b"UIDNEXT", 1)))
    finally:
        try:
            client.logout()
        except (OSError, IMAPClientError):
            with suppress(OSError):
                client.shutdown()


class _Refused(Exception):
    """The server said no to one thing."""


def _asked(command: Any, *given: Any, refused: type[Exception] = MailboxDown, **named: Any) -> Any:
    """What the server answers. Raises `MailboxDown`; where it is there and says no, what `refused` names."""
    try:
        return command(*given, **named)
    except IMAPClient.AbortError as error:
        raise MailboxDown(f"the mail server broke off: {error}") from error
    except IMAPClientError as error:
        raise refused(f"the mail server refused: {error}") from error
    except OSError as error:
        raise MailboxDown(f"the mail server broke off: {error}") from error
