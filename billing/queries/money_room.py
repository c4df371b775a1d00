"""What ops see of money in: what waits for an owner, which files came, what is collected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """Money nobody could tell whose it is."""

    id: int
    file: str
    place: str
    bank_reference: str
    booked_on: date
    amount_minor: int
    currency: str
    payer: str
    payer_account: str
    remittance: str
    code: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A bank's file that was taken."""

    id: int
    name: str
    format: str
    received_at: datetime
    received_by: str | None
    entries: int
    booked: int
    repeated: int
    suspended: int
    reversed: int
    ignored: int


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A message for the bank, and what became of its direct debits."""

    message_id: str
    collect_on: date
    currency: str
    debits: int
    amount_minor: int
    sent: int
    paid: int
    returned: int


@dataclass(frozen=True, slots=True)
class MoneyRoom:
    """One page of ops."""

    waiting: tuple[WaitingItem, ...]
    files: tuple[FileRow, ...]
    collections: tuple[CollectionRow, ...]
    creditors: int


_WAITING = text(
    """
    select s.id, f.name, s.place, s.bank_reference, s.booked_on, s.amount_minor, s.currency, s.payer,
           s.payer_account, s.remittance, s.code
    from suspense_items s join payment_files f on f.id = s.file_id
    where s.state = 'waiting' order by s.booked_on, s.id limit 500
    """
)
_FILES = text(
    """
    select f.id, f.name, f.format, f.received_at, u.name, f.entries, f.booked, f.repeated, f.suspended,
           f.reversed, f.ignored
    from payment_files f left join users u on u.id = f.received_by order by f.id desc limit 50
    """
)
_COLLECTIONS = text(
    """
    select c.message_id, c.collect_on, c.currency, count(*), cast(sum(d.amount_minor) as bigint),
           count(*) filter (where d.state = 'sent'), count(*) filter (where d.state = 'paid'),
           count(*) filter (where d.state = 'returned')
    from collections c join direct_debits d on d.collection_id = c.id
    group by c.id order by c.id desc limit 50
    """
)


def money_room(session: Session) -> MoneyRoom:
    """Four statements."""
    return MoneyRoom(
        tuple(WaitingItem(*row) for row in session.execute(_WAITING)),
        tuple(FileRow(*row) for row in session.execute(_FILES)),
        tuple(CollectionRow(*row) for row in session.execute(_COLLECTIONS)),
        int(session.scalar(text("select count(*) from creditors")) or 0),
    )
