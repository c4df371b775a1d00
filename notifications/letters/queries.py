"""What the page of letters asks: a session in, frozen values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

_FIGURES = text("""
    select (select count(*) from outbox
            where channel = 'letter' and state in ('waiting', 'sending')) as waiting,
           (select count(*) from outbox
            where channel = 'letter' and state = 'waiting' and not_before > :now) as later,
           count(*) filter (where state in ('cut', 'gathered')) as open,
           coalesce(sum(letters) filter (where state in ('cut', 'gathered')), 0) as open_letters,
           count(*) filter (where state = 'handed_over' and handed_over_at >= :since) as gone,
           coalesce(sum(letters) filter (where state = 'handed_over' and handed_over_at >= :since), 0)
               as gone_letters,
           (select count(*) from letters where returned_at >= :since) as returned,
           coalesce(bool_or(cut_for = :today and state = 'empty'), false) as today_cut
    from letter_batches
""")
_BATCHES = text("""
    select batch.id, batch.cut_at, batch.cut_for, batch.part, cutter.name as cut_by, batch.state,
           batch.letters, batch.pages, octet_length(batch.pdf) as pdf_bytes, batch.pdf_sha256,
           batch.index_sha256, batch.handed_over_at, person.name as handed_over_by,
           (select count(*) from letters
            where letters.batch_id = batch.id and returned_at is not null) as returned
    from letter_batches as batch
    left join users as cutter on cutter.id = batch.cut_by
    left join users as person on person.id = batch.handed_over_by
    where batch.state = any (:states)
    order by batch.id desc limit 100
""")
_WAITING = text("""
    select outbox.id, outbox.notice, outbox.customer_id, customers.name, outbox.address, outbox.created_at,
           outbox.not_before
    from outbox join customers on customers.id = outbox.customer_id
    where outbox.channel = 'letter' and outbox.state in ('waiting', 'sending')
    order by outbox.priority, outbox.not_before, outbox.id limit 100
""")
_RETURNED = text("""
    select letters.batch_id, letters.position, letters.notice_id, letters.notice, outbox.customer_id,
           letters.name, letters.address, letters.returned_at, letters.returned_because,
           coalesce(users.name, '')
    from letters join outbox on outbox.id = letters.notice_id
    left join users on users.id = letters.returned_by
    where letters.returned_at is not null order by letters.returned_at desc, letters.id desc limit 100
""")
_PDF = text("select pdf, pdf_sha256 from letter_batches where id = :id and pdf is not null")
_CSV = text("select index_csv, index_sha256 from letter_batches where id = :id and pdf is not null")


@dataclass(frozen=True, slots=True)
class LetterFigures:
    """Letters that wait (of them those that may not go yet), batches not handed over and their letters,
    batches handed over since the instant asked for and theirs, letters come back since; whether today's were
    cut."""

    waiting: int
    later: int
    open: int
    open_letters: int
    gone: int
    gone_letters: int
    returned: int
    today_cut: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch in a list; `cut_by` and `handed_over_by` are names. `part`: of how many its day has."""

    id: int
    cut_at: datetime
    cut_for: date | None
    part: int
    cut_by: str | None
    state: str
    letters: int
    pages: int | None
    pdf_bytes: int | None
    pdf_sha256: str | None
    index_sha256: str | None
    handed_over_at: datetime | None
    handed_over_by: str | None
    returned: int


@dataclass(frozen=True, slots=True)
class WaitingLetter:
    """A notice that waits for the next batch."""

    id: int
    notice: str
    customer_id: int
    customer: str
    address: str
    created_at: datetime
    not_before: datetime


@dataclass(frozen=True, slots=True)
class ReturnedLetter:
    """A letter that came back; `returned_by` is a name."""

    batch_id: int
    position: int
    notice_id: int
    notice: str
    customer_id: int
    name: str
    address: str
    returned_at: datetime
    because: str
    returned_by: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was made, with its SHA-256."""

    content: bytes
    sha256: str


def letter_figures(session: Session, now: datetime, since: datetime, today: date) -> LetterFigures:
    """The letters in figures. One statement."""
    found = session.execute(_FIGURES, {"now": now, "since": since, "today": today}).one()
    return LetterFigures(**found._mapping)


def batches(session: Session, *states: str) -> list[Batch]:
    """Batches in these states, newest first. One statement."""
    return [Batch(**row) for row in session.execute(_BATCHES, {"states": list(states)}).mappings()]


def waiting_letters(session: Session) -> list[WaitingLetter]:
    """The first hundred that wait, in the order they are cut. One statement."""
    return [WaitingLetter(*row) for row in session.execute(_WAITING)]


def returned_letters(session: Session) -> list[ReturnedLetter]:
    """The last hundred that came back, newest first. One statement."""
    return [ReturnedLetter(*row) for row in session.execute(_RETURNED)]


def file_of(session: Session, batch_id: int, *, listed: bool = False) -> Kept:
    """A batch's PDF, or its list as CSV. Raises `NotFound` where it has none."""
    row = session.execute(_CSV if listed else _PDF, {"id": batch_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_batch", mark("There is no such batch."), str(batch_id))
    return Kept(bytes(row[0]), row[1])
