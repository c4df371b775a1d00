"""Green Button, written: one Atom feed of ESPI resources (NAESB REQ.21; Atom, RFC 4287), a block a day.

Values are whole millionths of a kWh, kVArh or m3 (a power of ten of -3 upon Wh and VArh, -6 upon m3), so
nothing is rounded. Times are UTC; the local time of a feed is the channel's standard time, without daylight
saving. A usage point's address ends with the service point's name, a meter reading's with `channel=` and the
channel's, so that our reader gives both back. A hole is not written: the format has no words for one, nor for
the remarks of a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import BinaryIO
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from meters.domain.blocks import Block
from meters.domain.decimals import MISSING
from meters.domain.quality import Quality
from meters.feeds.greenbutton.channels import CHANNEL_ID
from meters.feeds.greenbutton.codes import quality_codes
from meters.writing.writer import ChannelToWrite, Writer
from utility_crm.kit.errors import Invalid

_ROOT = "/espi/1_1/resource"
_ESPI = 'xmlns="http://naesb.org/espi"'
_EPOCH_DAY = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_UNITS = {"kWh": (72, -3, 12), "kVArh": (73, -3, 12), "m3": (42, -6, 58)}
"""UnitSymbolKind, power of ten, MeasurementKind (energy, volume)."""
_FLOWS = {"import": 1, "export": 19}
_ELECTRICITY, _GAS, _WATER = (0, 1), (1, 7), (2, 9)
"""ServiceKind and CommodityKind."""
_NO_DAYLIGHT_SAVING = "FFFFFFFF"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUALITIES = {
    int(quality): "".join(
        f"<ReadingQuality><quality>{code}</quality></ReadingQuality>" for code in quality_codes(quality)
    )
    for quality in Quality
    if quality != Quality.MISSING
}


def write(channels: Iterable[ChannelToWrite], made_at: datetime, out: BinaryIO) -> None:
    """A whole file. Raises Invalid where ESPI cannot say something, naming it."""
    _Feed(made_at, out).write(channels)


WRITER = Writer("greenbutton", ".xml", "application/atom+xml", write)


class _Feed:
    """Entries, each after what it depends on, one channel at a time."""

    def __init__(self, made_at: datetime, out: BinaryIO) -> None:
        self._stamp = f"{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._out = out
        self._points: set[str] = set()
        self._offsets: set[int] = set()
        self._types = 0

    def write(self, channels: Iterable[ChannelToWrite]) -> None:
        self._put('<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n')
        self._put(f"<id>{_id(self._stamp)}</id>\n<title>Green Button readings</title>\n")
        self._put(f'<updated>{self._stamp}</updated>\n<link rel="self" href="{_ROOT}/Batch"/>\n')
        for channel in channels:
            blocks = iter(channel.blocks)
            first = next(blocks, None)
            if first is not None:
                self._write_channel(channel, first.interval_minutes, chain([first], blocks))
        self._put("</feed>\n")

    def _write_channel(self, channel: ChannelToWrite, interval: int, blocks: Iterable[Block]) -> None:
        service, commodity = _kind(channel)
        local, point = f"{_ROOT}/LocalTimeParameters/{channel.offset_minutes}", _point(channel)
        if channel.offset_minutes not in self._offsets:
            self._offsets.add(channel.offset_minutes)
            self._entry(local, [], "Standard time all the year", _local_time(channel.offset_minutes))
        if channel.service_point not in self._points:
            self._points.add(channel.service_point)
            content = (
                f"<UsagePoint {_ESPI}><ServiceCategory><kind>{service}</kind></ServiceCategory></UsagePoint>"
            )
            self._entry(point, [f"{point}/MeterReading", local], channel.service_point, content)
        self._types += 1
        kind, series = f"{_ROOT}/ReadingType/{self._types}", _series(channel)
        self._entry(kind, [], "Type of the values", _reading_type(channel, commodity, interval))
        title = f"{channel.channel}, meter {channel.meter}" if channel.meter else channel.channel
        related = [f"{series}/IntervalBlock", kind, local]
        self._entry(series, related, title, f"<MeterReading {_ESPI}/>")
        for block in blocks:
            content = _interval_block(block)
            if content:
                self._entry(f"{series}/IntervalBlock/{block.day:%Y%m%d}", [], "", content)

    def _entry(self, address: str, related: list[str], title: str, content: str) -> None:
        links = [
            ("self", address),
            ("up", address.rpartition("/")[0]),
            *(("related", one) for one in related),
        ]
        self._put(
            f"<entry>\n<id>{_id(address)}</id>\n"
            + "".join(f'<link rel="{rel}" href="{escape(href)}"/>\n' for rel, href in links)
            + f"<title>{escape(_NOT_XML.sub('�', title))}</title>\n<content>\n{content}\n</content>\n"
            + f"<published>{self._stamp}</published>\n<updated>{self._stamp}</updated>\n</entry>\n"
        )

    def _put(self, text: str) -> None:
        self._out.write(text.encode())


def _kind(channel: ChannelToWrite) -> tuple[int, int]:
    """Service and commodity; cubic metres are of gas where the channel's name does not begin with water."""
    if channel.unit.base not in _UNITS or channel.direction not in _FLOWS:
        name = f"channel {channel.channel} of {channel.service_point}"
        what = f"{channel.direction} in {channel.unit.base or 'no unit'}"
        message = f"Green Button files are written in {', '.join(_UNITS)}; {name} is {what}."
        raise Invalid("no_unit_in_greenbutton", message, name)
    if channel.unit.base != "m3":
        return _ELECTRICITY
    return _WATER if channel.channel.startswith("water") else _GAS


def _point(channel: ChannelToWrite) -> str:
    return f"{_ROOT}/UsagePoint/{quote(channel.service_point, safe='')}"


def _series(channel: ChannelToWrite) -> str:
    return f"{_point(channel)}/MeterReading/{CHANNEL_ID}{quote(channel.channel, safe='')}"


def _id(address: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, address)}"


def _local_time(offset_minutes: int) -> str:
    rule = _NO_DAYLIGHT_SAVING
    return (
        f"<LocalTimeParameters {_ESPI}><dstEndRule>{rule}</dstEndRule><dstOffset>0</dstOffset>"
        f"<dstStartRule>{rule}</dstStartRule><tzOffset>{offset_minutes * 60}</tzOffset></LocalTimeParameters>"
    )


def _reading_type(channel: ChannelToWrite, commodity: int, interval: int) -> str:
    """Delta data (4), normal (12)."""
    uom, power, kind = _UNITS[channel.unit.base or ""]
    fields = {
        "accumulationBehaviour": 4,
        "commodity": commodity,
        "dataQualifier": 12,
        "defaultQuality": 0,
        "flowDirection": _FLOWS[channel.direction],
        "intervalLength": interval * 60,
        "kind": kind,
        "powerOfTenMultiplier": power,
        "uom": uom,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<ReadingType {_ESPI}>{inner}</ReadingType>"


def _interval_block(block: Block) -> str:
    """A day's readings; nothing for a day without any."""
    length = block.interval_minutes * 60
    start = (block.day.toordinal() - _EPOCH_DAY) * 86_400 - block.offset_minutes * 60
    readings = [
        f"<IntervalReading>\n{_QUALITIES[quality]}<timePeriod><duration>{length}</duration>"
        f"<start>{start + place * length}</start></timePeriod><value>{value}</value>\n</IntervalReading>\n"
        for place, (value, quality) in enumerate(
            zip(block.values.tolist(), block.qualities().tolist(), strict=True)
        )
        if value != MISSING
    ]
    if not readings:
        return ""
    period = f"<interval><duration>86400</duration><start>{start}</start></interval>"
    return f"<IntervalBlock {_ESPI}>{period}\n{''.join(readings)}</IntervalBlock>"
