"""Stamps of a CSV as seconds: ISO 8601, with or without an offset. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import IntArray
from meters.domain.local_clock import DAY
from meters.feeds.csv.cells import BoolArray, Bytes, Cells

_FIRST, _LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR))
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SUFFIX = re.compile(r"(?:\.0+)?(?:([Zz])|([+-])(\d\d):?(\d\d)?)?", re.ASCII)
_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15)
_MARKS = {4: "-", 7: "-", 13: ":"}
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2,4})(.*)", re.ASCII)
_DAY_NUMBER = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)([ T])24:00(:00(?:\.0+)?)?(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stamps:
    """`seconds` since 1970: of UTC where `aware`, else of what a clock showed. `unreadable` rows hold nought;
    `between` are readable but have a fraction of a second. `offset` is how many seconds an aware one says it
    is before UTC."""

    seconds: IntArray
    aware: BoolArray
    offset: IntArray
    unreadable: BoolArray
    between: BoolArray


def read_stamps(cells: Cells) -> Stamps:
    """All stamps of a column. The common shape is read as digits, any other by the library."""
    cells = cells.stripped()
    seconds, aware, offset, odd = _digits(cells)
    unreadable, between = np.zeros((2, len(cells)), dtype=np.bool_)
    rows = np.flatnonzero(odd)
    if rows.size:
        each = _read_each(cells.chosen(rows).texts())
        seconds[rows], aware[rows], offset[rows] = each.seconds, each.aware, each.offset
        unreadable[rows], between[rows] = each.unreadable, each.between
    unreadable |= (seconds < _FIRST) | (seconds >= _LAST)
    return Stamps(seconds, aware, offset, unreadable, between)


def _digits(cells: Cells) -> tuple[IntArray, BoolArray, IntArray, BoolArray]:
    """Seconds, awareness and offset of YYYY-MM-DD hh:mm[:ss] with one of few suffixes; and which rows are
    other."""
    lengths = cells.lengths
    columns: Bytes = np.ascontiguousarray(cells.heads(19).T)
    digits = columns - np.uint8(ord("0"))
    odd: BoolArray = lengths < 16
    for place in _DIGITS:
        odd |= digits[place] > 9
    for place, mark in _MARKS.items():
        odd |= columns[place] != ord(mark)
    odd |= (columns[10] != ord(" ")) & (columns[10] != ord("T"))
    timed = (lengths >= 19) & (columns[16] == ord(":"))
    odd |= timed & ((digits[17] > 9) | (digits[18] > 9))
    hour, minute = digits[11] * 10 + digits[12], digits[14] * 10 + digits[15]
    second = np.where(timed, digits[17] * 10 + digits[18], 0)
    odd |= (hour > 23) | (minute > 59) | (second > 59)
    wide = digits[:10].astype(np.int32)
    day = (((wide[0] * 10 + wide[1]) * 10 + wide[2]) * 10 + wide[3]) * 10_000
    day += ((wide[5] * 10 + wide[6]) * 10 + wide[8]) * 10 + wide[9]
    day[odd] = 0
    days, none = _epoch_days(day)
    odd |= none
    seconds = days * DAY + hour.astype(np.int64) * 3600 + minute.astype(np.int64) * 60 + second
    aware, offset = np.zeros(len(cells), dtype=np.bool_), np.zeros(len(cells), dtype=np.int64)
    heads = np.where(timed, 19, 16)
    tailed = np.flatnonzero((lengths > heads) & ~odd)
    if tailed.size:
        places, tails = Cells(cells.content, cells.starts + heads, cells.ends).chosen(tailed).distinct()
        said = [_suffix_seconds(tail) for tail in tails]
        aware[tailed] = np.array([each is not None for each in said])[places]
        odd[tailed] |= np.array([each is False for each in said])[places]
        offset[tailed] = np.array([int(each or 0) for each in said], dtype=np.int64)[places]
        seconds -= offset
    aware[odd], seconds[odd], offset[odd] = False, 0, 0
    return seconds, aware, offset, odd


def _epoch_days(numbers: IntArray) -> tuple[IntArray, BoolArray]:
    """Days since 1970 of dates written as the number YYYYMMDD, and which of them are no dates."""
    fresh = np.ones(numbers.size, dtype=np.bool_)
    fresh[1:] = numbers[1:] != numbers[:-1]
    turns = [_epoch_day(number) for number in numbers[fresh].tolist()]
    place = np.cumsum(fresh) - 1
    days = np.array([turn or 0 for turn in turns], dtype=np.int64)[place]
    return days, np.array([turn is None for turn in turns], dtype=np.bool_)[place]


@lru_cache(maxsize=1 << 16)
def _epoch_day(number: int) -> int | None:
    try:
        return date(number // 10_000, number // 100 % 100, number % 100).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def _suffix_seconds(suffix: str) -> int | bool | None:
    """The offset a stamp's tail says; None where it says none, False where it is something else."""
    found = _SUFFIX.fullmatch(suffix)
    if found is None:
        return False
    if found[1]:
        return 0
    if not found[2]:
        return None
    return int(found[2] + "1") * (int(found[3]) * 3600 + int(found[4] or 0) * 60)


def _read_each(texts: Sequence[str]) -> Stamps:
    seconds, offset = np.zeros((2, len(texts)), dtype=np.int64)
    aware, unreadable, between = np.zeros((3, len(texts)), dtype=np.bool_)
    for row, text in enumerate(texts):
        try:
            moment = _moment(text.strip())
            seconds[row] = int(moment.replace(microsecond=0, tzinfo=moment.tzinfo or UTC).timestamp())
        except (ValueError, OverflowError):
            unreadable[row] = True
            continue
        ahead = moment.utcoffset()
        aware[row] = ahead is not None
        offset[row] = int(ahead.total_seconds()) if ahead is not None else 0
        between[row] = moment.microsecond != 0
    return Stamps(seconds, aware, offset, unreadable, between)


def _moment(text: str) -> datetime:
    """A stamp by the library; 24:00 is the end of its day (ISO 8601-1, 4.3.1)."""
    end = _MIDNIGHT.fullmatch(text)
    if end is None:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(f"{end[1]}T00:00{end[4]}") + timedelta(days=1)


def stamp_advice(text: str) -> str:
    """Why a stamp is not read, and how it would have to be written."""
    text = text.strip()
    found = _DAY_FIRST.fullmatch(text)
    if found:
        return (
            f"{text[:40]!r} can be read as more than one date; write the year first, in four digits, then "
            f"month and day, as in 2026-11-19{found[4][:12] or ' 00:00'}."
        )
    if _DAY_NUMBER.fullmatch(text):
        return f"{text[:40]!r} is a number; if it is a spreadsheet's day, format its cells as date and time."
    return f"{text[:40]!r} is not a time like 2026-11-19 00:30 or 2026-11-19T00:30:00+01:00."
