"""What cannot be stored, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from meters.domain.problems import Problem
from meters.domain.units import STORED_UNITS
from meters.feeds.feed_days import FeedChannel
from meters.store.channels import ChannelName
from meters.store.rows import DayTable

_KINDS = ", ".join(STORED_UNITS)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Days of a channel that are left out: how many, the earliest of them, and where the first one stands in
    its file and in the order of all."""

    channel: FeedChannel
    days: int
    first_day: date
    interval_minutes: int
    line: int | None
    member: str | None
    order: int


def not_stored(left: LeftOut) -> Problem:
    """A channel whose readings have no unit, or one that is not kept."""
    declared = left.channel.unit.declared
    if declared is None:
        code, found = "no_unit", "has no unit"
        advice = "Name it in the title of the values, or in a column of its own with --columns unit=TITLE."
    else:
        code, found = "unit_not_stored", f"is in {declared}"
        advice = f"Readings are kept in {_KINDS}."
    message = f"{_channel(left)} {found}; {_left_out(left)}. {advice}"
    return Problem(code, message, left.line, left.member)


def other_kind(left: LeftOut, unit: str, direction: str) -> Problem:
    """A channel that exists in another unit or direction."""
    message = (
        f"{_channel(left)} is kept as {direction} in {unit} and is {left.channel.direction} in "
        f"{left.channel.unit.base} here; {_left_out(left)}. Send it under another channel name."
    )
    return Problem("channel_changed", message, left.line, left.member)


def misfit(reason: str, left: LeftOut, offset_minutes: int) -> Problem:
    """Days in another standard time than their channel's that cannot be cut to it."""
    kept = f"a day of {_offset(offset_minutes)}, the standard time in which it is kept"
    if reason == "offset_misfit":
        came = f"intervals of {left.interval_minutes} minutes in {_offset(left.channel.offset_minutes)}"
        why = f"comes in {came}, which do not fit {kept}"
    else:
        why = f"changes its interval within {kept}"
    return Problem(reason, f"{_channel(left)} {why}; {_left_out(left)}.", left.line, left.member)


def far_future(left: LeftOut, last: date) -> Problem:
    """Days of a channel more than two years ahead."""
    message = (
        f"{_channel(left)} has readings of days after {last}, more than two years ahead; {_left_out(left)}. "
        f"See whether the dates are right."
    )
    return Problem("far_future", message, left.line, left.member)


def too_many_months(lacking: int, most: int) -> Problem:
    """A feed that would need more months than one may bring."""
    message = (
        f"The file brings readings of {lacking:,} months from which there was none so far; one file may "
        f"bring {most}. See whether its dates are right, or send it in parts."
    )
    return Problem("too_many_months", message, refuses=True)


def other_grids(
    table: DayTable, known_sizes: Sequence[int], names: Mapping[int, ChannelName], members: Sequence[str]
) -> Iterator[Problem]:
    """Some readings for days that are known at another interval."""
    columns = (table.channel_id, table.day, table.line, table.member)
    rows = zip(*(column.tolist() for column in columns), known_sizes, strict=True)
    for channel_id, ordinal, line, member, known in rows:
        point, channel = names[channel_id]
        day = date.fromordinal(ordinal)
        message = (
            f"Channel {channel} of {point} is known every {1440 // known} minutes on {day}, and here come "
            f"some readings every {1440 // table.size} minutes. The day is left out; send all of it."
        )
        where = members[member - 1] if member else None
        yield Problem("interval_misfit", message, line or None, where, dropped=(point, channel, day))


def _channel(left: LeftOut) -> str:
    return f"Channel {left.channel.channel} of {left.channel.service_point}"


def _left_out(left: LeftOut) -> str:
    if left.days == 1:
        return f"its day {left.first_day} is left out"
    return f"its {left.days} days from {left.first_day} are left out"


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
