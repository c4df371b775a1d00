"""200 records of a NEM12 file: the channel to which the days below belong (Meter Data File Format
Specification NEM12 & NEM13, section 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from meters.domain.units import Unit, parse_unit
from meters.feeds.nem.records import at, fields_of, refuse

_EXPORT_SUFFIXES = frozenset("ABCJKL")  # into the market; DEF and PQR are the customer's import


@dataclass(frozen=True, slots=True)
class Stream:
    """A 200 record. `count` intervals make a day; the direction is the customer's."""

    nmi: str
    suffix: str
    meter: str | None
    unit: Unit
    interval_minutes: int
    count: int
    direction: str


def direction_of(suffix: str) -> str:
    """As the customer sees it."""
    return "export" if suffix[0].upper() in _EXPORT_SUFFIXES else "import"


def stream_of(raw: bytes, number: int) -> Stream:
    """A 200 record's channel. Raises Unreadable."""
    fields = fields_of(raw, number)
    if len(fields) < 9:
        raise refuse("short_record", f"The 200 record has {len(fields)} fields of at least 9.", number)
    nmi, suffix, unit, interval = (at(fields, place) for place in (1, 4, 7, 8))
    if not nmi or not suffix:
        raise refuse("no_name", "The 200 record names no NMI or no suffix.", number)
    minutes = int(interval) if interval.isascii() and interval.isdigit() and len(interval) < 9 else 0
    if not 0 < minutes <= 1440 or 1440 % minutes:
        message = f"An interval of {interval[:20]!r} minutes does not divide a day."
        raise refuse("bad_interval", message, number)
    meter, count = at(fields, 6) or None, 1440 // minutes
    return Stream(nmi, suffix, meter, parse_unit(unit), minutes, count, direction_of(suffix))
