"""What is in a meter file, without keeping any of it: the document of `meters inspect`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import MISSING, Block
from meters.domain.decimals import decimal_text
from meters.domain.quality import ORDER, Quality
from meters.domain.units import Unit
from meters.feeds.reading import FeedFile


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """One channel of a file. `interval_minutes` is empty where consumption was accumulated. `total` counts
    millionths of the unit's base; `missing` the holes between first and last reading; the two instants bound
    the readings present, None where there are none."""

    service_point: str
    channel: str
    unit: Unit
    direction: str
    interval_minutes: tuple[int, ...]
    readings: int
    missing: int
    total: int
    starts_at: datetime | None
    ends_before: datetime | None
    quality: dict[str, int]

    def document(self) -> dict[str, Any]:
        """The promised shape."""
        intervals = list(self.interval_minutes)
        return {
            "service_point": self.service_point,
            "channel": self.channel,
            "unit": self.unit.declared,
            "interval_minutes": intervals[0] if len(intervals) == 1 else intervals or None,
            "readings": self.readings,
            "missing": self.missing,
            "total": decimal_text(self.total, self.unit.decimals),
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "ends_before": self.ends_before.isoformat() if self.ends_before else None,
            "quality": self.quality,
        }


def summarise(blocks: Sequence[Block]) -> list[ChannelSummary]:
    """A summary a channel, in the order in which channels first come."""
    channels: dict[tuple[str, str], list[Block]] = {}
    for block in blocks:
        channels.setdefault((block.service_point, block.channel), []).append(block)
    return [_summary(sorted(days, key=lambda block: block.day)) for days in channels.values()]


def summarise_consumption(items: Sequence[RegisterRead | Consumption]) -> list[ChannelSummary]:
    """A summary a channel of what was accumulated; a reading is one period, and none is missing."""
    channels: dict[tuple[str, str], list[Consumption]] = {}
    for item in items:
        if isinstance(item, Consumption):
            channels.setdefault((item.service_point, item.channel), []).append(item)
    return [_accumulated(periods) for periods in channels.values()]


def inspection(files: Sequence[FeedFile]) -> dict[str, Any]:
    """The document: one entry a path, in order."""
    return {
        "files": [
            {
                "path": file.path,
                "format": file.format,
                "status": file.status,
                "channels": [
                    *(summary.document() for summary in summarise(file.blocks)),
                    *(summary.document() for summary in summarise_consumption(file.accumulated)),
                ],
                "problems": [problem.document() for problem in file.problems],
            }
            | _register_reads(file)
            for file in files
        ]
    }


def _summary(days: Sequence[Block]) -> ChannelSummary:
    """Of one channel's blocks in order of day."""
    first = days[0]
    counts, total = np.zeros(len(Quality), dtype=np.int64), 0
    for run in _runs(days):
        values = np.stack([block.values for block in run])
        present = values != MISSING
        # A day always sums in int64, a channel's years need not.
        total += sum(np.where(present, values, 0).sum(axis=1).tolist())
        for block, held in zip(run, present.sum(axis=1).tolist(), strict=True):
            if isinstance(block.quality, int):
                counts[block.quality] += held
            else:
                counts += np.bincount(block.quality[block.present], minlength=len(Quality))
            if block.replaces:
                counts[Quality.MISSING] += block.values.size - held
    starts_at, ends_before, span = _span(days)
    readings = int(counts.sum() - counts[Quality.MISSING])
    return ChannelSummary(
        service_point=first.service_point,
        channel=first.channel,
        unit=first.unit,
        direction=first.direction,
        interval_minutes=tuple(dict.fromkeys(block.interval_minutes for block in days)),
        readings=readings,
        missing=span - readings,
        total=total,
        starts_at=starts_at,
        ends_before=ends_before,
        quality={quality.word: int(counts[quality]) for quality in ORDER if counts[quality]},
    )


def _register_reads(file: FeedFile) -> dict[str, int]:
    """How many reads of registers there are, said where there are any."""
    count = sum(isinstance(one, RegisterRead) for one in file.accumulated)
    return {"register_reads": count} if count else {}


def _accumulated(periods: Sequence[Consumption]) -> ChannelSummary:
    first = periods[0]
    counts = Counter(period.quality for period in periods)
    return ChannelSummary(
        service_point=first.service_point,
        channel=first.channel,
        unit=first.unit,
        direction=first.direction,
        interval_minutes=(),
        readings=len(periods),
        missing=0,
        total=sum(period.micro for period in periods),
        starts_at=min(period.starts_at for period in periods),
        ends_before=max(period.ends_before for period in periods),
        quality={quality.word: counts[quality] for quality in ORDER if counts[quality]},
    )


def _runs(days: Sequence[Block]) -> list[list[Block]]:
    """The blocks by length, so that each group is one matrix."""
    groups: dict[int, list[Block]] = {}
    for block in days:
        groups.setdefault(block.interval_minutes, []).append(block)
    return list(groups.values())


def _span(days: Sequence[Block]) -> tuple[datetime | None, datetime | None, int]:
    """First and last bound of the readings, and how many intervals lie between; an absent day has as many as
    the day before it."""
    first = next((block for block in days if block.present.any()), None)
    last = next((block for block in reversed(days) if block.present.any()), None)
    if first is None or last is None:
        return None, None, 0
    lead = int(np.argmax(first.present))
    trail = int(np.argmax(last.present[::-1]))
    inner = [block for block in days if first.day <= block.day <= last.day]
    span = sum(block.values.size for block in inner) - lead - trail
    for block, following in pairwise(inner):
        span += ((following.day - block.day).days - 1) * block.values.size
    starts_at = first.starts_at + timedelta(minutes=lead * first.interval_minutes)
    ends_before = last.starts_at + timedelta(minutes=1440 - trail * last.interval_minutes)
    return starts_at, ends_before, span
