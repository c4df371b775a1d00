"""What a customer says to an offer, by the link, to an agent or on a call; and what follows. Never commits.

The same answer again changes nothing. What was accepted is taken back where it was done: on the customer's
page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, credit
from billing.cycles import month_of_cycle
from billing.life.booking import Telling, switch_tariff
from churn.campaigns.tables import CampaignMember, LoyaltyPoint
from churn.campaigns.words import OF_TARIFF, PACKAGE
from utility_crm.auth.audit import note_change
from utility_crm.kit.errors import CareError, Conflict, NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.tasks.actions import add_task
from utility_crm.web.words import mark, translator

Via = Literal["link", "desk", "call"]
Answer = Literal["accepted", "declined", "not_now"]
ANSWERS: tuple[Answer, ...] = ("accepted", "declined", "not_now")
TASK_DAYS = 3
# Whoever was kept twice may have been drawn twice: all rows of theirs are held, in one order.
_HOLD = text("""
    select m.id, m.customer_id, who.person, m.account_id, m.arm, m.answer, m.outcome, m.taken_on,
           m.saving_minor, c.id as campaign_id, c.code, c.name, c.offer, c.tariff_id, c.amount, c.currency,
           c.state, c.ends_on, c.made_by, a.cycle_day
    from (select o.campaign_id, coalesce(k.merged_into_id, k.id) as person
          from campaign_members o join customers k on k.id = o.customer_id where o.id = :member) who
    join campaign_members m on m.campaign_id = who.campaign_id and m.customer_id in
        (select who.person union all select s.id from customers s where s.merged_into_id = who.person)
    join campaigns c on c.id = m.campaign_id
    left join accounts a on a.id = m.account_id
    order by m.id for update of m
""")
# All of an account that are not on it yet: what it would save was said of the account.
_SUPPLIES = text("""
    select g.id from agreements g
    join service_points s on s.id = g.service_point_id and s.fuel = 'electricity'
    where g.account_id = :account and g.starts_on <= :today and g.ends_before is null
      and g.tariff_id <> :tariff
    order by g.starts_on, g.id
""")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an answer. taken_on: from when what they accepted holds; outcome: as `CampaignMember` has
    it; already: it was so before."""

    answer: Answer
    outcome: str
    taken_on: date | None
    already: bool = False


def answer(
    session: Session,
    member_id: int,
    said: Answer,
    *,
    via: Via,
    today: date,
    now: datetime,
    by: int | None = None,
    customer_id: int | None = None,
) -> Done:
    """Keep what a customer says to an offer, and do what they accept. customer_id: whose it has to be.

    What cannot be done at once (the tariff cannot be on that day) becomes a task, and their word is kept.
    Who was drawn twice, since they were kept twice, accepts once.
    Raises NotFound; Conflict where another answer was acted upon; Refused where the offer is over.
    """
    theirs = session.execute(_HOLD, {"member": member_id}).all()
    held = next((one for one in theirs if one.id == member_id), None)
    if held is None or held.arm in ("", "control") or customer_id not in (None, held.customer_id):
        raise NotFound("offer", mark("There is no such offer."))
    done = next((one for one in theirs if one.answer == "accepted"), held)
    if done.answer == said:
        return Done(said, done.outcome, done.taken_on, already=True)
    if done.answer == "accepted":
        raise Conflict("accepted", mark("They accepted it already: change it where their supply is changed."))
    if not is_open(held.state, held.ends_on, today):
        raise Refused("over", mark("This offer ended on %(day)s."), day=held.ends_on)
    outcome, taken_on = _taken(session, held, today, now, by) if said == "accepted" else ("", None)
    changed = {
        "answer": said, "answered_at": now, "answered_via": via, "answered_by": by, "outcome": outcome,
        "taken_on": taken_on,
    }  # fmt: skip
    session.execute(update(CampaignMember).where(CampaignMember.id == member_id).values(**changed))
    before = {"answer": held.answer} if held.answer else None
    note_change(
        session, held.person, mark("answer to an offer"), before, {"answer": said, "campaign": held.code}
    )
    return Done(said, outcome, taken_on)


def is_open(state: str, ends_on: date, today: date) -> bool:
    """Whether answers are taken. A stopped campaign sends no more, but what it said stands."""
    return state in ("running", "stopped") and today <= ends_on


def first_day(cycle_day: int, today: date) -> date:
    """From when another tariff holds: the first day of the next billing cycle, so that no bill is split."""
    return month_of_cycle(today, cycle_day).cycle(cycle_day)[1]


def _taken(
    session: Session, held: Row[Any], today: date, now: datetime, by: int | None
) -> tuple[str, date | None]:
    if held.offer in OF_TARIFF:
        starts_on = first_day(held.cycle_day or 1, today)
        try:
            with session.begin_nested():
                not_yet = {"account": held.account_id, "today": today, "tariff": held.tariff_id}
                supplies = session.scalars(_SUPPLIES, not_yet).all()
                if not supplies:
                    raise Refused("no_supply", mark("There is no supply of theirs that it is for."))
                for agreement_id in supplies:
                    switch_tariff(
                        session, agreement_id, held.tariff_id, starts_on, Telling(today, now, by, sure=True)
                    )
        except CareError as error:
            _task(session, held, today, now, by, str(error))
            return "task", None
        return "changed", starts_on
    if held.offer == "discount":
        why = Reason(f"campaign:{held.code}:{held.customer_id}", held.name, today, by)
        credit(session, held.account_id, held.amount, why)
        return "credited", today
    if held.offer == "points":
        given = insert(LoyaltyPoint).values(
            customer_id=held.person, member_id=held.id, points=held.amount, at=now
        )
        session.execute(given)
        return "points", today
    _task(session, held, today, now, by, "")
    return "task", None


def _task(session: Session, held: Row[Any], today: date, now: datetime, by: int | None, why: str) -> None:
    _ = translator(settings().language, PACKAGE)
    add_task(
        session, title=_("Accepted “%(name)s”: see to it", name=held.name),
        due_at=today + timedelta(days=TASK_DAYS), now=now, by=by,
        assignee_id=held.made_by if by is None else by, customer_id=held.person, note=why,
        promised=True, key=f"campaign:{held.id}",
    )  # fmt: skip
