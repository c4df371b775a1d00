"""NEM12, written: half-hours, quarters and five minutes of electricity (Meter Data File Format Specification
NEM12 & NEM13).

Days are those of UTC+10. What the format has no words for is refused by name, never left out: a service point
that is no NMI, other intervals than 5, 15 and 30 minutes, gas, values below zero. What has no equal there is
said as nearly as it can be: a channel whose name is no suffix gets one (its name goes into RegisterID), an
estimate is a substitute, a hole is null data, a method of another format goes into the words of the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from meters.feeds.nem.records import ZONE
from meters.writing.nem12_days import days_to_write, records
from meters.writing.nem12_names import Named, Names
from meters.writing.writer import ChannelToWrite, Writer
from utility_crm.kit.errors import Invalid

_INTERVALS = (5, 15, 30)
_PARTICIPANT = "UTILITYCRM"


def write(channels: Iterable[ChannelToWrite], made_at: datetime, out: BinaryIO) -> None:
    """A whole file. Raises Invalid where NEM12 cannot say something, naming it."""
    stamp, names = made_at.astimezone(ZONE), Names()
    out.write(f"100,NEM12,{stamp:%Y%m%d%H%M},{_PARTICIPANT},{_PARTICIPANT}\r\n".encode())
    for channel in channels:
        _write_channel(channel, names.named(channel), f"{stamp:%Y%m%d%H%M%S}", out)
    out.write(b"900\r\n")


WRITER = Writer("nem12", ".csv", "text/csv", write)


def _write_channel(channel: ChannelToWrite, named: Named, updated: str, out: BinaryIO) -> None:
    name = f"channel {channel.channel} of {channel.service_point}"
    interval = None
    for day in days_to_write(channel.blocks, channel.offset_minutes, name):
        if day.interval_minutes != interval:
            interval = day.interval_minutes
            if interval not in _INTERVALS:
                message = f"NEM12 has intervals of 5, 15 and 30 minutes; {name} has {interval} on {day.day}."
                raise Invalid("no_interval_in_nem12", message, name)
            out.write(_header(named, interval).encode())
        out.write(records(day, updated, name).encode())


def _header(named: Named, interval: int) -> str:
    suffix = named.suffix
    return f"200,{named.nmi},{suffix},{named.register},{suffix},,{named.meter},{named.unit},{interval},\r\n"
