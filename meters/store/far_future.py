"""Days too far ahead to be readings, contracted profiles or plans: a wrong century in a stamp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import numpy as np

from meters.domain.problems import Problem
from meters.feeds.feed_days import FeedDays, Part
from meters.store.refusals import LeftOut, far_future

DAYS_AHEAD = 731
"""Two years, one of them a leap year."""


def last_day(received_at: datetime) -> int:
    """The ordinal of the last day that a feed may bring."""
    return received_at.date().toordinal() + DAYS_AHEAD


def without_far_future(
    part: Part, received_at: datetime, members: Sequence[str]
) -> tuple[Part, list[Problem]]:
    """The part without days beyond the last, and what is said of those, once a channel."""
    last = last_day(received_at)
    if not any(table.day.size and int(table.day.max()) > last for table in part.tables):
        return part, []
    found: dict[tuple[str, str], list[FeedDays]] = {}
    kept = []
    for table in part.tables:
        late = table.day > last
        kept.append(table.chosen(np.flatnonzero(~late)))
        for number in np.unique(table.channel[late]).tolist():
            of_channel = table.chosen(np.flatnonzero(late & (table.channel == number)))
            found.setdefault(part.channels[number].name, []).append(of_channel)
    problems = [far_future(_left(part, tables, members), date.fromordinal(last)) for tables in found.values()]
    return replace(part, tables=[table for table in kept if table.day.size]), problems


def _left(part: Part, tables: Sequence[FeedDays], members: Sequence[str]) -> LeftOut:
    """What is left out of one channel; the line is that of what the file says first."""
    days = min(tables, key=lambda table: int(table.order.min()))
    first = int(days.order.argmin())
    member = int(days.member[first])
    return LeftOut(
        part.channels[int(days.channel[first])],
        sum(table.day.size for table in tables),
        date.fromordinal(min(int(table.day.min()) for table in tables)),
        1440 // days.size,
        int(days.line[first]) or None,
        members[member - 1] if member else None,
        int(days.order[first]),
    )
