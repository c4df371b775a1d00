"""The care of tickets in the demo utility: what a house begins with, promises of its tickets, its complaints.

All simulated, written in bulk, the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.demo.calendar import ZONE
from utility_crm.demo.context import DemoBuild
from utility_crm.kit.settings import settings
from utility_crm.tickets.care.defaults import begin_with_the_usual
from utility_crm.tickets.care.tables import Complaint
from utility_crm.tickets.complaints.actions import owe_next
from utility_crm.tickets.complaints.following import follow_contacts
from utility_crm.tickets.complaints.letters import make_letter
from utility_crm.tickets.domain.promises import OF, Running, Stretch, policy_for, running_from, still_from
from utility_crm.tickets.routing.giving import set_taker
from utility_crm.tickets.sla.following import written_stretches
from utility_crm.tickets.sla.policies import policies

TAKERS = ("priya", "owen", "greta")
_STAFF = text("select login, id from users")
_TICKETS = text("""
    select t.id, t.kind, t.priority, t.status, t.opened_at, t.first_answered_at, t.solved_at,
           array_remove(array[c.segment, case when exists (
               select from customer_flags f where f.customer_id = c.id and f.kind <> 'needs'
           ) then 'vulnerable' end], null) as segments,
           coalesce((select jsonb_agg(jsonb_build_array(m.direction, m.at) order by m.at, m.id)
                     from ticket_messages m where m.ticket_id = t.id and m.direction <> 'note'), '[]') as said
    from tickets t left join customers c on c.id = t.customer_id order by t.id
""")
_DUE = text("""
    update tickets t set
        first_answer_due_at = (select p.due_at from ticket_promises p where p.ticket_id = t.id
                               and p.what = 'first_answer' and p.met_at is null),
        solve_due_at = (select p.due_at from ticket_promises p where p.ticket_id = t.id
                        and p.what = 'resolution' and p.met_at is null)
    where t.status not in ('solved', 'closed')
""")
# A complaint and the contact it began with have the same customer and the same instant.
_COMPLAINTS = text("""
    insert into complaints (ticket_id, contact_id, country, received_at, received_on, stage, cause, outcome,
                            answered_at, closed_at)
    select t.id, c.id, :country, t.opened_at, (t.opened_at at time zone :zone)::date,
           case when c.answered_at is not null then 'closed'
                when t.first_answered_at is not null then 'answered' else 'received' end,
           case c.topic when 'bill' then 'bill_wrong' when 'payment' then 'payment'
                when 'meter' then 'reading' when 'outage' then 'outage' when 'tariff' then 'price'
                when 'moving' then 'move'
                when 'contract' then 'sale' when 'details' then 'data' else 'service' end,
           case when c.answered_at is null then '' when t.id % 5 < 2 then 'upheld'
                when t.id % 5 = 2 then 'partly' else 'not_upheld' end,
           coalesce(c.answered_at, t.first_answered_at), c.answered_at
    from tickets t
    join contacts c on c.customer_id = t.customer_id and c.at = t.opened_at and c.complaint
    where t.kind = 'complaint'
    on conflict do nothing
""")
_TAKEN_UP = (
    text("""
        update complaints c set stage = case when t.opened_at < :now - interval '30 days' then 'investigated'
                                             else 'acknowledged' end
        from tickets t where t.id = c.ticket_id and c.stage = 'received' and t.team_id is null
          and t.opened_at < :now - interval '4 days'
    """),
    text("""
        insert into complaint_steps (ticket_id, at, kind, what, by_user)
        select c.ticket_id, c.received_at + s.after, 'stage', s.stage, u.id
        from complaints c join tickets t on t.id = c.ticket_id
        join (values ('acknowledged', interval '20 hours'), ('investigated', interval '6 days'))
          s (stage, after) on s.stage = c.stage or c.stage = 'investigated'
        join users u on u.login = case when c.ticket_id % 2 = 0 then :first else :second end
        where c.stage in ('acknowledged', 'investigated') and t.team_id is null order by c.ticket_id, s.after
    """),
    text("""
        insert into ticket_messages (ticket_id, direction, channel, text, author_id, at, sending)
        select t.id, 'out', case when t.channel in ('call', 'letter') then 'letter' else t.channel end,
               case t.language when 'ru' then
                   'Мы получили вашу жалобу и разбираемся в ней. О результате напишем.'
               else 'We have your complaint and are looking into it. You will hear from us what we find.' end,
               u.id, t.opened_at + interval '20 hours', ''
        from tickets t join complaints c on c.ticket_id = t.id and c.stage in ('acknowledged', 'investigated')
        join users u on u.login = case when t.id % 2 = 0 then :first else :second end
        where t.team_id is null order by t.id
    """),
    text("""
        insert into ticket_events (ticket_id, version, at, kind, by_user, message_id, before, after)
        select t.id, t.version + 1, m.at, 'answered', m.author_id, m.id, '{"status": "new"}',
               '{"status": "open"}'
        from tickets t join complaints c on c.ticket_id = t.id and c.stage in ('acknowledged', 'investigated')
        join ticket_messages m on m.ticket_id = t.id and m.direction = 'out' where t.team_id is null
    """),
    text("""
        update ticket_promises p set met_at = t.opened_at + interval '20 hours', breached_at = null
        from tickets t join complaints c on c.ticket_id = t.id and c.stage in ('acknowledged', 'investigated')
        where p.ticket_id = t.id and p.what = 'first_answer' and t.team_id is null
    """),
    text("""
        update tickets t set team_id = team.id,
            assignee_id = case when c.stage <> 'received' then u.id end,
            status = case when c.stage <> 'received' then 'open' else t.status end,
            version = t.version + case when c.stage <> 'received' then 1 else 0 end,
            first_answered_at = case when c.stage <> 'received' then t.opened_at + interval '20 hours' end,
            first_answer_due_at = case when c.stage = 'received' then t.first_answer_due_at end,
            waits_since = case when c.stage = 'received' then t.waits_since end
        from complaints c, teams team, users u
        where c.ticket_id = t.id and t.team_id is null and team.name = :team
          and u.login = case when t.id % 2 = 0 then :first else :second end
    """),
)
"""In this order: each finds those that have no team yet."""
_REDRESS = text("""
    update complaints set redress_minor = 1500 + 250 * (ticket_id % 13), currency = :currency,
                          redress_link = 'CR-' || (40000 + ticket_id)
    where outcome in ('upheld', 'partly')
""")
_STEPS = text("""
    insert into complaint_steps (ticket_id, at, kind, what)
    select ticket_id, received_at, 'stage', 'received' from complaints
    union all select ticket_id, answered_at, 'stage', 'answered' from complaints
              where answered_at is not null and stage <> 'received'
    union all select ticket_id, closed_at, 'stage', 'closed' from complaints where closed_at is not null
    order by 1, 2
""")


def build(context: DemoBuild) -> None:
    """All of it."""
    with context.steps.step("Care of tickets", 1) as advance, context.session() as session:
        now = datetime.combine(context.plan.as_of, time(8), ZoneInfo(ZONE)).astimezone(UTC)
        people: dict[str, int] = {row.login: row.id for row in session.execute(_STAFF)}
        begin_with_the_usual(session, now=now, by=people.get("greta"))
        for login in TAKERS:
            if login in people:
                set_taker(session, people[login], capacity=25, present=login != "greta")
        session.flush()
        columns = (
            "ticket_id", "what", "policy_id", "goal_minutes", "working", "stretches", "due_at", "warn_at",
            "warned_at", "breached_at", "met_at",
        )  # fmt: skip
        context.copy_rows("ticket_promises", columns, list(_promises(session, now)))
        session.execute(_DUE)
        _register(session, now)
        context.analyse("ticket_promises", "complaints")
        advance(1)


def _promises(session: Session, now: datetime) -> Iterator[tuple[Any, ...]]:
    known = policies(session)
    for row in session.execute(_TICKETS).all():
        policy = policy_for(known, row.kind, row.priority, row.segments)
        for what in OF:
            goal = policy.goal(what) if policy is not None else None
            if policy is None or goal is None:
                continue
            done_at = row.first_answered_at if what == "first_answer" else row.solved_at
            stretches = _stretches(row, done_at)
            ran = stretches if done_at is None else running_from((), row.opened_at)
            running = Running.of(goal, policy.hours, stretches)
            due, warn = running.due_at(), running.warn_at(policy.warn_percent)
            if done_at is not None and running.spent > goal.amount:
                due = Running.of(goal, policy.hours, ran).due_at()
                broken = due
            else:
                broken = due if due is not None and due < now else None
            warned = broken or (warn if warn is not None and warn < now else None)
            yield (
                row.id, what, policy.id, goal.minutes, goal.working, Jsonb(written_stretches(stretches)), due,
                warn, warned, broken, done_at,
            )  # fmt: skip


def _stretches(row: Any, done_at: datetime | None) -> tuple[Stretch, ...]:
    """It ran from its opening, stood still after each answer until the next word of theirs."""
    found = running_from((), row.opened_at)
    for direction, at in row.said:
        when = datetime.fromisoformat(at)
        if done_at is not None and when > done_at:
            break
        found = still_from(found, when) if direction == "out" else running_from(found, when)
    if done_at is not None:
        return still_from(found, done_at)
    return still_from(found, row.opened_at) if row.status == "waiting" else found


def _take_up(session: Session, now: datetime) -> None:
    """Complaints that came by contact are with their team, the older the further on."""
    given: dict[str, Any] = {"team": "Complaints", "now": now, "first": "greta", "second": "priya"}
    for statement in _TAKEN_UP:
        session.execute(statement, given)


def _register(session: Session, now: datetime) -> None:
    known = settings()
    session.execute(_COMPLAINTS, {"country": known.country, "zone": ZONE})
    session.execute(_REDRESS, {"currency": known.currency})
    session.execute(_STEPS)
    follow_contacts(session)
    _take_up(session, now)
    waiting = session.query(Complaint).filter(Complaint.stage != "closed").order_by(Complaint.ticket_id).all()
    for row in waiting:
        owe_next(session, row)
    if waiting:
        make_letter(session, waiting[-1].ticket_id, "acknowledgement", body="", now=now, by=None)
