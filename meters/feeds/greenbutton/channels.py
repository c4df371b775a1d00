"""The channels of a Green Button feed: what each meter reading's values are, and a name that stays the same.

A name is made of what the reading type says: the commodity, the measure where it is not the usual one, the
direction, and what tells registers apart (`electricity-import`, `electricity-export`,
`electricity-reactive-import`, `gas-import-billing`, `electricity-import-tou2`). Where two meter readings of a
usage point would have one name, the id of each follows. A meter reading whose own id begins with `channel=`
says its channel's name itself, as our exports do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import unquote

from meters.domain.problems import Problem
from meters.feeds.format import ReadOptions
from meters.feeds.greenbutton.codes import (
    COMMODITIES,
    PLAIN_PHASES,
    QUALIFIERS,
    REGISTERS,
    SERVICES,
    flow,
    measure,
)
from meters.feeds.greenbutton.entries import Linked, Resource, last_id, point_name
from meters.feeds.greenbutton.numbers import MICROS
from meters.feeds.greenbutton.readings import MINUTE, Channel
from meters.feeds.greenbutton.rows import DAY_MICROS, LONG, Source

CHANNEL_ID = "channel="
_LONGER_THAN_A_DAY = 90_000 * MICROS
_MOST_OFFSET = 14 * 60
_SECONDS = re.compile(r"[+-]?\d{1,6}", re.ASCII)
_NUMBERS = (
    "accumulationBehaviour",
    "commodity",
    "consumptionTier",
    "currency",
    "dataQualifier",
    "defaultQuality",
    "flowDirection",
    "intervalLength",
    "phase",
    "powerOfTenMultiplier",
    "tou",
    "uom",
)
_NO_TYPE = Resource("ReadingType", links=None, line=0, title="", entry_id="", fields={})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Series:
    """A meter reading with what it is linked to, and its sources."""

    meter_reading: Resource
    point: Resource | None
    reading_type: Resource | None
    sources: list[Source]


def channels(
    sources: Sequence[Source], linked: Linked, stem: str, options: ReadOptions
) -> Iterator[tuple[Channel | Problem, list[Source]]]:
    """Each channel with its sources; what belongs to none, or to one that cannot be understood, as a
    problem."""
    series, told_offsets = dict[int, _Series](), set[int]()
    for source in sources:
        meter_reading = linked.meter_reading(source.links)
        if meter_reading is None:
            words = "The links of this interval block lead to no meter reading of the feed;"
            count = source.rows + len(source.faults)
            yield Problem("unlinked_readings", f"{words} its {count} readings are left out.", source.line), []
            continue
        known = series.get(id(meter_reading))
        if known is None:
            point = linked.usage_point(meter_reading)
            known = _Series(meter_reading, point, linked.reading_type(meter_reading), [])
            series[id(meter_reading)] = known
        known.sources.append(source)
    made = list[tuple[Channel, _Series]]()
    for one in series.values():
        numbers = _numbers(one)
        if isinstance(numbers, Problem):
            yield numbers, []
            continue
        offset = _offset(one, linked, stem, options)
        if isinstance(offset, Problem):
            if offset.line not in told_offsets:
                told_offsets.add(offset.line or 0)
                yield offset, []
            offset = options.offset_minutes_of(point_name(one.point, stem)) or 0
        made.append((_channel(one, numbers, offset, stem), one))
    yield from _told_apart(made)


def _told_apart(made: list[tuple[Channel, _Series]]) -> Iterator[tuple[Channel, list[Source]]]:
    """Channels of one name get the ids of their meter readings."""
    names = Counter((channel.service_point, channel.name) for channel, _ in made)
    for channel, one in made:
        if names[channel.service_point, channel.name] > 1:
            channel = replace(channel, name=f"{channel.name}/{last_id(one.meter_reading)}")
        yield channel, one.sources


def _numbers(series: _Series) -> dict[str, int | None] | Problem:
    """The reading type's codes; a problem where one is no whole number: its values then mean nothing."""
    found: dict[str, int | None] = {}
    for name in _NUMBERS:
        if series.reading_type is None:
            found[name] = None
            continue
        try:
            found[name] = series.reading_type.number(name)
        except ValueError:
            text = series.reading_type.fields[name].strip()[:40]
            words = f"The reading type's {name} is {text!r}, not a whole number; its readings are left out."
            return Problem("bad_reading_type", words, series.reading_type.line)
    power = found["powerOfTenMultiplier"]
    if power is not None and not -18 <= power <= 18:
        words = f"The reading type counts in 10 to the power of {power}; its readings are left out."
        assert series.reading_type is not None, "a number was read"
        return Problem("bad_reading_type", words, series.reading_type.line)
    return found


def _channel(series: _Series, numbers: dict[str, int | None], offset: int, stem: str) -> Channel:
    counted = measure(numbers["uom"])
    direction, flow_word = flow(numbers["flowDirection"], counted.word.startswith("reactive"))
    power = numbers["powerOfTenMultiplier"] or 0
    length = numbers["intervalLength"] or 0
    default = numbers["defaultQuality"]
    lengths = _lengths(series, length)
    own_id = last_id(series.meter_reading)
    if own_id.startswith(CHANNEL_ID):
        name = unquote(own_id.removeprefix(CHANNEL_ID))
    else:
        name = "-".join([_commodity(series, numbers), *_parts(numbers, counted.word, flow_word, lengths)])
    return Channel(
        service_point=point_name(series.point or None, stem),
        name=name,
        unit=counted.unit,
        direction=direction,
        offset_minutes=offset,
        factor=counted.factor * Fraction(10) ** (6 + power + counted.unit.exponent),
        length=length * MICROS if length > 0 else None,
        quality=0 if default is None else 1 << min(max(default, 0), 31),
        currency=numbers["currency"],
        day_long=_day_long(series, offset),
        registers=numbers["accumulationBehaviour"] in REGISTERS,
    )


def _commodity(series: _Series, numbers: dict[str, int | None]) -> str:
    """The word for what flows: as the reading type says, else the usage point, else the unit."""
    named = COMMODITIES.get(numbers["commodity"] or 0)
    text = series.point.fields.get("ServiceCategory/kind", "").strip() if series.point else ""
    service = SERVICES.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 4 else None
    if named or service:
        return named or service or ""
    return "electricity" if measure(numbers["uom"]).unit.base in ("kWh", "kVArh") else "meter"


def _parts(
    numbers: dict[str, int | None], measured: str, flow_word: str, lengths: dict[int, int]
) -> Iterator[str]:
    if measured:
        yield measured
    yield flow_word
    for name, word in (("tou", "tou"), ("consumptionTier", "tier")):
        if numbers[name]:
            yield f"{word}{numbers[name]}"
    if (numbers["phase"] or 0) not in PLAIN_PHASES:
        yield f"phase{numbers['phase']}"
    if numbers["dataQualifier"] in QUALIFIERS:
        yield QUALIFIERS[numbers["dataQualifier"] or 0]
    if numbers["accumulationBehaviour"] in REGISTERS:
        yield "register"
        return
    usual = max(lengths, key=lambda length: (lengths[length], -length), default=0)
    if usual > _LONGER_THAN_A_DAY:
        yield "billing"
    elif usual >= LONG:
        yield "daily"


def _lengths(series: _Series, default: int) -> dict[int, int]:
    """How many readings of each length there are, in microseconds."""
    found: dict[int, int] = {}
    for source in series.sources:
        for length, count in source.lengths.items():
            told = length if length >= 0 else default * MICROS
            found[told] = found.get(told, 0) + count
    return found


def _day_long(series: _Series, offset: int) -> bool:
    """Whether every reading of about a day is one of exactly a day of standard time."""
    midnight = -offset * MINUTE % DAY_MICROS
    lengths = {length for source in series.sources for length in source.lengths if length >= LONG}
    phases = {phase for source in series.sources for phase in source.phases}
    return lengths <= {DAY_MICROS} and phases <= {midnight}


def _offset(series: _Series, linked: Linked, stem: str, options: ReadOptions) -> int | Problem:
    """Minutes from UTC of the standard time: the feed's, else the premise's, else none."""
    local = linked.local_time(series.meter_reading, series.point)
    if local is not None:
        text = local.fields.get("tzOffset", "").strip()
        if text:
            minutes, rest = divmod(int(text), 60) if _SECONDS.fullmatch(text) else (0, 1)
            if not rest and abs(minutes) <= _MOST_OFFSET:
                return minutes
            words = f"The local time's tzOffset is {text[:40]!r}, not the seconds of a clock; it is ignored."
            return Problem("bad_offset", words, local.line)
    return options.offset_minutes_of(point_name(series.point, stem)) or 0
