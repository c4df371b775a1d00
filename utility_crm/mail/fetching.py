"""From the mailbox into the database: each mail once, whoever is killed in between.

A mail is stored, with the place it lay at, and that is committed; only then it is marked on the server.
Killed before the commit, the reader has done nothing, and the mail is new to the next one. Killed after it,
the place is known and the mark is made up for. What counts is the number on the server, not whether the mail
was read: somebody may look into the mailbox with a program of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.mail.digests import digest_of, digest_of_bytes
from utility_crm.mail.mailbox import Given, Mailbox, NotGiven
from utility_crm.mail.reading import Mail, head_of, read_mail
from utility_crm.mail.tables import Arrival, MailPlace, MailSource

MOST_AT_ONCE = 50
MOST_AGAIN = 10
"""Of one look: mails that the server did not give before. However many there are, new mail comes in."""
_LOCK = 0x6D61696C
_BEFORE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a look at the mailbox brought: new mails, those that were known, those the server did not give;
    `more`: there was more than one look takes."""

    new: int = 0
    known: int = 0
    not_given: int = 0
    more: bool = False


def source_named(session: Session, name: str) -> MailSource | None:
    """The mailbox's row, held until the transaction ends; None while another reader has it."""
    session.execute(insert(MailSource).values(name=name).on_conflict_do_nothing())
    row = session.scalars(select(MailSource).where(MailSource.name == name)).one()
    mine = session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK, row.id)))
    return row if mine else None


def mark_stored(session: Session, source: MailSource, box: Mailbox, now: datetime) -> int:
    """Mark on the server what an earlier transaction has stored; how many that were."""
    here = (MailPlace.source_id == source.id, MailPlace.uid_validity == box.uid_validity)
    unmarked = select(MailPlace.uid).where(
        *here, MailPlace.settled_at.is_(None), MailPlace.arrival_id.is_not(None)
    )
    uids = list(session.scalars(unmarked.order_by(MailPlace.uid).limit(10 * MOST_AT_ONCE)))
    box.settle(uids)
    if uids:
        session.execute(update(MailPlace).where(*here, MailPlace.uid.in_(uids)).values(settled_at=now))
    return len(uids)


def store_new(
    session: Session, source: MailSource, box: Mailbox, now: datetime, most: int = MOST_AT_ONCE
) -> Stored:
    """Store mail that was not seen before, oldest first, up to `most`; nothing is marked on the server."""
    uids = _to_look_at(source, box)
    counted = {"new": 0, "known": 0, "not_given": 0}
    for uid in (*_to_ask_again(session, source, most), *uids[:most]):
        try:
            given = box.give(uid)
        except NotGiven as error:
            _keep_place(session, source, uid, None, str(error)[:500])
            counted["not_given"] += 1
        else:
            if given is None:
                _let_go(session, source, uid, now)
            else:
                arrival_id, is_new = keep_mail(session, given, now)
                _keep_place(session, source, uid, arrival_id)
                counted["new" if is_new else "known"] += 1
        source.next_uid = max(source.next_uid, uid + 1)
    if len(uids) <= most:
        source.next_uid = max(source.next_uid, box.uid_next)
    source.looked_at = source.well_at = now
    source.failing_since, source.error = None, ""
    session.flush()
    return Stored(**counted, more=len(uids) > most)


def keep_mail(session: Session, given: Given, now: datetime) -> tuple[int, bool]:
    """Keep a mail as it came; its arrival's id, and whether it is new: the same letter, handed over again by
    this server or another, is the same arrival."""
    digest = digest_of(given.raw)
    names = digest, digest_of_bytes(given.raw)  # what came before letters were known by their words, too
    known = select(Arrival.id).where(Arrival.channel == "email", Arrival.digest.in_(names)).limit(1)
    before = session.scalar(known)
    if before is not None:
        return before, False
    row = {
        "channel": "email",
        "digest": digest,
        "sha256": sha256(given.raw).hexdigest(),
        "raw": given.raw,
        "size_bytes": given.size_bytes,
        "received_at": now,
    }
    if not given.whole:
        row |= {"state": "waiting", "reason": "too_large"} | _head_alone(given.raw)
    statement = insert(Arrival).values(**row).on_conflict_do_nothing(index_elements=["channel", "digest"])
    made = session.scalar(statement.returning(Arrival.id))
    if made is not None:
        return made, True
    return session.scalars(known).one(), False


def note_failure(session: Session, source: MailSource, error: str, now: datetime) -> None:
    """The server could not be read, and since when."""
    source.looked_at = now
    source.failing_since = source.failing_since or now
    source.error = error[:500]
    session.flush()


def _to_look_at(source: MailSource, box: Mailbox) -> Sequence[int]:
    """The numbers that were not looked at."""
    if source.uid_validity is None:  # never read: what somebody has read already is none of ours
        source.uid_validity, source.began_uid, source.next_uid = box.uid_validity, box.uid_next, 1
    recent: set[int] | None = None
    if source.uid_validity != box.uid_validity:
        # All numbers are new. What came lately is looked at again, and known by its digest.
        source.uid_validity, source.began_uid, source.next_uid = box.uid_validity, 1, 1
        recent = box.since((source.well_at - _BEFORE).date()) if source.well_at else None
    found = box.numbers_from(source.next_uid)
    if source.next_uid < source.began_uid:
        unread = box.unread()
        found = [uid for uid in found if uid >= source.began_uid or uid in unread]
    if recent is not None:
        found = [uid for uid in found if uid in recent]
    return found


def _to_ask_again(session: Session, source: MailSource, most: int) -> Sequence[int]:
    """Numbers of mail that the server did not give before; where they are many, a few by lot, so that each
    has its turn and none keeps the others from theirs."""
    here = MailPlace.source_id == source.id, MailPlace.uid_validity == source.uid_validity
    not_given = select(MailPlace.uid).where(
        *here, MailPlace.arrival_id.is_(None), MailPlace.settled_at.is_(None)
    )
    return sorted(session.scalars(not_given.order_by(func.random()).limit(min(MOST_AGAIN, most))))


def _let_go(session: Session, source: MailSource, uid: int, now: datetime) -> None:
    """A mail is not there any more: nobody asks for it again."""
    session.execute(
        update(MailPlace)
        .where(
            MailPlace.source_id == source.id,
            MailPlace.uid_validity == source.uid_validity,
            MailPlace.uid == uid,
            MailPlace.arrival_id.is_(None),
        )
        .values(settled_at=now)
    )


def _head_alone(raw: bytes) -> dict[str, str]:
    """Who wrote a mail of which the head alone was fetched, and about what."""
    mail = read_mail(raw)
    return head_of(mail) if isinstance(mail, Mail) else {}


def _keep_place(
    session: Session, source: MailSource, uid: int, arrival_id: int | None, error: str = ""
) -> None:
    made = insert(MailPlace).values(
        source_id=source.id, uid_validity=source.uid_validity, uid=uid, arrival_id=arrival_id, error=error
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["source_id", "uid_validity", "uid"],
            set_={"arrival_id": arrival_id, "error": error},
        )
    )
