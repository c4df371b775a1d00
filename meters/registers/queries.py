"""Registers of one service point as a person looks at them: reads, consumption, and what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from meters.domain.accumulated import RegisterRead
from meters.domain.decimals import decimal_text
from meters.domain.quality import Quality
from meters.domain.registers.between import Between, consumption_between
from meters.domain.registers.faults import ReadFault
from meters.domain.registers.spreading import Claim, claimed, micro_before
from meters.registers.consumption import best_first
from meters.registers.loading import Register, load_registers
from meters.tables import Feed, ServicePoint
from utility_crm.auth.tables import User
from utility_crm.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One read. `figure` counts millionths of `unit`, the dial's; `superseded`: an estimate that real reads
    around it made idle; `doubted`: a better read speaks against it, and it is left out."""

    read_at: datetime
    kind: str
    meter: str | None
    figure: int
    unit: str
    digits: int | None
    multiplier_micro: int | None
    superseded: bool
    doubted: bool
    feed_id: int
    feed: str
    line: int | None
    author: str | None


@dataclass(frozen=True, slots=True)
class UsedRow:
    """Consumption of [starts_at, ends_before), millionths of the register's unit; `told` by a feed, else
    between two reads."""

    starts_at: datetime
    ends_before: datetime
    micro: int
    quality: str
    told: bool
    estimated: bool


@dataclass(frozen=True, slots=True)
class RegisterSheet:
    """One register: reads and consumption, the newest first, and what does not go together."""

    name: str
    unit: str
    direction: str
    reads: tuple[ReadRow, ...]
    used: tuple[UsedRow, ...]
    faults: tuple[ReadFault, ...]


def register_sheets(session: Session, service_point: str) -> tuple[RegisterSheet, ...]:
    """The registers of a service point by name; empty where there are none. Raises NotFound."""
    point = session.scalar(select(ServicePoint.id).where(ServicePoint.code == service_point))
    if point is None:
        raise NotFound(
            "no_such_service_point", f"There is no service point {service_point!r}.", "service_point"
        )
    registers = load_registers(session, [point])
    feeds = _feeds(session, {feed for register in registers for feed in register.feeds})
    return tuple(_sheet(register, feeds) for register in registers)


_Feeds = dict[int, tuple[str, str | None]]
"""Feed's id -> its name, and who sent it."""


def _feeds(session: Session, ids: set[int]) -> _Feeds:
    rows = session.execute(
        select(Feed.id, Feed.name, User.name)
        .outerjoin(User, User.id == Feed.user_id)
        .where(Feed.id == any_(literal(sorted(ids), ARRAY(BigInteger()))))
    )
    return {feed_id: (name, author) for feed_id, name, author in rows}


def _sheet(register: Register, feeds: _Feeds) -> RegisterSheet:
    between = consumption_between(register.reads)
    left_out = [_place(fault.dropped) for fault in between.faults if fault.dropped is not None]
    superseded = [_place(read) for read in between.superseded]
    reads = []
    for read, feed_id in zip(register.reads, register.feeds, strict=True):
        name, author = feeds.get(feed_id, ("", None))
        reads.append(
            ReadRow(
                read.read_at,
                read.kind,
                read.meter,
                read.figure,
                str(read.unit.declared),
                read.digits,
                read.multiplier_micro,
                _place(read) in superseded,
                _place(read) in left_out,
                feed_id,
                name,
                read.line,
                author,
            )
        )
    newest = tuple(reversed(reads))
    return RegisterSheet(
        register.name, register.unit, register.direction, newest, _used(register, between), between.faults
    )


def _place(read: RegisterRead) -> tuple[datetime, str, int]:
    """A read by itself, whatever the chain has filled in of its meter."""
    return read.read_at, read.kind, read.figure


def _used(register: Register, between: Between) -> tuple[UsedRow, ...]:
    claims = claimed(best_first(register, between))
    return tuple(_row(claim) for claim in reversed(claims))


def _row(claim: Claim) -> UsedRow:
    """What is left of a consumption that shares its time with a better one is shown as an even share."""
    told = claim.consumption
    begun, gone = micro_before(told, [claim.starts_at, claim.ends_before])
    estimated = told.quality != Quality.ACTUAL or not claim.whole
    word = Quality(told.quality).word
    by_feed = told.start_read is None
    return UsedRow(claim.starts_at, claim.ends_before, gone - begun, word, by_feed, estimated)


def sheets_document(service_point: str, sheets: Sequence[RegisterSheet]) -> dict[str, Any]:
    """The document of `meters reads`."""
    return {
        "service_point": service_point,
        "registers": [
            {
                "register": sheet.name,
                "unit": sheet.unit,
                "direction": sheet.direction,
                "reads": [_read_document(read) for read in sheet.reads],
                "consumption": [_used_document(used) for used in sheet.used],
                "faults": [fault.message for fault in sheet.faults],
            }
            for sheet in sheets
        ],
    }


def _read_document(read: ReadRow) -> dict[str, Any]:
    return {
        "read_at": read.read_at.isoformat(),
        "meter": read.meter,
        "value": decimal_text(read.figure, 6),
        "unit": read.unit,
        "kind": read.kind,
        "digits": read.digits,
        "multiplier": decimal_text(read.multiplier_micro, 6) if read.multiplier_micro else None,
        "superseded": read.superseded,
        "left_out": read.doubted,
        "feed_id": read.feed_id,
        "feed": read.feed,
        "line": read.line,
        "by": read.author,
    }


def _used_document(used: UsedRow) -> dict[str, Any]:
    return {
        "starts_at": used.starts_at.isoformat(),
        "ends_before": used.ends_before.isoformat(),
        "value": decimal_text(used.micro, 6),
        "quality": used.quality,
        "told": used.told,
    }
