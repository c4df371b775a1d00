"""What rules say now against the findings that are open: some are new, some changed, some are no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from meters.announcing import announce_held
from meters.domain.decimals import IntArray
from meters.domain.validation.rulebook import RULES
from meters.domain.validation.runs import DayHit, Doubted, OpenRun, Regrouped, regrouped
from meters.findings.documents import as_document, from_document
from utility_crm.kit.driver import driver_cursor

Key = tuple[str, int]
"""Rule, channel."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Which days some rules have just judged: channel_id, day (ordinals), int64 (r,)."""

    rules: tuple[str, ...]
    channel_id: IntArray
    day: IntArray

    def days_of(self, channel_id: int) -> set[int]:
        """The days of one channel."""
        days: list[int] = self.day[self.channel_id == channel_id].tolist()
        return set(days)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many findings are new, and how many readings no longer give reason for."""

    new: int
    closed: int


_STANDING = """
select id, rule, channel_id, detail from findings
where state = %(state)s and rule = any(%(rules)s) and channel_id = any(%(channels)s::bigint[])
  and last_day >= %(first)s - 1 and first_day <= %(last)s + 1
order by channel_id, first_day
"""
_CLOSE = "update findings set state = 'superseded', decided_at = %s where id = any(%s::bigint[])"
_CHANGE = "update findings set first_day = %s, last_day = %s, detail = %s where id = %s"
_NEW = """
insert into findings (rule, channel_id, first_day, last_day, severity, detail, found_at, feed_id)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def settle(
    session: Session,
    judged: Judged,
    hits: Iterable[tuple[str, int, int, DayHit]],
    feed_id: int | None,
    now: datetime,
) -> Settled:
    """Bring the open findings of the judged days in line with `hits` (rule, channel, day, what is doubted).

    What a person accepted is not found again while it stays as it was. A finding that no day is left of is
    superseded. The channels must be locked, so that nobody else settles them at the same time.
    """
    doubted: dict[Key, dict[int, DayHit]] = {}
    for rule, channel, day, hit in hits:
        doubted.setdefault((rule, channel), {})[day] = hit
    if not judged.channel_id.size:
        return Settled(0, 0)
    before = _standing(session, "open", judged, np.unique(judged.channel_id).tolist())
    if doubted:
        _leave_out_accepted(session, judged, doubted)
    changes = [
        (key, regrouped(before.get(key, ()), judged.days_of(key[1]), doubted.get(key, {})))
        for key in sorted(before.keys() | doubted.keys())
    ]
    return _written(session, changes, feed_id, now)


def _standing(
    session: Session, state: str, judged: Judged, channels: Sequence[int]
) -> dict[Key, list[OpenRun]]:
    values = {
        "state": state,
        "rules": list(judged.rules),
        "channels": list(channels),
        "first": date.fromordinal(int(judged.day.min())),
        "last": date.fromordinal(int(judged.day.max())),
    }
    found: dict[Key, list[OpenRun]] = {}
    with driver_cursor(session) as cursor:
        for identity, rule, channel, detail in cursor.execute(_STANDING, values):
            found.setdefault((rule, channel), []).append(OpenRun(identity, from_document(detail)))
    return found


def _leave_out_accepted(session: Session, judged: Judged, doubted: dict[Key, dict[int, DayHit]]) -> None:
    """A day of which a person has said that it is right is left alone while it says the same."""
    channels = sorted({channel for _rule, channel in doubted})
    for key, runs in _standing(session, "accepted", judged, channels).items():
        mine = doubted.get(key, {})
        for run in runs:
            for day, hit in run.days.items():
                if mine.get(day) == hit:
                    del mine[day]


def _written(
    session: Session, changes: Sequence[tuple[Key, Regrouped]], feed_id: int | None, now: datetime
) -> Settled:
    """Closed first, then changed, then new: at no time do two open ones share a day."""
    closed = [identity for _key, change in changes for identity in change.closed]
    changed = [
        (*_edges(run.days), Jsonb(as_document(run.days)), run.id)
        for _key, change in changes
        for run in change.changed
    ]
    new: list[tuple[Any, ...]] = [
        (rule, channel, *_edges(days), RULES[rule].severity, Jsonb(as_document(days)), now, feed_id)
        for (rule, channel), change in changes
        for days in change.new
    ]
    with driver_cursor(session) as cursor:
        if closed:
            cursor.execute(_CLOSE, (now, closed))
        if changed:
            cursor.executemany(_CHANGE, changed)
        if new:
            cursor.executemany(_NEW, new)
    held = [
        (rule, channel, *_edges(days))
        for (rule, channel), change in changes
        for days in change.new
        if RULES[rule].severity == "bad"
    ]
    announce_held(session, held, feed_id, now)
    return Settled(len(new), len(closed))


def _edges(days: Doubted | Mapping[int, Any]) -> tuple[date, date]:
    return date.fromordinal(min(days)), date.fromordinal(max(days))
