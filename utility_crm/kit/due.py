"""When a job is due. Pure: what is stored about it goes in with the present instant.

A job has one next time, `due_at`. When it is begun, the next one is set beyond the present: times that were
missed, because no clock ran, the job was paused or took long, are thus caught up by one run, not by many.
Times of an interval lie on a grid, those of a daily job on the wall clock of the utility's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

CUT_OFF_AT_MOST: Final = 3
"""A job that takes its clock down with it is begun again at once this often, then only at its next times."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often a job runs: every `seconds`, or with `at` once a day at that time in `zone`."""

    seconds: int
    at: time | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is stored about a job. due_at: its next time, None where none was set yet; failures: runs in a row
    that failed or were cut off; asked_at: a person wants it run now."""

    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    failures: int = 0
    paused_at: datetime | None = None
    asked_at: datetime | None = None

    @property
    def unfinished(self) -> bool:
        """It was begun and has no end: it runs, or was cut off with its clock."""
        return self.started_at is not None and self.finished_at is None


def waits_since(plan: Plan, job: Standing, now: datetime) -> datetime | None:
    """Since when it should be run; None: it need not now. Of one that runs this is wrong: ask its lock first.

    A person's wish comes before a pause, a pause before everything else.
    """
    if job.asked_at is not None:
        return min(job.asked_at, now)
    if job.paused_at is not None:
        return None
    if job.unfinished and job.failures < CUT_OFF_AT_MOST:
        return job.started_at
    due_at = due(plan, job, now) if job.due_at is None else job.due_at
    return due_at if due_at <= now else None


def due(plan: Plan, job: Standing, now: datetime) -> datetime:
    """Its next time, which may lie behind `now`, and is never further off than one period: where a plan was
    made tighter, or somebody's clock stood ahead, a leader that begins puts that right."""
    latest = next_time(plan, now, now)
    if job.due_at is not None:
        return min(job.due_at, latest)
    if job.started_at is None:
        return now
    return min(next_time(plan, job.started_at, job.started_at), latest)


def next_time(plan: Plan, due_at: datetime, now: datetime) -> datetime:
    """The first time after `now` of a plan one of whose times is `due_at` (not after `now`). UTC.

    A daily time that the clocks skip is had after the gap; of one that comes twice, the first counts: a
    local date has one instant, whatever the zone does.
    """
    if plan.at is not None:
        return _next_day(plan.at, plan.zone, now)
    gone = (now - due_at) // timedelta(seconds=plan.seconds)
    return due_at + (gone + 1) * timedelta(seconds=plan.seconds)


def _next_day(at: time, zone: str, now: datetime) -> datetime:
    # Yesterday's, too: what a gap pushes over midnight comes on the date after its own.
    day = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    while (instant := _instant(day, at, zone)) <= now:
        day += timedelta(days=1)
    return instant


def _instant(day: date, at: time, zone: str) -> datetime:
    # Python takes a skipped time (fold=0) by the offset before the gap: that lies as far behind the gap.
    return datetime.combine(day, at, ZoneInfo(zone)).replace(fold=0).astimezone(UTC)
