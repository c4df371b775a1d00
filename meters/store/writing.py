"""Days into the blocks table: one COPY, one statement; what they replace goes to the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from sqlalchemy.orm import Session

from meters.store.copying import COLUMNS, HEAD, TRAILER, copy_bytes
from meters.store.rows import DayTable
from utility_crm.kit.driver import driver_cursor

_INCOMING = """
create temp table if not exists incoming_blocks (
    channel_id bigint, day date, quality smallint, qualities smallint[], micro bigint[]
) on commit delete rows
"""

# Rows go in by channel and day, the key's order; `old` is what an update found, null where the row is new.
_UPSERT = """
with written as (
    insert into blocks as held (channel_id, day, micro, quality, qualities, feed_id)
    select channel_id, day, micro, quality, qualities, %(feed_id)s
    from incoming_blocks order by channel_id, day
    on conflict (channel_id, day) do update
    set micro = excluded.micro, quality = excluded.quality, qualities = excluded.qualities,
        feed_id = excluded.feed_id
    where held.micro is distinct from excluded.micro
       or held.quality is distinct from excluded.quality
       or held.qualities is distinct from excluded.qualities
    returning old.channel_id, old.day, old.micro, old.quality, old.qualities, old.feed_id,
              held.channel_id as in_channel, held.day as on_day
), replaced as (
    insert into block_history
        (channel_id, day, micro, quality, qualities, feed_id, replaced_by, replaced_at)
    select channel_id, day, micro, quality, qualities, feed_id, %(feed_id)s, %(received_at)s
    from written where channel_id is not null
)
select in_channel, (on_day - date '0001-01-01') + 1, channel_id is not null from written
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


@dataclass(frozen=True, slots=True)
class Written:
    """How many days came new, and how many replaced another; the rest was there already."""

    added: int
    changed: int
    unchanged: int


def make_room(session: Session, days: Iterable[date]) -> None:
    """Partitions for these days; called before anything is locked or read, since it waits for others."""
    months = sorted({day.replace(day=1) for day in days})
    with driver_cursor(session) as cursor:
        cursor.execute(_PARTITIONS, (months,))


Judge = Callable[[Session, int, DayTable], None]
"""`judge(session, feed_id, table)` looks at days just written, new or changed, a bounded table at a time:
whole days, as they now stand, in the transaction that wrote them."""


def write_days(
    session: Session,
    feed_id: int,
    received_at: datetime,
    tables: Sequence[DayTable],
    judge: Judge | None = None,
) -> Written:
    """Store whole days, one a channel and day; one that is there already in the same words is left alone."""
    count = 0
    with driver_cursor(session) as cursor:
        cursor.execute(_INCOMING)
        cursor.execute("truncate incoming_blocks")
        into = f"copy incoming_blocks ({', '.join(COLUMNS)}) from stdin (format binary)"
        with cursor.copy(into) as copy:
            copy.write(HEAD)
            for table in tables:
                copy.write(copy_bytes(table))
                count += len(table.day)
            copy.write(TRAILER)
        cursor.execute(_OPEN_CHUNKS)
        cursor.execute(_UPSERT, {"feed_id": feed_id, "received_at": received_at})
        rows = cursor.fetchall()
    keys = {(channel, day) for channel, day, _changed in rows}
    for table in tables if judge else ():
        written = np.array(
            [key in keys for key in zip(table.channel_id.tolist(), table.day.tolist(), strict=True)]
        )
        if judge and written.any():
            judge(session, feed_id, table.chosen(written))
    changed = sum(changed for _channel, _day, changed in rows)
    return Written(added=len(rows) - changed, changed=changed, unchanged=count - len(rows))
