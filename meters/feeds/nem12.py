"""NEM12, the interval meter file of the Australian market (Meter Data File Format Specification NEM12 &
NEM13).

    100  header            one, first
    200  a channel         NMI, suffix, unit, interval; holds for the 300s below
    300  a day             its values, one quality flag, reason, update times
    400  part of a day     which intervals have which quality, where the 300 says V
    500  site visits       read past
    900  end               one, last

Times are UTC+10 all the year. A later 300 replaces the day. The suffix tells the direction as the market sees
it; turned to the customer's, E is import and B export.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, one_code
from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import MISSING, IntArray, read_micro
from meters.domain.problems import Problem, refusal
from meters.domain.quality import Quality
from meters.domain.units import Unit, parse_unit
from meters.feeds.format import NOT_UTF8, Format, Item, ReadOptions

OFFSET_MINUTES = 600
_EXPORT_SUFFIXES = frozenset("ABCJKL")  # into the market; DEF and PQR are the customer's import
_FLAGS = {
    "A": Quality.ACTUAL,
    "E": Quality.FORWARD,
    "F": Quality.FINAL,
    "N": Quality.MISSING,
    "S": Quality.SUBSTITUTED,
}
_FLAG = re.compile(r"([AEFNSV])(\d\d)?", re.ASCII)
_RECORD = re.compile(r'"?(\d{3})"?\s*(,|$)', re.ASCII)
_KINDS = frozenset({"100", "200", "250", "300", "400", "500", "550", "900"})


@dataclass(frozen=True, slots=True)
class _Stream:
    """A 200 record."""

    nmi: str
    suffix: str
    unit: Unit
    interval_minutes: int

    @property
    def count(self) -> int:
        return 1440 // self.interval_minutes


@dataclass(slots=True)
class _Day:
    """A 300 record whose 400 records are still to come. `qualities` is filled by them when the flag is V."""

    line: int
    stream: _Stream
    day: date
    values: list[str]
    flag: Quality | None
    qualities: npt.NDArray[np.uint8] | None = None
    told: int = 0
    fault: Problem | None = None

    def faulty(self, code: str, message: str, line: int | None = None) -> None:
        """Note the first fault; the day is left out for it."""
        if self.fault is None:
            key = (self.stream.nmi, self.stream.suffix, self.day)
            self.fault = Problem(
                code, f"{message} The day {self.day} is left out.", line or self.line, dropped=key
            )


class _Refuse(Exception):
    """Carries a refusing problem out of the records."""

    def __init__(self, code: str, message: str, line: int | None) -> None:
        super().__init__(message)
        self.problem = refusal(code, message, line)


def recognises(head: str) -> bool:
    """Whether the first record that is not blank bears a record indicator."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    found = _RECORD.match(first.strip())
    return found is not None and found[1] in _KINDS


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG001
    """Blocks and problems in the order of the file."""
    try:
        yield from _Reader().items(stream)
    except _Refuse as refused:
        yield refused.problem


FORMAT = Format("nem12", recognises, read)


class _Reader:
    """Walks the records of one file, holding the channel and the day they belong to."""

    def __init__(self) -> None:
        self.begun = self.ended = False
        self.channel: _Stream | None = None
        self.day: _Day | None = None
        self.after_bad_day = False

    def items(self, stream: BinaryIO) -> Iterator[Item]:
        number = 0
        for number, raw in enumerate(stream, 1):
            fields = _fields(raw, number)
            if not fields:
                continue
            kind = fields[0].strip()
            self._in_order(kind, number)
            if kind == "300":
                yield from self._finish()
                problem = self._begin_day(fields, number)
                if problem is not None:
                    yield problem
            elif kind == "400":
                self._tell_quality(fields, number)
            elif kind in ("200", "900"):
                yield from self._finish()
                self.after_bad_day = False
                self.channel = _stream(fields, number) if kind == "200" else None
                self.ended = kind == "900"
            elif kind == "100":
                self._begin(fields, number)
            elif kind != "500":
                raise _Refuse("unknown_record", f"A NEM12 file has no {kind[:20]!r} record.", number)
        if not self.ended:
            raise _Refuse(
                "no_end", f"The file was cut off: it stops after line {number} without a 900 record.", number
            )

    def _in_order(self, kind: str, number: int) -> None:
        if self.ended:
            raise _Refuse("after_end", "There are records after the 900 record that ends the file.", number)
        if not self.begun and kind != "100":
            message = f"The file starts with a {kind[:20]!r} record; a NEM12 file starts with a 100 record."
            raise _Refuse("no_header", message, number)
        if kind in ("300", "400") and self.channel is None:
            raise _Refuse(
                "no_channel", f"A {kind} record stands before any 200 record names its channel.", number
            )

    def _begin(self, fields: list[str], number: int) -> None:
        if self.begun:
            raise _Refuse("second_header", "A second 100 record; send each file by itself.", number)
        version = fields[1].strip() if len(fields) > 1 else ""
        if version != "NEM12":
            message = f"The header says {version!r}; only NEM12 interval files are read."
            raise _Refuse("unsupported_version", message, number)
        self.begun = True

    def _begin_day(self, fields: list[str], number: int) -> Problem | None:
        """Open a day, or say why its record cannot even be placed."""
        assert self.channel is not None, "records are in order"
        stamp = fields[1].strip() if len(fields) > 1 else ""
        try:
            if len(stamp) != 8 or not (stamp.isascii() and stamp.isdigit()):
                raise ValueError
            day = date.fromisoformat(stamp)
            if not FIRST_YEAR <= day.year < LAST_YEAR:
                raise ValueError
        except ValueError:
            self.after_bad_day = True
            return Problem(
                "bad_date", f"{stamp[:20]!r} is not a date like 20240131; the record is left out.", number
            )
        self.after_bad_day = False
        count = self.channel.count
        self.day = _Day(number, self.channel, day, fields[2 : 2 + count], None)
        flag = _FLAG.fullmatch(fields[2 + count].strip()) if len(fields) > 2 + count else None
        if flag is None:
            self.day.faulty("wrong_count", _count_message(fields, self.channel))
        elif flag[1] == "V":
            self.day.qualities = np.zeros(count, dtype=np.uint8)
        else:
            self.day.flag = _FLAGS[flag[1]]
        return None

    def _tell_quality(self, fields: list[str], number: int) -> None:
        day = self.day
        if day is None:
            if self.after_bad_day:
                return
            raise _Refuse("no_day", "A 400 record stands before any 300 record names its day.", number)
        if day.fault is not None:
            return
        if day.qualities is None:
            day.faulty("unexpected_quality", "A 400 record follows a day whose quality is not V.", number)
            return
        numbers = [text.strip() for text in fields[1:3]]
        flag = _FLAG.fullmatch(fields[3].strip()) if len(fields) > 3 else None
        if flag is None or flag[1] == "V" or not all(text.isascii() and text.isdigit() for text in numbers):
            day.faulty(
                "bad_quality",
                "The 400 record does not name first interval, last interval and quality.",
                number,
            )
            return
        first, last = int(numbers[0]), int(numbers[1])
        if first != day.told + 1 or not first <= last <= day.stream.count:
            expected = f"starting at {day.told + 1} and within {day.stream.count}"
            day.faulty(
                "bad_quality", f"The 400 record covers intervals {first} to {last}, not {expected}.", number
            )
            return
        day.qualities[first - 1 : last] = _FLAGS[flag[1]]
        day.told = last

    def _finish(self) -> Iterator[Item]:
        """The block of the day that has ended, or its problem."""
        day, self.day = self.day, None
        if day is None:
            return
        if day.fault is None and day.qualities is not None and day.told != day.stream.count:
            missing = f"{day.told + 1} to {day.stream.count}"
            day.faulty("bad_quality", f"The quality is V, but no 400 record covers intervals {missing}.")
        block = _block(day) if day.fault is None else None
        if day.fault is not None:
            yield day.fault
        elif block is not None:
            yield block


def _block(day: _Day) -> Block | None:
    values, faults = read_micro(day.values, day.stream.unit.exponent)
    for fault in faults:
        day.faulty(fault.code, f"Interval {fault.index + 1}: {fault.message}")
    quality = _without_nulls(day, values)
    if day.fault is not None:
        return None
    stream = day.stream
    direction = "export" if stream.suffix[0].upper() in _EXPORT_SUFFIXES else "import"
    return Block(
        service_point=stream.nmi,
        channel=stream.suffix,
        unit=stream.unit,
        direction=direction,
        offset_minutes=OFFSET_MINUTES,
        day=day.day,
        interval_minutes=stream.interval_minutes,
        values=values,
        quality=quality,
        replaces=True,
        line=day.line,
    )


def _without_nulls(day: _Day, values: IntArray) -> int | npt.NDArray[np.uint8]:
    """The day's quality, once values flagged as null data are taken out; any other blank is a fault."""
    codes = day.qualities
    if codes is None:
        assert day.flag is not None, "a day without a flag is faulty"
        if day.flag != Quality.MISSING and values.min() != MISSING:
            return int(day.flag)
        codes = np.full(values.size, day.flag, dtype=np.uint8)
    null = codes == Quality.MISSING
    blank = np.flatnonzero((values == MISSING) & ~null)
    if blank.size:
        day.faulty("no_value", f"Interval {int(blank[0]) + 1} has no value.")
    values[null] = MISSING
    return one_code(codes, values)


def _count_message(fields: list[str], stream: _Stream) -> str:
    """How many values stand where the interval asks for another number."""
    found = 0
    for text in fields[2:]:
        if not re.fullmatch(r"[\d.]+", text.strip(), re.ASCII):
            break
        found += 1
    asked = f"{stream.interval_minutes}-minute intervals need {stream.count}"
    if found == stream.count:
        flag = fields[2 + found].strip() if len(fields) > 2 + found else ""
        return f"The quality flag after the values is {flag[:20]!r}, not one of A, E, F, N, S or V."
    return f"{found} values, where {asked} and then a quality flag."


def _stream(fields: list[str], number: int) -> _Stream:
    if len(fields) < 9:
        raise _Refuse("short_record", f"The 200 record has {len(fields)} fields of at least 9.", number)
    nmi, suffix, unit, interval = (fields[place].strip() for place in (1, 4, 7, 8))
    if not nmi or not suffix:
        raise _Refuse("no_name", "The 200 record names no NMI or no suffix.", number)
    minutes = int(interval) if interval.isascii() and interval.isdigit() else 0
    if not 0 < minutes <= 1440 or 1440 % minutes:
        raise _Refuse(
            "bad_interval", f"An interval of {interval[:20]!r} minutes does not divide a day.", number
        )
    return _Stream(nmi, suffix, parse_unit(unit), minutes)


def _fields(raw: bytes, number: int) -> list[str]:
    """The fields of one line; empty for a blank one."""
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError as error:
        raise _Refuse("encoding", NOT_UTF8, number) from error
    if not text:
        return []
    if "\0" in text:
        raise _Refuse("binary", "This line holds binary data.", number)
    try:
        return next(csv.reader([text])) if '"' in text else text.split(",")
    except csv.Error as error:
        raise _Refuse("bad_quoting", f"The quotes in this line cannot be read: {error}.", number) from error
