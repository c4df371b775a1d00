"""Moving out and in: agreements and occupancy end and begin, and the last days are billed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import Session

from billing.actions.agreements import (
    AgreementKind,
    EndReason,
    change_tariff,
    end_agreement,
    start_agreement,
)
from billing.actions.issuing import lock_accounts
from billing.cycles import Month, month_of_cycle
from billing.drafting import Hold
from billing.runs import issue_for_account
from billing.tables import AccountBalance, Agreement
from meters.tables import ServicePoint
from utility_crm.customers.tables import Account, Occupancy
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class MovedOut:
    """What ending a supply did at once. bill_ids: bills issued up to the last day, none where a run will
    issue them; holds: why one could not be."""

    agreement_id: int
    account_id: int
    bill_ids: tuple[int, ...] = ()
    holds: tuple[Hold, ...] = ()


def move_out(
    session: Session,
    agreement_id: int,
    ends_before: date,
    reason: EndReason,
    *,
    today: date,
    now: datetime,
    bill_now: bool = True,
    correct: bool = False,
) -> MovedOut:
    """End a supply before a day, and the account's occupancy of the place with it.

    bill_now: issue the final bill at once where the last day is over and the account has no other supply;
    else the run of the cycle does. correct: the day may lie inside what was billed; those bills then wait to
    be put right. Raises NotFound, Invalid, Conflict.
    """
    account_id = session.scalar(select(Agreement.account_id).where(Agreement.id == agreement_id))
    if account_id is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    # The account first, as a run does.
    lock_accounts(session, [account_id])
    agreement = end_agreement(session, agreement_id, ends_before, reason, correct=correct)
    _leave(session, agreement, ends_before)
    if not bill_now or ends_before > today or _supplied_from(session, account_id, ends_before):
        return MovedOut(agreement_id, account_id)
    bill_ids, holds = bill_until(session, account_id, ends_before, today=today, now=now)
    return MovedOut(agreement_id, account_id, tuple(bill_ids), tuple(holds))


def bill_until(
    session: Session, account_id: int, ends_before: date, *, today: date, now: datetime
) -> tuple[list[int], list[Hold]]:
    """Issue an account's bills of every cycle that is not billed yet, up to the one that holds the last day;
    stops at the first that is held, so that no bill comes before an earlier one."""
    cycle_day = session.scalars(select(Account.cycle_day).where(Account.id == account_id)).one()
    found: list[int] = []
    for month in unbilled_cycles(session, account_id, cycle_day, ends_before):
        done = issue_for_account(session, account_id, cycle_day, month, today=today, now=now)
        found += done.bill_ids
        if done.held:
            return found, list(done.held)
    return found, []


def unbilled_cycles(session: Session, account_id: int, cycle_day: int, ends_before: date) -> list[Month]:
    """The cycles with supply after the last issued bill, up to the one that holds the day before
    `ends_before`.

    Where that bill ended inside a cycle, since the cycle day was another then, what is left of it counts.
    """
    first = first_unbilled(session, account_id)
    if first is None or first >= ends_before:
        return []
    last = month_of_cycle(ends_before - timedelta(days=1), cycle_day)
    month = month_of_cycle(first, cycle_day)
    months = []
    while month <= last:
        months.append(month)
        month = month.plus(1)
    return months


_FIRST_UNBILLED = text(
    """
    select min(greatest(g.starts_on, coalesce(b.ends_before, g.starts_on)))
    from agreements g
    left join (select max(ends_before) as ends_before from bills
               where account_id = :account and status = 'issued') b on true
    where g.account_id = :account and (g.ends_before is null or b.ends_before is null
                                       or g.ends_before > b.ends_before)
    """
)


def first_unbilled(session: Session, account_id: int) -> date | None:
    """The first day of supply after all that was billed; None where every day is."""
    found: date | None = session.scalar(_FIRST_UNBILLED, {"account": account_id})
    return found


def move_in(
    session: Session,
    account_id: int,
    service_point_id: int,
    tariff_id: int,
    starts_on: date,
    *,
    kind: AgreementKind = "contract",
    correct: bool = False,
) -> Agreement:
    """Supply begins for an account at a place, which it occupies from that day.

    A deemed contract there ends: the account's own becomes a change of tariff. Raises NotFound, Refused,
    Conflict (somebody else is supplied there).
    """
    lock_accounts(session, [account_id])
    _reopen(session, account_id)
    deemed = session.execute(
        select(Agreement.id, Agreement.account_id).where(
            Agreement.service_point_id == service_point_id,
            Agreement.kind == "deemed",
            Agreement.starts_on < starts_on,
            or_(Agreement.ends_before.is_(None), Agreement.ends_before > starts_on),
        )
    ).one_or_none()
    if deemed is not None and deemed.account_id == account_id:
        return change_tariff(session, deemed.id, tariff_id, starts_on, correct=correct)
    if deemed is not None:
        old = end_agreement(session, deemed.id, starts_on, "moved", correct=correct)
        _leave(session, old, starts_on)
    made = start_agreement(
        session, account_id, service_point_id, tariff_id, starts_on, kind=kind, correct=correct
    )
    _occupy(session, made)
    return made


def close_account(session: Session, account_id: int, closed_on: date) -> None:
    """No more is supplied, billed or owed. Raises NotFound; Conflict where something still is."""
    lock_accounts(session, [account_id])
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("account", mark("There is no such account."))
    last = session.scalar(
        select(func.max(func.coalesce(Agreement.ends_before, date.max))).where(
            Agreement.account_id == account_id
        )
    )
    if last is not None and last > closed_on:
        raise Conflict(
            "supplied", mark("Account %(account)s is still supplied."), account.number, account=account.number
        )
    if last is not None and unbilled_cycles(session, account_id, account.cycle_day, last):
        raise Conflict(
            "unbilled",
            mark("The last days of account %(account)s are not billed yet."),
            account=account.number,
        )
    if balance_of(session, account_id):
        raise Conflict(
            "balance", mark("Account %(account)s is not even yet."), account.number, account=account.number
        )
    account.closed_on = closed_on
    session.flush()


def balance_of(session: Session, account_id: int) -> int:
    """What the account owes, minor units; negative is held for it."""
    found = session.scalar(
        select(AccountBalance.balance_minor).where(AccountBalance.account_id == account_id)
    )
    return found or 0


def _supplied_from(session: Session, account_id: int, day: date) -> bool:
    """Whether the account has any supply on or after a day: then its cycle goes on, and a run bills it."""
    statement = select(Agreement.id).where(
        Agreement.account_id == account_id,
        or_(Agreement.ends_before.is_(None), Agreement.ends_before > day),
    )
    return session.scalar(statement.limit(1)) is not None


def _leave(session: Session, agreement: Agreement, day: date) -> None:
    """The account occupies the place no more, unless it is supplied there by another agreement."""
    premise = select(ServicePoint.premise_id).where(ServicePoint.id == agreement.service_point_id)
    others = (
        select(Agreement.id)
        .join(ServicePoint, ServicePoint.id == Agreement.service_point_id)
        .where(
            Agreement.account_id == agreement.account_id,
            ServicePoint.premise_id == premise.scalar_subquery(),
            or_(Agreement.ends_before.is_(None), Agreement.ends_before > day),
        )
    )
    if session.scalar(others.limit(1)) is not None:
        return
    session.execute(
        update(Occupancy)
        .where(
            Occupancy.account_id == agreement.account_id,
            Occupancy.premise_id == premise.scalar_subquery(),
            Occupancy.starts_on < day,
            or_(Occupancy.ends_before.is_(None), Occupancy.ends_before > day),
        )
        .values(ends_before=day)
        .execution_options(synchronize_session=False)
    )


def _reopen(session: Session, account_id: int) -> None:
    """An account that was closed is supplied again."""
    session.execute(
        update(Account)
        .where(Account.id == account_id, Account.closed_on.is_not(None))
        .values(closed_on=None)
        .execution_options(synchronize_session="fetch")
    )


def _occupy(session: Session, agreement: Agreement) -> None:
    """The account lives there from the agreement's first day, unless it does already."""
    premise_id = session.scalar(
        select(ServicePoint.premise_id).where(ServicePoint.id == agreement.service_point_id)
    )
    there = select(Occupancy.id).where(
        Occupancy.account_id == agreement.account_id,
        Occupancy.premise_id == premise_id,
        or_(Occupancy.ends_before.is_(None), Occupancy.ends_before > agreement.starts_on),
    )
    if premise_id is not None and session.scalar(there.limit(1)) is None:
        session.add(
            Occupancy(account_id=agreement.account_id, premise_id=premise_id, starts_on=agreement.starts_on)
        )
        session.flush()
