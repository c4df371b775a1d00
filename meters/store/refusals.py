"""What cannot be stored, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from meters.domain.blocks import Block
from meters.domain.problems import Problem
from meters.domain.units import STORED_UNITS
from meters.store.channels import ChannelName
from meters.store.rows import DayTable

_KINDS = ", ".join(STORED_UNITS)


def not_stored(days: Sequence[Block]) -> Problem:
    """A channel whose readings have no unit, or one that is not kept."""
    first = days[0]
    if first.unit.declared is None:
        code, found = "no_unit", "has no unit"
        advice = "Name it in the title of the values, or in a column of its own with --columns unit=TITLE."
    else:
        code, found = "unit_not_stored", f"is in {first.unit.declared}"
        advice = f"Readings are kept in {_KINDS}."
    return Problem(code, f"{_channel(first)} {found}; {_left_out(days)}. {advice}", first.line)


def other_kind(days: Sequence[Block], unit: str, direction: str) -> Problem:
    """A channel that exists in another unit or direction."""
    first = days[0]
    message = (
        f"{_channel(first)} is kept as {direction} in {unit} and is {first.direction} in {first.unit.base} "
        f"here; {_left_out(days)}. Send it under another channel name."
    )
    return Problem("channel_changed", message, first.line)


def misfit(reason: str, days: Sequence[Block], offset_minutes: int) -> Problem:
    """Days in another standard time than their channel's that cannot be cut to it."""
    first = days[0]
    kept = f"a day of {_offset(offset_minutes)}, the standard time in which it is kept"
    if reason == "offset_misfit":
        came = f"intervals of {first.interval_minutes} minutes in {_offset(first.offset_minutes)}"
        why = f"comes in {came}, which do not fit {kept}"
    else:
        why = f"changes its interval within {kept}"
    return Problem(reason, f"{_channel(first)} {why}; {_left_out(days)}.", first.line)


def other_grids(
    table: DayTable, known_sizes: Sequence[int], names: Mapping[int, ChannelName]
) -> Iterator[Problem]:
    """Some readings for days that are known at another interval."""
    rows = zip(table.channel_id.tolist(), table.day.tolist(), table.line.tolist(), known_sizes, strict=True)
    for channel_id, ordinal, line, known in rows:
        point, channel = names[channel_id]
        day = date.fromordinal(ordinal)
        message = (
            f"Channel {channel} of {point} is known every {1440 // known} minutes on {day}, and here come "
            f"some readings every {1440 // table.size} minutes. The day is left out; send all of it."
        )
        yield Problem("interval_misfit", message, line or None, dropped=(point, channel, day))


def _channel(block: Block) -> str:
    return f"Channel {block.channel} of {block.service_point}"


def _left_out(days: Sequence[Block]) -> str:
    if len(days) == 1:
        return f"its day {days[0].day} is left out"
    return f"its {len(days)} days from {min(block.day for block in days)} are left out"


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
