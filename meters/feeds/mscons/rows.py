"""The values of one MSCONS position (LIN) as they are read: few bytes a row until the position ends."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Remark
from meters.domain.decimals import MISSING, IntArray, read_micro
from meters.domain.local_clock import to_instants
from meters.domain.quality import Quality
from meters.domain.units import Unit
from meters.feeds.mscons.times import Time

NONE = MISSING
"""Stands for an instant that a row does not say."""
_BATCH = 8_192
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows as arrays (r,): starts and ends in UTC seconds, NONE where not said; micro-units with the file's
    sign, MISSING where there is no value; quality codes; segment numbers; places in `remarks`, of which 0 is
    none. `faults` says of a row why it cannot be taken."""

    starts: IntArray
    ends: IntArray
    micro: IntArray
    quality: npt.NDArray[np.uint8]
    lines: IntArray
    remark: IntArray
    remarks: list[Remark]
    faults: dict[int, tuple[str, str]]


@dataclass(slots=True)
class Rows:
    """Values with a period, in the order of the file."""

    unit: Unit
    _starts: array[int] = field(default_factory=lambda: array("q"))
    _ends: array[int] = field(default_factory=lambda: array("q"))
    _local: array[int] = field(default_factory=lambda: array("b"))
    _negative: array[int] = field(default_factory=lambda: array("b"))
    _quality: array[int] = field(default_factory=lambda: array("B"))
    _lines: array[int] = field(default_factory=lambda: array("q"))
    _remark: array[int] = field(default_factory=lambda: array("q"))
    _remarks: list[Remark] = field(default_factory=lambda: [Remark(0, 0)])
    _places: dict[Remark, int] = field(default_factory=dict)
    _texts: list[str] = field(default_factory=list)
    _micro: list[IntArray] = field(default_factory=list)
    _faults: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._lines)

    def add(
        self,
        start: Time | None,
        end: Time | None,
        text: str,
        quality: Quality,
        line: int,
        remark: Remark | None,
        fault: tuple[str, str] | None,
    ) -> None:
        """One value; both times, where both are said, are instants or both a local clock's."""
        said = start or end
        assert said is not None, "a value without a time is no row"
        if fault is not None:
            self._faults[len(self)] = fault
        elif quality != Quality.MISSING and not text:
            self._faults[len(self)] = ("no_value", "The quantity is empty.")
        self._starts.append(NONE if start is None else start.seconds)
        self._ends.append(NONE if end is None else end.seconds)
        self._local.append(said.kind != "instant")
        self._quality.append(quality)
        self._lines.append(line)
        place = 0
        if remark is not None:
            place = self._places.setdefault(remark, len(self._remarks))
            if place == len(self._remarks):
                self._remarks.append(remark)
        self._remark.append(place)
        self._negative.append(text.startswith("-"))
        # What is marked as missing or not usable has no value, whatever stands there.
        self._texts.append(plain_number(text.removeprefix("-")) if quality != Quality.MISSING else "")
        if len(self._texts) == _BATCH:
            self._read()

    def columns(self, zone: ZoneInfo | None) -> Columns:
        """All rows, local times turned into instants of `zone`, in whose repeated hour the order decides."""
        self._read()
        starts, ends = (np.array(column, dtype=np.int64) for column in (self._starts, self._ends))
        local = np.array(self._local, dtype=np.bool_)
        if zone is not None and local.any():
            for column in (starts, ends):
                said = np.flatnonzero(local & (column != NONE))
                if said.size:
                    column[said], never = to_instants(column[said], zone)
                    for row in said[never].tolist():
                        message = (
                            f"The clock of {zone.key} never showed this time: it was put forward over it."
                        )
                        self._faults.setdefault(row, ("no_such_time", message))
        micro = np.concatenate(self._micro) if self._micro else np.zeros(0, dtype=np.int64)
        below = np.array(self._negative, dtype=np.bool_) & (micro != MISSING)
        return Columns(
            starts,
            ends,
            np.where(below, -micro, micro),
            np.array(self._quality, dtype=np.uint8),
            np.array(self._lines, dtype=np.int64),
            np.array(self._remark, dtype=np.int64),
            self._remarks,
            self._faults,
        )

    def _read(self) -> None:
        """Turn the texts gathered so far into numbers."""
        before = len(self) - len(self._texts)
        if not self._texts:
            return
        micro, faults = read_micro(
            [text or "0" for text in self._texts] if "" in self._texts else self._texts, self.unit.exponent
        )
        for place, text in enumerate(self._texts):
            if not text:
                micro[place] = MISSING
        for fault in faults:
            self._faults.setdefault(before + fault.index, (fault.code, fault.message))
        self._micro.append(micro)
        self._texts.clear()


def plain_number(text: str) -> str:
    """A quantity with a point for its decimal mark.

    >>> plain_number("1,5"), plain_number("1.5"), plain_number("1.000,5")
    ('1.5', '1.5', '1.000,5')
    """
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def wrong_mark(text: str, mark: str) -> str | None:
    """In one sentence that a quantity has another decimal mark than UNA says (ISO 9735, 10.1); None where it
    has not, or UNA says none."""
    other = {",": ".", ".": ","}.get(mark)
    if other is None or other not in text:
        return None
    return f"The value {text!r} has {other!r} in it, where UNA says that the decimal mark is {mark!r}."
