"""What tasks keep of a customer."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal, Scope
from utility_crm.web.words import mark

_INSIDE = mark("What colleagues note for one another stays in the house (GDPR, art. 15(4)).")
PERSONAL = Personal(
    holdings=(
        Holding("task_events", mark("What became of tasks"), "t.task_id = any(:tasks)", "delete", out=None),
        Holding(
            "tasks",
            mark("Tasks about you"),
            "t.id = any(:tasks)",
            "delete",
            out="""select t.due_on, t.priority, t.promised, t.done_at, t.created_at from tasks t
                   where t.id = any(:tasks) order by t.due_on""",
            withheld=_INSIDE,
            sweeps=("title", "note"),
        ),
    ),
    scopes=(Scope("tasks", "select id from tasks where customer_id = any(:people)"),),
    agings=(
        Aging(
            "tasks",
            mark("Tasks that are done"),
            "tasks",
            "done_at",
            24,
            mark("nobody asks about them later"),
            old="t.done_at < :cut and not exists (select from tasks o where o.series_id = t.id"
            " and (o.done_at is null or o.done_at >= :cut))",
            person="t.customer_id",
            least=1,
        ),
    ),
    apart={"calendar_feeds": "of people who work here"},
)
