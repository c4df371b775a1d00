"""What was booked of a supply is taken back before its day, as if it had not been told; the record stays.

A slip is seen when the day has come already, for today is what a form proposes: another tariff and a supply
that begins are taken back for a day after they were told, too, as long as no bill reaches their days.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from billing.actions.issuing import lock_accounts
from billing.life.booking import SUPPLY, Telling
from billing.tables import Agreement, Bill, ForwardingAddress, SupplyChange
from meters.tables import ServicePoint
from utility_crm.customers.noting import note_account_change
from utility_crm.customers.tables import Occupancy
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark

SLIP = timedelta(days=1)
"""How long after it was told a thing is taken back whose day has come."""


def take_back_last(session: Session, service_point_id: int, because: str, told: Telling) -> SupplyChange:
    """Take back what is booked last at a service point. Raises as `take_back_end`."""
    last = session.scalars(
        select(Agreement)
        .where(Agreement.service_point_id == service_point_id)
        .order_by(Agreement.starts_on.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        raise NotFound("agreement", mark("Nobody is supplied there."))
    return take_back_either(session, last.id, because, told)


def take_back_either(session: Session, agreement_id: int, because: str, told: Telling) -> SupplyChange:
    """Take back that an agreement began, where that is to come or was a slip; else that it ends. Raises as
    `take_back_end`."""
    one = session.get(Agreement, agreement_id)
    if one is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    if one.ends_before is None and (one.starts_on > told.today or _is_slip(session, one, told)):
        return take_back_begin(session, agreement_id, because, told)
    return take_back_end(session, agreement_id, because, told)


def take_back_end(session: Session, agreement_id: int, because: str, told: Telling) -> SupplyChange:
    """Take back that an agreement ends, be it the supply's end or another tariff; what was to follow is gone.

    Raises NotFound; Invalid without a reason; Conflict where nothing is booked, or something else is built on
    it; Refused once its day has come, saying what to do instead.
    """
    reason = _reason(because)
    agreement = _locked(session, agreement_id)
    if agreement.ends_before is None:
        raise Conflict("nothing_booked", mark("Nothing is booked that could be taken back."))
    day, changed = agreement.ends_before, agreement.end_reason == "changed_tariff"
    following = session.scalars(
        select(Agreement)
        .where(Agreement.service_point_id == agreement.service_point_id, Agreement.starts_on >= day)
        .order_by(Agreement.starts_on)
    ).all()
    mine = following[0] if following and changed and following[0].starts_on == day else None
    if mine is not None and mine.account_id != agreement.account_id:
        mine = None
    if mine is None or not _is_slip(session, mine, told):
        _before_its_day(day, told.today, "tariff" if changed else "end")
    _nothing_after([one for one in following if one is not mine], mine)
    change = _change(session, agreement, mine, day, "tariff" if changed else "end")
    if mine is not None:
        change.to_tariff_id = change.to_tariff_id or mine.tariff_id
        _forget(session, mine.id)
    agreement.ends_before, agreement.end_reason = None, None
    session.flush()
    if not changed:
        _stay(session, agreement, day)
        _withdraw_addresses(session, agreement.account_id, day, told)
    return _taken_back(session, change, reason, told)


def take_back_begin(session: Session, agreement_id: int, because: str, told: Telling) -> SupplyChange:
    """Take back that a supply begins; a deemed contract that was to end with it goes on. Raises as
    `take_back_end`."""
    reason = _reason(because)
    agreement = _locked(session, agreement_id)
    day = agreement.starts_on
    before = session.scalars(
        select(Agreement).where(
            Agreement.service_point_id == agreement.service_point_id, Agreement.ends_before == day
        )
    ).one_or_none()
    if before is not None and before.end_reason == "changed_tariff" and before.kind != "deemed":
        return take_back_end(session, before.id, because, told)
    if not _is_slip(session, agreement, told):
        _before_its_day(day, told.today, "begin")
    if agreement.ends_before is not None:
        raise Conflict("ended", mark("Its end is booked, too: take that back first."))
    ended = session.scalar(
        select(SupplyChange.agreement_id).where(
            SupplyChange.next_agreement_id == agreement_id, SupplyChange.kind == "begin"
        )
    )
    change = _change(session, None, agreement, day, "begin")
    _leave_again(session, agreement)
    _forget(session, agreement_id)
    if before is not None and before.id == ended:
        lock_accounts(session, [before.account_id])
        before.ends_before, before.end_reason = None, None
        session.flush()
        _stay(session, before, day)
    return _taken_back(session, change, reason, told)


def _reason(because: str) -> str:
    reason = because.strip()
    if not reason:
        raise Invalid("because", mark("Say why it is taken back."), "because")
    return reason


def _locked(session: Session, agreement_id: int) -> Agreement:
    account_id = session.scalar(select(Agreement.account_id).where(Agreement.id == agreement_id))
    if account_id is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    # The account first, as a run does.
    lock_accounts(session, [account_id])
    return session.get_one(Agreement, agreement_id, with_for_update=True, populate_existing=True)


INSTEAD = {
    "end": mark("The supply ended before %(day)s: let it begin anew there from a day on instead."),
    "tariff": mark("The tariff changed on %(day)s: change it again from a later day instead."),
    "begin": mark("The supply began on %(day)s: end it instead."),
}
"""What to do once it is too late, by what was booked."""


def _before_its_day(day: date, today: date, kind: str) -> None:
    if day <= today:
        raise Refused("day_is_over", INSTEAD[kind], "because", day=day)


def _is_slip(session: Session, began: Agreement, told: Telling) -> bool:
    """Whether an agreement began with what was told a moment ago, and no bill reaches its days."""
    at = session.scalar(
        select(SupplyChange.told_at)
        .where(SupplyChange.next_agreement_id == began.id, SupplyChange.taken_back_at.is_(None))
        .order_by(SupplyChange.id.desc())
        .limit(1)
    )
    if at is None or told.now - at >= SLIP:
        return False
    billed = select(Bill.id).where(Bill.account_id == began.account_id, Bill.ends_before > began.starts_on)
    return session.scalar(billed.limit(1)) is None


def _nothing_after(others: list[Agreement], mine: Agreement | None) -> None:
    if mine is not None and mine.ends_before is not None:
        words = mark("What follows from %(day)s ends before %(end)s: take that back first.")
        raise Conflict("built_on", words, day=mine.starts_on, end=mine.ends_before)
    if others:
        words = mark("Somebody is to be supplied there from %(day)s: take that back first.")
        raise Conflict("built_on", words, day=others[0].starts_on)


def _change(
    session: Session, ended: Agreement | None, began: Agreement | None, day: date, kind: str
) -> SupplyChange:
    """The record of it; one is made for what came by a file."""
    of = ended or began
    assert of is not None
    column = SupplyChange.agreement_id if ended else SupplyChange.next_agreement_id
    known = session.scalars(
        select(SupplyChange)
        .where(column == of.id, SupplyChange.effective_on == day, SupplyChange.taken_back_at.is_(None))
        .order_by(SupplyChange.id.desc())
        .limit(1)
    ).one_or_none()
    if known is not None:
        return known
    made = SupplyChange(
        kind=kind, account_id=of.account_id, service_point_id=of.service_point_id,
        agreement_id=ended.id if ended else None, from_tariff_id=ended.tariff_id if ended else None,
        to_tariff_id=began.tariff_id if began else None, effective_on=day,
        end_reason=ended.end_reason if ended and kind == "end" else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _forget(session: Session, agreement_id: int) -> None:
    """An agreement on which nothing was billed is no more; the record stays."""
    session.flush()
    session.execute(
        update(SupplyChange)
        .where(SupplyChange.next_agreement_id == agreement_id)
        .values(next_agreement_id=None)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        update(SupplyChange)
        .where(SupplyChange.agreement_id == agreement_id)
        .values(agreement_id=None)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(delete(Agreement).where(Agreement.id == agreement_id))


def _premise(agreement: Agreement) -> Select[int | None]:
    return select(ServicePoint.premise_id).where(ServicePoint.id == agreement.service_point_id)


def _stay(session: Session, agreement: Agreement, day: date) -> None:
    """The account lives there on, if it was to leave that day."""
    session.execute(
        update(Occupancy)
        .where(
            Occupancy.account_id == agreement.account_id,
            Occupancy.premise_id == _premise(agreement).scalar_subquery(),
            Occupancy.ends_before == day,
        )
        .values(ends_before=None)
        .execution_options(synchronize_session=False)
    )


def _leave_again(session: Session, agreement: Agreement) -> None:
    """The account does not come to live there, unless it is supplied there by another agreement."""
    others = (
        select(Agreement.id)
        .join(ServicePoint, ServicePoint.id == Agreement.service_point_id)
        .where(
            Agreement.account_id == agreement.account_id,
            Agreement.id != agreement.id,
            ServicePoint.premise_id == _premise(agreement).scalar_subquery(),
            or_(Agreement.ends_before.is_(None), Agreement.ends_before > agreement.starts_on),
        )
    )
    if session.scalar(others.limit(1)) is None:
        session.execute(
            delete(Occupancy).where(
                Occupancy.account_id == agreement.account_id,
                Occupancy.premise_id == _premise(agreement).scalar_subquery(),
                Occupancy.starts_on == agreement.starts_on,
            )
        )


def _withdraw_addresses(session: Session, account_id: int, day: date, told: Telling) -> None:
    session.execute(
        update(ForwardingAddress)
        .where(
            ForwardingAddress.account_id == account_id,
            ForwardingAddress.starts_on == day,
            ForwardingAddress.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=told.now, withdrawn_by=told.by)
        .execution_options(synchronize_session=False)
    )


def _taken_back(session: Session, change: SupplyChange, reason: str, told: Telling) -> SupplyChange:
    change.taken_back_at, change.taken_back_by, change.taken_back_because = told.now, told.by, reason
    session.flush()
    booked = {"kind": change.kind, "on": change.effective_on, "because": reason}
    note_account_change(session, change.account_id, SUPPLY, booked, None)
    return change
