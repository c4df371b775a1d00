"""NEM13, the accumulated meter data of the Australian market (Meter Data File Format Specification NEM12 &
NEM13, section 5).

    100  header              one, first
    250  a consumption       two reads of one register, and what went through between them
    550  the reads' reasons  the transactions behind the two reads of the 250 above
    900  end                 one, last

Times are UTC+10 all the year. The direction is the grid's: E, export from the grid, is the customer's import.
A consumption counts what the file says, multiplier and rollover included; what stood on the dial is beside it
as two register reads. The specification forbids a negative quantity, but registers of solar feed-in come with
one: its sign is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from meters.domain.accumulated import Consumption, ReadKind, RegisterRead
from meters.domain.decimals import MISSING, REGISTER_LIMIT, micro_of
from meters.domain.problems import Problem
from meters.domain.units import parse_unit
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.lines import Unreadable, lines
from meters.feeds.nem.records import (
    Order,
    QualityMethod,
    at,
    fields_of,
    first_record,
    instant_of,
    quality_method,
    refuse,
)

_FIELDS, _LEAST_FIELDS = 23, 20
_PREVIOUS, _CURRENT, _QUANTITY, _UNIT = 8, 13, 18, 19
_DIRECTIONS = {"E": "import", "I": "export"}
_KINDS: dict[str, ReadKind] = {"A": "actual", "E": "estimated", "F": "substituted", "S": "substituted"}
_CUSTOMER_READ = "67"  # appendix D
_REMOVAL = "R"  # appendix A


def recognises(head: str) -> bool:
    """Whether the first record that is not blank is a NEM13 header, or a record of that version."""
    found = first_record(head)
    return found is not None and (found[1] == "NEM13" or found[0] in ("250", "550"))


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG001
    """Consumptions and problems in the order of the file."""
    try:
        yield from _items(stream)
    except Unreadable as unreadable:
        yield unreadable.problem


FORMAT = Format("nem13", recognises, read)


class _Fault(Exception):
    """Why one 250 record is left out."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _items(stream: BinaryIO) -> Iterator[Item]:
    order, number = Order("NEM13"), 0
    waiting: Consumption | None = None  # for a 550
    seen = False
    for number, raw in lines(stream):
        fields = fields_of(raw, number)
        if not fields:
            continue
        kind = fields[0].strip()
        order.check(kind, number)
        if kind == "550":
            if not seen:
                raise refuse("no_reading", "A 550 record stands before any 250 record it tells of.", number)
            waiting = _with_transactions(waiting, fields) if waiting else None
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if kind == "250":
            seen = True
            try:
                waiting = _consumption(fields, number)
            except _Fault as fault:
                yield Problem(fault.code, f"{fault.message} The record is left out.", number)
        elif kind == "100":
            order.begin(fields, number)
        elif kind == "900":
            order.ended = True
        else:
            raise refuse("unknown_record", f"A NEM13 file has no {kind[:20]!r} record.", number)
    order.check_end(number)


@dataclass(frozen=True, slots=True)
class _Read:
    """One of the two reads of a record. `text` as on the dial, leading zeros and all; nothing if unsaid."""

    text: str
    figure: int
    read_at: datetime
    quality: QualityMethod
    reason: str


def _consumption(fields: list[str], number: int) -> Consumption:
    """Raises _Fault where the record cannot be believed."""
    if len(fields) < _LEAST_FIELDS or any(text.strip() for text in fields[_FIELDS:]):
        message = f"The 250 record has {len(fields)} fields, not {_LEAST_FIELDS} to {_FIELDS}."
        raise _Fault("wrong_count", message)
    nmi, suffix, letter = at(fields, 1), at(fields, 4), at(fields, 7)
    if not nmi or not suffix:
        raise _Fault("no_name", "The 250 record names no NMI or no suffix.")
    direction = _DIRECTIONS.get(letter.upper())
    if direction is None:
        raise _Fault("bad_direction", f"The direction {letter[:20]!r} is neither E nor I.")
    unit = parse_unit(at(fields, _UNIT))
    previous, current = _read(fields, _PREVIOUS, "previous"), _read(fields, _CURRENT, "current")
    if current.read_at <= previous.read_at:
        raise _Fault("bad_period", "The current read is not later than the previous one.")
    micro = _figure(at(fields, _QUANTITY), "quantity", unit.exponent, signed=True)
    if micro == MISSING or current.quality.flag == "N":
        raise _Fault("no_value", "The record has no quantity.")
    same = len(_whole(previous.text)) == len(_whole(current.text))

    def register(one: _Read) -> RegisterRead | None:
        if one.figure == MISSING:
            return None
        customers = one.quality.method == _CUSTOMER_READ
        kind: ReadKind = "customer" if customers else _KINDS[one.quality.flag]
        digits = len(_whole(one.text)) if same else None
        return RegisterRead(
            service_point=nmi,
            meter=at(fields, 6) or None,
            register=suffix,
            unit=unit,
            direction=direction,
            read_at=one.read_at,
            figure=one.figure,
            kind=kind,
            digits=digits,
            line=number,
            method=one.quality.method,
            reason=one.reason or None,
        )

    return Consumption(
        service_point=nmi,
        channel=suffix,
        unit=unit,
        direction=direction,
        starts_at=previous.read_at,
        ends_before=current.read_at,
        micro=micro,
        quality=int(current.quality.quality),
        start_read=register(previous),
        end_read=register(current),
        line=number,
        method=current.quality.method,
    )


def _read(fields: list[str], place: int, name: str) -> _Read:
    text, stamp, flag, code, words = (at(fields, place + behind) for behind in range(5))
    read_at, quality = instant_of(stamp), quality_method(flag)
    if read_at is None:
        words = f"The time of the {name} read, {stamp[:20]!r}, is not one like 20240131093000."
        raise _Fault("bad_date", words)
    if quality is None or quality.flag == "V":
        raise _Fault(
            "bad_quality", f"The quality of the {name} read, {flag[:20]!r}, is none of A, E, F, N, S."
        )
    figure = MISSING if quality.flag == "N" else _figure(text, f"{name} read")
    reason = " ".join(part for part in (f"reason {code}" if code else "", words) if part)
    return _Read(text, figure, read_at, quality, reason)


def _figure(text: str, name: str, exponent: int = 0, *, signed: bool = False) -> int:
    figure = micro_of(text, exponent, signed=signed, limit=REGISTER_LIMIT)
    if isinstance(figure, str):
        raise _Fault(figure, f"The {name} {text[:20]!r} is not what a register shows.")
    return figure


def _whole(text: str) -> str:
    return text.partition(".")[0]


def _with_transactions(consumption: Consumption, fields: list[str]) -> Consumption:
    """A 550 record: why the two reads were taken. Where the meter was taken down with the current one, that
    is its final one."""
    start, end = consumption.start_read, consumption.end_read
    if start is not None:
        start = replace(start, reason=_reason(start, at(fields, 1), at(fields, 2)))
    if end is not None:
        removed = at(fields, 3) == _REMOVAL and end.kind == "actual"
        kind: ReadKind = "final" if removed else end.kind
        end = replace(end, reason=_reason(end, at(fields, 3), at(fields, 4)), kind=kind)
    return replace(consumption, start_read=start, end_read=end)


def _reason(read: RegisterRead, code: str, order: str) -> str | None:
    parts = (
        f"transaction {code}" if code else "",
        f"service order {order}" if order else "",
        read.reason or "",
    )
    return ", ".join(part for part in parts if part) or None
