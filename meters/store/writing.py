"""Days into the blocks table: new ones by COPY, others by one statement; what they replace goes to the
history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from meters.domain.blocks import Remark
from meters.store.copying import COLUMNS, HEAD, TRAILER, copy_bytes
from meters.store.rows import DayTable
from utility_crm.kit.driver import driver_cursor

MOST_NEW_MONTHS = 240
"""Partitions that one feed may make: each takes locks until the feed is stored, and those of all have a room
that does not grow (max_locks_per_transaction)."""
Judge = Callable[[Session, int, DayTable], None]
"""`judge(session, feed_id, table)` looks at days just written, new or changed, a bounded table at a time:
whole days, as they now stand, in the transaction that wrote them."""

_INCOMING = """
create temp table if not exists incoming_blocks (
    channel_id bigint, day date, feed_id bigint, line integer, member smallint,
    quality smallint, qualities smallint[], micro bigint[]
) on commit delete rows
"""
_COPY = f"copy %s ({', '.join(COLUMNS)}) from stdin (format binary)"

# Rows go in by channel and day, the key's order; `old` is what an update found.
_UPSERT = """
with written as (
    insert into blocks as held (channel_id, day, micro, quality, qualities, feed_id, line, member)
    select channel_id, day, micro, quality, qualities, feed_id, line, member
    from incoming_blocks order by channel_id, day
    on conflict (channel_id, day) do update
    set micro = excluded.micro, quality = excluded.quality, qualities = excluded.qualities,
        feed_id = excluded.feed_id, line = excluded.line, member = excluded.member
    where held.micro is distinct from excluded.micro
       or held.quality is distinct from excluded.quality
       or held.qualities is distinct from excluded.qualities
    returning old.channel_id, old.day, old.micro, old.quality, old.qualities, old.feed_id, old.line,
              old.member
), replaced as (
    insert into block_history
        (channel_id, day, micro, quality, qualities, feed_id, line, member, replaced_by, replaced_at)
    select w.*, %(feed_id)s, %(received_at)s from written w where w.channel_id is not null
    order by w.channel_id, w.day
)
select count(channel_id) from written
"""

# An upsert opens the compressed rows that it touches; beyond 100,000 it has to be told that this is meant.
_OPEN_CHUNKS = """
select set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true)
from pg_extension where extname = 'timescaledb'
"""

_PARTITIONS = """
select make_block_partitions(month, (month + interval '1 month - 1 day')::date)
from unnest(%s::date[]) as month
"""
_LACKING = """
select count(*) from unnest(%s::date[]) as month
where to_regclass('blocks_' || to_char(month, 'YYYYMM')) is null
  and (select relkind = 'p' from pg_class where oid = 'blocks'::regclass)
"""
_REMARKS = (
    'copy block_remarks (channel_id, day, feed_id, first, "end", method, reason_code, reason) from stdin'
)


def months_without_room(session: Session, months: Iterable[date]) -> int:
    """How many of these, each told by its first day, have no partition yet; 0 on TimescaleDB, where chunks
    come by themselves."""
    with driver_cursor(session) as cursor:
        cursor.execute(_LACKING, (sorted(months),))
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def make_room(session: Session, days: Iterable[date]) -> None:
    """Partitions for these days; called before anything is locked or read, since it waits for others."""
    months = sorted({day.replace(day=1) for day in days})
    with driver_cursor(session) as cursor:
        cursor.execute(_PARTITIONS, (months,))
        cursor.execute(_OPEN_CHUNKS)


def add_days(session: Session, feed_id: int, tables: Sequence[DayTable]) -> None:
    """Store days of which nothing is known, by channel and day. Their channels must be locked."""
    if tables:
        _copy(session, "blocks", feed_id, tables)


def change_days(session: Session, feed_id: int, received_at: datetime, tables: Sequence[DayTable]) -> int:
    """Store days over what is known of them, which goes to the history. Returns how many were not there
    already in the same words."""
    if not tables:
        return 0
    with driver_cursor(session) as cursor:
        cursor.execute(_INCOMING)
        cursor.execute("truncate incoming_blocks")
        _copy(session, "incoming_blocks", feed_id, tables)
        cursor.execute(_UPSERT, {"feed_id": feed_id, "received_at": received_at})
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def add_remarks(session: Session, feed_id: int, remarks: Iterable[tuple[int, int, Remark]]) -> None:
    """(channel_id, ordinal of the day, remark) of days that the feed wrote."""
    rows = [
        (channel, date.fromordinal(day), feed_id, one.first, one.end, one.method, one.reason_code, one.reason)
        for channel, day, one in remarks
    ]
    if not rows:
        return
    with driver_cursor(session) as cursor, cursor.copy(_REMARKS) as copy:
        for row in rows:
            copy.write_row(row)


def _copy(session: Session, into: str, feed_id: int, tables: Sequence[DayTable]) -> None:
    with driver_cursor(session) as cursor, cursor.copy(_COPY % into) as copy:
        copy.write(HEAD)
        for table in tables:
            for data in copy_bytes(table, feed_id):
                copy.write(data)
        copy.write(TRAILER)
