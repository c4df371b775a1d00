"""What a writer is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from meters.domain.blocks import Block
from meters.domain.units import Unit


@dataclass(frozen=True, slots=True)
class ChannelToWrite:
    """One channel and its days in order of day, all in its standard time; made one after the other, so that a
    writer that streams holds one channel at most."""

    service_point: str
    channel: str
    unit: Unit
    direction: str
    offset_minutes: int
    meter: str | None
    blocks: Iterable[Block]


@dataclass(frozen=True, slots=True)
class Writer:
    """`write(channels, made_at, out)` streams a whole file. Raises Invalid (utility_crm.kit.errors) where the
    format cannot say something, naming it: nothing is left out in silence."""

    name: str
    suffix: str
    media_type: str
    write: Callable[[Iterable[ChannelToWrite], datetime, BinaryIO], None]
