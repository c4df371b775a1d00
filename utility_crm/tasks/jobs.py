"""Reminders: each is said once, to the one person or the team whose task it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.masking import shown
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.live.actions import push
from utility_crm.web.words import mark

MOST_AT_ONCE = 500

# A sleeping task wakes with a reminder of its own; the one before its due still comes if it lies ahead.
_REMIND = text("""
    with due as (
        select id from tasks
        where done_at is null and (
            snoozed_until <= :now
            or (snoozed_until is null and reminded_at is null and remind_at <= :now)
        )
        order by coalesce(snoozed_until, remind_at), id limit :most for update skip locked
    ), told as (
        update tasks set snoozed_until = null,
            reminded_at = case when remind_at > :now then reminded_at else cast(:now as timestamptz) end
        from due where tasks.id = due.id
        returning tasks.id, tasks.title, tasks.customer_id, tasks.assignee_id, tasks.team_id
    ), noted as (
        insert into task_events (task_id, at, kind) select id, :now, 'reminded' from told
    )
    select told.id, told.title, told.customer_id,
        case when told.assignee_id is not null then array[told.assignee_id]
        else array(select user_id from team_members where team_members.team_id = told.team_id order by 1) end
    from told order by told.id
""")


def remind(session: Session, now: datetime) -> str:
    """Says what is due. It is said and written down in one transaction, so that it is said exactly once,
    however many clocks there are."""
    rows = session.execute(_REMIND, {"now": now, "most": MOST_AT_ONCE}).all()
    for task_id, title, customer_id, people in rows:
        title = shown(title, "text", customer_id)  # nobody knows yet who reads it
        push(session, people, "task", {"task": task_id, "title": title, "href": f"/tasks/{task_id}"})
    return said(mark("%(reminded)s reminders said"), reminded=len(rows))


JOBS = (Job("tasks.remind", 60, remind, mark("Remind of tasks")),)
