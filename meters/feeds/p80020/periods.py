"""The periods of one channel in a 80020 message, as days of the channel's standard time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, Remark, one_code
from meters.domain.decimals import MISSING, IntArray, ValueFault, micro_of
from meters.domain.local_clock import DAY, clock_text, to_instants
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.domain.units import Unit

MOST_PERIODS = 1_500
"""Periods a channel may have: a day of minutes, and the hour that comes twice."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_CLOCK = re.compile(r"([01]\d|2[0-4])([0-5]\d)", re.ASCII)
_STATUS = re.compile(r"\d{1,6}", re.ASCII)
NOT_COMMERCIAL = "the sender marks the value as not commercial"


@dataclass(frozen=True, slots=True)
class Channel:
    """Whose periods they are. `zone` is the clock of the message, `offset_minutes` the standard time of the
    channel's days."""

    service_point: str
    name: str
    unit: Unit
    direction: str
    zone: ZoneInfo
    offset_minutes: int


@dataclass(frozen=True, slots=True)
class Period:
    """A period as it stands in the file: the clock at its ends, the text of its value (None where it has
    none, or several), the value's status and extended status, and whether the clock was in summer time, if it
    says."""

    start: str
    end: str
    value: str | None
    status: str
    extended: str
    summer: str
    line: int


@dataclass(slots=True)
class _Rows:
    """Periods read: minutes of the clock, lengths in minutes, micro-units, quality codes, remarks."""

    starts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    micro: list[int] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    remarks: list[Remark | None] = field(default_factory=list)
    summer: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def days_of(channel: Channel, day: date, periods: list[Period]) -> Iterator[Block | Problem]:
    """The blocks of a message's day, or the problems for which it is left out.

    A message speaks for its whole day, holes included: the block replaces. Where the clock was not in the
    channel's standard time, the day lies over two of the channel's, and adds to both.
    """
    rows, problems = _read(channel, day, periods)
    if problems:
        yield from problems
        return
    begins, ends = (_midnight(day + timedelta(days=more), channel.zone) for more in (0, 1))
    try:
        instants = _instants(rows, day, channel.zone)
    except _NoSuchTime as never:
        yield _left_out(channel, day, "no_such_time", never.message, rows.lines[never.row])
        return
    step = rows.lengths[0] * 60
    moved = instants + channel.offset_minutes * 60
    kept, problems = _without_repeats(channel, day, rows, moved)
    yield from problems
    if any(problem.dropped for problem in problems):
        return
    if (moved % step).any():
        row = int(np.flatnonzero(moved % step)[0])
        words = f"Its periods of {step // 60} minutes do not begin on a grid of the day."
        yield _left_out(channel, day, "off_grid", words, rows.lines[row])
        return
    number = moved // DAY
    for each in np.unique(number[kept]).tolist():
        first = each * DAY - channel.offset_minutes * 60
        whole = begins <= first and first + DAY <= ends
        yield _block(channel, rows, np.flatnonzero(kept & (number == each)), moved, step, whole)


def _block(
    channel: Channel, rows: _Rows, chosen: npt.NDArray[np.intp], moved: IntArray, step: int, whole: bool
) -> Block:
    size = DAY // step
    values = np.full(size, MISSING, dtype=np.int64)
    codes = np.full(size, Quality.MISSING, dtype=np.uint8)
    remarks: dict[int, Remark] = {}
    for row in chosen.tolist():
        slot = int(moved[row]) % DAY // step
        values[slot], codes[slot] = rows.micro[row], rows.quality[row]
        remark = rows.remarks[row]
        if remark is not None:
            remarks[slot] = remark
    return Block(
        service_point=channel.service_point,
        channel=channel.name,
        unit=channel.unit,
        direction=channel.direction,
        offset_minutes=channel.offset_minutes,
        day=date.fromordinal(_EPOCH_DAY + int(moved[chosen[0]]) // DAY),
        interval_minutes=step // 60,
        values=values,
        quality=one_code(codes, values),
        replaces=whole,
        line=min(rows.lines[row] for row in chosen.tolist()),
        remarks=_runs(remarks),
    )


def _runs(remarks: dict[int, Remark]) -> tuple[Remark, ...]:
    """Neighbouring intervals with the same remark as one."""
    runs: list[Remark] = []
    for slot in sorted(remarks):
        remark = remarks[slot]
        if (
            runs
            and runs[-1].end == slot
            and (runs[-1].method, runs[-1].reason_code)
            == (
                remark.method,
                remark.reason_code,
            )
        ):
            slot_before = runs.pop()
            runs.append(Remark(slot_before.first, slot + 1, remark.method, remark.reason_code, remark.reason))
        else:
            runs.append(Remark(slot, slot + 1, remark.method, remark.reason_code, remark.reason))
    return tuple(runs)


def _read(channel: Channel, day: date, periods: list[Period]) -> tuple[_Rows, list[Problem]]:
    """The periods in numbers, and what is wrong with any of them."""
    rows, problems = _Rows(), list[Problem]()
    for period in periods:
        fault = _take(rows, period)
        if fault is not None:
            problems.append(_left_out(channel, day, *fault, period.line))
    lengths = Counter(rows.lengths)
    if len(lengths) > 1:
        usual, _count = lengths.most_common(1)[0]
        row = next(row for row, length in enumerate(rows.lengths) if length != usual)
        words = f"Its periods have {usual} minutes, and one has {rows.lengths[row]}."
        problems.append(_left_out(channel, day, "interval_misfit", words, rows.lines[row]))
    elif lengths and 1440 % rows.lengths[0]:
        words = f"Its periods of {rows.lengths[0]} minutes do not divide a day."
        problems.append(_left_out(channel, day, "bad_interval", words, rows.lines[0]))
    return rows, problems


def _take(rows: _Rows, period: Period) -> tuple[str, str] | None:
    """Add a period, or say what is wrong with it."""
    start, end = _minute(period.start), _minute(period.end)
    if start is None or end is None or start == 1440:
        shown = f"{period.start[:20]!r} to {period.end[:20]!r}"
        return "bad_time", f"The period {shown} is not written like '0000' to '0030'."
    length = (end or 1440) - start
    if length <= 0:
        return "bad_time", f"The period {period.start} to {period.end} ends before it begins."
    if period.value is None:
        return "no_value", f"The period {period.start} to {period.end} has no value of its own, or several."
    status = period.status or "0"
    if not _STATUS.fullmatch(status):
        return "unknown_status", f"The status {status[:20]!r} is not a number."
    commercial = int(status) == 0
    text = period.value.strip()
    if not text and commercial:
        return "no_value", f"The period {period.start} to {period.end} is commercial, and its value is empty."
    micro = micro_of(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    if isinstance(micro, str):
        return micro, ValueFault(0, micro, text[:40]).message
    if period.summer not in ("", "0", "1"):
        return "bad_time", f"summer says {period.summer[:20]!r}, which is neither 0 nor 1."
    rows.starts.append(start)
    rows.lengths.append(length)
    rows.micro.append(micro)
    rows.quality.append(_quality(micro, commercial))
    rows.remarks.append(None if commercial else Remark(0, 0, period.extended or None, status, NOT_COMMERCIAL))
    rows.summer.append(period.summer)
    rows.lines.append(period.line)
    return None


def _quality(micro: int, commercial: bool) -> Quality:
    if micro == MISSING:
        return Quality.MISSING
    return Quality.ACTUAL if commercial else Quality.ESTIMATED


@lru_cache(maxsize=4_096)
def _minute(text: str) -> int | None:
    """Minutes since midnight of four digits."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    minute = int(found[1]) * 60 + int(found[2])
    return minute if minute <= 1440 else None


class _NoSuchTime(Exception):
    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row, self.message = row, message


def _instants(rows: _Rows, day: date, zone: ZoneInfo) -> IntArray:
    """UTC seconds of the periods' starts. In the hour that comes twice `summer` tells them apart, and the
    order where it is not said."""
    stamps = np.array(rows.starts, dtype=np.int64) * 60 + (day.toordinal() - _EPOCH_DAY) * DAY
    instants, never = to_instants(stamps, zone)
    if never.any():
        row = int(np.flatnonzero(never)[0])
        shown = clock_text(int(stamps[row]))
        raise _NoSuchTime(
            row, f"The clock of {zone.key} never showed {shown}: it was put forward over that time."
        )
    for row, summer in enumerate(rows.summer):
        if summer:
            shown_at = datetime.combine(day, time()) + timedelta(minutes=rows.starts[row])
            fold = 0 if summer == "1" else 1
            instants[row] = int(shown_at.replace(tzinfo=zone, fold=fold).timestamp())
    return instants


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp())


def _without_repeats(
    channel: Channel, day: date, rows: _Rows, moved: IntArray
) -> tuple[npt.NDArray[np.bool_], list[Problem]]:
    """Which periods to keep: of one that stands twice with the same value the first."""
    kept = np.ones(moved.size, dtype=np.bool_)
    first: dict[int, int] = {}
    problems = []
    for row, at in enumerate(moved.tolist()):
        earlier = first.setdefault(at, row)
        if earlier == row:
            continue
        kept[row] = False
        same = (rows.micro[earlier], rows.quality[earlier]) == (rows.micro[row], rows.quality[row])
        where = f"The period of line {rows.lines[earlier]}"
        if same:
            words = f"{where} stands here a second time; it is counted once."
            problems.append(Problem("repeated_reading", words, rows.lines[row]))
        else:
            words = f"{where} has another value there."
            problems.append(_left_out(channel, day, "conflicting_readings", words, rows.lines[row]))
    return kept, problems


def _left_out(channel: Channel, day: date, code: str, message: str, line: int) -> Problem:
    key = (channel.service_point, channel.name, day)
    return Problem(
        code, f"{message} The day {day} of {channel.service_point} is left out.", line, dropped=key
    )
