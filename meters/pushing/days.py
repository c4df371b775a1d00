"""Entries of a batch as days of their channels' standard time, and what of them cannot be taken.

As with files: a reading that cannot be taken leaves out that day of that channel, and is named by its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Never

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, BlockKey, one_code
from meters.domain.decimals import MISSING, IntArray, ValueFault, read_micro, shown
from meters.domain.problems import Problem
from meters.domain.quality import WORDS, Quality
from meters.domain.units import parse_unit
from meters.feeds.format import Item
from meters.feeds.problem_list import ProblemList
from meters.pushing.batch import Entry
from utility_crm.kit.errors import Invalid

DEFAULT_UNIT = "kWh"
MOST_DAYS = 200_000
"""Days of channels that a batch touches."""
MOST_SLOTS = 10_000_000
"""Intervals of those days, said or not: they lie in memory while the batch comes together."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What a channel counts, as it is known or as an entry says."""

    unit: str
    direction: str


ChannelName = tuple[str, str]
Known = Mapping[ChannelName, ChannelKind]
"""Kinds of the channels that exist, by service point and name."""


@dataclass(slots=True, eq=False)
class _Draft:
    """A day of a channel while its readings come together."""

    kind: ChannelKind
    interval_minutes: int
    values: IntArray
    codes: npt.NDArray[np.uint8]
    first: str


@dataclass(slots=True)
class _Days:
    drafts: dict[BlockKey, _Draft] = field(default_factory=dict)
    spoiled: dict[BlockKey, None] = field(default_factory=dict)
    problems: ProblemList = field(default_factory=ProblemList)
    slots: int = 0
    touched: int = 0

    def open(self, key: BlockKey, draft: _Draft) -> None:
        """Begin a day. Raises Invalid where that is too much for one batch."""
        self.slots += draft.values.size
        if self.slots > MOST_SLOTS:
            _too_much(f"{MOST_SLOTS:,} intervals")
        self._touch(key)
        self.drafts[key] = draft

    def _touch(self, key: BlockKey) -> None:
        self.touched += key not in self.drafts and key not in self.spoiled
        if self.touched > MOST_DAYS:
            _too_much(f"{MOST_DAYS:,} days of channels")

    def spoil(self, key: BlockKey, code: str, message: str, path: str) -> None:
        """Leave a day out, and say why."""
        if not self.problems.pass_over():
            text = f"{message} The day {key[2]} of channel {key[1]} of {key[0]} is left out."
            self.problems.add(Problem(code, text, member=path, dropped=key))
        self._touch(key)
        self.spoiled[key] = None


def _too_much(what: str) -> Never:
    words = f"The days that its readings belong to have more than {what}; send several batches."
    raise Invalid("too_many_days", words, "$.readings")


def items_of(
    entries: Sequence[Entry], known: Known, offset_minutes_of: Callable[[str], int | None]
) -> Iterator[Item]:
    """Problems first, then a block for each day that none of them leaves out.

    A channel that exists lends its unit and direction to entries that say none; a new one counts kWh,
    imported. A day is one of the service point's standard time, UTC where nobody knows it. The blocks do not
    replace their days: they are laid over what is known. Raises Invalid where the readings lie scattered over
    more days than one batch may touch, before anything is yielded.
    """
    days = _Days()
    for entry in entries:
        _place(entry, known, offset_minutes_of(entry.service_point) or 0, days)
    yield from days.problems.listed()
    for key, draft in days.drafts.items():
        if key not in days.spoiled:
            yield _block(key, draft, offset_minutes_of(key[0]) or 0)


def channel_of(entry: Entry) -> ChannelName:
    """The channel an entry is of: named, or by its direction."""
    return entry.service_point, entry.channel or entry.direction or "import"


def _place(entry: Entry, known: Known, offset: int, days: _Days) -> None:
    """Lay an entry's readings on the grids of its days, a stretch of each day at a time."""
    name = channel_of(entry)
    kind = _kind(entry, name, known)
    size, step = 1440 // entry.interval_minutes, entry.interval_minutes * 60
    micros, fault_at = _micros(entry, kind)
    since = (entry.starts_at - _EPOCH) + timedelta(minutes=offset)
    second, rest = divmod(since, timedelta(seconds=1))
    said = Quality.ACTUAL if entry.quality is None else WORDS.get(entry.quality.lower())
    first = 0
    while first < micros.size:
        number, slot = divmod(second // step + first, size)
        last = min(first + size - slot, micros.size)
        key = (*name, date.fromordinal(_EPOCH_DAY + number))
        if rest or second % step:
            words = f"The time is not on a grid of {entry.interval_minutes} minutes of the channel's day."
            days.spoil(key, "off_grid", words, f"{entry.path}.starts_at")
        elif not said:  # a reading that is missing is null, not a number of that quality
            known_words = ", ".join(filter(WORDS.get, WORDS))
            words = f"The quality {shown(entry.quality or '')!r} is not one of {known_words}."
            days.spoil(key, "unknown_quality", words, f"{entry.path}.quality")
        else:
            for place in range(first, last) if fault_at else ():
                if (fault := fault_at.get(place)) is not None:
                    days.spoil(key, fault.code, fault.message, entry.path_of(place))
            _lay(days, key, kind, entry, _Stretch(first, slot, micros[first:last]), said)
        first = last
    if not fault_at and not (micros != MISSING).any():
        words = f"Nothing but null is said of channel {name[1]} of {name[0]}; nothing changes for it."
        days.problems.add(Problem("no_readings", words, member=entry.path))


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """Readings in a row of one day: their first place in the entry, its interval of the day, their values."""

    place: int
    slot: int
    micros: IntArray

    @property
    def slots(self) -> slice:
        return slice(self.slot, self.slot + self.micros.size)


def _kind(entry: Entry, name: ChannelName, known: Known) -> ChannelKind:
    there = known.get(name)
    unit = entry.unit or (there.unit if there else DEFAULT_UNIT)
    direction = entry.direction or (there.direction if there else _direction_of(name[1]))
    return ChannelKind(unit, direction)


def _direction_of(channel: str) -> str:
    return "export" if channel.lower() == "export" else "import"


def _micros(entry: Entry, kind: ChannelKind) -> tuple[IntArray, dict[int, ValueFault]]:
    """Millionths, MISSING where null; and by place what is wrong with a value."""
    texts = ["" if value is None else value for value in entry.values]
    micros, faults = read_micro(texts, parse_unit(kind.unit).exponent)
    found = {fault.index: fault for fault in faults}
    for place, value in enumerate(entry.values):
        if value is not None and not value.strip():
            found[place] = ValueFault(place, "not_a_number", value)
    return micros, found


def _lay(
    days: _Days, key: BlockKey, kind: ChannelKind, entry: Entry, stretch: _Stretch, quality: Quality
) -> None:
    """Lay readings upon their day; two that differ for one interval spoil it."""
    size, micros, slots = 1440 // entry.interval_minutes, stretch.micros, stretch.slots
    there = micros != MISSING
    if not there.any():
        return
    draft = days.drafts.get(key)
    if draft is None:
        empty = np.full(size, MISSING, dtype=np.int64)
        draft = _Draft(kind, entry.interval_minutes, empty, np.zeros(size, dtype=np.uint8), entry.path)
        days.open(key, draft)
    elif draft.kind != kind:
        words = f"It comes as {kind.direction} in {shown(kind.unit)}, and at {draft.first} otherwise."
        days.spoil(key, "channel_changed", words, entry.path)
        return
    elif draft.interval_minutes != entry.interval_minutes:
        words = f"Its readings come every {entry.interval_minutes} minutes, and at {draft.first} otherwise."
        days.spoil(key, "interval_misfit", words, f"{entry.path}.interval_minutes")
        return
    else:
        twice = there & (draft.values[slots] != MISSING)
        unlike = twice & ((draft.values[slots] != micros) | (draft.codes[slots] != quality))
        if unlike.any():
            words = "The batch has another reading for the same interval."
            path = entry.path_of(stretch.place + int(np.argmax(unlike)))
            days.spoil(key, "conflicting_readings", words, path)
        elif twice.any():
            words = f"{int(twice.sum())} readings stand in the batch a second time; they are counted once."
            days.problems.add(Problem("repeated_reading", words, member=entry.path))
    draft.values[slots][there] = micros[there]
    draft.codes[slots][there] = quality


def _block(key: BlockKey, draft: _Draft, offset: int) -> Block:
    return Block(
        service_point=key[0],
        channel=key[1],
        unit=parse_unit(draft.kind.unit),
        direction=draft.kind.direction,
        offset_minutes=offset,
        day=key[2],
        interval_minutes=draft.interval_minutes,
        values=draft.values,
        quality=one_code(draft.codes, draft.values),
        replaces=False,
    )
