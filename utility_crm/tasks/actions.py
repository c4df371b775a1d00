"""What is done with tasks. Every change leaves a row of `task_events`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.tasks.domain.due import LONGEST_REMINDER_MINUTES, Due, due_of, moved, remind_at
from utility_crm.tasks.domain.repeats import REPEATS, next_day
from utility_crm.web.words import mark

LONGEST_TITLE, LONGEST_NOTE = 200, 4000
PRIORITIES = ("high", "normal", "low")

_ADD = text("""
    insert into tasks (
        title, note, due_on, due_at, priority, promised, assignee_id, team_id, customer_id, ticket_id,
        remind_minutes, remind_at, repeats, repeats_from, series_id, key, created_at, created_by
    ) values (
        :title, :note, :due_on, :due_at, :priority, :promised, :assignee_id, :team_id, :customer_id,
        :ticket_id, :remind_minutes, :remind_at, :repeats, :repeats_from, :series_id, :key, :now, :by
    ) on conflict do nothing returning id
""")
_BY_KEY = text("select id from tasks where key = :key")
_BEGINS = text("update tasks set series_id = id where id = :id")
_HELD = text("""
    select tasks.*, who.name as done_name from tasks left join users as who on who.id = tasks.done_by
    where tasks.id = :id for update of tasks
""")
_NOTE = text("""
    insert into task_events (task_id, at, by_user, kind, detail)
    values (:id, :now, :by, :kind, cast(:detail as jsonb))
""")
_CHANGE = text("""
    update tasks set title = :title, note = :note, due_on = :due_on, due_at = :due_at, priority = :priority,
        promised = :promised, assignee_id = :assignee_id, team_id = :team_id,
        remind_minutes = :remind_minutes, remind_at = :remind_at,
        reminded_at = case when remind_at is not distinct from cast(:remind_at as timestamptz)
            then reminded_at end,
        snoozed_until = case when due_on = :due_on then snoozed_until end,
        repeats = :repeats, repeats_from = :repeats_from, series_id = :series_id, changes = changes + 1
    where id = :id
""")
_CLOSE = text("""
    update tasks set done_at = :now, done_by = :by, dropped = :dropped, outcome = :outcome,
        changes = changes + 1
    where id = :id
""")
_REOPEN = text("""
    update tasks set done_at = null, done_by = null, dropped = false, outcome = '', changes = changes + 1
    where id = :id
""")
_SNOOZE = text("update tasks set snoozed_until = :until, changes = changes + 1 where id = :id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task as somebody wants it. due: a day of the utility's zone, or an aware instant. remind_minutes:
    before it is due, or, of a day, before the working day begins; None: no reminder. repeats: one of
    REPEATS or ""."""

    title: str
    due: date | datetime
    note: str = ""
    priority: str = "normal"
    promised: bool = False
    assignee_id: int | None = None
    team_id: int | None = None
    remind_minutes: int | None = None
    repeats: str = ""


def add_task(
    session: Session,
    *,
    title: str,
    due_at: date | datetime,
    now: datetime,
    by: int | None,
    assignee_id: int | None = None,
    team_id: int | None = None,
    customer_id: int | None = None,
    ticket_id: int | None = None,
    note: str = "",
    priority: str = "normal",
    promised: bool = False,
    remind_minutes: int | None = None,
    repeats: str = "",
    key: str | None = None,
) -> int:
    """A task for a person, a team, or, where neither is named, for whoever adds it; its id.

    due_at: an aware instant, or a day of the utility's zone. by: None where a rule adds it. key: the same key
    again gives the task that is there. Raises Invalid.
    """
    if assignee_id is None and team_id is None:
        assignee_id = by
    wanted = Wanted(
        title, due_at, note, priority, promised, assignee_id, team_id, remind_minutes, repeats
    )  # fmt: skip
    columns = _columns(wanted)
    given = {
        **columns, "customer_id": customer_id, "ticket_id": ticket_id, "key": key, "now": now, "by": by,
        "series_id": None, "repeats_from": columns["due_on"] if repeats else None,
    }  # fmt: skip
    made = session.scalar(_ADD, given)
    if made is None:  # the key is taken: by the same thing, added before
        return int(session.execute(_BY_KEY, {"key": key}).scalar_one())
    if repeats:
        session.execute(_BEGINS, {"id": made})
    _note(session, made, "added", now, by)
    return int(made)


def task_of_key(session: Session, key: str) -> int | None:
    """The task that was added under a key."""
    found: int | None = session.scalar(_BY_KEY, {"key": key})
    return found


def change_task(
    session: Session, task_id: int, wanted: Wanted, *, now: datetime, by: int, seen: int | None = None
) -> bool:
    """The open task as it is wanted from now on; False: it is so already.

    seen: the `changes` of the task as it was shown. Raises Invalid, NotFound, Conflict (it is closed, or
    somebody else changed it meanwhile).
    """
    columns = _columns(wanted)
    held = _hold(session, task_id, open_alone=True)
    _unchanged(held, seen)
    series, begun = held.series_id, held.repeats_from
    if not wanted.repeats:
        series = begun = None
    elif held.repeats != wanted.repeats or held.due_on != columns["due_on"]:
        series, begun = series or task_id, columns["due_on"]  # the series goes on from the day it has now
    given = {**columns, "series_id": series, "repeats_from": begun}
    before = {
        name: getattr(held, name) for name, value in given.items() if getattr(held, name) != value
    }  # fmt: skip
    if not before:
        return False
    session.execute(_CHANGE, {**given, "id": task_id})
    shown = {name: [before[name], given[name]] for name in before if name not in ("remind_at", "series_id")}
    _note(session, task_id, "changed", now, by, shown)
    return True


def finish_task(
    session: Session,
    task_id: int,
    *,
    now: datetime,
    by: int | None,
    outcome: str = "",
    dropped: bool = False,
    seen: int | None = None,
) -> int | None:
    """Closes the task as done, or as dropped (it is not needed any more); the id of the next of its series.

    Raises NotFound, Conflict (it is closed already: who did it is said), Invalid (too long an outcome).
    """
    said = outcome.strip()
    _short(said, LONGEST_NOTE, "outcome")
    held = _hold(session, task_id, open_alone=True)
    _unchanged(held, seen)
    given = {"id": task_id, "now": now, "by": by, "dropped": dropped, "outcome": said}
    session.execute(_CLOSE, given)
    _note(session, task_id, "dropped" if dropped else "done", now, by, {"outcome": said} if said else {})
    return _go_on(session, held, now) if held.repeats else None


def reopen_task(session: Session, task_id: int, *, now: datetime, by: int) -> None:
    """It is to be done after all. Raises NotFound, Conflict (it is open)."""
    held = _hold(session, task_id)
    if held.done_at is None:
        raise Conflict("task_open", mark("This task is open."))
    session.execute(_REOPEN, {"id": task_id})
    _note(session, task_id, "reopened", now, by)


def snooze_task(session: Session, task_id: int, until: datetime, *, now: datetime, by: int) -> None:
    """It stays out of the lists until then, and is due as before: a promise is not moved by not looking.

    Raises NotFound, Conflict (it is closed), Invalid (until is not ahead).
    """
    if until <= now:
        raise Invalid("snooze", mark("That time has passed."), "until")
    _hold(session, task_id, open_alone=True)
    session.execute(_SNOOZE, {"id": task_id, "until": until})
    _note(session, task_id, "snoozed", now, by, {"until": until})


def _go_on(session: Session, closed: Row[Any], now: datetime) -> int | None:
    """The next task of a series: on its first day after the closed one that is not over yet."""
    zone = _zone()
    today = now.astimezone(zone).date()
    due = Due(closed.due_on, closed.due_at)
    day = next_day(closed.repeats, closed.repeats_from, max(due.on, today - timedelta(days=1)))
    if day is None:
        return None
    coming = moved(due, day, zone)
    wanted = Wanted(
        closed.title, coming.at or coming.on, closed.note, closed.priority, closed.promised,
        closed.assignee_id, closed.team_id, closed.remind_minutes, closed.repeats,
    )  # fmt: skip
    given = {
        **_columns(wanted), "customer_id": closed.customer_id, "ticket_id": closed.ticket_id, "key": None,
        "now": now, "by": closed.created_by, "repeats_from": closed.repeats_from,
        "series_id": closed.series_id,
    }  # fmt: skip
    made = session.scalar(_ADD, given)  # None: a task that was reopened and closed again has made it before
    if made is None:
        return None
    _note(session, made, "added", now, None, {"after": closed.id})
    return int(made)


def _columns(wanted: Wanted) -> dict[str, Any]:
    title = " ".join(wanted.title.split())
    if not title:
        raise Invalid("needed", mark("Say in a few words what is to be done."), "title")
    _short(title, LONGEST_TITLE, "title")
    _short(wanted.note, LONGEST_NOTE, "note")
    if wanted.priority not in PRIORITIES:
        raise Invalid("priority", mark("Choose one of what is offered."), "priority")
    if wanted.repeats and wanted.repeats not in REPEATS:
        raise Invalid("repeats", mark("Choose one of what is offered."), "repeats")
    minutes = wanted.remind_minutes
    if minutes is not None and not 0 <= minutes <= LONGEST_REMINDER_MINUTES:
        raise Invalid("remind", mark("A reminder comes at most four weeks before."), "remind")
    due = due_of(wanted.due, _zone())
    return {
        "title": title,
        "note": wanted.note.strip(),
        "due_on": due.on,
        "due_at": due.at,
        "priority": wanted.priority,
        "promised": wanted.promised,
        "assignee_id": wanted.assignee_id,
        "team_id": wanted.team_id,
        "remind_minutes": minutes,
        "remind_at": remind_at(due, minutes, _zone()),
        "repeats": wanted.repeats,
    }


def _short(words: str, most: int, where: str) -> None:
    if len(words) > most:
        raise Invalid("too_long", mark("At most %(most)s characters."), where, most=most)


def _hold(session: Session, task_id: int, *, open_alone: bool = False) -> Row[Any]:
    held = session.execute(_HELD, {"id": task_id}).one_or_none()
    if held is None:
        raise NotFound("no_such_task", mark("There is no task of this number."), str(task_id))
    if open_alone and held.done_at is not None:
        if held.done_name is None:
            raise Conflict("task_closed", mark("This task is closed already."))
        words = mark("%(name)s closed this task already.")
        raise Conflict("task_closed", words, name=held.done_name)
    return held


def _unchanged(held: Row[Any], seen: int | None) -> None:
    if seen is not None and held.changes != seen:
        words = mark("Somebody changed this task since you opened it. Open it again to see how it stands.")
        raise Conflict("task_changed", words)


def _note(
    session: Session,
    task_id: int,
    kind: str,
    now: datetime,
    by: int | None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    told = json.dumps(detail or {}, default=_plain, ensure_ascii=False)
    session.execute(_NOTE, {"id": task_id, "now": now, "by": by, "kind": kind, "detail": told})


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is not kept in an event")


def _zone() -> ZoneInfo:
    return ZoneInfo(settings().timezone)
