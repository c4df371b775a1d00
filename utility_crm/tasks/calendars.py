"""Everything that stands in somebody's calendar: their tasks, and what other rooms put there."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn, active_user
from utility_crm.kit.masking import shown
from utility_crm.kit.module import CalendarEntry, CalendarPart
from utility_crm.kit.parts import Tone
from utility_crm.tasks.queries import TaskLine, tasks_between

log = logging.getLogger("utility_crm.tasks.calendars")
_KEEP = text("""
    insert into calendar_feeds (user_id, sha256, made_at) values (:user, :sha256, :now)
    on conflict (user_id) do update set sha256 = excluded.sha256, made_at = excluded.made_at, read_at = null
""")
_END = text("delete from calendar_feeds where user_id = :user returning user_id")
_FEED = text("select made_at, read_at from calendar_feeds where user_id = :user")
_WHOSE = text("update calendar_feeds set read_at = :now where sha256 = :sha256 returning user_id")


def entries_of(
    session: Session,
    parts: Iterable[CalendarPart],
    whose: str,
    user: SignedIn,
    first: date,
    before: date,
    *,
    now: datetime,
    today: date,
) -> list[CalendarEntry]:
    """Tasks that are due from a day until before another, and what other rooms have there. A room that fails
    is left out and logged: the calendar works without it."""
    found = [task_entry(one, now, today) for one in tasks_between(session, whose, user, first, before)]
    for part in parts:
        try:
            with session.begin_nested():
                found += part(session, first, before, user)
        except Exception:
            log.exception("%s has nothing for the calendar", getattr(part, "__module__", part))
    return found


def task_entry(task: TaskLine, now: datetime, today: date) -> CalendarEntry:
    """A task as the calendar shows it."""
    tone: Tone = "bad" if task.is_late(now, today) else "warn" if task.priority == "high" else ""
    return CalendarEntry(
        key=f"task-{task.id}", day=task.due_on, title=shown(task.title, "text", task.customer_id),
        detail=task.customer or "", starts_at=task.due_at, href=f"/tasks/{task.id}", tone=tone,
    )  # fmt: skip


def open_feed(session: Session, user_id: int, now: datetime) -> str:
    """A new address for a calendar program: its token, which is kept nowhere. The one before ends."""
    token = secrets.token_urlsafe(32)
    session.execute(_KEEP, {"user": user_id, "sha256": _digest(token), "now": now})
    return token


def close_feed(session: Session, user_id: int) -> bool:
    """Nobody reads this calendar any more; False: nobody did."""
    return session.execute(_END, {"user": user_id}).one_or_none() is not None


def feed_of(session: Session, user_id: int) -> tuple[datetime, datetime | None] | None:
    """Since when a program may read this calendar, and when it last did."""
    row = session.execute(_FEED, {"user": user_id}).one_or_none()
    return None if row is None else (row.made_at, row.read_at)


def reader_of(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Whose calendar a token opens, while they may sign in."""
    user_id = session.scalar(_WHOSE, {"sha256": _digest(token), "now": now})
    return None if user_id is None else active_user(session, user_id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def of_tasks(entries: Sequence[CalendarEntry]) -> int:
    """How many entries are tasks."""
    return sum(one.key.startswith("task-") for one in entries)
