"""What the segments before a MSCONS position say: metering point, meter, times of all its positions."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from meters.feeds.format import ReadOptions
from meters.feeds.mscons.codes import UNITS
from meters.feeds.mscons.edifact import Segment
from meters.feeds.mscons.times import Time, read_time

CENTRAL_EUROPE = 60
METERING_POINT = "172"
BEGINS, ENDS, VALID_AT, READ_AT = "163", "164", "7", "9"
"""DTM 2005: the period of a value; when a register's figure holds, and when it was read."""


@dataclass(slots=True)
class Place:
    """`point` is empty while no LOC+172 names one, `other` what another LOC named; `zone` is that of stamps
    without an offset, None while nothing tells it. `times` are by DTM 2005."""

    options: ReadOptions
    decimal_mark: str
    zone: ZoneInfo | None
    point: str = ""
    other: str = ""
    meter: str | None = None
    unit: str | None = None
    times: dict[str, Time | None] = field(default_factory=dict)
    hints: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Forget the point and all that was said of it."""
        self.point = self.other = ""
        self.meter = self.unit = None
        self.times, self.hints = {}, set()

    def take(self, segment: Segment) -> None:
        """Hear what a segment says of the point; those that say nothing of it are read past."""
        tag = segment.tag
        if tag == "NAD":
            self.clear()
        elif tag == "LOC":
            self.clear()
            if segment.text(1) == METERING_POINT:
                self.point = segment.text(2)
            else:
                self.other = segment.shown
        elif tag == "RFF" and segment.text(1) == "MG":
            self.meter = segment.text(1, 1) or None
        elif tag == "RFF" and segment.text(1) == "AGK" and not self.point:
            # Where no metering point is told the configuration's name stands for it (MSCONS 2.4c, SG7).
            self.point = segment.text(1, 1)
        elif tag == "DTM":
            self.times[segment.text(1)] = read_time(segment.text(1, 1), segment.text(1, 2))
        elif tag in ("CCI", "CAV"):
            self.hints.update(part.strip() for parts in segment.elements[1:] for part in parts)
        elif tag == "MEA":
            self.unit = unit_of(segment.text(3)) or self.unit

    def offset_minutes(self) -> int:
        told = self.options.offset_minutes_of(self.point)
        return CENTRAL_EUROPE if told is None else told


def unit_of(code: str) -> str | None:
    """The unit behind a code of Recommendation 20; a code not known is a unit of its own."""
    return UNITS.get(code, code) if code else None
