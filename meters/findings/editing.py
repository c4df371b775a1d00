"""Readings written by hand over a day that a finding doubts. Actions never commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.actions.rewriting import write_readings
from meters.domain.blocks import Block
from meters.domain.decimals import MISSING, decimal_text
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.domain.validation.runs import DayHit, Doubted, OpenRun, regrouped
from meters.findings.documents import as_document
from meters.findings.estimating import checked_reason
from meters.findings.estimating_from import ChannelPlace, channel_place
from meters.findings.judging import FeedJudge
from meters.findings.opened import Open, channels_of, decide, lock_channels, opened
from meters.usage import enter_readings
from utility_crm.kit.driver import driver_cursor
from utility_crm.kit.errors import Conflict, Invalid, NotFound

MOST = 10**15
"""No interval of a billion units is typed in by hand."""


_DECIDED_DAY = """
insert into findings (rule, channel_id, first_day, last_day, severity, detail, found_at, feed_id,
                      state, decided_by, decided_at, reason)
values (%s, %s, %s, %s, %s, %s, %s, %s, 'edited', %s, %s, %s) returning id
"""
_OPEN_DAYS = """
insert into findings (rule, channel_id, first_day, last_day, severity, detail, found_at, feed_id)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def edit_day(
    session: Session,
    finding_id: int,
    day: date,
    values: Mapping[int, int | None],
    *,
    user_id: int,
    reason: str,
    now: datetime,
) -> int:
    """Write values by hand over one day of a finding, by interval: millionths of the unit, None takes the
    reading away. They are substitutes; what they replace is kept. Other days of the finding stay open.

    Returns the feed's id. Raises NotFound, Conflict where it is decided already, Invalid without a reason, or
    for values that are none of this day.
    """
    told = checked_reason(reason)
    enter_readings(session)
    [channel_id] = channels_of(session, [finding_id]) or [0]
    lock_channels(session, [channel_id])
    one = opened(session, finding_id)
    hit = one.days.get(day.toordinal())
    if hit is None:
        raise NotFound("no_such_day", f"The finding has no day {day}.", "day")
    _check_values(hit, values)
    decided_id = _set_apart(session, one, day, hit, user_id, told, now)
    place = channel_place(session, one.channel_id)
    block = _edited(session, place, day, hit.size, values)
    feed_id = write_readings(session, "edit", [block], user_id, told, None, FeedJudge())
    decide(session, decided_id, "edited", user_id, told, now, feed_id)
    return feed_id


def _check_values(hit: DayHit, values: Mapping[int, int | None]) -> None:
    if not values:
        raise Invalid("no_readings", "There is nothing to write.", "values")
    for interval, value in values.items():
        if not 0 <= interval < hit.size:
            raise Invalid("no_such_interval", f"A day here has {hit.size} intervals.", f"v{interval}")
        if value is not None and not 0 <= value < MOST:
            words = f"{decimal_text(value, 6)} is no reading: it must be zero or more."
            raise Invalid("negative_value", words, f"v{interval}")


def _set_apart(
    session: Session, one: Open, day: date, hit: DayHit, user_id: int, reason: str, now: datetime
) -> int:
    """The finding that holds this day alone and is decided; the others stay open in findings of theirs."""
    if set(one.days) == {day.toordinal()}:
        decide(session, one.id, "edited", user_id, reason, now)
        return one.id
    rest = regrouped([OpenRun(one.id, one.days)], {day.toordinal()}, {})
    begun = (one.severity, one.found_at, one.feed_id)
    with driver_cursor(session) as cursor:
        for run in rest.changed:
            cursor.execute(
                "update findings set first_day = %s, last_day = %s, detail = %s where id = %s",
                (*_edges(run.days), Jsonb(as_document(run.days)), run.id),
            )
        for days in rest.new:
            cursor.execute(_OPEN_DAYS, _cells(one, days, begun))
        mine = _cells(one, {day.toordinal(): hit}, begun)
        found = cursor.execute(_DECIDED_DAY, (*mine, user_id, now, reason)).fetchone()
    assert found is not None
    return int(found[0])


def _cells(one: Open, days: Doubted, begun: tuple[str, datetime, int | None]) -> tuple[object, ...]:
    severity, found_at, feed_id = begun
    detail = Jsonb(as_document(days))
    return (one.rule, one.channel_id, *_edges(days), severity, detail, found_at, feed_id)


def _edges(days: Doubted) -> tuple[date, date]:
    return date.fromordinal(min(days)), date.fromordinal(max(days))


def _edited(
    session: Session, place: ChannelPlace, day: date, size: int, values: Mapping[int, int | None]
) -> Block:
    """The day after the edit: its own intervals alone, or all of it where a reading is taken away."""
    micro = np.full(size, MISSING, dtype=np.int64)
    codes = np.full(size, int(Quality.SUBSTITUTED), dtype=np.uint8)
    removed = [interval for interval, value in values.items() if value is None]
    if removed:
        micro, codes = _standing(session, place.id, day, size)
    for interval, value in values.items():
        micro[interval] = MISSING if value is None else value
        codes[interval] = Quality.MISSING if value is None else Quality.SUBSTITUTED
    return Block(
        place.code,
        place.name,
        parse_unit(place.unit),
        place.direction,
        place.offset_minutes,
        day,
        1440 // size,
        micro,
        np.where(micro == MISSING, int(Quality.MISSING), codes).astype(np.uint8),
        replaces=bool(removed),
    )


def _standing(
    session: Session, channel_id: int, day: date, size: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.uint8]]]:
    statement = (
        "select array_replace(micro, null, cast(:missing as bigint)), "
        "coalesce(qualities, array_fill(quality, array[cardinality(micro)])) "
        "from blocks where channel_id = :channel_id and day = :day"
    )
    values = {"missing": MISSING, "channel_id": channel_id, "day": day}
    row = session.execute(text(statement), values).one_or_none()
    if row is None or len(row[0]) != size:
        raise Conflict("day_changed", f"The day {day} has changed since; look at it again.", "day")
    return np.array(row[0], dtype=np.int64), np.array(row[1], dtype=np.uint8)
