"""Corrections as pages and commands show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import listed


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction with whose bill it is. Amounts are minor units of `currency`. credited_minor: of the bill
    already, as for a dispute won, which its credit note does not take back."""

    id: int
    bill: str
    account_id: int
    account: str
    customer_id: int
    customer: str
    starts_on: date
    ends_before: date
    currency: str
    cause: str
    state: str
    reason: str
    before_minor: int
    after_minor: int
    before_micro_kwh: int
    after_micro_kwh: int
    not_charged_minor: int
    protected_before: date | None
    known_at: datetime
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision: str
    credit_note: str | None
    new_bill: str | None
    credited_minor: int = 0

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor

    @property
    def seen(self) -> str:
        """What a page shows of it, in sixteen letters: another once it was made again, or decided."""
        shown = self.id, self.state, self.known_at.timestamp(), self.after_minor, self.after_micro_kwh
        return sha256(repr((*shown, self.not_charged_minor, self.credited_minor)).encode()).hexdigest()[:16]

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Effect:
    """What open corrections come to in one currency. more, less: accounts that pay more, or less, in all."""

    currency: str
    bills: int
    accounts: int
    before_minor: int
    after_minor: int
    not_charged_minor: int
    more: int
    less: int

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor


@dataclass(frozen=True, slots=True)
class Step:
    """How many accounts would pay between so much more, and so much; None is without end."""

    currency: str
    from_minor: int | None
    to_minor: int | None
    accounts: int


_ROWS = """
    select c.id, b.number, a.id, a.number, u.id, u.name, b.starts_on, b.ends_before, b.currency, c.cause,
           c.state, c.reason, c.before_minor, c.after_minor, c.before_micro_kwh, c.after_micro_kwh,
           c.not_charged_minor, c.protected_before, c.known_at, c.found_at, c.decided_at, p.name, c.decision,
           n.number, w.number,
           coalesce((select cast(-sum(x.amount_minor) as bigint) from adjustments x
                     where x.bill_id = b.id and x.kind = 'credit'
                       and x.reference is distinct from n.number), 0)
    from corrections c
    join bills b on b.id = c.bill_id
    join accounts a on a.id = b.account_id
    join customers u on u.id = a.customer_id
    left join users p on p.id = c.decided_by
    left join credit_notes n on n.correction_id = c.id
    left join bills w on w.id = c.new_bill_id
"""
_OPEN = text(
    _ROWS
    + """
    where c.state in ('proposed', 'held')
    order by c.state desc, abs(c.after_minor - c.before_minor) desc, c.id limit :limit
    """
)
_DECIDED = text(
    _ROWS + " where c.state in ('approved', 'dismissed') order by c.decided_at desc, c.id desc limit :limit"
)
OF_ACCOUNTS = listed(
    _ROWS + " where b.account_id = any(:accounts) and c.state in ('proposed', 'held', 'approved') "
    "order by c.found_at desc, c.id desc",
    CorrectionRow,
)
"""Of `:accounts`: waiting or approved, the newest first."""
_OF_BILL = text(
    _ROWS
    + " where (c.bill_id = :bill and c.state in ('proposed', 'held', 'approved')) or c.new_bill_id = :bill "
    "order by c.bill_id = :bill desc limit 1"
)
_NAMED = text(_ROWS + " where c.id = any(:ids) order by c.id")
_EFFECT = text(
    """
    with of_account as (
        select b.currency, b.account_id, count(*) as bills, sum(c.before_minor) as before,
               sum(c.after_minor) as after, sum(c.not_charged_minor) as not_charged
        from corrections c join bills b on b.id = c.bill_id
        where c.state = 'proposed'
        group by 1, 2
    )
    select currency, cast(sum(bills) as bigint), count(*), cast(sum(before) as bigint),
           cast(sum(after) as bigint), cast(sum(not_charged) as bigint),
           count(*) filter (where after > before), count(*) filter (where after < before)
    from of_account group by 1 order by 1
    """
)


_STEPS = text(
    """
    with of_account as (
        select b.currency, b.account_id, cast(sum(c.after_minor - c.before_minor) as bigint) as change
        from corrections c join bills b on b.id = c.bill_id
        where c.state = 'proposed'
        group by 1, 2
    ), placed as (
        select currency, width_bucket(change, cast(:ends as bigint[])) as place from of_account
    )
    select currency, place, count(*) from placed group by 1, 2 order by 1, 2
    """
)
_ENDS = (-10000, -2500, -500, 0, 500, 2500, 10000)


def steps_of_open(session: Session) -> tuple[Step, ...]:
    """Accounts by how much all that waits would change what they pay, in minor units of each currency."""
    ends = (None, *_ENDS, None)
    rows = session.execute(_STEPS, {"ends": list(_ENDS)})
    return tuple(Step(currency, ends[place], ends[place + 1], count) for currency, place, count in rows)


def open_corrections(session: Session, limit: int = 500) -> tuple[CorrectionRow, ...]:
    """Those that wait for a decision, the largest differences first, what cannot be made again last."""
    return tuple(CorrectionRow(*row) for row in session.execute(_OPEN, {"limit": limit}))


def decided_corrections(session: Session, limit: int = 100) -> tuple[CorrectionRow, ...]:
    """Approved and dismissed, the newest first."""
    return tuple(CorrectionRow(*row) for row in session.execute(_DECIDED, {"limit": limit}))


def corrections_of(session: Session, account_ids: Sequence[int]) -> tuple[CorrectionRow, ...]:
    """Of some accounts: waiting or approved, the newest first."""
    rows = session.execute(text(OF_ACCOUNTS.sql), {"accounts": list(account_ids)})
    return tuple(CorrectionRow(*row) for row in rows)


def corrections_named(session: Session, ids: Sequence[int]) -> tuple[CorrectionRow, ...]:
    """As they stand now, in the order they were found in."""
    return tuple(CorrectionRow(*row) for row in session.execute(_NAMED, {"ids": list(ids)}))


def effects_of(rows: Iterable[CorrectionRow]) -> tuple[Effect, ...]:
    """What those that are proposed come to, by currency."""
    found: dict[str, list[CorrectionRow]] = {}
    for row in rows:
        if row.state == "proposed":
            found.setdefault(row.currency, []).append(row)
    return tuple(_effect(currency, mine) for currency, mine in sorted(found.items()))


def _effect(currency: str, rows: Sequence[CorrectionRow]) -> Effect:
    change: dict[int, int] = {}
    for row in rows:
        change[row.account_id] = change.get(row.account_id, 0) + row.difference_minor
    return Effect(
        currency,
        len(rows),
        len(change),
        sum(row.before_minor for row in rows),
        sum(row.after_minor for row in rows),
        sum(row.not_charged_minor for row in rows),
        sum(one > 0 for one in change.values()),
        sum(one < 0 for one in change.values()),
    )


def correction_of_bill(session: Session, bill_id: int) -> CorrectionRow | None:
    """What may or did replace a bill, else what it replaced."""
    row = session.execute(_OF_BILL, {"bill": bill_id}).one_or_none()
    return None if row is None else CorrectionRow(*tuple(row))


def effect_of_open(session: Session) -> tuple[Effect, ...]:
    """What all that waits would come to, and for how many accounts, by currency."""
    return tuple(Effect(*row) for row in session.execute(_EFFECT))
