"""Register reads and told consumption of a feed into the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.problems import Problem
from meters.domain.registers.soundness import reads_of, unsound
from meters.registers.registers import Kind, RegisterName, StoredRegister, registers_for
from meters.registers.writing import ConsumptionRow, ReadRow, Written, write_consumptions, write_reads

ReadKey = tuple[RegisterName, datetime, str, str]
SpanKey = tuple[RegisterName, datetime, datetime]


@dataclass(frozen=True, slots=True)
class StoredAccumulated:
    """What became of a feed's reads and consumptions, counted together; `problems` says what was left out."""

    added: int
    changed: int
    unchanged: int
    problems: tuple[Problem, ...]

    @property
    def taken(self) -> int:
        """Everything kept, whether new or known already."""
        return self.added + self.changed + self.unchanged


@dataclass(slots=True)
class _Sorted:
    """What a feed says, each thing once."""

    kinds: dict[RegisterName, Kind] = field(default_factory=dict)
    reads: dict[ReadKey, RegisterRead] = field(default_factory=dict)
    consumptions: dict[SpanKey, Consumption] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    strangers: Counter[RegisterName] = field(default_factory=Counter)

    def add(self, item: RegisterRead | Consumption) -> None:
        problem = unsound(item)
        if problem is not None:
            self.problems.append(problem)
            return
        if isinstance(item, RegisterRead):
            self._add_read(item)
            return
        name = (item.service_point, item.channel)
        key = (name, item.starts_at.astimezone(UTC), item.ends_before.astimezone(UTC))
        earlier = self.consumptions.get(key)
        if earlier is not None and (earlier.micro, earlier.quality) != (item.micro, item.quality):
            span = f"{item.starts_at.isoformat()} to {item.ends_before.isoformat()}"
            self._differs(name, f"the consumption from {span}", earlier.line, item.line)
        self.kinds.setdefault(name, Kind(str(item.unit.base), item.direction))
        self.consumptions[key] = item
        for read in reads_of(item):
            self.add(read)

    def _add_read(self, read: RegisterRead) -> None:
        name = (read.service_point, read.register)
        key = (name, read.read_at.astimezone(UTC), read.kind, read.meter or "")
        earlier = self.reads.get(key)
        if earlier is not None and _said(earlier) != _said(read):
            self._differs(name, f"the read at {read.read_at.isoformat()}", earlier.line, read.line)
        self.kinds.setdefault(name, Kind(str(read.unit.base), read.direction))
        self.reads[key] = read

    def _differs(self, name: RegisterName, what: str, earlier: int | None, later: int | None) -> None:
        where = f"line {earlier}" if earlier else "an earlier part"
        message = (
            f"Register {name[1]} of {name[0]}: {what} is told otherwise in {where}; the later one is kept."
        )
        self.problems.append(Problem("conflicting_reads", message, later))


def store_accumulated(
    session: Session, feed_id: int, received_at: datetime, items: Iterable[RegisterRead | Consumption]
) -> StoredAccumulated:
    """Take reads and consumptions in, in the session's transaction; the reads that a consumption was made of
    are taken, too.

    Registers and service points that nobody knows are made. A register keeps its unit and direction: what
    comes in another is left out and named. The same content again changes nothing; what is replaced goes to
    the history with this feed. Of two that speak of the same instant (or span) the later stands and is named.
    `received_at` comes from `meters.usage.enter_readings`, called in the same transaction before this.
    """
    said = _Sorted()
    for item in items:
        said.add(item)
    if not said.kinds:
        return StoredAccumulated(0, 0, 0, tuple(said.problems))
    registers = registers_for(session, said.kinds)
    reads = _read_rows(said, registers)
    told = _consumption_rows(said, registers)
    written = [
        write_reads(session, feed_id, received_at, reads) if reads else Written(0, 0, 0),
        write_consumptions(session, feed_id, received_at, told) if told else Written(0, 0, 0),
    ]
    said.problems.extend(_other_kinds(said, registers))
    return StoredAccumulated(
        sum(one.added for one in written),
        sum(one.changed for one in written),
        sum(one.unchanged for one in written),
        tuple(said.problems),
    )


def _said(read: RegisterRead) -> tuple[object, ...]:
    return (read.figure, read.unit.exponent, read.digits, read.multiplier_micro)


def _read_rows(said: _Sorted, registers: Mapping[RegisterName, StoredRegister]) -> list[ReadRow]:
    rows = []
    for (name, read_at, kind, meter), read in said.reads.items():
        register = registers[name]
        if register.kind != Kind(str(read.unit.base), read.direction):
            said.strangers[name] += 1
            continue
        more = (read.digits, read.multiplier_micro, read.method, read.reason, read.line)
        rows.append((register.id, read_at, kind, meter, read.figure, read.unit.exponent, *more))
    return rows


def _consumption_rows(
    said: _Sorted, registers: Mapping[RegisterName, StoredRegister]
) -> list[ConsumptionRow]:
    rows = []
    for (name, starts_at, ends_before), told in said.consumptions.items():
        register = registers[name]
        if register.kind != Kind(str(told.unit.base), told.direction):
            said.strangers[name] += 1
            continue
        rows.append((register.id, starts_at, ends_before, told.micro, told.quality, told.method, told.line))
    return rows


def _other_kinds(said: _Sorted, registers: Mapping[RegisterName, StoredRegister]) -> Iterable[Problem]:
    """Registers that exist in another unit or direction than some of what came."""
    for (point, name), count in said.strangers.items():
        kept = registers[point, name].kind
        message = (
            f"Register {name} of {point} is kept as {kept.direction} in {kept.unit} and is not here. "
            f"{count} of its readings are left out. Send them under another register name."
        )
        yield Problem("channel_changed", message, _first_line(said, (point, name)))


def _first_line(said: _Sorted, name: RegisterName) -> int | None:
    told = [read.line for key, read in said.reads.items() if key[0] == name]
    told += [one.line for key, one in said.consumptions.items() if key[0] == name]
    return min((line for line in told if line is not None), default=None)
