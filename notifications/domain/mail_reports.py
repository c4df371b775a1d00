"""Mail about mail: what a server says became of a letter of ours. Pure: bytes in, values out.

Delivery status notifications are those of RFC 3464 in a report of RFC 6522; a status is that of RFC 3463: its
first digit is 2 (arrived), 4 (for now) or 5 (for good). Complaints are those of RFC 5965. Which letter it is
about says the Message-ID in the part that returns it, or its headers.

hard         it will never arrive there: a failure with 5.x.x that is about the address
soft         it did not arrive, and the address may be good: a failure with 4.x.x, given up; or one with 5.x.x
             that is about a full mailbox, the letter, the way there or a rule of theirs (a block of our
             server would else close the address of everybody there)
delayed      the server still tries: nothing follows from it
delivered    it arrived
complained   the reader calls it unwanted
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final, Literal

Became = Literal["hard", "soft", "delayed", "delivered", "complained"]

_STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})")
_NAMED: Final = re.compile(r"<[^<>\s]{1,300}>")
_LONGEST_DETAIL: Final = 400


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one letter: `message_id` is ours, `event` names the report and stays the same when it is
    read again, `at` when it was written, None where it does not say."""

    event: str
    message_id: str
    became: Became
    detail: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class NoReport:
    """A mail that reports nothing: an automatic answer (RFC 3834), or a person's; or a report of which nobody
    can say what it is about."""

    kind: Literal["reply", "person", "unreadable"]
    why: str = ""


def read_report(raw: bytes) -> list[Report] | NoReport:
    """What a mail reports, one value a recipient."""
    mail = BytesParser(policy=policy.compat32).parsebytes(raw)
    kind = _report_type(mail)
    if kind not in ("delivery-status", "feedback-report"):
        automatic = str(mail.get("Auto-Submitted", "no")).strip().lower() != "no"
        return NoReport("reply" if automatic else "person")
    about = _message_id(mail)
    if not about:
        return NoReport("unreadable", "the report does not say which letter it is about")
    name = sha256(str(mail.get("Message-ID", "")).strip().encode() or raw).hexdigest()[:32]
    at = _written_at(mail)
    if kind == "feedback-report":
        return [Report(f"{name}-complaint", about, "complained", "the reader calls it unwanted", at)]
    found = [
        Report(f"{name}-{number}", about, became, detail, at)
        for number, (became, detail) in enumerate(_recipients(mail))
    ]
    return found or NoReport("unreadable", "the report names no recipient with an action and a status")


def _report_type(mail: Message) -> str:
    """The kind of a multipart/report; servers that forget to name it are known by what it holds."""
    if mail.get_content_type() != "multipart/report":
        return ""
    named = mail.get_param("report-type")
    if isinstance(named, str):
        return named.lower()
    inside = {part.get_content_type() for part in mail.walk()}
    return "delivery-status" if "message/delivery-status" in inside else ""


def _recipients(mail: Message) -> Iterator[tuple[Became, str]]:
    """Of each group of fields after the first, which is about the server (RFC 3464, 2.1.2 and 2.3)."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        groups = part.get_payload()
        for group in groups if isinstance(groups, list) else []:
            if not isinstance(group, Message):
                continue
            status = _STATUS.match(str(group.get("Status", "")))
            action = str(group.get("Action", "")).strip().lower()
            if status is None or not action or group.get("Final-Recipient") is None:
                continue
            became = _became(action, status)
            if became is not None:
                said = str(group.get("Diagnostic-Code", "")).partition(";")[2] or action
                code = ".".join(status.groups())
                yield became, f"{code} {' '.join(said.split())}"[:_LONGEST_DETAIL]


def _about_the_address(subject: str, detail: str) -> bool:
    """RFC 3463, 3: x.0 says nothing more, x.1 is the address, x.2 the mailbox (2 full, 3 too small for it),
    x.4.4 a domain that is none; the others are systems, ways, protocols, contents and rules."""
    if subject == "2":
        return detail not in ("2", "3")
    return subject in ("0", "1") or (subject, detail) == ("4", "4")


def _became(action: str, status: re.Match[str]) -> Became | None:
    """RFC 3464, 2.3.3. What was relayed or expanded has left the reporting server's sight."""
    if action == "failed":
        return "hard" if status[1] == "5" and _about_the_address(status[2], status[3]) else "soft"
    if action == "delayed":
        return "delayed"
    return "delivered" if action == "delivered" else None


def _message_id(mail: Message) -> str:
    """Our letter's Message-ID: of the returned letter or its headers, which come last."""
    for part in reversed(list(mail.walk())):
        kind = part.get_content_type()
        if kind == "message/rfc822" and isinstance(part.get_payload(), list):
            inside = part.get_payload()[0]  # type: ignore[index]
            found = _NAMED.search(str(inside.get("Message-ID", "")))  # type: ignore[union-attr]
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            raw = part.get_payload(decode=True)
            head = (
                BytesParser().parsebytes(raw, headersonly=True) if isinstance(raw, bytes) else EmailMessage()
            )
            found = _NAMED.search(str(head.get("Message-ID", "")))
        else:
            continue
        if found:
            return found[0]
    return ""


def _written_at(mail: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(mail.get("Date", "")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
