"""Telephone lists: who is called next, what came of it, and who may not be called. Never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.audience import members_still
from churn.campaigns.sending import spent_minor
from churn.campaigns.words import CALL_WORDS
from notifications.consents.recording import record_consent
from notifications.domain.permission import decent_from
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

HELD = timedelta(minutes=30)
TRIES = 3
REST = timedelta(hours=4)
"""Who did not answer is called again after so long, three times at most."""

OPEN = f"""
    m.answer in ('', 'not_now') and m.call_result in ('', 'no_answer') and m.call_tries < {TRIES}
    and m.not_sent not in ('complaint', 'debt', 'vulnerable', 'died', 'ends', 'on_it', 'answered')
"""
"""SQL that the member `m` of an arm that is called is still to be called."""
_LIST = text(f"""
    select m.id, m.customer_id, c.name, m.segment, m.call_tries, m.call_result, m.called_at, m.answer,
           m.saving_minor, coalesce(u.name, ''), m.held_until, {OPEN} as open
    from campaign_members m
    join customers c on c.id = m.customer_id and c.merged_into_id is null
    join campaign_arms a on a.campaign_id = m.campaign_id and a.key = m.arm and 'call' = any(a.ways)
    left join users u on u.id = m.called_by
    where m.campaign_id = :id
    order by {OPEN} desc, m.call_tries, m.id limit 300
""")
_TO_CALL = text(f"""
    select count(*) from campaign_members m
    join campaign_arms a on a.campaign_id = m.campaign_id and a.key = m.arm and 'call' = any(a.ways)
    join customers c on c.id = m.customer_id and c.merged_into_id is null
    where m.campaign_id = :id and {OPEN}
""")
_NEXT = text(f"""
    select m.id, m.customer_id from campaign_members m
    join campaign_arms a on a.campaign_id = m.campaign_id and a.key = m.arm and 'call' = any(a.ways)
    join campaigns c on c.id = m.campaign_id and c.state = 'running' and c.starts_on <= :today
        and c.ends_on >= :today
    join customers k on k.id = m.customer_id and k.merged_into_id is null
    where m.campaign_id = :id and {OPEN} and not m.id = any(cast(:passed as bigint[]))
      and (m.called_at is null or m.called_at < :rested)
      and (m.held_until is null or m.held_until < :now or m.called_by = :by)
      and (select s.granted from consents s where s.customer_id = m.customer_id
           and s.purpose = 'marketing' and s.channel = 'call' order by s.at desc, s.id desc limit 1)
      and coalesce((
          select p.timezone from occupancies o join premises p on p.id = o.premise_id
          where o.account_id = coalesce(m.account_id, (
              select min(id) from accounts where accounts.customer_id = m.customer_id))
          order by o.starts_on <= :today desc, coalesce(o.ends_before > :today, true) desc, o.starts_on desc
          limit 1), :own) = any(:awake)
    order by m.held_until > :now and m.called_by = :by desc nulls last, m.call_tries, m.id
    limit 20 for update of m skip locked
""")
_PRICE = text("""
    select c.budget_minor, coalesce(cast(c.costs ->> 'call' as bigint), 0) as price,
           (select count(*) from campaign_members m
            where m.campaign_id = c.id and m.held_until >= :now and m.called_by <> :by) as held
    from campaigns c where c.id = :id
""")
_TURN = text("select pg_advisory_xact_lock(hashtextextended('calls of campaign ' || :id, 0))")
"""Of two who ask for the next at once the second sees whom the first holds."""
_ZONES = text("select distinct timezone from premises")
_TAKE = text("update campaign_members set held_until = :until, called_by = :by where id = :id")
_SKIP = text("update campaign_members set not_sent = :why where id = :id and not_sent = ''")
_RESULT = text(f"""
    update campaign_members m set call_tries = call_tries + 1, call_result = :result, called_at = :now,
        called_by = :by, held_until = null
    where m.id = :id and m.campaign_id = :campaign and m.customer_id = :customer and (:answered or {OPEN})
    returning m.customer_id
""")


_KNOWN = text("""
    select 1 from campaign_members where id = :id and campaign_id = :campaign and customer_id = :customer
""")


@dataclass(frozen=True, slots=True)
class CallLine:
    """Somebody on a list; open: still to be called."""

    member_id: int
    customer_id: int
    name: str
    segment: str
    tries: int
    result: str
    called_at: datetime | None
    answer: str
    saving_minor: int | None
    who: str
    held_until: datetime | None
    open: bool


def call_list(session: Session, campaign_id: int) -> list[CallLine]:
    """Who is to be called first, then who was."""
    return [CallLine(*row) for row in session.execute(_LIST, {"id": campaign_id})]


def to_call(session: Session, campaign_id: int) -> int:
    """How many are still to be called, however long the list."""
    return int(session.execute(_TO_CALL, {"id": campaign_id}).scalar_one())


def next_to_call(session: Session, campaign_id: int, by: int, *, today: date, now: datetime) -> int | None:
    """Hold the next on the list for a person and say which customer; None where nobody is left, or it has not
    begun. Who withdrew their consent, whom care sees to first by now, or whom it is for no more, is passed
    over; where it is night, they wait. Raises Refused where it is night for everybody, or the budget does not
    pay for another call."""
    own = settings().timezone
    awake = [zone for zone in {own, *session.scalars(_ZONES)} if decent_from(now, zone) <= now]
    if not awake:
        raise Refused("night", mark("It is night: nobody is called between 21:00 and 8:00."))
    session.execute(_TURN, {"id": campaign_id})
    paid = session.execute(_PRICE, {"id": campaign_id, "now": now, "by": by}).one_or_none()
    if paid is not None and paid.price:
        left = paid.budget_minor - spent_minor(session, campaign_id)
        if left < paid.price * (paid.held + 1):  # others are calling those they hold
            raise Refused("unpaid", mark("The budget does not pay for another call."))
    passed: list[int] = []
    given: dict[str, Any] = {
        "id": campaign_id, "today": today, "now": now, "by": by, "rested": now - REST, "own": own,
        "awake": awake, "passed": passed,
    }  # fmt: skip
    while found := session.execute(_NEXT, given).all():
        why = members_still(session, [one.id for one in found], today)
        for one in found:
            if not why[one.id]:
                session.execute(_TAKE, {"id": one.id, "until": now + HELD, "by": by})
                return int(one.customer_id)
            session.execute(_SKIP, {"id": one.id, "why": why[one.id]})
            passed.append(one.id)
    return None


def note_call(
    session: Session,
    campaign_id: int,
    member_id: int,
    customer_id: int,
    result: str,
    *,
    now: datetime,
    by: int,
    answered: bool = False,
) -> int:
    """What came of a call with a customer; their id. answered: they said yes or no on it, which is kept
    already. Raises Invalid, NotFound, Conflict where they are called no more."""
    if result not in CALL_WORDS:
        raise Invalid("choice", mark("Choose one of what is offered."), "result")
    theirs = {"id": member_id, "campaign": campaign_id, "customer": customer_id}
    given = theirs | {"result": result, "now": now, "by": by, "answered": answered}
    customer = session.scalar(_RESULT, given)
    if customer is None:
        if session.scalar(_KNOWN, theirs) is None:
            raise NotFound("offer", mark("There is no such offer."))
        raise Conflict("called", mark("They are not to be called any more."))
    if result == "do_not_call":
        record_consent(
            session, customer, "marketing", "call", granted=False, now=now, proof="said on a call",
            by=by,
        )  # fmt: skip
    return int(customer)
