"""Tasks as people read them: whose, how many, which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.limits import THEIRS
from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import listed
from utility_crm.tasks.domain.due import Due
from utility_crm.tasks.domain.grid import day_meant, month_after, week_of
from utility_crm.web.words import mark

AHEAD = timedelta(days=28)
"""How far ahead “coming” looks."""
LATELY = timedelta(days=14)
MOST = 200

_MY_TEAMS = "select team_id from team_members where user_id = :user"
WHOSE: Mapping[str, str] = MappingProxyType(
    {
        "mine": "(task.assignee_id = :user)",
        "team": f"""(task.team_id in ({_MY_TEAMS}) or (task.assignee_id is null and task.team_id is null)
            or task.assignee_id in (select user_id from team_members where team_id in ({_MY_TEAMS})))""",
        "all": "(true)",
    }
)
"""Whose tasks: one's own; those of one's teams, of the people in them, and of nobody; all."""
_OF_AREAS = f"(task.customer_id is null or {THEIRS.format(customer='task.customer_id')})"


def _whose(whose: str, limited: bool) -> str:
    """SQL of whose tasks; `limited`: without customers of other areas than theirs."""
    if not limited:
        return WHOSE[whose]
    return f"({WHOSE[whose]} and {_OF_AREAS})".replace(":area_ids", "cast(:area_ids as bigint[])")


_AWAKE = "(task.snoozed_until is null or task.snoozed_until <= :now)"
_LATE = "coalesce(task.due_at < :now, task.due_on < :today)"
_OPEN = "task.done_at is null"
_IN_SIGHT = f"{_OPEN} and {_AWAKE}"
ASKED: Mapping[str, str] = MappingProxyType(
    {
        "today": f"{_IN_SIGHT} and (task.due_on = :today or {_LATE})",
        "late": f"{_IN_SIGHT} and {_LATE}",
        "coming": f"{_IN_SIGHT} and task.due_on > :today and task.due_on <= :ahead and not {_LATE}",
        "promised": f"{_OPEN} and task.promised",
        "snoozed": f"{_OPEN} and not {_AWAKE}",
        "done": "task.done_at >= :since",
    }
)
"""The tasks that each question is about. What is late is today's work as well."""
_ORDER = {"done": "task.done_at desc, task.id desc", "snoozed": "task.snoozed_until, task.id"}
_BY_DUE = """task.due_on, coalesce(task.due_at, 'infinity'),
    array_position(array['high', 'normal', 'low'], task.priority), task.id"""

_COLUMNS = """
    task.id, task.title, task.note, task.due_on, task.due_at, task.priority, task.promised,
    task.assignee_id, assignee.name as assignee, task.team_id, team.name as team, task.customer_id,
    customer.name as customer, task.ticket_id, task.remind_minutes, task.remind_at, task.snoozed_until,
    task.repeats, task.repeats_from, task.done_at, finisher.name as done_by, task.dropped,
    task.outcome, task.created_at,
    author.name as created_by, task.changes
"""
_FROM = """
    from tasks as task
    left join users as assignee on assignee.id = task.assignee_id
    left join users as finisher on finisher.id = task.done_by
    left join users as author on author.id = task.created_by
    left join teams as team on team.id = task.team_id
    left join customers as customer on customer.id = task.customer_id
"""


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task with the names of those it is about."""

    id: int
    title: str
    note: str
    due_on: date
    due_at: datetime | None
    priority: str
    promised: bool
    assignee_id: int | None
    assignee: str | None
    team_id: int | None
    team: str | None
    customer_id: int | None
    customer: str | None
    ticket_id: int | None
    remind_minutes: int | None
    remind_at: datetime | None
    snoozed_until: datetime | None
    repeats: str
    repeats_from: date | None
    done_at: datetime | None
    done_by: str | None
    dropped: bool
    outcome: str
    created_at: datetime
    created_by: str | None
    changes: int

    def is_late(self, now: datetime, today: date) -> bool:
        """It is open, and its day or hour is over."""
        return self.done_at is None and Due(self.due_on, self.due_at).is_late(now, today)


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """The short answers: how many of each. `today` has what is late in it."""

    today: int
    late: int
    oldest_late: date | None
    coming: int
    promised: int
    customers_promised: int
    snoozed: int
    done: int
    this_week: int
    this_month: int


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a task."""

    at: datetime
    by: str | None
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choosable:
    """Who may be given a task: people who can sign in, and teams."""

    people: tuple[tuple[int, str], ...]
    teams: tuple[tuple[int, str], ...]


@cache
def _figures(whose: str, limited: bool) -> TextClause:
    counted = ", ".join(
        f"count(*) filter (where {ASKED[ask]})" for ask in ("coming", "promised", "snoozed", "done")
    )
    return text(f"""
        select count(*) filter (where {ASKED["today"]}), count(*) filter (where {ASKED["late"]}),
            min(task.due_on) filter (where {ASKED["late"]}), {counted},
            count(distinct task.customer_id) filter (where {ASKED["promised"]}),
            count(*) filter (where {_OPEN} and task.due_on >= :monday and task.due_on < :next_monday),
            count(*) filter (where {_OPEN} and task.due_on >= :month and task.due_on < :next_month)
        from tasks as task where {_whose(whose, limited)} and (task.done_at is null or task.done_at >= :since)
    """)


@cache
def _listed(ask: str, whose: str, limited: bool) -> TextClause:
    order = _ORDER.get(ask, _BY_DUE)
    return text(
        f"select {_COLUMNS} {_FROM} where {_whose(whose, limited)} and {ASKED[ask]} "
        f"order by {order} limit :most"
    )


def task_figures(session: Session, whose: str, user: SignedIn, now: datetime, today: date) -> TaskFigures:
    """The counts of everything that is asked about somebody's tasks. whose: one of WHOSE."""
    found = session.execute(_figures(whose, bool(user.area_ids)), _given(user, now, today)).one()
    today_, late, oldest, coming, promised, snoozed, done, customers, week, month = found
    return TaskFigures(today_, late, oldest, coming, promised, customers, snoozed, done, week, month)


def tasks_asked(
    session: Session, ask: str, whose: str, user: SignedIn, now: datetime, today: date
) -> list[TaskLine]:
    """The tasks a question is about, the first due first. ask: one of ASKED."""
    rows = session.execute(
        _listed(ask, whose, bool(user.area_ids)), {**_given(user, now, today), "most": MOST}
    )
    return [TaskLine(*row) for row in rows]


@cache
def _reminded(limited: bool) -> TextClause:
    mine = f"case when task.assignee_id is null then task.team_id in ({_MY_TEAMS}) else {WHOSE['mine']} end"
    return text(f"""
        select {_COLUMNS} {_FROM}
        where task.reminded_at is not null and {_IN_SIGHT} and {mine} and {_whose("all", limited)}
        order by task.reminded_at desc, task.id desc limit :most
    """)


MOST_REMINDED = 3


def reminded_of(session: Session, user: SignedIn, now: datetime) -> list[TaskLine]:
    """What somebody was reminded of last and has neither closed, moved nor let sleep since."""
    rows = session.execute(_reminded(bool(user.area_ids)), {**_who(user), "now": now, "most": MOST_REMINDED})
    return [TaskLine(*row) for row in rows]


_BETWEEN = """
    and task.done_at is null and task.due_on >= :first and task.due_on < :before
"""


@cache
def _due_between(whose: str, limited: bool) -> TextClause:
    return text(f"""
        select {_COLUMNS} {_FROM} where {_whose(whose, limited)} {_BETWEEN} order by {_BY_DUE} limit 2000
    """)


def tasks_between(session: Session, whose: str, user: SignedIn, first: date, before: date) -> list[TaskLine]:
    """Open tasks that are due in a span of days, half-open; also those that are snoozed."""
    rows = session.execute(
        _due_between(whose, bool(user.area_ids)), {**_who(user), "first": first, "before": before}
    )
    return [TaskLine(*row) for row in rows]


_ONE = text(f"select {_COLUMNS} {_FROM} where task.id = :id")
_HAPPENED = text("""
    select event.at, users.name, event.kind, event.detail
    from task_events as event left join users on users.id = event.by_user
    where event.task_id = :id order by event.id desc
""")


def task_line(session: Session, task_id: int) -> TaskLine:
    """One task; who may see it is said by the room's `Owner`. Raises NotFound."""
    row = session.execute(_ONE, {"id": task_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_task", mark("There is no task of this number."), str(task_id))
    return TaskLine(*row)


def task_events(session: Session, task_id: int) -> list[Happened]:
    """What happened to a task, newest first."""
    return [Happened(*row) for row in session.execute(_HAPPENED, {"id": task_id})]


_CHOOSABLE = text("""
    select 'person', id, name from users where active
    union all select 'team', id, name from teams order by 1, 3, 2
""")


def choosable(session: Session) -> Choosable:
    """People and teams a task can be given to, by name."""
    rows: Sequence[Any] = session.execute(_CHOOSABLE).all()
    people, teams = ([(row[1], row[2]) for row in rows if row[0] == kind] for kind in ("person", "team"))
    return Choosable(tuple(people), tuple(teams))


OF_CUSTOMER = listed(
    f"""
    select {_COLUMNS} {_FROM}
    where task.customer_id = :customer and (task.done_at is null or not task.dropped)
    order by task.done_at desc nulls first, {_BY_DUE} limit :most_tasks
    """,
    TaskLine,
)
"""A customer's tasks: the open ones by their due, then what was done, newest first."""


def _who(user: SignedIn) -> dict[str, Any]:
    """Parameters of who asks; the areas only where they are limited to some."""
    return {"user": user.id, "area_ids": list(user.area_ids)} if user.area_ids else {"user": user.id}


def _given(user: SignedIn, now: datetime, today: date) -> dict[str, Any]:
    monday, month = week_of(day_meant(today))[0], today.replace(day=1)
    return {
        **_who(user), "now": now, "today": today, "ahead": today + AHEAD, "since": now - LATELY,
        "monday": monday, "next_monday": monday + timedelta(days=7), "month": month,
        "next_month": month_after(today),
    }  # fmt: skip
