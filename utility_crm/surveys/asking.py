"""Who is asked now: tickets that were solved long enough ago are decided about, once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.installed import modules
from utility_crm.kit.module import resolve
from utility_crm.kit.ports import Asks, ToAsk
from utility_crm.kit.runtime import signing_keys
from utility_crm.kit.settings import settings
from utility_crm.surveys.domain.deciding import Candidate, Decision, Reason, decided
from utility_crm.surveys.domain.plans import Plan
from utility_crm.surveys.plan_store import kept_plan
from utility_crm.surveys.tokens import paths
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket

MOST: Final = 500
"""Tickets decided about in one go."""
WINDOW: Final = timedelta(days=3)
"""What was solved so much longer ago than the plan waits is asked about no more: a clock that stood still
does not ask of old things."""
USEFUL: Final = timedelta(days=3)
"""So long a letter may wait for a decent hour."""

_ALONE = text("select pg_advisory_xact_lock(hashtext('utility_crm.surveys.ask'))")
_CANDIDATES = text("""
    select t.id, t.kind, t.channel, t.subject, t.solved_at, t.customer_id, t.account_id, t.assignee_id,
           t.team_id, t.first_answered_at is not null as answered, c.segment, c.number,
           c.died_on is not null as died,
           exists (select from customer_flags f where f.customer_id = c.id) as vulnerable,
           exists (select from tickets other left join complaints on complaints.ticket_id = other.id
                   where other.customer_id = c.id and other.kind = 'complaint'
                     and other.merged_into_id is null
                     and (other.status not in ('solved', 'closed') or complaints.stage <> 'closed')
           ) as complaint_open,
           (select max(earlier.asked_at) from surveys earlier
            where earlier.customer_id = c.id and earlier.state in ('queued', 'sent')) as asked_at,
           s.id as survey_id, s.round
    from tickets t
    join customers c on c.id = t.customer_id
    left join surveys s on s.ticket_id = t.id
    where t.solved_at > :after and t.solved_at <= :until and t.merged_into_id is null and c.erased_on is null
      and (s.id is null or s.state = 'withdrawn' and s.reason = 'reopened')
    order by t.solved_at, t.id limit :most
""")
_KEEP = text("""
    insert into surveys (
        ticket_id, customer_id, question, state, reason, user_id, team_id, decided_at, asked_at, expires_at
    ) values (
        :ticket_id, :customer_id, :question, :state, :reason, :user_id, :team_id, :now, :asked_at, :expires_at
    )
    on conflict (ticket_id) do update set
        question = excluded.question, state = excluded.state, reason = excluded.reason,
        user_id = excluded.user_id, team_id = excluded.team_id, decided_at = excluded.decided_at,
        asked_at = excluded.asked_at, expires_at = excluded.expires_at, round = surveys.round + 1
    where surveys.state = 'withdrawn'
    returning id, round
""")
_NOT_ASKED = text("""
    update surveys set state = 'not_asked', reason = :reason, asked_at = null, expires_at = null
    where id = :id and state = 'queued'
""")


@dataclass(frozen=True, slots=True)
class WouldBeAsked:
    """A ticket whose turn it is: what its customer would be asked, or why nothing."""

    ticket: str
    customer: str
    kind: str
    channel: str
    solved_at: datetime
    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class AskedNow:
    """How many were asked, and how many were not, by reason; `looked_at` in all."""

    looked_at: int
    asked: int
    why_not: Mapping[str, int]


def ask_due(session: Session, now: datetime) -> AskedNow:
    """Decide about every ticket whose time has come; ask whom the plan says and permission allows."""
    session.execute(_ALONE)
    plan = kept_plan(session).plan
    if not plan.active:
        return AskedNow(0, 0, {})
    rows = _candidates(session, plan, now)
    wanted: list[ToAsk] = []
    why_not: Counter[str] = Counter()
    for row, one in zip(rows, decided(plan, map(_candidate, rows), now), strict=True):
        kept = session.execute(_KEEP, _values(row, one, plan, now)).one_or_none()
        if one.reason is not None:
            why_not[one.reason] += 1
        elif kept is not None:
            wanted.append(_to_ask(row, one, plan, now, kept.id, kept.round))
    asked = 0
    for letter, refused in zip(wanted, _sent(session, wanted, now, keep=True), strict=True):
        if refused:
            session.execute(_NOT_ASKED, {"id": letter.survey, "reason": refused})
            why_not[refused] += 1
        else:
            asked += 1
    return AskedNow(len(rows), asked, dict(why_not))


def would_ask(session: Session, now: datetime, user: SignedIn | None = None) -> list[WouldBeAsked]:
    """What `ask_due` would decide now, oldest first, of tickets the person may see; writes nothing."""
    plan = kept_plan(session).plan
    rows = _candidates(session, plan, now)
    found = list(zip(rows, decided(plan, map(_candidate, rows), now), strict=True))
    seen: set[int] | None = None
    if user is not None:
        ids = select(Ticket.id).where(Ticket.id.in_([row.id for row in rows]), tickets_seen_by(user))
        seen = set(session.scalars(ids))
    wanted = [_to_ask(row, one, plan, now, 0, 0) for row, one in found if one.reason is None]
    refused = dict(
        zip((one.number for one in wanted), _sent(session, wanted, now, keep=False), strict=True)
    )  # fmt: skip
    return [
        WouldBeAsked(
            number_of(row.id), row.number, row.kind, row.channel, row.solved_at, one.question,
            one.reason or refused[number_of(row.id)],
        )
        for row, one in found
        if seen is None or row.id in seen
    ]  # fmt: skip


def _candidates(session: Session, plan: Plan, now: datetime) -> Sequence[Row[Any]]:
    until = now - timedelta(minutes=plan.wait_minutes)
    return session.execute(_CANDIDATES, {"after": until - WINDOW, "until": until, "most": MOST}).all()


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        row.id, row.customer_id, row.kind, row.channel,
        (row.segment, "vulnerable") if row.vulnerable else (row.segment,),
        row.died, row.complaint_open, row.answered, row.asked_at,
    )  # fmt: skip


def _values(row: Row[Any], one: Decision, plan: Plan, now: datetime) -> dict[str, Any]:
    asked = one.reason is None
    return {
        "ticket_id": row.id, "customer_id": row.customer_id, "question": one.question,
        "state": "queued" if asked else "not_asked", "reason": one.reason or "",
        "user_id": row.assignee_id, "team_id": row.team_id, "now": now,
        "asked_at": now if asked else None,
        "expires_at": now + timedelta(days=plan.answer_days) if asked else None,
    }  # fmt: skip


def _to_ask(row: Row[Any], one: Decision, plan: Plan, now: datetime, survey: int, number: int) -> ToAsk:
    assert one.question
    return ToAsk(
        key=f"survey:{survey}:{number}",
        survey=survey,
        round=number,
        question=one.question,
        number=number_of(row.id),
        subject=row.subject,
        solved_on=row.solved_at.astimezone(ZoneInfo(settings().timezone)).date(),
        customer_id=row.customer_id,
        account_id=row.account_id,
        paths=paths(signing_keys(), survey, one.question),
        answer_before=now + timedelta(days=plan.answer_days),
        useful_before=now + USEFUL,
    )


def _sent(session: Session, wanted: Sequence[ToAsk], now: datetime, *, keep: bool) -> Sequence[str]:
    """What becomes of them: for each, why it is not sent, "" where it is."""
    for module in modules():
        if module.asks:
            asks: Asks = resolve(module.asks)
            return asks(session, wanted, now, keep) if wanted else ()
    return [Reason.NOBODY_SENDS] * len(wanted)
