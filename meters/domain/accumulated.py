"""What a register counted: its figure at an instant, and the consumption between two instants.

Interval readings are blocks (`meters.domain.blocks`). What lies on no grid of a day is here: a dial read by a
person, a quarter's accumulated consumption, a month of a bill.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from meters.domain.units import Unit

ReadKind = Literal["actual", "customer", "estimated", "deemed", "substituted", "final", "first"]
"""Who says so: read at the meter, by the customer, estimated, deemed (taken for true by rule), substituted;
final and first are those of a meter taken down and put up."""


@dataclass(frozen=True, slots=True)
class RegisterRead:
    """What one register of a meter showed at `read_at`.

    `figure` counts millionths of what stands on the dial, before the multiplier (current x voltage
    transformer ratio). `digits` before the point tell where the dial rolls over, None where the file does not
    say. `register` is the channel's name (T1, T2, an OBIS code, a NEM suffix). `method` is how it was found,
    a code of the format; `reason` says in its codes and words why it was taken or is no actual one.
    """

    service_point: str
    meter: str | None
    register: str
    unit: Unit
    direction: str
    read_at: datetime
    figure: int
    kind: ReadKind = "actual"
    digits: int | None = None
    multiplier_micro: int | None = None
    line: int | None = None
    method: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Consumption:
    """What went through a channel in [starts_at, ends_before), where that is no interval of a day's grid.

    `micro` counts millionths of `unit.base` with the file's sign kept; both instants carry an offset.
    `quality` is a code of `meters.domain.quality`. `start_read` and `end_read` are the reads it was made of,
    where the file gives them; `method` is how the later one was found, a code of the format.
    """

    service_point: str
    channel: str
    unit: Unit
    direction: str
    starts_at: datetime
    ends_before: datetime
    micro: int
    quality: int
    start_read: RegisterRead | None = None
    end_read: RegisterRead | None = None
    line: int | None = None
    method: str | None = None
