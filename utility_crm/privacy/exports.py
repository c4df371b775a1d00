"""Archives asked for, made by the clock, kept in pieces for some days, taken once a sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.kit.errors import CareError, Conflict, NotFound, Refused
from utility_crm.privacy.archive import write_archive
from utility_crm.privacy.asking import answered
from utility_crm.privacy.reading import there
from utility_crm.privacy.tables import Download, ExportPart
from utility_crm.web.words import mark

PIECE = 256 * 1024
"""Bytes of a piece in the database."""
_ASK = text("""
    insert into privacy_exports (customer_id, request_id, asked_by, asked_at, language)
    values (:customer, (select id from privacy_requests where customer_id = :customer and kind = 'export'
                        and closed_at is null), :by, :now, :language)
    returning id
""")
_WAITING = text("""
    select id, customer_id from privacy_exports where state = 'waiting' order by id limit 1
""")
_STAYS = text("select id from customers where id = :id for key share")
"""Whoever erases them waits for the archive, and takes it along; whoever changes them need not wait."""
_TAKEN = text("""
    select id, customer_id, language from privacy_exports
    where id = :id and customer_id = :customer and state = 'waiting' for update skip locked
""")
_STANDS = text("select id from privacy_exports where customer_id = :customer and state = 'waiting'")
_MADE = text("""
    update privacy_exports set state = 'made', made_at = :now, expires_at = :expires, size_bytes = :size,
        sha256 = :sha256, files = :files where id = :id
""")
_FAILED = text("update privacy_exports set state = 'failed', error = :error where id = :id")
_ONE = text("""
    select x.*, c.number from privacy_exports x join customers c on c.id = x.customer_id where x.id = :id
""")
_PIECE = text("select content from privacy_export_parts where export_id = :id and position = :position")
_GONE = text("""
    with old as (
        update privacy_exports set state = 'gone' where state = 'made' and expires_at < :now returning id
    ), gone as (
        select id from old union select id from privacy_exports where state = 'gone'
    )
    delete from privacy_export_parts p using gone where p.export_id = gone.id returning p.export_id
""")


def ask_archive(
    session: Session, customer_id: int, *, by: int | None, now: datetime, language: str = ""
) -> int:
    """The clock makes it next; its id. language: "" is the customer's. Raises NotFound, Conflict."""
    one = there(session, customer_id)
    if session.scalar(_STANDS, {"customer": customer_id}) is not None:
        raise Conflict("being_made", mark("An archive of theirs is being made already."))
    given = {"customer": customer_id, "by": by, "now": now, "language": language or one.language}
    return int(session.execute(_ASK, given).scalar_one())


def make_next(session: Session, *, now: datetime, today: date, kept_days: int) -> int | None:
    """Makes the oldest that waits; its id, None where none does. One that cannot be made is marked failed:
    its customer was forgotten or merged since, say."""
    oldest = session.execute(_WAITING).one_or_none()
    if oldest is None:
        return None
    session.execute(_STAYS, {"id": oldest.customer_id})
    row = session.execute(_TAKEN, {"id": oldest.id, "customer": oldest.customer_id}).one_or_none()
    if row is None:
        return None
    try:
        there(session, row.customer_id)
        with session.begin_nested(), TemporaryFile() as spool:
            made = write_archive(session, row.customer_id, spool, now=now, today=today, language=row.language)
            spool.seek(0)
            digest, size = sha256(), 0
            for position, piece in enumerate(iter(lambda: spool.read(PIECE), b"")):
                session.execute(insert(ExportPart).values(export_id=row.id, position=position, content=piece))
                digest.update(piece)
                size += len(piece)
            session.execute(
                _MADE,
                {
                    "id": row.id, "now": now, "expires": now + timedelta(days=kept_days), "size": size,
                    "sha256": digest.hexdigest(), "files": len(made.entries),
                },
            )  # fmt: skip
    except CareError as error:
        session.execute(_FAILED, {"id": row.id, "error": error.message})
    return int(row.id)


def forget_archives(session: Session, now: datetime) -> int:
    """Those whose days are over go; how many."""
    return len({row[0] for row in session.execute(_GONE, {"now": now}).all()})


def take(
    session: Session, export_id: int, *, user_id: int, sign_in_id: int, may_all: bool, now: datetime
) -> Row[Any]:
    """Writes down that an archive leaves the house, and what it is called. The request for it is answered by
    that. Raises NotFound (it is not there any more), Refused (somebody else asked for it), Conflict (this
    sign-in took it already)."""
    one = session.execute(_ONE, {"id": export_id}).one_or_none()
    if one is None or one.state != "made" or one.expires_at < now:
        raise NotFound("archive", mark("This archive is not there, or not there any more."), str(export_id))
    if one.asked_by != user_id and not may_all:
        raise Refused("not_yours", mark("Somebody else asked for this archive."))
    taken = session.execute(
        insert(Download)
        .values(export_id=export_id, sign_in_id=sign_in_id, user_id=user_id, at=now)
        .on_conflict_do_nothing()
        .returning(Download.export_id)
    ).one_or_none()
    if taken is None:
        words = mark("You took this archive already in this sign-in. Sign in again to take it once more.")
        raise Conflict("taken", words)
    answered(session, one.customer_id, by=user_id, now=now)
    return one


def pieces(session: Session, export_id: int) -> Iterator[bytes]:
    """The bytes, a piece at a time."""
    position = 0
    while True:
        piece = session.scalar(_PIECE, {"id": export_id, "position": position})
        if piece is None:
            return
        yield bytes(piece)
        position += 1
