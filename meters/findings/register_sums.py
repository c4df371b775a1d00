"""What registers counted between their reads, for the channels that count the same energy in intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.accumulated import Consumption
from meters.domain.quality import Quality
from meters.domain.registers.between import consumption_between
from meters.registers.loading import Register, load_registers

Span = tuple[datetime, datetime]

TOTAL_WITHIN = 0.01
"""A register that counts what others of its meter count together is their total."""

# A channel is compared where it alone counts its unit and direction: registers cannot tell two apart.
_CHANNELS = """
select min(c.id) as channel_id, c.service_point_id, c.unit, c.direction
from channels c
where c.service_point_id in (select service_point_id from channels where id = any(:channels))
  and exists (select from registers r where r.service_point_id = c.service_point_id)
group by c.service_point_id, c.unit, c.direction
having count(*) = 1 and min(c.id) = any(:channels)
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the registers beside a channel counted in [starts_at, ends_before), in millionths of its unit;
    both reads were taken at the meter."""

    channel_id: int
    starts_at: datetime
    ends_before: datetime
    micro: int


def register_sums(
    session: Session, channel_ids: Sequence[int], first: datetime, last: datetime
) -> list[Counted]:
    """Of those channels that stand beside registers, every span between neighbouring actual reads that meets
    [first, last), in order. Four statements, however many channels."""
    rows = session.execute(text(_CHANNELS), {"channels": list(channel_ids)}).all()
    if not rows:
        return []
    registers = load_registers(session, sorted({row.service_point_id for row in rows}))
    found = []
    for row in rows:
        mine = [one for one in registers if _beside(one, row)]
        for (starts_at, ends_before), micro in sorted(_together(mine).items()):
            if starts_at < last and ends_before > first:
                found.append(Counted(row.channel_id, starts_at, ends_before, micro))
    return found


def _beside(register: Register, row: object) -> bool:
    kind = (register.service_point_id, register.unit, register.direction)
    return kind == (row.service_point_id, row.unit, row.direction)  # type: ignore[attr-defined]


def _together(registers: Iterable[Register]) -> dict[Span, int]:
    """The spans for which all of the registers have a figure, and their sum; one of them that is the others'
    total stands alone."""
    spans: dict[Span, list[int]] = {}
    count = 0
    for register in registers:
        count += 1
        for told in _actual(register):
            spans.setdefault((told.starts_at, told.ends_before), []).append(told.micro)
    return {span: _sum(figures) for span, figures in spans.items() if len(figures) == count}


def _actual(register: Register) -> list[Consumption]:
    between = consumption_between(register.reads).consumptions
    told = {(one.starts_at, one.ends_before): one for one in between}
    told |= {
        (one.consumption.starts_at, one.consumption.ends_before): one.consumption for one in register.told
    }
    return [one for one in told.values() if one.quality == Quality.ACTUAL]


def _sum(figures: Sequence[int]) -> int:
    most, whole = max(figures), sum(figures)
    if len(figures) > 2 and abs(whole - 2 * most) <= TOTAL_WITHIN * most:
        return most
    return whole
