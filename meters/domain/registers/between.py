"""Consumption between the reads of a register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.quality import Quality
from meters.domain.registers.faults import ReadFault
from meters.domain.registers.standing import RANK, standing_meters
from meters.domain.units import parse_unit

ONE = 1_000_000
"""A multiplier of one, in millionths."""

_GUESSED = ("estimated", "deemed")
_EXCHANGE = timedelta(days=1)
"""Between a final and a first read no further apart nothing flows: the meter is being exchanged."""

_SHIFT = 12
"""Figures of all units are compared in 10**-(6 + _SHIFT) of the base unit."""


@dataclass(frozen=True, slots=True)
class Plausible:
    """When a figure below the one before is a dial that rolled over, and when it went backwards.

    It rolled over where that means at most half the dial's range, and at most `most_per_day` of the unit's
    base a day as the dial counts, before the multiplier.
    """

    most_per_day: int = 2_000


@dataclass(frozen=True, slots=True)
class Between:
    """`consumptions` by time, each with its two reads; `superseded` are the estimates that real reads around
    them made idle, and `faults` what does not go together."""

    consumptions: tuple[Consumption, ...]
    superseded: tuple[RegisterRead, ...]
    faults: tuple[ReadFault, ...]


def consumption_between(reads: Sequence[RegisterRead], plausible: Plausible | None = None) -> Between:
    """What went through one register between its reads, in any order, of any meters that stood there.

    - A figure below the one before is a dial that rolled over at 10**digits, if that is plausible; else the
      register went backwards: nothing is said of that time, and the fault is named.
    - The multiplier (current times voltage transformer) is applied to figures, not to differences, so parts
      always sum to the whole. Digits and multiplier hold for all of a meter's reads until told otherwise.
    - Estimated and deemed reads count until a real one comes: those between two real ones are superseded.
    - Where a read speaks against a better one (RANK) it is left out.
    - A meter's final read ends it, the next one's first begins it; up to a day between them is one exchange.
    - A register with figures below zero counts both ways: its differences keep their sign.
    """
    sane = plausible or Plausible()
    consumptions, superseded, faults = list[Consumption](), list[RegisterRead](), list[ReadFault]()
    before: list[RegisterRead] = []
    for stood in standing_meters(reads):
        settled = _settled(stood)
        firm = _firm(settled, superseded)
        chain = _consistent(firm, sane, faults)
        steps = list(_steps(chain, sane, faults))
        if before:
            steps = _after_exchange(before[-1], chain, steps, faults)
        consumptions += steps
        before = chain
    consumptions.sort(key=lambda one: one.starts_at)
    return Between(tuple(consumptions), tuple(superseded), tuple(faults))


def _settled(reads: Sequence[RegisterRead]) -> list[RegisterRead]:
    """Every read with digits and multiplier: its own, else those said last before it, else first after it."""
    digits = next((read.digits for read in reads if read.digits is not None), None)
    multiplier = next((read.multiplier_micro for read in reads if read.multiplier_micro is not None), ONE)
    settled = []
    for read in reads:
        digits = digits if read.digits is None else read.digits
        multiplier = multiplier if read.multiplier_micro is None else read.multiplier_micro
        if read.digits != digits or read.multiplier_micro != multiplier:
            read = replace(read, digits=digits, multiplier_micro=multiplier)
        settled.append(read)
    return settled


def _firm(reads: Sequence[RegisterRead], superseded: list[RegisterRead]) -> list[RegisterRead]:
    """The reads without the estimates between two real ones."""
    real = [place for place, read in enumerate(reads) if read.kind not in _GUESSED]
    if not real:
        return list(reads)
    kept = []
    for place, read in enumerate(reads):
        if read.kind in _GUESSED and real[0] < place < real[-1]:
            superseded.append(read)
        else:
            kept.append(read)
    return kept


def _consistent(
    reads: Sequence[RegisterRead], plausible: Plausible, faults: list[ReadFault]
) -> list[RegisterRead]:
    """The reads without those that a better one proves wrong. Reads of one rank all stay."""
    kept: list[RegisterRead] = []
    for read in reads:
        while kept and _weaker(kept[-1], read) and counted(kept[-1], read, plausible) is None:
            faults.append(ReadFault("read_contradicted", kept[-1], read, kept[-1]))
            kept.pop()
        if kept and _weaker(read, kept[-1]) and counted(kept[-1], read, plausible) is None:
            faults.append(ReadFault("read_contradicted", kept[-1], read, read))
            continue
        kept.append(read)
    return kept


def _weaker(one: RegisterRead, other: RegisterRead) -> bool:
    """Whether the one gives way: a read at the meter never does."""
    return RANK[one.kind] < min(RANK[other.kind], RANK["actual"])


def _steps(
    reads: Sequence[RegisterRead], plausible: Plausible, faults: list[ReadFault]
) -> Iterator[Consumption]:
    for earlier, later in pairwise(reads):
        if earlier.multiplier_micro != later.multiplier_micro:
            faults.append(ReadFault("multiplier_changed", earlier, later))
            continue
        micro = counted(earlier, later, plausible)
        if micro is None:
            faults.append(ReadFault("went_backwards", earlier, later))
            continue
        yield Consumption(
            service_point=later.service_point,
            channel=later.register,
            unit=parse_unit(later.unit.base),
            direction=later.direction,
            starts_at=earlier.read_at,
            ends_before=later.read_at,
            micro=micro,
            quality=_quality(earlier, later),
            start_read=earlier,
            end_read=later,
            line=later.line,
        )


def counted(earlier: RegisterRead, later: RegisterRead, plausible: Plausible) -> int | None:
    """Millionths of the base unit between two settled reads of one meter; None where it went backwards."""
    exponents = earlier.unit.exponent, later.unit.exponent
    if exponents == (0, 0) and later.multiplier_micro == ONE and earlier.figure <= later.figure:
        return later.figure - earlier.figure  # as nearly all are
    start, end = _raw(earlier), _raw(later)
    if end < start and earlier.figure >= 0 and later.figure >= 0:
        if later.digits is None:
            return None
        around = _power(later.digits + later.unit.exponent + 6 + _SHIFT)
        end += around
        seconds = max(int((later.read_at - earlier.read_at).total_seconds()), 86_400)
        most = plausible.most_per_day * _power(6 + _SHIFT) * seconds
        if not 0 <= 2 * (end - start) <= around or (end - start) * 86_400 > most:
            return None
    multiplier = later.multiplier_micro or ONE
    return _rounded(end * multiplier) - _rounded(start * multiplier)


def _raw(read: RegisterRead) -> int:
    return read.figure * _power(read.unit.exponent + _SHIFT)


def _power(exponent: int) -> int:
    return int(10**exponent)  # never below one: exponents of units are small


def _rounded(value: int) -> int:
    """Half up, so that a dial's whole turn shifts a rounded figure by exactly itself."""
    unit = _power(6 + _SHIFT)
    return (2 * value + unit) // (2 * unit)


def _quality(earlier: RegisterRead, later: RegisterRead) -> Quality:
    kinds = {earlier.kind, later.kind}
    if kinds & set(_GUESSED):
        return Quality.ESTIMATED
    return Quality.SUBSTITUTED if "substituted" in kinds else Quality.ACTUAL


def _after_exchange(
    last: RegisterRead, chain: Sequence[RegisterRead], steps: list[Consumption], faults: list[ReadFault]
) -> list[Consumption]:
    """The new meter's steps, the first of them beginning where the old meter ended."""
    first = chain[0]
    if last.read_at > first.read_at:
        faults.append(ReadFault("meters_overlap", last, first))
        return steps
    if last.kind != "final":
        faults.append(ReadFault("no_final_read", last, first))
        return steps
    if steps and steps[0].start_read is first and first.read_at - last.read_at <= _EXCHANGE:
        steps[0] = replace(steps[0], starts_at=last.read_at)
    return steps
