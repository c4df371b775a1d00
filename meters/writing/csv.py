"""CSV, written: a reading a row, its interval with the offset of the channel's standard time. A hole is a row
without a value. What a format says beside its values (methods, reasons) has no column."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import BinaryIO

from meters.domain.blocks import Block
from meters.domain.decimals import MISSING, decimal_text
from meters.domain.quality import Quality
from meters.writing.writer import ChannelToWrite, Writer
from utility_crm.kit.errors import Invalid
from utility_crm.kit.formulas import guarded

TITLES = "service_point,channel,direction,unit,starts_at,ends_at,value,quality"

_text = lru_cache(maxsize=65_536)(decimal_text)
_WORDS = [quality.word for quality in Quality]


def write(channels: Iterable[ChannelToWrite], made_at: datetime, out: BinaryIO) -> None:  # noqa: ARG001
    """A whole file. Raises Invalid at a name that a row cannot say."""
    out.write(f"{TITLES}\n".encode())
    for channel in channels:
        names = map(guarded, map(_said, (channel.service_point, channel.channel)))
        head = ",".join(map(_field, (*names, channel.direction, _said(channel.unit.declared or ""))))
        decimals = channel.unit.decimals
        for block in channel.blocks:
            out.write(_rows(head, decimals, block).encode())


WRITER = Writer("csv", ".csv", "text/csv", write)


def _rows(head: str, decimals: int, block: Block) -> str:
    today, tomorrow = block.day.isoformat(), (block.day + timedelta(days=1)).isoformat()
    clock = _clock(block.interval_minutes, block.offset_minutes)
    ends = [*(today + time for time in clock[1:]), tomorrow + clock[0]]
    values, codes = block.values.tolist(), block.qualities().tolist()
    return "".join(
        f"{head},{today}{start},{end},{'' if value == MISSING else _text(value, decimals)},{_WORDS[code]}\n"
        for start, end, value, code in zip(clock, ends, values, codes, strict=True)
    )


@lru_cache(maxsize=256)
def _clock(interval_minutes: int, offset_minutes: int) -> tuple[str, ...]:
    """What a stamp says behind its date, for each interval of a day."""
    hours, minutes = divmod(abs(offset_minutes), 60)
    offset = f"{'-' if offset_minutes < 0 else '+'}{hours:02}:{minutes:02}"
    return tuple(f"T{at // 60:02}:{at % 60:02}:00{offset}" for at in range(0, 1440, interval_minutes))


def _said(name: str) -> str:
    """The name. Raises Invalid where no row can say it."""
    if name != name.strip() or any(mark in name for mark in "\r\n\0"):
        raise Invalid("unspeakable_name", f"A row of a CSV cannot say the name {name!r}.", name)
    return name


def _field(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(mark in name for mark in ',"') else name
