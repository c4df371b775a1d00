"""Why did this customer get it, or not? Finding notices by customer, kind, state, reason, channel and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.permission import Reason
from notifications.outbox.queries import LISTED, ListedNotice, listed_from

MOST = 50
"""Notices on one page."""
_CUSTOMERS = """outbox.customer_id in (
    select id from customers where number = upper(:customer) or lower(name) like :like
    order by number <> upper(:customer), id limit 500)"""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty means any. `customer`: their number, or a part of the name; `since` and
    `until`: days on which it was asked for, in `zone`, both included; `before`: the page after that id."""

    customer: str = ""
    notice: str = ""
    reason: str = ""
    channel: str = ""
    states: Sequence[str] = ()
    since: date | None = None
    until: date | None = None
    before: int | None = None
    zone: str = "UTC"

    @property
    def narrowed(self) -> bool:
        """Whether anything but states is asked for."""
        return bool(self.customer or self.notice or self.reason or self.channel or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of notices, newest first; `next_before` leads to the next one, None: there is none."""

    rows: tuple[ListedNotice, ...]
    next_before: int | None


def search_notices(session: Session, search: Search) -> Found:
    """One statement; pages go by key, so that what comes in meanwhile moves none."""
    asked: list[str] = []
    given: dict[str, Any] = {"limit": MOST + 1}
    if search.customer:
        asked.append(_CUSTOMERS)
        plain = search.customer.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        given |= {"customer": search.customer, "like": f"%{plain}%"}
    for name, value in (("notice", search.notice), ("reason", search.reason), ("channel", search.channel)):
        if value:
            asked.append(f"outbox.{name} = :{name}")
            given[name] = value
    if search.states:
        asked.append("outbox.state = any (:states)")
        given["states"] = list(search.states)
    if search.since:
        asked.append("outbox.created_at >= :since")
        given["since"] = _midnight(search.since, search.zone)
    if search.until:
        asked.append("outbox.created_at < :until")
        given["until"] = _midnight(search.until + timedelta(days=1), search.zone)
    if search.before is not None:
        asked.append("outbox.id < :before")
        given["before"] = search.before
    where = " and ".join(asked) or "true"
    statement = text(f"{LISTED} where {where} order by outbox.id desc limit :limit")
    rows = listed_from(session.execute(statement, given))
    more = len(rows) > MOST
    return Found(tuple(rows[:MOST]), rows[MOST - 1].id if more else None)


def as_reason(value: str) -> Reason | None:
    """The reason of that name, None where there is none."""
    return Reason(value) if value in set(Reason) else None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
