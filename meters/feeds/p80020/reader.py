"""80020, the half-hourly XML of Russia's wholesale market (supplement 11.1.1 to the rules of admission to the
trading system, Administrator of the Trading System): one day of many meters.

    message class="80020" number      datetime: day, timestamp, daylightsavingtime
      sender: inn, name               area timezone: inn, name
        measuringpoint code           or accountpoint, deliverypoint, deliverygroup
          measuringchannel code       01 active received, 02 delivered, 03 and 04 reactive
            period start end          clock, "0000" to "0030"
              value status            not nought: not commercial

Values are kW·h and kvar·h. The clock is Moscow's where an area says timezone 1 or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import BinaryIO
from zoneinfo import ZoneInfo

from meters.domain.blocks import Block, BlockKey
from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.local_clock import standard_offset_minutes
from meters.domain.problems import Problem, refusal
from meters.domain.units import parse_unit
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.lines import Unreadable
from meters.feeds.p80020.periods import MOST_PERIODS, Channel, Period, days_of
from meters.feeds.xml_stream import Element, elements, line_of, local_name

MOSCOW = ZoneInfo("Europe/Moscow")
CHANNELS = {
    "01": ("kWh", "import"),
    "02": ("kWh", "export"),
    "03": ("kVArh", "import"),
    "04": ("kVArh", "export"),
}
"""measuringchannel code: received is the customer's import, delivered the export."""

_POINTS = frozenset({"measuringpoint", "accountpoint", "deliverypoint", "deliverygroup", "peretok"})
_NAMES = _POINTS | {"message", "datetime", "area", "measuringchannel", "period"}
_MESSAGE = re.compile(r"<(?:[\w.-]+:)?message\b[^>]{0,400}?\bclass\s*=\s*[\"']\d{5}[\"']")
_NUMBER = re.compile(r"\bnumber\s*=\s*[\"'](\d{1,18})[\"']", re.ASCII)
_CLASS = "80020"
_GENERATION = "G"
"""Codes of delivery groups begin with P for consumption, with G for generation."""


def recognises(head: str) -> bool:
    """Whether a message of the market's numbered classes begins here."""
    return head.lstrip("\ufeff \t\r\n").startswith("<") and _MESSAGE.search(head) is not None


def number_of(head: str) -> int:
    """The number of the message; 0 where it has none."""
    message = _MESSAGE.search(head)
    rest = head[message.start() : message.start() + 600].partition(">")[0] if message else ""
    found = _NUMBER.search(rest)
    return int(found[1]) if found else 0


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG001
    """A block a channel and day, and problems, in the order of the file."""
    try:
        yield from _Reader(options).items(stream)
    except Unreadable as unreadable:
        yield unreadable.problem


FORMAT = Format("80020", recognises, read, number_of)


@dataclass(slots=True)
class _Series:
    """The periods of one parent element, while it lasts."""

    parent: Element
    line: int
    channel: Channel | Problem
    periods: list[Period] = field(default_factory=list)


class _Reader:
    """Walks the periods of one message, holding those of the channel they belong to."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._day: date | None = None
        self._checked = False
        self._series: _Series | None = None
        self._said: dict[BlockKey, bytes | None] = {}

    def items(self, stream: BinaryIO) -> Iterator[Item]:
        for element in elements(stream, _NAMES):
            if isinstance(element, Problem):
                yield element
                return
            self._check_root(element)
            name = local_name(element)
            if name == "period":
                yield from self._take(element)
            elif name == "datetime":
                self._hear_day(element)
            else:
                if name == "measuringchannel" and (
                    self._series is None or self._series.parent is not element
                ):
                    yield _empty(element)
                yield from self._close()
        if self._day is None:
            raise _refused("no_day", "The message says no day (datetime, day).", 1)

    def _check_root(self, element: Element) -> None:
        if self._checked:
            return
        root = element.getroottree().getroot()
        kind = root.get("class", "")
        if local_name(root) != "message" or kind != _CLASS:
            found = f"This is <{local_name(root)[:40]}> of class {kind[:20]!r}"
            words = f"{found}; only messages of class {_CLASS} are read."
            raise _refused("unsupported_message", words, line_of(root))
        self._checked = True

    def _hear_day(self, element: Element) -> None:
        text = next((_text(child) for child in element if local_name(child) == "day"), "")
        line = line_of(element)
        if self._day is not None:
            raise _refused("second_header", "A second datetime; send each message as a file.", line)
        try:
            if not re.fullmatch(r"\d{8}", text, re.ASCII):
                raise ValueError
            day = date.fromisoformat(text)
            if not FIRST_YEAR <= day.year < LAST_YEAR:
                raise ValueError
        except ValueError:
            raise _refused("bad_date", f"The day {text[:20]!r} is not a date like 20240131.", line) from None
        self._day = day

    def _take(self, element: Element) -> Iterator[Item]:
        parent = element.getparent()
        assert parent is not None, "the root is a message"
        series = self._series
        if series is None or series.parent is not parent:
            yield from self._close()
            series = self._series = _Series(parent, line_of(element), self._channel(parent, line_of(element)))
        if len(series.periods) >= MOST_PERIODS:
            words = f"A channel has more than {MOST_PERIODS:,} periods in a day."
            raise _refused("too_many", words, line_of(element))
        series.periods.append(_period(element))

    def _close(self) -> Iterator[Item]:
        """What the periods of the channel that ends here say."""
        series, self._series = self._series, None
        if series is None:
            return
        if self._day is None:
            raise _refused("no_day", "Periods stand before the message says its day.", series.line)
        if isinstance(series.channel, Problem):
            yield series.channel
            return
        for item in days_of(series.channel, self._day, series.periods):
            again = self._said_again(item) if isinstance(item, Block) else None
            yield again or item

    def _said_again(self, block: Block) -> Problem | None:
        """Why a channel that stands twice in a message is not taken again; None for the first."""
        digest = blake2b(block.values.tobytes() + block.qualities().tobytes(), digest_size=16).digest()
        if block.key not in self._said:
            self._said[block.key] = digest
            return None
        name = f"Channel {block.channel} of {block.service_point}"
        if self._said[block.key] == digest:
            words = f"{name} stands in the message a second time with the same values; it is counted once."
            return Problem("repeated_reading", words, block.line)
        self._said[block.key] = None
        words = f"{name} stands in the message twice with different values; the day {block.day} is left out."
        return Problem("conflicting_readings", words, block.line, dropped=block.key)

    def _channel(self, parent: Element, line: int) -> Channel | Problem:
        """Whose periods they are, by the elements around them."""
        code = None
        point = parent
        if local_name(parent) == "measuringchannel":
            code = parent.get("code", "").strip()
            above = parent.getparent()
            point = above if above is not None else parent
        name = point.get("code", "").strip()
        if not name:
            at = f"The periods below <{local_name(point)[:40]}>"
            words = f"{at} have no code of a measuring point; they are left out."
            return Problem("no_service_point", words, line)
        if code is None:
            code = "02" if name.upper().startswith(_GENERATION) else "01"
        kind = CHANNELS.get(code)
        if kind is None:
            known = ", ".join(CHANNELS)
            words = f"Channel {code[:20]!r} of {name} is none of {known}; its periods are left out."
            return Problem("unknown_channel", words, line)
        zone = self._zone(point)
        if zone is None:
            words = (
                f"The area of {name} is in a timezone that is not 1 (Moscow); say whose clock it is with "
                "--timezone Area/City. Its periods are left out."
            )
            return Problem("timezone_needed", words, line)
        told = self._options.offset_minutes_of(name)
        offset = standard_offset_minutes(zone) if told is None else told
        return Channel(name, code, parse_unit(kind[0]), kind[1], zone, offset)

    def _zone(self, point: Element) -> ZoneInfo | None:
        """The clock of the area around a point."""
        area = next((each for each in point.iterancestors() if local_name(each) == "area"), None)
        said = area.get("timezone", "").strip() if area is not None else ""
        if said == "1":
            return MOSCOW
        return self._options.zone or (None if said else MOSCOW)


def _period(element: Element) -> Period:
    values = [child for child in element if local_name(child) == "value"]
    value = values[0] if len(values) == 1 and not len(values[0]) else None
    told = element if value is None else value
    return Period(
        start=element.get("start", ""),
        end=element.get("end", ""),
        value=None if value is None else value.text or "",
        status=told.get("status", "").strip(),
        extended=told.get("extendedstatus", "").strip()[:40],
        summer=told.get("summer", element.get("summer", "")).strip(),
        line=line_of(element),
    )


def _empty(channel: Element) -> Problem:
    above = channel.getparent()
    of = "" if above is None else above.get("code", "")[:40]
    words = f"Channel {channel.get('code', '')[:20]!r} of {of!r} comes without a period."
    return Problem("no_readings", words, line_of(channel))


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _refused(code: str, message: str, line: int) -> Unreadable:
    return Unreadable(refusal(code, message, line))
