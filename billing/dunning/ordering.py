"""What a person does in a case: orders supply limited or suspended, takes that back, says that a notice was
handed over. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.actions.payments import lock_account
from billing.domain.dunning.ordering import Check, checklist
from billing.dunning.acting import post
from billing.dunning.loading import LateAccount
from billing.tables import DunningDelivery, DunningStep
from notifications.delivery.staff import tell_staff
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark


def checks_of(one: LateAccount, kind: str, today: date) -> tuple[Check, ...]:
    """Every rule for the order, and whether it holds today."""
    if one.version is None:
        return ()
    return checklist(one.version, kind, one.standing, one.given, one.limited_on, today)


def order(
    session: Session,
    one: LateAccount,
    kind: str,
    reason: str,
    confirmed: Collection[str],
    *,
    today: date,
    by: int | None,
    now: datetime,
) -> int:
    """Order a limitation or suspension, with the checklist as it was; the line's id. Raises Invalid without
    a reason; Conflict where it is ordered already; Refused where a rule forbids it, or one that only a person
    can know was not confirmed."""
    lock_account(session, one.id)
    if not reason.strip():
        raise Invalid("reason", mark("An order needs a reason."), "reason")
    if one.case_id is None:
        raise Refused("no_case", mark("This account has no case of dunning."))
    if (one.limited_on if kind == "limitation" else one.suspended_on) is not None or one.suspended_on:
        raise Conflict("ordered", mark("This is ordered already."))
    checks = checks_of(one, kind, today)
    forbidding = [check for check in checks if check.holds is False]
    if not checks or forbidding:
        source = next((check.source for check in forbidding if check.source), "")
        words = mark("A rule forbids it: %(rule)s.")
        raise Refused("forbidden", words, rule=source or ", ".join(check.name for check in forbidding))
    missing = [check.name for check in checks if check.holds is None and check.name not in confirmed]
    if missing:
        raise Refused("not_confirmed", mark("Confirm every rule that only a person can know."), "confirmed")
    kept: list[object] = [
        {"rule": check.name, "holds": check.holds if check.holds is not None else "confirmed",
         "source": check.source}
        for check in checks
    ]  # fmt: skip
    made = post(session, one, one.case_id, kind, today, reason=reason.strip(), checklist=kept, by=by)
    if made is None:
        raise Conflict("ordered", mark("This is ordered already."))
    said = f"{kind.capitalize()} of supply ordered: account {one.number}"
    tell_staff(session, f"dunning.{kind}:{made}", said, f"{said}. Reason: {reason.strip()}", now)
    return made


def end_order(
    session: Session, one: LateAccount, how: str, reason: str, *, today: date, by: int | None
) -> int:
    """Supply is no longer limited or suspended: the order is `taken_back`, or supply was `restored`. Raises
    Invalid without a reason; Conflict where nothing is ordered."""
    lock_account(session, one.id)
    if not reason.strip():
        raise Invalid("reason", mark("Say why."), "reason")
    if one.case_id is None or not (one.limited_on or one.suspended_on):
        raise Conflict("not_ordered", mark("Nothing is ordered that could be ended."))
    made = post(session, one, one.case_id, how, today, reason=reason.strip(), by=by)
    if made is None:
        raise Conflict("not_ordered", mark("Nothing is ordered that could be ended."))
    return made


def record_delivery(
    session: Session, step_id: int, on: date, how: str, *, today: date, by: int | None
) -> None:
    """A notice was handed over on a day, as somebody saw; waiting counts from it. Raises NotFound, Invalid;
    Conflict where it was told already."""
    posted: Sequence[date] = session.scalars(
        select(DunningStep.posted_on).where(DunningStep.id == step_id, DunningStep.notice_key != "")
    ).all()
    if not posted:
        raise NotFound("step", mark("There is no such notice."))
    if not posted[0] <= on <= today:
        words = mark("It was delivered on a day from %(first)s to %(last)s.")
        raise Invalid("delivered_on", words, "delivered_on", first=posted[0], last=today)
    if not how.strip():
        raise Invalid("how", mark("Say how it was delivered."), "how")
    told = session.scalar(
        insert(DunningDelivery)
        .values(step_id=step_id, delivered_on=on, how=how.strip(), recorded_by=by)
        .on_conflict_do_nothing()
        .returning(DunningDelivery.step_id)
    )
    if told is None:
        raise Conflict("delivered", mark("Its delivery is known already."))
