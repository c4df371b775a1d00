"""The customer page's part: what was promised to them and is open, what was done, and a new task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from utility_crm.kit.gathering import Gather
from utility_crm.kit.masking import shown
from utility_crm.kit.parts import Act, CustomerCall, CustomerRoom, TimelineEntry, Todo, Tone
from utility_crm.kit.together import together
from utility_crm.tasks.actions import PRIORITIES
from utility_crm.tasks.queries import OF_CUSTOMER, TaskLine, choosable
from utility_crm.tasks.reading import LIMITS, REMINDERS
from utility_crm.web.formats import clock, day_near
from utility_crm.web.words import mark, translator

SHOWN, MOST = 4, 100
"""Open tasks beside the call, the rest is one click away; tasks a page knows."""


KNOWN = Gather((OF_CUSTOMER,), lambda call: {"customer": call.customer_id, "most_tasks": MOST})


def of_customer(call: CustomerCall) -> list[TaskLine]:
    """Their tasks; use it through `call.once`."""
    (rows,) = together(call, KNOWN)
    return [TaskLine(*row) for row in rows]


def todos(call: CustomerCall) -> list[Todo]:
    """Open tasks, the first due first: what was promised is said as a promise."""
    waiting = [one for one in call.once(of_customer) if one.done_at is None]
    return [_todo(call, one) for one in waiting[:SHOWN]]


def _todo(call: CustomerCall, task: TaskLine) -> Todo:
    _ = translator(call.language, "utility_crm.tasks")
    late = task.is_late(call.now, call.today)
    day = day_near(task.due_on, call.today, call.language)
    if task.due_at is not None:
        day = f"{day}, {clock(task.due_at, call.language)}"
    when = _("was due on %(day)s", day=day) if late else _("due on %(day)s", day=day)
    whose = task.assignee or task.team or _("nobody")
    title = shown(task.title, "text", call.customer_id)
    text = _("We promised: %(task)s", task=title) if task.promised else title
    tone: Tone = "bad" if late and task.promised else "warn" if late else ""
    return Todo(text, f"{when}, {whose}", f"/tasks/{task.id}", tone=tone, order=12 if late else 40)


def timeline(call: CustomerCall) -> list[TimelineEntry]:
    """What was done for them."""
    return [
        TimelineEntry(
            one.done_at, mark("Tasks"), one.title, " · ".join(filter(None, (one.outcome, one.done_by))), "ok",
            f"/tasks/{one.id}",
        )
        for one in call.once(of_customer)
        if one.done_at is not None
    ]  # fmt: skip


def new_panel(call: CustomerCall) -> Mapping[str, Any]:
    """What the form of a new task is filled from."""
    return {
        "known": choosable(call.session), "priorities": PRIORITIES, "reminders": REMINDERS, "limits": LIMITS,
        "once": uuid4().hex,
    }  # fmt: skip


ROOM = CustomerRoom(
    gathers=(KNOWN,),
    todos=todos,
    timeline=timeline,
    acts=(Act("d", mark("Task"), "tasks.write", "tasks/act_task.html", order=60, context=new_panel),),
)
