"""A NEM12 day as its records tell it: a 300, then the 400s and 500s that belong to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, Remark, one_code
from meters.domain.decimals import MISSING, IntArray, read_micro
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds.nem.records import OFFSET_MINUTES, at, quality_method
from meters.feeds.nem.streams import Stream
from meters.feeds.nem.visits import transaction_words

FIELDS_BEHIND = 5
"""Fields of a 300 record behind its values: quality and method, reason code, its words, two stamps."""
_STRAY = 3
"""Fields that words with commas in them may make beyond those."""
_NUMERIC = re.compile(r"[\d.]+", re.ASCII)


@dataclass(slots=True)
class Day:
    """A 300 record whose 400 and 500 records are still to come. `values` are its texts, or what a fast reader
    has made of them; `flag` is None until told, and stays so where 400 records tell (V): they fill
    `qualities`."""

    line: int
    stream: Stream
    day: date
    values: Sequence[str] | IntArray
    flag: Quality | None = None
    qualities: npt.NDArray[np.uint8] | None = None
    told: int = 0
    fault: Problem | None = None
    remarks: list[Remark] = field(default_factory=list)

    def faulty(self, code: str, message: str, line: int | None = None) -> None:
        """Note the first fault; the day is left out for it."""
        if self.fault is None:
            key = (self.stream.nmi, self.stream.suffix, self.day)
            message = f"{message} The day {self.day} is left out."
            self.fault = Problem(code, message, line or self.line, dropped=key)

    def flagged(self, tail: list[str], fields: list[str]) -> None:
        """What stands behind the values: quality and method, reason code, its words, stamps. `fields` are the
        whole record, to tell what is wrong with it."""
        said = whole_day(tail, self.stream.count)
        if said is None:
            self.faulty("wrong_count", _count_message(fields, self.stream))
        elif sum(map(bool, tail[FIELDS_BEHIND:])) > _STRAY:
            found = f"{len(tail)} fields from the quality on, where {FIELDS_BEHIND} may stand"
            self.faulty("too_many_fields", f"{found}: two records in one line?")
        elif said[0] is None:
            self.qualities = np.zeros(self.stream.count, dtype=np.uint8)
        else:
            self.flag = said[0]
            self.remarks += said[1]

    def tell_quality(self, fields: list[str], number: int) -> None:
        """A 400 record: which intervals, and what is said of them."""
        if self.fault is not None:
            return
        if self.qualities is None:
            self.faulty("unexpected_quality", "A 400 record follows a day whose quality is not V.", number)
            return
        numbers = [text.strip() for text in fields[1:3]]
        found = quality_method(fields[3]) if len(fields) > 3 else None
        digits = all(text.isascii() and text.isdigit() and len(text) < 9 for text in numbers)
        if found is None or found.flag == "V" or not digits:
            message = "The 400 record does not name first interval, last interval and quality."
            self.faulty("bad_quality", message, number)
            return
        first, last = int(numbers[0]), int(numbers[1])
        if first != self.told + 1 or not first <= last <= self.stream.count:
            expected = f"starting at {self.told + 1} and within {self.stream.count}"
            message = f"The 400 record covers intervals {first} to {last}, not {expected}."
            self.faulty("bad_quality", message, number)
            return
        self.qualities[first - 1 : last] = found.quality
        self.told = last
        self.remarks += _remarks(first - 1, last, found.method, at(fields, 4), at(fields, 5))

    def tell_transaction(self, fields: list[str]) -> None:
        """A 500 record: why the meter was visited, as a remark on the whole day. Its reason code is the
        transaction's letter (appendix A)."""
        words = transaction_words(at(fields, 2), at(fields, 3))
        self.remarks += _remarks(0, self.stream.count, None, at(fields, 1), words)

    def finished(self) -> Block | Problem:
        """The day once no more is to come."""
        if self.qualities is not None and self.told != self.stream.count:
            missing = f"{self.told + 1} to {self.stream.count}"
            self.faulty("bad_quality", f"The quality is V, but no 400 record covers intervals {missing}.")
        if self.fault is None:
            block = self._block()
            if block is not None:
                return block
        assert self.fault is not None, "a day without a block has its fault"
        return self.fault

    def _block(self) -> Block | None:
        """None where a value is at fault."""
        values = self._micro()
        quality = None if values is None else self._without_nulls(values)
        if values is None or quality is None:
            return None
        stream = self.stream
        return Block(
            service_point=stream.nmi,
            channel=stream.suffix,
            unit=stream.unit,
            direction=stream.direction,
            offset_minutes=OFFSET_MINUTES,
            day=self.day,
            interval_minutes=stream.interval_minutes,
            values=values,
            quality=quality,
            replaces=True,
            line=self.line,
            remarks=tuple(self.remarks),
        )

    def _micro(self) -> IntArray | None:
        if isinstance(self.values, np.ndarray):
            return self.values.copy()  # null data are taken out of it
        values, faults = read_micro(self.values, self.stream.unit.exponent)
        for fault in faults:
            self.faulty(fault.code, f"Interval {fault.index + 1}: {fault.message}")
        return None if faults else values

    def _without_nulls(self, values: IntArray) -> int | npt.NDArray[np.uint8] | None:
        """The day's quality, once values flagged as null data are taken out; any other blank is a fault."""
        whole = values.min() != MISSING
        codes = self.qualities
        if codes is None:
            assert self.flag is not None, "a day without a flag is faulty"
            if whole and self.flag != Quality.MISSING:
                return int(self.flag)
            codes = np.full(values.size, self.flag, dtype=np.uint8)
        elif whole and codes.min() != Quality.MISSING:
            return codes if (codes != codes[0]).any() else int(codes[0])
        null = codes == Quality.MISSING
        blank = np.flatnonzero((values == MISSING) & ~null)
        if blank.size:
            self.faulty("no_value", f"Interval {int(blank[0]) + 1} has no value.")
            return None
        values[null] = MISSING
        return one_code(codes, values)


def whole_day(tail: list[str], count: int) -> tuple[Quality | None, tuple[Remark, ...]] | None:
    """What a 300 record says behind its values: the day's quality, None where it is V, and a remark where
    there is a method or a reason. None where no quality stands there."""
    found = quality_method(tail[0]) if tail else None
    if found is None:
        return None
    if found.flag == "V":
        return None, ()
    return found.quality, _remarks(0, count, found.method, at(tail, 1), at(tail, 2))


def _remarks(first: int, end: int, method: str | None, code: str, reason: str) -> tuple[Remark, ...]:
    """None, or one."""
    said = method or code or reason
    return (Remark(first, end, method, code or None, reason or None),) if said else ()


def _count_message(fields: list[str], stream: Stream) -> str:
    """How many values stand where the interval asks for another number."""
    found = 0
    for text in fields[2:]:
        if not _NUMERIC.fullmatch(text.strip()):
            break
        found += 1
    asked = f"{stream.interval_minutes}-minute intervals need {stream.count}"
    if found == stream.count:
        flag = fields[2 + found].strip() if len(fields) > 2 + found else ""
        return f"The quality flag after the values is {flag[:20]!r}, not one of A, E, F, N, S or V."
    return f"{found} values, where {asked} and then a quality flag."
