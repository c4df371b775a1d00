"""A letter's bytes, read. Whatever comes in, this never raises: a letter nobody can read is `Unreadable`.

The parts are told apart by the old rules of the library (compat32), its head is read by the new ones
(default), and of each field no more than a person would write: the new rules take minutes for a field of a
megabyte, and a stranger may send one.
"""

from __future__ import annotations

import logging
import re
from codecs import lookup
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from utility_crm.mail.domain.clean_text import clean_text, one_line
from utility_crm.mail.domain.threads import names_in
from utility_crm.mail.html_text import html_to_text

_log = logging.getLogger(__name__)
MOST_PARTS: Final = 200
MOST_LEVELS: Final = 20
MOST_WORK: Final = 10_000_000
"""Lines times parts within parts: each line goes through every level above it."""
_LONGEST_FIELD: Final = 8_000
_MOST_FIELDS: Final = 500
_ADDRESS: Final = re.compile(r"[^@\s<>\"(),;:\\]{1,128}@[A-Za-z0-9\u0080-\uffff.-]{1,253}")
_HEADERS: Final = (
    "auto-submitted",
    "precedence",
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-utility-crm",
    "return-path",
    "list-id",
    "authentication-results",
)
_SENT_TO: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a message: its name as given, what it says it is, and its bytes."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter as it was read. Addresses are in lower case; `headers` are those that tell a machine's letter
    from a person's, by lower-case name; `about` the Message-IDs it answers, newest first."""

    message_id: str
    about: tuple[str, ...]
    sender: str
    sender_name: str
    sent_to: tuple[str, ...]
    subject: str
    at: datetime | None
    text: str
    language: str
    attached: tuple[Attached, ...]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no letter anybody could read, and why: `too_deep`, `too_many_parts`, `empty` or
    `broken`."""

    why: str


def read_mail(raw: bytes) -> Mail | Unreadable:
    """The letter in these bytes."""
    if not raw.strip():
        return Unreadable("empty")
    levels = raw.lower().count(b"boundary=")
    if levels > MOST_PARTS or levels * raw.count(b"\n") > MOST_WORK:
        return Unreadable("too_many_parts")
    try:
        mail = BytesParser(policy=policy.compat32).parsebytes(raw)
        parts = list(_parts(mail))
    except (_TooDeep, RecursionError):
        return Unreadable("too_deep")
    if len(parts) > MOST_PARTS:
        return Unreadable("too_many_parts")
    if not 0 < len(mail) <= _MOST_FIELDS:
        return Unreadable("broken")
    try:
        return _read(mail, parts)
    except Exception:  # it is kept, and a person told; the next one is not kept waiting
        _log.exception("a letter could not be read")
        return Unreadable("broken")


def head_of(mail: Mail) -> dict[str, str]:
    """Who wrote it and about what, as an arrival keeps it: nothing in it that no column holds."""
    return {
        "sender": one_line(mail.sender, 320),
        "sender_name": mail.sender_name,
        "subject": mail.subject,
        "language": mail.language,
        "external_id": one_line(mail.message_id, 1000),
    }


class _TooDeep(Exception):
    """Parts within parts, further than anybody writes."""


def _parts(mail: Message) -> Iterator[Message]:
    """Its leaves, in order; a letter within a letter is one leaf."""
    waiting: list[tuple[Message, int]] = [(mail, 0)]
    while waiting:
        part, level = waiting.pop()
        if level > MOST_LEVELS:
            raise _TooDeep
        inside = part.get_payload() if _media_type(part).startswith("multipart/") else None
        if isinstance(inside, list):
            waiting += [(one, level + 1) for one in reversed(inside) if isinstance(one, Message)]
        else:
            yield part


def _read(mail: Message, parts: list[Message]) -> Mail:
    plain: list[str] = []
    rich: list[str] = []
    attached: list[Attached] = []
    for part in parts:
        kind, name = _media_type(part), _file_name(part)
        is_text = kind in ("text/plain", "text/html") and not name and _disposition(part) != "attachment"
        if is_text and kind == "text/plain":
            plain.append(_text(part))
        elif is_text:
            rich.append(_text(part))
        elif (content := _content(part)) or name:
            attached.append(Attached(name or _own_name(kind, len(attached) + 1), kind, content))
    text = clean_text("\n\n".join(plain)) or clean_text(html_to_text("\n".join(rich)))
    named, sender = _sender(mail)
    about = dict.fromkeys([*names_in(_header(mail, "In-Reply-To")), *names_in(_header(mail, "References"))])
    return Mail(
        message_id=next(iter(names_in(_header(mail, "Message-ID"))), ""),
        about=tuple(about),
        sender=sender,
        sender_name=named,
        sent_to=tuple(dict.fromkeys(_addresses(mail, _SENT_TO))),
        subject=one_line(_header(mail, "Subject")),
        at=_date(mail),
        text=text,
        language=one_line(_header(mail, "Content-Language"), 35).partition(",")[0].lower()[:2],
        attached=tuple(attached),
        headers={name: one_line(_header(mail, name), 2000) for name in _HEADERS if name in mail},
    )


def _header(mail: Message, name: str) -> str:
    """The beginning of a field as text; of several of one name the first."""
    raw = next((str(value) for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    raw = raw[:_LONGEST_FIELD]
    try:
        return str(policy.default.header_fetch_parse(name, raw))
    except Exception:  # fields of strangers: ValueError, IndexError, AttributeError and more were seen
        return _decoded(raw)


def _decoded(raw: str) -> str:
    """Encoded words (RFC 2047) as text; as they are where they are none."""
    try:
        return str(make_header(decode_header(raw)))
    except Exception:  # an unknown charset, half an encoded word
        return raw


def _addresses(mail: Message, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        for found in _ADDRESS.findall(_header(mail, name)):
            yield found.lower()


def _sender(mail: Message) -> tuple[str, str]:
    """The name and the address of who wrote; the first, where several did."""
    head = _header(mail, "From") or _header(mail, "Sender")
    try:
        named = getaddresses([head])
    except Exception:  # see _header
        named = []
    for name, address in named:
        if _ADDRESS.fullmatch(address):
            return one_line(name, 200), address.lower()
    found = _ADDRESS.search(head)
    return "", found[0].lower() if found else ""


def _date(mail: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(mail, "Date"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _media_type(part: Message) -> str:
    try:
        return part.get_content_type()
    except Exception:  # see _header
        return "application/octet-stream"


def _disposition(part: Message) -> str:
    try:
        return part.get_content_disposition() or ""
    except Exception:  # see _header
        return ""


def _file_name(part: Message) -> str:
    try:
        given = part.get_filename() or ""
        return one_line(_decoded(given) if "=?" in given else given, 200)
    except Exception:  # see _header
        return ""


def _own_name(kind: str, number: int) -> str:
    ending = {"message/rfc822": "eml", "text/calendar": "ics", "text/plain": "txt", "text/html": "html"}
    return f"attachment-{number}.{ending.get(kind) or one_line(kind.partition('/')[2], 20) or 'bin'}"


def _content(part: Message) -> bytes:
    """A leaf's bytes; of a letter within a letter all of it."""
    try:
        inside = part.get_payload()
        if isinstance(inside, list):
            letters = (one for one in inside if isinstance(one, Message))
            return b"\n".join(one.as_bytes(policy=policy.compat32) for one in letters)
        found = part.get_payload(decode=True)
        return found if isinstance(found, bytes) else str(inside).encode("utf-8", "replace")
    except Exception:  # see _header
        return b""


def _text(part: Message) -> str:
    """A leaf's text in the charset it names, else in UTF-8, else in Latin letters with what cannot be told
    marked."""
    content = _content(part)
    try:
        named = part.get_content_charset() or ""
    except Exception:  # see _header
        named = ""
    if _is_of_names(named):
        named = ""
    for charset in (named, "utf-8", "cp1251" if _looks_cyrillic(content) else "cp1252"):
        try:
            return content.decode(charset) if charset else _refuse()
        except (LookupError, ValueError):
            continue
    return content.decode("utf-8", "replace")


def _is_of_names(charset: str) -> bool:
    """Whether it is a way to write domain names, in which no letter is written: reading one takes time by the
    square of its length, hours for what a stranger may send."""
    try:
        return lookup(charset).name in ("punycode", "idna")
    except (LookupError, ValueError):
        return False


def _refuse() -> str:
    raise LookupError


def _looks_cyrillic(content: bytes) -> bool:
    """Without a charset: Russian in Windows-1251 is letters beyond ASCII for the most part, Latin is not."""
    beyond = sum(byte >= 0xC0 for byte in content[:4000])
    plain = sum(97 <= byte | 0x20 <= 122 for byte in content[:4000] if byte < 128)
    return beyond > plain
