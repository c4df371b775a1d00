"""Rows of reads and of consumption into their tables: one COPY, one statement; what they replace goes to the
history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from utility_crm.kit.driver import driver_cursor

ReadRow = tuple[int, datetime, str, str, int, int, int | None, int | None, str | None, str | None, int | None]
"""register_id, read_at, kind, meter, figure, exponent, digits, multiplier_micro, method, reason, line."""
ConsumptionRow = tuple[int, datetime, datetime, int, int, str | None, int | None]
"""register_id, starts_at, ends_before, micro, quality, method, line."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows came new, and how many replaced another; the rest was there already."""

    added: int
    changed: int
    unchanged: int


_READS = "register_id, read_at, kind, meter, figure, exponent, digits, multiplier_micro, method, reason, line"
_OLD_READS = ", ".join(f"old.{name}" for name in _READS.split(", "))
_INCOMING_READS = """
create temp table if not exists incoming_reads (
    register_id bigint, read_at timestamptz, kind text, meter text, figure bigint,
    exponent smallint, digits smallint, multiplier_micro bigint, method text, reason text, line int
) on commit delete rows
"""
# What a feed does not say (digits, a multiplier, a method) takes nothing back of what is known.
_UPSERT_READS = f"""
with written as (
    insert into register_reads as held ({_READS}, feed_id)
    select {_READS}, %(feed_id)s from incoming_reads order by register_id, read_at, kind, meter
    on conflict (register_id, read_at, kind, meter) do update
    set figure = excluded.figure, exponent = excluded.exponent, line = excluded.line,
        feed_id = excluded.feed_id,
        digits = coalesce(excluded.digits, held.digits),
        multiplier_micro = coalesce(excluded.multiplier_micro, held.multiplier_micro),
        method = coalesce(excluded.method, held.method), reason = coalesce(excluded.reason, held.reason)
    where (held.figure, held.exponent) <> (excluded.figure, excluded.exponent)
       or (held.digits, held.multiplier_micro, held.method, held.reason) is distinct from (
           coalesce(excluded.digits, held.digits),
           coalesce(excluded.multiplier_micro, held.multiplier_micro),
           coalesce(excluded.method, held.method), coalesce(excluded.reason, held.reason))
    returning {_OLD_READS}, old.feed_id
), replaced as (
    insert into register_read_history ({_READS}, feed_id, replaced_by, replaced_at)
    select w.*, %(feed_id)s, %(received_at)s from written w where w.register_id is not null
)
select count(*), count(register_id) from written
"""

_SPANS = "register_id, starts_at, ends_before, micro, quality, method, line"
_OLD_SPANS = ", ".join(f"old.{name}" for name in _SPANS.split(", "))
_INCOMING_SPANS = """
create temp table if not exists incoming_consumptions (
    register_id bigint, starts_at timestamptz, ends_before timestamptz, micro bigint, quality smallint,
    method text, line int
) on commit delete rows
"""
_UPSERT_SPANS = f"""
with written as (
    insert into consumptions as held ({_SPANS}, feed_id)
    select {_SPANS}, %(feed_id)s from incoming_consumptions order by register_id, starts_at, ends_before
    on conflict (register_id, starts_at, ends_before) do update
    set micro = excluded.micro, quality = excluded.quality, line = excluded.line, feed_id = excluded.feed_id,
        method = coalesce(excluded.method, held.method)
    where (held.micro, held.quality) <> (excluded.micro, excluded.quality)
       or held.method is distinct from coalesce(excluded.method, held.method)
    returning {_OLD_SPANS}, old.feed_id
), replaced as (
    insert into consumption_history ({_SPANS}, feed_id, replaced_by, replaced_at)
    select w.*, %(feed_id)s, %(received_at)s from written w where w.register_id is not null
)
select count(*), count(register_id) from written
"""


def write_reads(session: Session, feed_id: int, received_at: datetime, rows: Sequence[ReadRow]) -> Written:
    """Store reads, no two of one register, instant, kind and meter; their registers must be locked."""
    upsert = (_INCOMING_READS, f"incoming_reads ({_READS})", _UPSERT_READS)
    return _write(session, *upsert, rows, {"feed_id": feed_id, "received_at": received_at})


def write_consumptions(
    session: Session, feed_id: int, received_at: datetime, rows: Sequence[ConsumptionRow]
) -> Written:
    """Store consumptions, no two of one register and span; their registers must be locked."""
    upsert = (_INCOMING_SPANS, f"incoming_consumptions ({_SPANS})", _UPSERT_SPANS)
    return _write(session, *upsert, rows, {"feed_id": feed_id, "received_at": received_at})


def _write(
    session: Session,
    incoming: str,
    into: str,
    upsert: str,
    rows: Sequence[tuple[Any, ...]],
    values: dict[str, Any],
) -> Written:
    with driver_cursor(session) as cursor:
        cursor.execute(incoming)
        cursor.execute(f"truncate {into.partition(' ')[0]}")
        with cursor.copy(f"copy {into} from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(upsert, values)
        written, changed = cursor.fetchone() or (0, 0)
    return Written(added=written - changed, changed=changed, unchanged=len(rows) - written)
