"""Reading a mailbox of bounces: letters as files, boxes (mbox) and folders (maildir), and what follows."""

from __future__ import annotations

import mailbox
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from notifications.domain.mail_reports import NoReport, Report, read_report
from notifications.outbox.receipts import Kind, Told, take_receipts
from utility_crm.kit.ports import Reported

PROVIDER = "mail"
_KIND: Mapping[str, Kind] = {
    "hard": "bounced",
    "soft": "failed",
    "delivered": "delivered",
    "complained": "complained",
}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail that is a report and cannot be used: where it lies, and why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Bounces:
    """What a box held: mails, reports by what became of the letters (`hard` `soft` `delayed` `delivered`
    `complained`), automatic and other mails, reports told before and those about no letter of ours."""

    mails: int
    became: Mapping[str, int]
    replies: int
    others: int
    known: int
    of_no_notice: int
    unread: tuple[Unread, ...]


def letters_in(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each mail in a file, a box or a folder, with the place it lies at; nothing is moved or marked.

    A folder with `cur` and `new` is a maildir; any other is looked into for `.eml` and `.mbox` files.
    """
    if path.is_dir():
        if (path / "cur").is_dir() and (path / "new").is_dir():
            yield from ((str(one), one.read_bytes()) for one in _files(path / "new") + _files(path / "cur"))
            return
        for one in _files(path):
            if one.suffix.lower() in (".eml", ".mbox"):
                yield from letters_in(one)
        return
    with path.open("rb") as opened:
        is_box = opened.read(5) == b"From "
    if not is_box:
        yield str(path), path.read_bytes()
        return
    box = mailbox.mbox(path, create=False)
    try:
        for number, key in enumerate(box.keys(), start=1):
            yield f"{path}: mail {number}", box.get_bytes(key)
    finally:
        box.close()


def take_bounces(session: Session, paths: Sequence[Path], now: datetime) -> Bounces:
    """Act on every report in these: a hard bounce closes the address and the notice goes its next way; a soft
    one, given up, goes its next way and closes nothing; a delay is counted. Reading them again changes
    nothing."""
    counted: Counter[str] = Counter()
    became: Counter[str] = Counter()
    unread: list[Unread] = []
    reports: list[Report] = []
    for path in paths:
        for where, raw in letters_in(path):
            counted["mails"] += 1
            found = read_report(raw)
            if isinstance(found, NoReport):
                counted[found.kind] += 1
                if found.kind == "unreadable":
                    unread.append(Unread(where, found.why))
                continue
            became.update(one.became for one in found)
            reports += [one for one in found if one.became != "delayed"]
    taken: Counter[str] = Counter()
    for begin in range(0, len(reports), _AT_ONCE):
        told = [_told(one, now) for one in reports[begin : begin + _AT_ONCE]]
        taken.update(take_receipts(session, PROVIDER, told, now))
    return Bounces(
        mails=counted["mails"],
        became=became,
        replies=counted["reply"],
        others=counted["person"],
        known=taken["known"],
        of_no_notice=taken["of_no_notice"],
        unread=tuple(unread),
    )


def take_raw(session: Session, raw: bytes, now: datetime) -> Reported | None:
    """Act on one mail, if it is a report; in a few words what it said: "hard, no letter of ours". None where
    it is none. One that says nothing of use is left to a person (`unread`), with the reason."""
    found = read_report(raw)
    if isinstance(found, NoReport):
        return Reported(found.why, unread=True) if found.kind == "unreadable" else None
    told = [_told(one, now) for one in found if one.became != "delayed"]
    taken = take_receipts(session, PROVIDER, told, now) if told else {}
    words = [f"{one.became} {one.detail}".strip() for one in found]
    if taken.get("of_no_notice"):
        words.append("no letter of ours")
    return Reported("; ".join(words))


def _told(one: Report, now: datetime) -> Told:
    return Told(one.event, one.message_id, _KIND[one.became], min(one.at or now, now), one.detail)


def _files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.is_file())
