"""What ops see of money in: what waits for an owner, which files came, what is collected and agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.queries.agreed_paid import PLAN_PAID, PROMISE_PAID
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark


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
class AgreedRow:
    """A plan, promise or dispute of somebody's. kind: plan, promise or dispute; until: the last day of it,
    None for a dispute; state: running, open, or broken; paid_minor: of a plan or a promise."""

    kind: str
    customer_id: int
    customer: str
    account: str
    currency: str
    amount_minor: int
    paid_minor: int
    since: date
    until: date | None
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class MoneyRoom:
    """One page of ops."""

    waiting: tuple[WaitingItem, ...]
    files: tuple[FileRow, ...]
    collections: tuple[CollectionRow, ...]
    agreed: tuple[AgreedRow, ...]
    creditors: int

    @property
    def broken(self) -> int:
        return sum(one.state == "broken" for one in self.agreed)


LATELY = timedelta(days=30)
"""What was broken longer ago is not shown."""
_WAITING = text(
    """
    select s.id, f.name, s.place, s.bank_reference, s.booked_on, s.amount_minor, s.currency, s.payer,
           s.payer_account, s.remittance, s.code
    from suspense_items s join payment_files f on f.id = s.file_id
    where s.state = 'waiting' order by s.booked_on, s.id limit 500
    """
)
_ONE_WAITING = text(
    """
    select s.id, f.name, s.place, s.bank_reference, s.booked_on, s.amount_minor, s.currency, s.payer,
           s.payer_account, s.remittance, s.code, s.state
    from suspense_items s join payment_files f on f.id = s.file_id where s.id = :id
    """
)
_WHOSE = text(
    """
    select a.id, a.number, c.name, a.currency, coalesce(b.balance_minor, 0)
    from accounts a join customers c on c.id = a.customer_id
    left join account_balances b on b.account_id = a.id
    where a.number = :number
    """
)


@dataclass(frozen=True, slots=True)
class Whose:
    """An account that money may be assigned to, and whose it is. balance_minor: positive is owed."""

    id: int
    number: str
    customer: str
    currency: str
    balance_minor: int


def waiting_items(session: Session) -> tuple[WaitingItem, ...]:
    """Money that waits for an owner, the longest first."""
    return tuple(WaitingItem(*row) for row in session.execute(_WAITING))


def waiting_item(session: Session, item_id: int) -> WaitingItem:
    """Money that still waits. Raises NotFound; Conflict where it was decided about."""
    row = session.execute(_ONE_WAITING, {"id": item_id}).one_or_none()
    if row is None:
        raise NotFound("suspense", mark("There is nothing of this number in suspense."))
    *shown, state = row
    if state != "waiting":
        raise Conflict("decided", mark("Somebody has decided about this money already."))
    return WaitingItem(*shown)


def whose_account(session: Session, number: str) -> Whose:
    """An account by its number, with its customer. Raises NotFound, Invalid for none."""
    if not number:
        raise Invalid("needed", mark("Say whose it is: the number of an account."), "account")
    row = session.execute(_WHOSE, {"number": number}).one_or_none()
    if row is None:
        raise NotFound("account", mark("There is no account %(number)s."), "account", number=number)
    return Whose(*tuple(row))


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


def collections_on(session: Session, day: date) -> tuple[CollectionRow, ...]:
    """The messages of a day, the first first."""
    found = (CollectionRow(*row) for row in session.execute(_COLLECTIONS))
    return tuple(reversed([one for one in found if one.collect_on == day]))


_AGREED = text(
    f"""
    select g.kind, c.id, c.name, a.number, a.currency, g.amount, g.paid, g.since, g.until, g.state, g.words
    from (
        select 'plan' as kind, p.account_id, p.total_minor as amount,
               {PLAN_PAID} as paid,
               p.agreed_on as since,
               (select max(due_on) from plan_instalments i where i.plan_id = p.id) as until,
               p.state, '' as words
        from payment_plans p where p.state = 'running' or p.state = 'broken' and p.ended_on > :lately
        union all
        select 'promise', p.account_id, p.amount_minor,
               {PROMISE_PAID},
               p.promised_on, p.due_on, p.state, ''
        from promises p where p.state = 'open' or p.state = 'broken' and p.ended_on > :lately
        union all
        select 'dispute', d.account_id, d.amount_minor, 0, d.opened_on, null, d.state, d.reason
        from disputes d where d.state = 'open'
    ) g
    join accounts a on a.id = g.account_id join customers c on c.id = a.payer_id
    order by g.state = 'broken' desc, g.until nulls first, g.since, a.number limit 200
    """
)


def money_room(session: Session, today: date) -> MoneyRoom:
    """Five statements."""
    return MoneyRoom(
        waiting_items(session),
        tuple(FileRow(*row) for row in session.execute(_FILES)),
        tuple(CollectionRow(*row) for row in session.execute(_COLLECTIONS)),
        tuple(AgreedRow(*row) for row in session.execute(_AGREED, {"lately": today - LATELY})),
        int(session.scalar(text("select count(*) from creditors")) or 0),
    )
