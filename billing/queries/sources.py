"""Where a bill's energy comes from: the files that brought its readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.queries.bill_parts import BillPart

_SOURCES = text(
    """
    select s.code, c.name, count(distinct b.day), count(distinct f.id),
           min(f.received_at), max(f.received_at), (array_agg(f.name order by f.received_at desc))[1]
    from unnest(cast(:channels as bigint[]), cast(:firsts as date[]), cast(:lasts as date[]))
         as part(channel_id, first, last)
    join lateral (
        select day, feed_id from blocks
        where channel_id = part.channel_id and day between part.first and part.last
        union all
        select day, feed_id from block_history
        where channel_id = part.channel_id and day between part.first and part.last
    ) b on true
    join feeds f on f.id = b.feed_id and f.received_at <= :known_at
    join channels c on c.id = part.channel_id
    join service_points s on s.id = c.service_point_id
    group by s.code, c.name order by s.code
    """
)


@dataclass(frozen=True, slots=True)
class Source:
    """One channel's readings of a bill: days with a block, files that brought them, and the last of these."""

    service_point: str
    channel: str
    days: int
    files: int
    first_received_at: datetime
    last_received_at: datetime
    last_file: str


def sources_of(session: Session, parts: Sequence[BillPart], known_at: datetime) -> tuple[Source, ...]:
    """What had come in by the instant the bill was made, for the days of its parts."""
    spans = [(part.channel_id, *part.span) for part in parts]
    rows = session.execute(
        _SOURCES,
        {
            "channels": [channel for channel, _, _ in spans],
            "firsts": [first.date() for _, first, _ in spans],
            "lasts": [(last - timedelta(seconds=1)).date() for _, _, last in spans],
            "known_at": known_at,
        },
    )
    return tuple(Source(*row) for row in rows)
