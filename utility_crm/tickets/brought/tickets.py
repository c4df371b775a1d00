"""Tickets of another system: as they stood there, without telling anybody; those still open are led on here.

What is over fires no rule, owes no answer and is told nobody. One that is open gets its promises from the day
it was opened, and a complaint its place in the register; rules and mail stay silent about both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from utility_crm.records.kinds import (
    EXTERNAL,
    TO_COME,
    Brought,
    Change,
    Changed,
    Kind,
    Made,
    Refusal,
    Row,
    Stands,
    Taking,
    whose,
)
from utility_crm.records.people import authors
from utility_crm.records.restoring import gone, moved_on, put_back
from utility_crm.tickets.brought.fields import TICKET_FIELDS
from utility_crm.tickets.care.listening import listen
from utility_crm.tickets.domain.life import ENDED
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.rules.running import ACTING
from utility_crm.web.words import mark

BEFORE = mark("That is before it was opened.")
ENDED_WHEN = mark("It is over, and nothing says since when.")
NO_TEAM = mark("There is no team %(value)s here.")
WORKED_ON = mark("It was worked on here since; what was done here stays.")
MANY_TAGS = mark("A ticket has at most 20 tags of 40 letters.")
STANDS = mark("ticket %(id)s was worked on here")
WRITTEN = mark("messages of import %(import_id)s are on ticket %(id)s")
_NAMES = (
    "kind", "subject", "status", "priority", "channel", "customer_id", "account_id", "assignee_id", "team_id",
    "tags", "opened_at", "first_answered_at", "solved_at", "closed_at", "waits_since", "updated_at",
)  # fmt: skip
_TYPES = """
    kind text, subject text, status text, priority text, channel text, customer_id bigint, account_id bigint,
    assignee_id bigint, team_id bigint, tags text[], opened_at timestamptz, first_answered_at timestamptz,
    solved_at timestamptz, closed_at timestamptz, waits_since timestamptz, updated_at timestamptz
"""
_LISTED = ", ".join(_NAMES)
_WORKED_ON = """exists (
        select from ticket_events e where e.ticket_id = t.id and e.reason not like 'record import %')"""
"""An import says in the events of a ticket that it was one; everything else is work."""
_INSERT = text(f"""
    with told as (
        select * from jsonb_to_recordset(cast(:rows as jsonb))
            as t(place int, external_id text, first_words text, sender text, {_TYPES})
    ), numbered as (
        select t.*, nextval(pg_get_serial_sequence('tickets', 'id')) as id,
            coalesce((select language from customers c where c.id = t.customer_id), '') as language
        from told t order by place
    ), made as (
        insert into tickets (id, version, language, {_LISTED}) overriding system value
        select id, 1, language, {_LISTED} from numbered
    ), said as (
        insert into ticket_messages (ticket_id, direction, channel, text, sender, at, form_key)
        select id, 'in', channel, first_words, sender, opened_at,
            'record:' || :source || ':' || external_id from numbered where first_words <> ''
    ), kept as (
        insert into ticket_events (ticket_id, version, at, kind, reason, after)
        select id, 1, opened_at, 'opened', :reason, jsonb_strip_nulls(jsonb_build_object('kind', kind,
            'status', status, 'priority', priority, 'channel', channel, 'customer_id', customer_id,
            'account_id', account_id, 'assignee_id', assignee_id, 'team_id', team_id)) from numbered
        returning id, ticket_id
    )
    select n.place, n.id, n.status, k.id as event_id from numbered n join kept k on k.ticket_id = n.id
""")
_HELD = text(f"""
    select t.id, t.version, {_WORKED_ON} as worked_on, {_LISTED}
    from tickets t where t.id = any(:ids) for update
""")
_UPDATE = text(f"""
    with told as (
        select * from jsonb_to_recordset(cast(:rows as jsonb))
            as t(id bigint, version bigint, before jsonb, after jsonb, {_TYPES})
    ), kept as (
        insert into ticket_events (ticket_id, version, at, kind, reason, before, after)
        select id, version, :now, 'changed', :reason, before, after from told
    )
    update tickets t set version = told.version,
        {", ".join(f"{name} = told.{name}" for name in _NAMES)}
    from told where t.id = told.id
""")
_TEAMS = text("select lower(name) as name, id from teams where lower(name) = any(:names)")


def _wanted(taking: Taking, rows: Sequence[Row]) -> tuple[dict[int, dict[str, Any]], list[Refusal]]:
    people, refused = whose(taking, rows, needed=False)
    workers = authors(taking, rows, "assignee")
    named = {row.values["team"].lower() for row in rows if row.get("team")}
    teams = (
        {row.name: row.id for row in taking.session.execute(_TEAMS, {"names": list(named)})} if named else {}
    )
    bad = {one.line for one in refused}
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row.line in bad:
            continue
        wrong = _wrong(taking, row, teams)
        if wrong is not None:
            refused.append(wrong)
            continue
        who = people.get(row.line)
        found[row.line] = {
            **{name: row.values[name] for name in ("kind", "subject", "priority", "channel")},
            **_standing(row),
            "customer_id": who.customer_id if who else None,
            "account_id": who.account_id if who else None,
            "assignee_id": workers[row.line].id,
            "team_id": teams.get(row.get("team").lower()),
            "tags": _tags(row),
        }
    return found, refused


def _standing(row: Row) -> dict[str, Any]:
    """Status and times that go together: over since when, waiting since when."""
    status, opened = row.values["status"], row.values["opened_at"]
    answered = row.get("first_answered_at", None)
    solved = closed = None
    if status in ENDED:
        solved = row.get("solved_at", None) or row.get("closed_at", None)
        closed = row.get("closed_at", None) or solved if status == "closed" else None
    waits = opened if status in ("new", "open") and answered is None else None
    latest = max(one for one in (opened, answered, solved, closed) if one is not None)
    return {
        "status": status, "opened_at": opened, "first_answered_at": answered, "solved_at": solved,
        "closed_at": closed, "waits_since": waits, "updated_at": latest,
    }  # fmt: skip


def _tags(row: Row) -> list[str]:
    parts = row.get("tags").replace(";", ",").replace("|", ",").split(",")
    return list(dict.fromkeys(filter(None, (" ".join(part.lower().split()) for part in parts))))


def _wrong(taking: Taking, row: Row, teams: Mapping[str, int]) -> Refusal | None:
    opened: datetime = row.values["opened_at"]
    for name in ("opened_at", "first_answered_at", "solved_at", "closed_at"):
        at: datetime | None = row.get(name, None)
        if at is None:
            continue
        if at > taking.now:
            return Refusal(row.line, name, "to_come", TO_COME, at.isoformat(), {"value": at.isoformat()})
        if at < opened:
            return Refusal(row.line, name, "before", BEFORE, at.isoformat())
    if row.values["status"] in ENDED and not (row.get("solved_at") or row.get("closed_at")):
        return Refusal(row.line, "solved_at", "ended_when", ENDED_WHEN)
    team = row.get("team")
    if team and team.lower() not in teams:
        return Refusal(row.line, "team", "no_team", NO_TEAM, team, {"value": team})
    tags = _tags(row)
    if len(tags) > 20 or any(len(tag) > 40 for tag in tags):
        return Refusal(row.line, "tags", "tags", MANY_TAGS, row.get("tags"))
    return None


def _make(taking: Taking, rows: Sequence[Row]) -> Made:
    found, refused = _wanted(taking, rows)
    told = [
        {"place": row.line, "external_id": row.external_id, "first_words": row.get("text"),
         "sender": row.get("sender"), **found[row.line]}
        for row in rows if row.line in found
    ]  # fmt: skip
    values = {"rows": json.dumps(told, default=str), "source": taking.source, "reason": _reason(taking)}
    made = taking.session.execute(_INSERT, values).all()
    for one in made:
        if one.status not in ENDED:
            _lead_on(taking, one.id, one.event_id, found[one.place]["opened_at"])
    return Made({one.place: one.id for one in made}, refused)


def _reason(taking: Taking) -> str:
    """As the events of a ticket say it."""
    return f"record import {taking.import_id}"


def _lead_on(taking: Taking, ticket_id: int, event_id: int, opened_at: datetime) -> None:
    """What is still open has promises, and a complaint its place in the register; no rule answers it."""
    event = TicketEvent(event_id, ticket_id, 1, opened_at, "opened", None, None, {}, {}, "")
    before = taking.session.info.get(ACTING)
    taking.session.info[ACTING] = True
    try:
        listen(taking.session, event)
    finally:
        if before is None:
            taking.session.info.pop(ACTING, None)


def _change(taking: Taking, rows: Sequence[Row]) -> Changed:
    found, refused = _wanted(taking, rows)
    held = {
        row.id: row._asdict()
        for row in taking.session.execute(_HELD, {"ids": [row.thing_id for row in rows]})
    }
    changes: dict[int, Change] = {}
    told = []
    for row in rows:
        wanted, now_is = found.get(row.line), held.get(row.thing_id or 0)
        if wanted is None:
            continue
        if now_is is None:
            refused.append(gone(row))
            continue
        if wanted["first_answered_at"] is None and now_is["first_answered_at"] is not None:
            wanted["first_answered_at"] = now_is["first_answered_at"]  # its messages have said so
            wanted["waits_since"] = now_is["waits_since"] if wanted["status"] in ("new", "open") else None
        differing = [name for name in _NAMES if now_is[name] != wanted[name] and name != "updated_at"]
        if differing and now_is["worked_on"]:
            refused.append(Refusal(row.line, EXTERNAL, "worked_on", WORKED_ON, row.external_id))
            continue
        if differing:
            version = now_is["version"] + 1
            differing += ["updated_at"] if now_is["updated_at"] != wanted["updated_at"] else []
            before = {name: now_is[name] for name in differing}
            after = {name: wanted[name] for name in differing}
            changes[row.line] = Change(wanted["customer_id"], before, after)
            told.append({"id": row.thing_id, "version": version, "before": before, "after": after, **wanted})
    if told:
        values = {"rows": json.dumps(told, default=str), "now": taking.now, "reason": _reason(taking)}
        taking.session.execute(_UPDATE, values)
        taking.session.expire_all()
    return Changed(changes, refused)


_TOUCHED = text(f"select t.id from tickets t where t.id = any(:ids) and {_WORKED_ON} order by 1")
_BACK = text("""
    insert into ticket_events (ticket_id, version, at, kind, reason, before, after)
    select t.id, t.version + 1, :now, 'changed', :reason, c.after, c.before
    from record_changes c join tickets t on t.id = c.thing_id where c.import_id = :import
""")
_MESSAGES = text("""
    select m.ticket_id, max(t.import_id) as import_id from ticket_messages m
    left join record_things t on t.kind = 'messages' and t.thing_id = m.id
    where m.ticket_id = any(:ids) and coalesce(m.form_key, '') <> 'record:' || :source || ':' || (
        select r.external_id from record_things r where r.kind = 'tickets' and r.thing_id = m.ticket_id)
    group by 1 order by 1
""")


def _stands(taking: Taking, things: Sequence[Brought]) -> Sequence[Stands]:
    made = {one.thing_id: one.external_id for one in things}
    values = {"ids": list(made), "source": taking.source}
    found = [
        Stands(made[ticket_id], STANDS, {"id": made[ticket_id]})
        for ticket_id in taking.session.scalars(_TOUCHED, values)
    ]
    values = values | {"ids": [one.thing_id for one in things if one.before is None]}
    for row in taking.session.execute(_MESSAGES, values):
        words, figures = (WRITTEN, {"import_id": row.import_id}) if row.import_id else (STANDS, {})
        found.append(Stands(made[row.ticket_id], words, {"id": made[row.ticket_id], **figures}))
    return [*found, *moved_on(taking, "tickets", things)]


def _take_back(taking: Taking, things: Sequence[Brought]) -> None:
    ids = {"ids": [one.thing_id for one in things if one.before is None]}
    # The register of complaints has written a contact of its own: it goes with the complaint.
    contacts = taking.session.scalars(
        text("delete from complaints where ticket_id = any(:ids) returning contact_id"), ids
    ).all()
    taking.session.execute(text("delete from contacts where id = any(:ids)"), {"ids": list(contacts)})
    # Events of a ticket stay as long as the ticket does; here it was never one of ours.
    taking.session.execute(text("select set_config('utility_crm.erasing', 'on', true)"))
    for table in ("ticket_events", "ticket_messages", "ticket_presence"):
        taking.session.execute(text(f"delete from {table} where ticket_id = any(:ids)"), ids)
    taking.session.execute(text("select set_config('utility_crm.erasing', 'off', true)"))
    reason = f"{_reason(taking)} taken back"
    taking.session.execute(_BACK, {"now": taking.now, "reason": reason, "import": taking.import_id})
    changed = {"ids": [one.thing_id for one in things if one.before is not None]}
    taking.session.execute(text("update tickets set version = version + 1 where id = any(:ids)"), changed)
    put_back(taking, "tickets", things, mark("ticket"))
    taking.session.expire_all()


TICKETS = Kind(
    name="tickets", title=mark("Tickets"), thing=mark("ticket"), order=30, fields=TICKET_FIELDS, make=_make,
    change=_change, stands=_stands, take_back=_take_back, room="utility_crm.tickets", table="tickets",
)  # fmt: skip
