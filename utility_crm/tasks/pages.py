"""The tasks page: what is due, what is late, what was promised, and the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.customers.card import customer_card
from utility_crm.customers.pages import customer_page
from utility_crm.kit.masking import shown
from utility_crm.tasks.actions import (
    PRIORITIES,
    add_task,
    change_task,
    finish_task,
    reopen_task,
    snooze_task,
    task_of_key,
)
from utility_crm.tasks.calendar_pages import calendar_of
from utility_crm.tasks.domain.grid import day_meant
from utility_crm.tasks.queries import (
    ASKED,
    WHOSE,
    TaskLine,
    choosable,
    reminded_of,
    task_events,
    task_figures,
    task_line,
    tasks_asked,
)
from utility_crm.tasks.reading import LIMITS, REMINDERS, wake_times, wanted_task
from utility_crm.web.formats import clock, day_year
from utility_crm.web.forms import Posted
from utility_crm.web.masking import as_it_was
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/tasks"
CALENDARS = ("week", "month")


@router.get("/tasks")
def tasks(request: Request, ask: str = "today", whose: str = "mine", on: str = "") -> Response:
    """The tasks a question is about, or the calendar of a week or a month."""
    with visit(request, "tasks.read") as v:
        return tasks_page(v, ask, whose, on)


@router.post("/tasks")
def add(request: Request, posted: Posting) -> Response:
    """A new task; one form is one task, however often it is sent."""
    with visit(request, "tasks.write") as v:

        def act() -> Response:
            return _added(v, posted, PATH)

        return handled(v, posted, "new", act, lambda: tasks_page(v, "today", "mine", ""), back=PATH)


@router.get("/tasks/reminders")
def reminders(request: Request) -> Response:
    """What this person was reminded of and has not seen to, for the place below the strip of any page."""
    with visit(request, "tasks.read") as v:
        found = reminded_of(v.session, v.user, v.now)
        return HTMLResponse(v.fragment("tasks/reminders.html", reminded=found))


def _added(v: Visit, posted: Posted, back: str, customer_id: int | None = None) -> Response:
    """One form is one task: its name is the task's key."""
    wanted = wanted_task(posted, choosable(v.session))
    key = f"form-{v.user.id}-{posted.text('once')[:40]}"
    if task_of_key(v.session, key) is not None:
        words = v.text(mark("This task was added before: nothing was added twice."))
        return v.done(words, back, nothing=True)
    if customer_id is not None:
        customer_card(v.session, customer_id)  # NotFound where there is none
    add_task(
        v.session, title=wanted.title, due_at=wanted.due, now=v.now, by=v.user.id, note=wanted.note,
        assignee_id=wanted.assignee_id, team_id=wanted.team_id, priority=wanted.priority,
        promised=wanted.promised, remind_minutes=wanted.remind_minutes, repeats=wanted.repeats,
        customer_id=customer_id, key=key,
    )  # fmt: skip
    words = v.text(mark("Kept, due on %(day)s: %(task)s"))
    return v.done(words % {"day": due_words(v, wanted.due), "task": wanted.title}, back)


@router.post("/customers/{customer_id}/tasks")
def add_about(request: Request, customer_id: int, posted: Posting) -> Response:
    """A new task about a customer, from their page."""
    with visit(request, "tasks.write") as v:
        back = f"/customers/{customer_id}"

        def act() -> Response:
            return _added(v, posted, f"{back}?ask={quote(posted.text('ask'))}", customer_id)

        return handled(
            v, posted, "task", act, lambda: customer_page(v, customer_id, "", params={}), back=back
        )


@router.get("/tasks/{task_id:int}")
def task(request: Request, task_id: int) -> Response:
    """One task in full."""
    with visit(request, "tasks.read") as v:
        return task_page(v, task_id)


@router.post("/tasks/{task_id:int}/{act}")
def do(request: Request, task_id: int, act: str, posted: Posting) -> Response:
    """Close it, let it sleep, change it, or open it again."""
    with visit(request, "tasks.write") as v:
        one = task_line(v.session, task_id)
        v.about(one.customer_id)
        acts = {"done": _finish, "drop": _finish, "snooze": _snooze, "change": _change, "reopen": _reopen}
        if act not in acts:
            return task_page(v, task_id)
        name = "finish" if act in ("done", "drop") else act
        page, back = (lambda: task_page(v, task_id)), f"{PATH}/{task_id}"
        return handled(v, posted, name, lambda: acts[act](v, one, act, posted), page, back=back)


def _title(one: TaskLine) -> str:
    return shown(one.title, "text", one.customer_id)


def _finish(v: Visit, one: TaskLine, act: str, posted: Posted) -> Response:
    dropped = act == "drop"
    following = finish_task(
        v.session, one.id, now=v.now, by=v.user.id, outcome=posted.text("outcome"), dropped=dropped
    )
    words = mark("Not needed any more: %(task)s") if dropped else mark("Done: %(task)s")
    told = v.text(words) % {"task": _title(one)}
    if following is not None:
        coming = task_line(v.session, following)
        told += " " + v.text(mark("It comes again on %(day)s.")) % {
            "day": due_words(v, coming.due_at or coming.due_on)
        }
    return v.done(told, _back(posted))


def _snooze(v: Visit, one: TaskLine, act: str, posted: Posted) -> Response:  # noqa: ARG001 - acts are called alike
    times = wake_times(v.now)
    until = times[posted.one_of("until", times).value]
    snooze_task(v.session, one.id, until, now=v.now, by=v.user.id)
    words = v.text(mark("It sleeps until %(day)s and is due as before: %(task)s"))
    return v.done(words % {"day": due_words(v, until), "task": _title(one)}, _back(posted))


def _change(v: Visit, one: TaskLine, act: str, posted: Posted) -> Response:  # noqa: ARG001
    wanted = wanted_task(posted, choosable(v.session))
    wanted = replace(
        wanted,
        title=as_it_was(wanted.title, one.title, one.customer_id),
        note=as_it_was(wanted.note, one.note, one.customer_id),
    )
    seen = posted.whole("changes")
    new = change_task(v.session, one.id, wanted, now=v.now, by=v.user.id, seen=seen.value)
    words = v.text(mark("Changed: %(task)s")) % {"task": shown(wanted.title, "text", one.customer_id)}
    if not new:
        words = v.text(mark("It is so already."))
    return v.done(words, f"{PATH}/{one.id}", nothing=not new)


def _reopen(v: Visit, one: TaskLine, act: str, posted: Posted) -> Response:  # noqa: ARG001
    reopen_task(v.session, one.id, now=v.now, by=v.user.id)
    return v.done(
        v.text(mark("It is to be done after all: %(task)s")) % {"task": _title(one)}, f"{PATH}/{one.id}"
    )


def tasks_page(v: Visit, ask: str, whose: str, on: str) -> Response:
    """The page with the question that is asked, of one's own tasks, the team's or everybody's."""
    mine = whose_of(v, whose)
    ask = ask if ask in ASKED or ask in CALENDARS else "today"
    day = _asked_day(v, on) if on or ask != "week" else day_meant(v.today)
    return v.render(
        "tasks/tasks.html",
        ask=ask,
        whose=mine,
        day=day,
        figures=task_figures(v.session, mine, v.user, v.now, v.today),
        rows=tasks_asked(v.session, ask, mine, v.user, v.now, v.today) if ask in ASKED else (),
        calendar=calendar_of(v, ask, mine, day) if ask in CALENDARS else None,
        known=choosable(v.session),
        **form_values(),
    )


def task_page(v: Visit, task_id: int) -> Response:
    """One task: when, whose, what happened to it, and what may be done. Raises NotFound."""
    one = task_line(v.session, task_id)
    v.about(one.customer_id)
    return v.render(
        "tasks/task.html",
        task=one,
        ask="",
        whose="mine",
        figures=task_figures(v.session, "mine", v.user, v.now, v.today),
        events=task_events(v.session, task_id),
        wakes=wake_times(v.now),
        known=choosable(v.session),
        **form_values(),
    )


def form_values() -> dict[str, Any]:
    """What the form of a task offers, and the name under which one form is one task."""
    return {"priorities": PRIORITIES, "reminders": REMINDERS, "limits": LIMITS, "once": uuid4().hex}


def whose_of(v: Visit, whose: str) -> str:
    """Whose tasks are shown: everybody's only to those who may see them."""
    if whose == "all" and not v.user.may("tasks.all"):
        return "team"
    return whose if whose in WHOSE else "mine"


def due_words(v: Visit, due: date | datetime) -> str:
    """A due as a sentence says it: its day, and its hour where it has one."""
    said = day_year(due, v.user.language)
    return f"{said}, {clock(due, v.user.language)}" if isinstance(due, datetime) else said


def _asked_day(v: Visit, on: str) -> date:
    """The day a calendar is opened on; the calendar of people begins in 1900 and ends in 2200."""
    try:
        asked = date.fromisoformat(on)
    except ValueError:
        return v.today
    return asked if timedelta(0) <= asked - date(1900, 1, 1) < timedelta(days=300 * 365) else v.today


def _back(posted: Posted) -> str:
    """Where a task was closed from: its own page, or a customer's."""
    back = posted.text("back")
    return back if back.startswith("/customers/") else PATH
