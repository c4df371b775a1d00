"""Readings out of the database into a file of a format: one channel after the other, in bounded memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from meters.domain.blocks import Block, Remark
from meters.domain.decimals import MISSING
from meters.domain.quality import Quality
from meters.domain.units import Unit, parse_unit
from meters.tables import ServicePoint
from meters.writing.writer import ChannelToWrite, Writer
from utility_crm.kit.driver import driver_cursor
from utility_crm.kit.errors import NotFound

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
_CHANNELS_AT_ONCE, _OF_FEW_DAYS, _FEW_DAYS = 50, 500, 62
_ROWS_AT_ONCE = 500

_CHANNELS = text(
    """
select c.id, s.code, c.name, c.unit, c.direction, c.offset_minutes,
       (select m.serial from meters m where m.service_point_id = s.id and m.installed_on <= :last
        order by m.installed_on desc limit 1) as meter
from channels c join service_points s on s.id = c.service_point_id
where (cast(:codes as text[]) is null or s.code = any(:codes))
  and (s.code, c.name) > (:after_code, :after_name)
order by s.code, c.name limit :most
"""
)
_BLOCKS = SQL(
    """
select b.channel_id, b.day, b.quality, b.qualities, b.micro, b.line from blocks b
where b.channel_id = any(%(ids)s) and b.day between %(first)s and %(last)s
order by array_position(%(ids)s, b.channel_id), b.day
"""
)
_REMARKS = text(
    """
select r.channel_id, r.day, r.first, r."end", r.method, r.reason_code, r.reason
from block_remarks r join blocks b on (b.channel_id, b.day, b.feed_id) = (r.channel_id, r.day, r.feed_id)
where b.channel_id = any(:ids) and b.day between :first and :last
order by r.channel_id, r.day, r.first
"""
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readings: of these service points (None: of all), of the days [first, last] of each channel's
    standard time, both of them within."""

    codes: Sequence[str] | None = None
    first: date = FIRST_DAY
    last: date = LAST_DAY


@dataclass(slots=True)
class Exported:
    """What went into a file. The days bound the readings there are, None where there are none."""

    channels: int = 0
    days: int = 0
    readings: int = 0
    first_day: date | None = None
    last_day: date | None = None

    def document(self) -> dict[str, Any]:
        """As the command line tells it."""
        return {
            "channels": self.channels,
            "days": self.days,
            "readings": self.readings,
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "last_day": self.last_day.isoformat() if self.last_day else None,
        }


def export(session: Session, writer: Writer, wanted: Wanted, made_at: datetime, out: BinaryIO) -> Exported:
    """Write what is wanted in the writer's format. Run it in a transaction that sees one state (REPEATABLE
    READ): it asks many times.

    Raises NotFound for a service point nobody knows, or where there is no reading; Invalid where the format
    cannot say something.
    """
    if wanted.codes is not None:
        known = set(session.scalars(select(ServicePoint.code).where(ServicePoint.code.in_(wanted.codes))))
        for code in wanted.codes:
            if code not in known:
                raise NotFound("no_such_service_point", f"There is no service point {code!r}.", code)
    counted = Exported()
    with closing(channels_to_write(session, wanted)) as channels:  # its cursor ends with it, whatever happens
        writer.write(_counting(channels, counted), made_at, out)
    if not counted.readings:
        raise NotFound("nothing_to_export", "There are no readings of these service points and days.")
    return counted


def _counting(channels: Iterator[ChannelToWrite], counted: Exported) -> Iterator[ChannelToWrite]:
    for channel in channels:
        counted.channels += 1
        yield ChannelToWrite(
            channel.service_point,
            channel.channel,
            channel.unit,
            channel.direction,
            channel.offset_minutes,
            channel.meter,
            _counting_blocks(channel, counted),
        )


def _counting_blocks(channel: ChannelToWrite, counted: Exported) -> Iterator[Block]:
    for block in channel.blocks:
        counted.days += 1
        counted.readings += int(np.count_nonzero(block.present))
        counted.first_day = min(counted.first_day or block.day, block.day)
        counted.last_day = max(counted.last_day or block.day, block.day)
        yield block


def channels_to_write(session: Session, wanted: Wanted) -> Generator[ChannelToWrite, None, None]:
    """Channels with readings, by service point and name. The blocks of one are read as the next is asked for:
    they have to be taken, or are passed over, before that."""
    few = (wanted.last - wanted.first) < timedelta(days=_FEW_DAYS)
    most, after = _OF_FEW_DAYS if few else _CHANNELS_AT_ONCE, ("", "")
    while True:
        told = {
            "codes": None if wanted.codes is None else list(wanted.codes),
            "after_code": after[0],
            "after_name": after[1],
            "most": most,
            "last": wanted.last,
        }
        rows = session.execute(_CHANNELS, told).all()
        channels = {row.id: row for row in rows}
        if channels:
            yield from _with_blocks(session, wanted, channels)
        if len(rows) < most:
            return
        after = (rows[-1].code, rows[-1].name)


def _with_blocks(session: Session, wanted: Wanted, channels: dict[int, Any]) -> Iterator[ChannelToWrite]:
    span = {"ids": list(channels), "first": wanted.first, "last": wanted.last}
    remarks = _Remarks()
    for channel_id, day, *remark in session.execute(_REMARKS, span):
        remarks.add(channel_id, day, Remark(*remark))
    with driver_cursor(session).connection.cursor(name="export", binary=True) as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        cursor.execute(_BLOCKS, span)
        for channel_id, days in groupby(cursor, key=itemgetter(0)):
            row = channels[channel_id]
            unit = parse_unit(row.unit)
            blocks = (_block(row, unit, day, remarks.of(channel_id, day[1])) for day in days)
            yield ChannelToWrite(
                row.code, row.name, unit, row.direction, row.offset_minutes, row.meter, blocks
            )


@dataclass(slots=True)
class _Remarks:
    """Those of some channels, by channel and day; most days have none."""

    found: dict[tuple[int, date], list[Remark]] = field(default_factory=dict)

    def add(self, channel_id: int, day: date, remark: Remark) -> None:
        self.found.setdefault((channel_id, day), []).append(remark)

    def of(self, channel_id: int, day: date) -> tuple[Remark, ...]:
        return tuple(self.found.get((channel_id, day), ()))


def _block(channel: Any, unit: Unit, row: Sequence[Any], remarks: tuple[Remark, ...]) -> Block:
    _channel_id, day, quality, qualities, micro, line = row
    values = np.array([MISSING if value is None else value for value in micro], dtype=np.int64)
    codes: int | npt.NDArray[np.uint8]
    if qualities is None:
        codes = int(quality)
    else:
        codes = np.where(values == MISSING, int(Quality.MISSING), qualities).astype(np.uint8)
    return Block(
        channel.code,
        channel.name,
        unit,
        channel.direction,
        channel.offset_minutes,
        day,
        1440 // values.size,
        values,
        codes,
        True,
        line,
        remarks,
    )
