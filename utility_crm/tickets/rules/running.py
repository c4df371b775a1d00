"""Rules at work: what happened to a ticket is turned into events, a plan is made, and what it says is done.

All of it in the transaction of the change. A plan is made once a change and counts what its own acts change;
what the acts then report is heard by everybody but the rules, so nothing runs for ever. An act that cannot
be done (a status that cannot be, a macro whose figure is not known) is noted with its reason; the others are
done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import CareError
from utility_crm.kit.said import said
from utility_crm.tickets.care.tables import TicketRuleRun
from utility_crm.tickets.domain.rules import Fired, Rule, Since, event_of, plan
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.rules.acts import do
from utility_crm.tickets.rules.facts import facts_of
from utility_crm.tickets.rules.store import active_rules, due_rules
from utility_crm.web.words import mark

ACTING: Final = "ticket_rules_acting"
"""A mark on the session while rules act."""
MOST_DUE = 500
_CHANGED = (
    ("status", "status_changed"), ("priority", "priority_changed"), ("kind", "kind_changed"),
    ("assignee_id", "assigned"), ("team_id", "assigned"), ("tags", "tagged"),
)  # fmt: skip


def events_in(event: TicketEvent) -> tuple[str, ...]:
    """What an event of a ticket is called in rules; none for what rules do not ask about."""
    found = {"opened": ["opened"], "heard": ["message_in"], "answered": ["answered"]}.get(event.kind, [])
    if event.kind == "opened":
        return tuple(found)
    return tuple(dict.fromkeys([*found, *(name for field, name in _CHANGED if field in event.after)]))


def run_rules(session: Session, ticket_id: int, events: Sequence[str], now: datetime) -> tuple[Fired, ...]:
    """Let the rules answer what happened to a ticket, unless it was they who did it; which acted."""
    if not events or session.info.get(ACTING):
        return ()
    rules = active_rules(session)
    asked = {event_of(when) for rule in rules for when in rule.when}
    wanted = [event for event in events if event in asked]
    if not wanted:
        return ()
    done: list[Fired] = []
    for event in wanted:
        facts = facts_of(session, [ticket_id], now).get(ticket_id)
        left = [rule for rule in rules if all(rule is not one.rule for one in done)]
        if facts is not None:
            fired = plan(left, event, facts)
            _carry_out(session, ticket_id, fired, now)
            done += fired
    return tuple(done)


def _carry_out(
    session: Session, ticket_id: int, fired: Sequence[Fired], now: datetime, once: str | None = None
) -> None:
    session.info[ACTING] = True
    try:
        for one in fired:
            did = [
                _one_act(session, ticket_id, one.rule, number, now) for number in range(len(one.rule.acts))
            ]
            first = one is fired[0]
            session.add(
                TicketRuleRun(
                    rule_id=one.rule.id, ticket_id=ticket_id, at=now, event=one.event, did=did,
                    once=once if first else None,
                )
            )  # fmt: skip
        session.flush()
    finally:
        session.info.pop(ACTING, None)


def _one_act(session: Session, ticket_id: int, rule: Rule, number: int, now: datetime) -> dict[str, Any]:
    """What came of an act: its kind and value, and a note; `refused` where it could not be done."""
    act = rule.acts[number]
    told: dict[str, Any] = {act.kind: act.value}
    try:
        with session.begin_nested():
            came = do(session, ticket_id, act, rule, now)
    except CareError as error:
        return told | {"refused": error.message}
    return told | ({"came": came} if came else {})


_SINCE = {
    "opened": "t.opened_at",
    "message_in": "(select max(m.at) from ticket_messages m where m.ticket_id = t.id and m.direction = 'in')",
    "answered": "(select max(m.at) from ticket_messages m where m.ticket_id = t.id and m.direction = 'out'"
    " and m.author_id is not null)",
    "status_changed": "(select max(e.at) from ticket_events e where e.ticket_id = t.id"
    " and (e.kind = 'opened' or e.after ? 'status'))",
}
_DUE = """
    select d.id, d.since_at from (
        select t.id, {since} as since_at from tickets t
        where t.merged_into_id is null and (t.status <> 'closed' or t.closed_at > :now - interval '30 days')
          and not exists (select from customers c where c.id = t.customer_id and c.erased_on is not null)
    ) d
    where (cast(:among as bigint[]) is null or d.id = any(cast(:among as bigint[])))
      and d.since_at <= :now - :minutes * interval '1 minute'
      and d.since_at > cast(:active_since as timestamptz) - :minutes * interval '1 minute'
      and not exists (
          select from ticket_rule_runs n where n.rule_id = :rule and n.ticket_id = d.id
            and n.once = :name || '@' || to_char(d.since_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
      )
    order by d.id limit :most
"""


_HOLD = text("select id from tickets where id = any(:ids) order by id for update skip locked")
"""What another leader, or a person, holds just now is left for the next round."""


def run_due(session: Session, now: datetime) -> str:
    """Rules that wait for time to pass: each acts once for each instant from which it counts.

    One whose condition does not hold when its time has come has had its chance: it is asked again when the
    instant is another.
    """
    acted = 0
    for rule, when, active_since in due_rules(session):
        acted += _run_one(session, rule, when, active_since, now)
    return said(mark("%(acted)s tickets changed by rules that waited"), acted=acted)


def _run_one(session: Session, rule: Rule, when: Since, active_since: datetime, now: datetime) -> int:
    name = event_of(when)
    given = {
        "now": now, "minutes": when.minutes, "active_since": active_since, "rule": rule.id, "name": name,
        "most": MOST_DUE,
    }  # fmt: skip
    due = text(_DUE.format(since=_SINCE[when.event]))
    found = [row.id for row in session.execute(due, given | {"among": None})]
    if not found:
        return 0
    held = session.scalars(_HOLD, {"ids": found}).all()
    rows = session.execute(due, given | {"among": held}).all()  # who held them before may have acted on them
    facts = facts_of(session, [row.id for row in rows], now)
    acted = 0
    for row in rows:
        once = f"{name}@{row.since_at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')}"
        rules = [rule, *(one for one in active_rules(session) if one.id != rule.id)]
        fired = plan(rules, name, facts[row.id]) if row.id in facts else ()
        fired = fired if fired and fired[0].rule is rule else ()
        if fired:
            _carry_out(session, row.id, fired, now, once)
            acted += 1
        else:
            session.add(
                TicketRuleRun(rule_id=rule.id, ticket_id=row.id, at=now, event=name, once=once, did=[])
            )
    session.flush()
    return acted
