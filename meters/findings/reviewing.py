"""Channels looked over once a day: their history told anew, and judged by what needs history or neighbours.
Actions never commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.decimals import MISSING, IntArray
from meters.domain.validation.clock_drift import clock_drift
from meters.domain.validation.days import BoolArray, Days, Hits, days_of
from meters.domain.validation.drift_days import drift_days, on_the_local_clock
from meters.domain.validation.profile import Profiles, profiles_of
from meters.domain.validation.quick import Channels, judged, stuck_after
from meters.domain.validation.rulebook import RuleBook
from meters.domain.validation.runs import DayHit, day_hits
from meters.domain.validation.stuck import same_runs, zero_runs
from meters.findings.facts import channel_facts
from meters.findings.register_checks import register_hits
from meters.findings.rules import configured_rules
from meters.findings.settling import Judged, Settled, settle
from meters.findings.windows import DAYS, RECENT, Window, due_channels, windows
from utility_crm.kit.driver import driver_cursor

Hit = tuple[str, int, int, DayHit]
"""Rule, channel, day, what is doubted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGAIN = ("missing", "negative", "above_capacity", "spike", "unit_mismatch")
"""Rules of single days that are judged again, against the history of today and the time that has passed."""

_DOUBTED = """
select channel_id, state, cast(d as date)
from findings cross join lateral jsonb_object_keys(detail -> 'days') as d
where channel_id = any(:channels) and last_day >= :first
  and (state = 'accepted' or (state = 'open' and rule <> 'missing'))
"""
_KEEP = """
insert into channel_profiles (channel_id, as_of, days, shape, most, median_day, longest_run, zero_days)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (channel_id) do update
set as_of = excluded.as_of, days = excluded.days, shape = excluded.shape, most = excluded.most,
    median_day = excluded.median_day, longest_run = excluded.longest_run, zero_days = excluded.zero_days
"""
_NOTHING = """
insert into channel_profiles (channel_id, as_of, days, shape, most, median_day, longest_run, zero_days)
select id, :today, 0, '{0}', 0, 0, 0, 0 from unnest(cast(:ids as bigint[])) as id
on conflict (channel_id) do update set as_of = excluded.as_of
"""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many channels were looked over, and what came of it."""

    channels: int
    new: int
    closed: int


def review_channels(session: Session, today: date, now: datetime, limit: int = 2000) -> Reviewed:
    """Look over the channels that were not looked over today, `limit` of them at most.

    Each gets its history of the 90 days before today, without days in doubt, and is judged by the rules of
    single days again, by `stuck` (over midnights, and days of nothing), `clock_drift` and `sum_check`:
    over the last 14 days, or all of them where it never was.
    """
    book = configured_rules(session)
    due = due_channels(session, today, limit)
    seen, new, closed = set[int](), 0, 0
    for window in windows(session, due, today):
        settled = _review(session, window, book, today, now)
        seen.update(window.channel_id.tolist())
        new, closed = new + settled.new, closed + settled.closed
    rest = [channel.id for channel in due if channel.id not in seen]
    if rest:
        session.execute(text(_NOTHING), {"ids": rest, "today": today})
    return Reviewed(len(due), new, closed)


def _review(session: Session, window: Window, book: RuleBook, today: date, now: datetime) -> Settled:
    accepted, doubted = _said_before(session, window)
    whole: BoolArray = np.logical_and.reduce(window.measured, axis=2)
    made = profiles_of(window.micro, whole & (accepted | ~doubted), accepted, DAYS - RECENT)
    _keep(session, window, made, today)
    channels = _channels(session, window, made)
    again, stuck_at = _judged_again(window), _recent(window)
    done = [
        settle(session, *each, None, now)
        for each in (
            _quick(window, channels, book, again, now),
            _stuck(window, channels, book, made, stuck_at),
            _drift(window, channels, book, whole),
            register_hits(session, window, channels, book),
        )
    ]
    return Settled(sum(one.new for one in done), sum(one.closed for one in done))


def _said_before(session: Session, window: Window) -> tuple[BoolArray, BoolArray]:
    """bool (c, d), both: days that a person accepted, and days in doubt."""
    found = {state: np.zeros(window.micro.shape[:2], dtype=np.bool_) for state in ("accepted", "open")}
    rows = {channel: row for row, channel in enumerate(window.channel_id.tolist())}
    first = int(window.days[0])
    values = {"channels": list(rows), "first": date.fromordinal(first)}
    for channel, state, day in session.execute(text(_DOUBTED), values):
        place = day.toordinal() - first
        if 0 <= place < DAYS:
            found[state][rows[channel], place] = True
    return found["accepted"], found["open"]


def _keep(session: Session, window: Window, made: Profiles, today: date) -> None:
    columns = (made.days, made.shape, made.most, made.median_day, made.longest_run, made.zero_days)
    rows = [
        (channel, today, *cells)
        for channel, *cells in zip(
            window.channel_id.tolist(), *(column.tolist() for column in columns), strict=True
        )
    ]
    with driver_cursor(session) as cursor:
        cursor.executemany(_KEEP, rows)


def _channels(session: Session, window: Window, made: Profiles) -> Channels:
    """What is known of each channel of the window, with the history just told."""
    known = channel_facts(session, window.channel_id).of(window.channel_id, window.size)
    return replace(
        known,
        history=made.days,
        most=made.most,
        median_day=made.median_day,
        longest_run=made.longest_run,
    )


def _recent(window: Window) -> BoolArray:
    """bool (c, d): the last days, of all channels."""
    days = np.zeros(window.micro.shape[:2], dtype=np.bool_)
    days[:, DAYS - RECENT :] = True
    return days


def _judged_again(window: Window) -> BoolArray:
    """bool (c, d): the last days, and all days of a channel seen for the first time; those that came."""
    came = ~window.missing.all(axis=2)
    return came & (_recent(window) | window.new[:, None])


def _quick(
    window: Window, channels: Channels, book: RuleBook, again: BoolArray, now: datetime
) -> tuple[Judged, list[Hit]]:
    rows, places = np.nonzero(again)
    micro = np.where(window.missing[rows, places], MISSING, window.micro[rows, places])
    if not rows.size:
        return Judged(_AGAIN, rows.astype(np.int64), places.astype(np.int64)), []
    days = days_of(window.channel_id[rows], window.days[places], micro)
    of_rows = Channels(**{field.name: getattr(channels, field.name)[rows] for field in fields(Channels)})
    found = judged(days, of_rows, book, int((now - _EPOCH) / timedelta(minutes=1)))
    hits = [hit for rule in _AGAIN for hit in _named(rule, days, found[rule])]
    return Judged(_AGAIN, days.channel_id, days.day), hits


def _named(rule: str, days: Days, found: Hits) -> Iterator[Hit]:
    for channel, day, hit in day_hits(days, found):
        yield rule, channel, day, hit


def _stuck(
    window: Window, channels: Channels, book: RuleBook, made: Profiles, recent: BoolArray
) -> tuple[Judged, list[Hit]]:
    """One value on and on, over midnights too; and whole days of nothing."""
    count, _days, size = window.micro.shape
    values = np.where(window.measured, window.micro, 0).reshape(count, -1)
    run = stuck_after(channels, book, window.interval_minutes)
    run = np.where(run > 0, run, values.shape[1] + 1)
    constant = same_runs(values, run).reshape(window.micro.shape)
    whole: BoolArray = np.logical_and.reduce(window.measured, axis=2)
    zero = zero_runs(window.micro.sum(axis=2), whole, _zero_days(channels, book, made))
    at = (constant | zero[:, :, None]) & recent[:, :, None]
    hits: list[Hit] = []
    for row, place in zip(*np.nonzero(at.any(axis=2)), strict=True):
        value = int(window.micro[row, place][at[row, place]].max())
        usual = int(made.zero_days[row] if zero[row, place] else made.longest_run[row])
        spans = tuple(_spans(at[row, place]))
        hits.append(
            ("stuck", int(window.channel_id[row]), int(window.days[place]), DayHit(size, spans, value, usual))
        )
    rows, places = np.nonzero(recent)
    return Judged(("stuck",), window.channel_id[rows], window.days[places]), hits


def _zero_days(channels: Channels, book: RuleBook, made: Profiles) -> IntArray:
    """(c,): from how many days of nothing a channel counts as stuck; 0 where it is not judged."""
    least = book.number("stuck", "zero_days")[channels.segment].astype(np.int64)
    known = book.enabled("stuck")[channels.segment] & (least > 0)
    known &= ~channels.export  # days without sun are no fault
    known &= channels.history >= book.number("stuck", "days")[channels.segment]
    return np.where(known, np.maximum(least, 2 * made.zero_days), 0)


def _spans(at: BoolArray) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(at.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _drift(window: Window, channels: Channels, book: RuleBook, whole: BoolArray) -> tuple[Judged, list[Hit]]:
    nothing = Judged(("clock_drift",), np.zeros(0, np.int64), np.zeros(0, np.int64)), list[Hit]()
    dates = [date.fromordinal(day) for day in window.days.tolist()]
    local = on_the_local_clock(window.micro, _offsets(window, dates), window.interval_minutes)
    weekday = np.array([day.weekday() < 5 for day in dates])
    latest = int(book.number("clock_drift", "weekdays").max())
    days = drift_days(local, whole, weekday, latest)
    if days is None:
        return nothing
    segment = channels.segment
    on = days.judged & book.enabled("clock_drift")[segment]
    most = int(book.number("clock_drift", "most_hours").max() * 60) // window.interval_minutes
    likeness, gain = (book.number("clock_drift", name)[segment] for name in ("likeness", "gain"))
    drift = clock_drift(days.usual, days.recent, most, likeness, gain)
    places = np.arange(days.first, DAYS)
    hits: list[Hit] = []
    for row in np.flatnonzero((drift.lag != 0) & on).tolist():
        minutes = int(drift.lag[row]) * window.interval_minutes
        whole_day = DayHit(window.size, ((0, window.size),), minutes, 0)
        channel = int(window.channel_id[row])
        hits += [("clock_drift", channel, day, whole_day) for day in window.days[places].tolist()]
    rows = np.flatnonzero(on)
    judged_days = np.tile(window.days[places], rows.size)
    return Judged(("clock_drift",), np.repeat(window.channel_id[rows], places.size), judged_days), hits


def _offsets(window: Window, dates: list[date]) -> IntArray:
    """(d,): minutes by which the local clock is ahead of UTC at noon of each day."""
    zone = ZoneInfo(window.zone)
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC).astimezone(zone) for day in dates]
    return np.array([(noon.utcoffset() or timedelta()) // timedelta(minutes=1) for noon in noons])
