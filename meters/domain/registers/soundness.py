"""Whether a read or a told consumption can be kept at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.domain.units import STORED_UNITS

MOST = 10**18
"""Figures and amounts are below this many millionths: differences of them fit into int64."""
MOST_DIGITS = 12
MOST_EXPONENT = 9


def reads_of(item: RegisterRead | Consumption) -> Iterator[RegisterRead]:
    """The reads that an item tells: itself, or those that a consumption was made of."""
    if isinstance(item, RegisterRead):
        yield item
        return
    for read in (item.start_read, item.end_read):
        if read is not None:
            yield read


def unsound(item: RegisterRead | Consumption) -> Problem | None:
    """Why an item cannot be kept, or None."""
    found = _what_is_wrong(item)
    if found is None:
        return None
    code, reason = found
    name = item.register if isinstance(item, RegisterRead) else item.channel
    what = "a read" if isinstance(item, RegisterRead) else "a consumption"
    message = f"Register {name} of {item.service_point}: {what} {reason}; it is left out."
    return Problem(code, message, item.line)


def _what_is_wrong(item: RegisterRead | Consumption) -> tuple[str, str] | None:
    unit = item.unit
    if unit.declared is None:
        return "no_unit", "has no unit"
    if not unit.stored:
        return "unit_not_stored", f"is in {unit.declared}, and readings are kept in {', '.join(STORED_UNITS)}"
    if abs(unit.exponent) > MOST_EXPONENT:
        return "unit_not_stored", f"is in a unit of ten to the power {unit.exponent}"
    if item.direction not in ("import", "export"):
        return "bad_direction", f"has the direction {item.direction!r}, which is neither import nor export"
    if isinstance(item, RegisterRead):
        return _wrong_read(item)
    return _wrong_consumption(item)


def _wrong_read(read: RegisterRead) -> tuple[str, str] | None:
    if wrong := _wrong_instant(read.read_at):
        return wrong
    if abs(read.figure) >= MOST:
        return "value_too_large", f"is larger than any dial: {read.figure // 1_000_000}"
    if read.digits is not None and not 1 <= read.digits <= MOST_DIGITS:
        return "bad_digits", f"has {read.digits} digits, where a dial has 1 to {MOST_DIGITS}"
    if read.multiplier_micro is not None and not 0 < read.multiplier_micro < MOST:
        return "bad_multiplier", "has a multiplier that is not above zero"
    return None


def _wrong_consumption(told: Consumption) -> tuple[str, str] | None:
    for instant in (told.starts_at, told.ends_before):
        if wrong := _wrong_instant(instant):
            return wrong
    if told.ends_before <= told.starts_at:
        return "empty_span", f"ends at {told.ends_before}, not after its start at {told.starts_at}"
    if abs(told.micro) >= MOST:
        return "value_too_large", f"is larger than any meter counts: {told.micro // 1_000_000}"
    if told.quality not in set(Quality):
        return "unknown_quality", f"has the quality {told.quality}, which is no grade"
    return None


def _wrong_instant(instant: datetime) -> tuple[str, str] | None:
    if instant.tzinfo is None:
        return "timezone_needed", f"has the time {instant} without an offset"
    if not FIRST_YEAR < instant.year < LAST_YEAR:
        return "bad_year", f"has the time {instant}, outside {FIRST_YEAR} to {LAST_YEAR}"
    return None
