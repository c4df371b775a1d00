"""Consumption by register, for billing and for the eye, where there are no intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from meters.domain.accumulated import Consumption
from meters.domain.quality import Quality
from meters.domain.registers.between import Between, Plausible, consumption_between
from meters.domain.registers.faults import ReadFault
from meters.domain.registers.parts import Part, parts
from meters.registers.loading import Register, load_registers
from meters.registers.profiles import profiles_for


@dataclass(frozen=True, slots=True)
class RegisterUsage:
    """One register over a span: a part between each two boundaries, in millionths of `unit`, and what does
    not go together among its reads of that time."""

    register_id: int
    service_point_id: int
    name: str
    unit: str
    direction: str
    parts: tuple[Part, ...]
    faults: tuple[ReadFault, ...]

    @property
    def micro(self) -> int:
        """The whole span's consumption."""
        return sum(part.micro for part in self.parts)

    @property
    def estimated(self) -> bool:
        """Whether any part rests on more than reads: an estimate, a share by profile, or nothing."""
        return any(part.estimated for part in self.parts)


def register_consumption(
    session: Session,
    service_point_ids: Sequence[int],
    starts_at: datetime,
    ends_before: datetime,
    boundaries: Sequence[datetime] = (),
    known_at: datetime | None = None,
    plausible: Plausible | None = None,
) -> dict[int, tuple[RegisterUsage, ...]]:
    """Each service point's registers over [starts_at, ends_before), cut at the boundaries inside it (a price
    that changes), as known at an instant (None: now).

    A consumption between two reads that spans a boundary is divided by profile: the service point's own
    intervals of that time, where there are all; else the standard load profile of its segment for electricity
    that is imported; else evenly. Bills that share a boundary agree on it, and the parts of one consumption
    over any bills sum to it. A span that no read closes yet is `unknown`: nothing is forecast here.

    A service point without registers has an empty tuple. The number of statements does not depend on how many
    service points there are.
    """
    instants = sorted({starts_at, ends_before, *(at for at in boundaries if starts_at < at < ends_before)})
    found: dict[int, list[RegisterUsage]] = {point: [] for point in service_point_ids}
    registers = load_registers(session, service_point_ids, known_at)
    known = {register.id: consumption_between(register.reads, plausible) for register in registers}
    ordered = {register.id: best_first(register, known[register.id]) for register in registers}
    cut = {
        register.id: [told for told in ordered[register.id] if _is_cut(told, instants)]
        for register in registers
    }
    profiles = profiles_for(session, registers, cut, known_at)
    for register in registers:
        faults = [
            fault
            for fault in known[register.id].faults
            if fault.later.read_at > starts_at and fault.earlier.read_at < ends_before
        ]
        usage = RegisterUsage(
            register.id,
            register.service_point_id,
            register.name,
            register.unit,
            register.direction,
            parts(ordered[register.id], instants, profiles.of(register)),
            tuple(faults),
        )
        found[register.service_point_id].append(usage)
    return {point: tuple(usages) for point, usages in found.items()}


def best_first(register: Register, between: Between) -> list[Consumption]:
    """Told and read consumptions, the better ones first: told as actual, the newest feed first; between
    actual reads; then what was told as estimated, then what rests on estimated reads."""
    newest = sorted(register.told, key=lambda told: -told.feed_id)
    told = [one.consumption for one in newest]
    actual = [one for one in told if one.quality == Quality.ACTUAL]
    guessed = [one for one in told if one.quality not in (Quality.ACTUAL, Quality.MISSING)]
    read = [one for one in between.consumptions if one.quality == Quality.ACTUAL]
    unsure = [one for one in between.consumptions if one.quality != Quality.ACTUAL]
    return [*actual, *read, *guessed, *unsure]


def _is_cut(told: Consumption, instants: Sequence[datetime]) -> bool:
    return any(told.starts_at < at < told.ends_before for at in instants)
