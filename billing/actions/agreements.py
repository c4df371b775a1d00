"""Supply begins and ends. The database forbids two agreements at one service point at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Literal

from psycopg.errors import ExclusionViolation
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.actions.issuing import lock_accounts
from billing.announcing import announce_supply
from billing.tables import Agreement, Bill, BillLine, Tariff
from meters.tables import ServicePoint
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark

AgreementKind = Literal["contract", "deemed"]
EndReason = Literal["moved", "switched", "cut_off", "died", "changed_tariff"]

_MISSING = {
    "account": mark("There is no such account."),
    "service_point": mark("There is no such service point."),
    "tariff": mark("There is no such tariff."),
}


def start_agreement(
    session: Session,
    account_id: int,
    service_point_id: int,
    tariff_id: int,
    starts_on: date,
    ends_before: date | None = None,
    end_reason: EndReason | None = None,
    *,
    kind: AgreementKind = "contract",
    correct: bool = False,
) -> Agreement:
    """Supply at a service point for an account.

    correct: also inside what has been billed, where the bills will be put right (`billing.corrections`).
    Raises NotFound, Refused (unassigned point, other currency) or Conflict (another agreement holds on one of
    those days, or it would begin inside what has been billed).
    """
    account = session.get(Account, account_id)
    point = session.get(ServicePoint, service_point_id)
    tariff = session.get(Tariff, tariff_id)
    if account is None or point is None or tariff is None:
        missing = "account" if account is None else "service_point" if point is None else "tariff"
        raise NotFound(missing, _MISSING[missing])
    if point.premise_id is None:
        words = mark("Service point %(point)s is not assigned to a premise yet.")
        raise Refused("unassigned", words, "point", point=point.code)
    if account.currency != tariff.currency:
        words = mark("Account %(account)s is in %(its)s, tariff %(tariff)s in %(other)s.")
        raise Refused(
            "currency", words, "tariff", account=account.number, its=account.currency, tariff=tariff.code,
            other=tariff.currency,
        )  # fmt: skip
    if ends_before is not None and ends_before <= starts_on:
        words = mark("An agreement from %(day)s cannot end before %(end)s.")
        raise Invalid("period", words, day=starts_on, end=ends_before)
    billed_before = billed_until(session, [account_id]).get(account_id)
    if billed_before is not None and starts_on < billed_before and not correct:
        raise Conflict("billed", BILLED_BEFORE, account.number, account=account.number, day=billed_before)
    made = Agreement(
        account_id=account_id,
        service_point_id=service_point_id,
        tariff_id=tariff_id,
        starts_on=starts_on,
        ends_before=ends_before,
        end_reason=end_reason,
        kind=kind,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            words = mark("Service point %(point)s already has an agreement on some of these days.")
            raise Conflict("supplied", words, "point", point=point.code) from error
        raise
    announce_supply(session, made.id)
    if ends_before is not None:
        announce_supply(session, made.id, ended=True)
    return made


def billed_until(session: Session, account_ids: Collection[int]) -> dict[int, date]:
    """The day up to which an account is billed; those without a bill are left out.

    Supply that begins after it is billed by the run of its cycle, as a period of its own. The accounts stay
    locked, so that no run bills them meanwhile.
    """
    lock_accounts(session, sorted(account_ids))
    rows = session.execute(
        select(Bill.account_id, func.max(Bill.ends_before))
        .where(Bill.account_id.in_(account_ids), Bill.status == "issued")
        .group_by(Bill.account_id)
    )
    return {row[0]: row[1] for row in rows}


BILLED_BEFORE = mark("Account %(account)s is billed for all before %(day)s; supply can begin from then on.")
"""Why supply cannot begin inside what has been billed: no run would charge for it."""


def already_billed(account: str, billed_before: date) -> str:
    """The same as a sentence."""
    return BILLED_BEFORE % {"account": account, "day": billed_before}


def end_agreement(
    session: Session, agreement_id: int, ends_before: date, reason: EndReason, *, correct: bool = False
) -> Agreement:
    """End supply before a day.

    correct: also inside what has been billed; the bills beyond it then show up as bills that would differ.
    Raises NotFound, Invalid (not after its start), Conflict (ended already on another day, or billed beyond
    that day).
    """
    agreement = session.get(Agreement, agreement_id, with_for_update=True)
    if agreement is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    if (agreement.ends_before, agreement.end_reason) == (ends_before, reason):
        return agreement
    if agreement.ends_before is not None:
        words = mark("It ends already, before %(day)s: take that back first.")
        raise Conflict("ended", words, day=agreement.ends_before)
    if ends_before <= agreement.starts_on:
        words = mark("An agreement from %(day)s cannot end before %(end)s.")
        raise Invalid("period", words, day=agreement.starts_on, end=ends_before)
    number = billed_beyond(session, agreement_id, ends_before)
    if number is not None and not correct:
        words = mark("Bill %(bill)s already charges for days from %(day)s on.")
        raise Conflict("billed", words, number, bill=number, day=ends_before)
    agreement.ends_before, agreement.end_reason = ends_before, reason
    session.flush()
    announce_supply(session, agreement_id, ended=True)
    return agreement


def set_term(session: Session, agreement_id: int, last_on: date | None) -> Agreement:
    """The last day of the term that was agreed; None: there is none. Supply goes on beyond it.

    Raises NotFound, Refused (a deemed contract has no term), Invalid (before it begins).
    """
    agreement = session.get(Agreement, agreement_id, with_for_update=True)
    if agreement is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    if last_on is not None and agreement.kind == "deemed":
        raise Refused("deemed", mark("Nobody agreed on a term: the contract is deemed."), "last_day")
    if last_on is not None and last_on < agreement.starts_on:
        words = mark("An agreement from %(day)s has no term that ends on %(end)s.")
        raise Invalid("period", words, "last_day", day=agreement.starts_on, end=last_on)
    agreement.term_ends_before = None if last_on is None else last_on + timedelta(days=1)
    session.flush()
    return agreement


def billed_beyond(session: Session, agreement_id: int, day: date) -> str | None:
    """The first issued bill that charges an agreement for days from `day` on."""
    return session.scalar(
        select(Bill.number)
        .join(BillLine, BillLine.bill_id == Bill.id)
        .where(BillLine.agreement_id == agreement_id, BillLine.ends_before > day, Bill.status == "issued")
        .order_by(Bill.starts_on)
        .limit(1)
    )


def change_tariff(
    session: Session, agreement_id: int, tariff_id: int, starts_on: date, *, correct: bool = False
) -> Agreement:
    """Another tariff from a day on: the agreement ends before it, and one on the new tariff follows.

    The bill of the period is split at that day and says so. Raises as `end_agreement` and `start_agreement`
    do; Conflict where it is the tariff they have.
    """
    old = session.get(Agreement, agreement_id)
    if old is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    if old.tariff_id == tariff_id:
        raise Conflict("same_tariff", mark("They are on this tariff already."), "tariff")
    end_agreement(session, agreement_id, starts_on, "changed_tariff", correct=correct)
    return start_agreement(
        session, old.account_id, old.service_point_id, tariff_id, starts_on, correct=correct
    )
