"""From one half-hour to everything that was ever said of it: file, line, rule, editor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from meters.domain.blocks import Remark
from meters.domain.quality import Quality
from utility_crm.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class Version:
    """What one feed made known of an interval. `micro`: millionths of the channel's unit, None where there is
    no reading.

    source: file, push, edit or estimate; `author` is who sent or made it, where a person did. `member` is the
    file inside the feed's zip, `line` where in it the day begins. `rule`, `reason`: of edits and estimates.
    `remark`: what the feed says of the interval beside its value. `known_until` is when the next version came
    to be known, None for the newest. The version that `stands` is the one from which the interval's value
    stems: those after it touched the day, but not this interval.
    """

    micro: int | None
    quality: str
    interval_minutes: int
    feed_id: int
    feed: str
    format: str | None
    source: str
    received_at: datetime
    author: str | None
    member: str | None
    line: int | None
    rule: str | None
    reason: str | None
    remark: Remark | None
    known_until: datetime | None
    stands: bool


@dataclass(frozen=True, slots=True)
class Lineage:
    """One interval of a channel, and its versions, newest first."""

    service_point: str
    channel: str
    unit: str
    starts_at: datetime
    interval_minutes: int
    versions: tuple[Version, ...]

    @property
    def origin(self) -> Version:
        """The version from which the value stems."""
        return next(version for version in self.versions if version.stands)


# `place` counts from 0 on the day's newest grid; on a version's own grid it is where that interval begins.
_VERSIONS = text("""
with asked as (
    select b.day, :place * (1440 / cardinality(b.micro)) as minute
    from blocks b where b.channel_id = :channel_id and b.day = :day and :place < cardinality(b.micro)
), versions as (
    select b.micro, b.quality, b.qualities, b.feed_id, b.line, b.member,
           null::timestamptz as known_until, null::bigint as turn, a.minute
    from asked a join blocks b on b.channel_id = :channel_id and b.day = a.day
    union all
    select h.micro, h.quality, h.qualities, h.feed_id, h.line, h.member, h.replaced_at, h.id, a.minute
    from asked a join block_history h on h.channel_id = :channel_id and h.day = a.day
), placed as (
    select v.*, 1440 / cardinality(v.micro) as interval_minutes,
           v.minute * cardinality(v.micro) / 1440 as place
    from versions v
)
select s.code, c.name as channel, c.unit, c.offset_minutes, p.minute, p.interval_minutes,
       p.micro[p.place + 1] as micro, coalesce(p.quality, p.qualities[p.place + 1]) as quality,
       p.feed_id, p.line, p.known_until, f.name as feed, f.format, f.source, f.received_at, f.rule, f.reason,
       f.members[p.member] as member, u.name as author,
       r.id as remark_id, r.first, r."end", r.method, r.reason_code, r.reason as remark_reason
from placed p
join channels c on c.id = :channel_id
join service_points s on s.id = c.service_point_id
join feeds f on f.id = p.feed_id
left join users u on u.id = f.user_id
left join lateral (
    select * from block_remarks r
    where r.channel_id = :channel_id and r.day = :day and r.feed_id = p.feed_id
      and r.first <= p.place and p.place < r."end"
    order by r.id desc limit 1
) r on true
order by p.turn desc nulls first
""")


def lineage(session: Session, channel_id: int, day: date, place: int) -> Lineage:
    """Everything ever known of the interval `place` (from 0) of a channel's day of standard time, in one
    query.

    Raises NotFound where the channel has no such day or the day no such interval.
    """
    asked = {"channel_id": channel_id, "day": day, "place": place}
    rows = session.execute(_VERSIONS, asked).all() if place >= 0 else []
    if not rows:
        raise NotFound("no_such_reading", f"There is no reading {place} of {day} in this channel.")
    first = rows[0]
    starts_at = datetime.combine(day, time(), UTC) + timedelta(minutes=first.minute - first.offset_minutes)
    origin = _origin(rows)
    versions = tuple(_version(row, turn == origin) for turn, row in enumerate(rows))
    return Lineage(first.code, first.channel, first.unit, starts_at, first.interval_minutes, versions)


def _origin(rows: Sequence[Row[Any]]) -> int:
    """The oldest of the newest versions that agree."""
    for turn, (newer, older) in enumerate(pairwise(rows)):
        if _said(newer) != _said(older):
            return turn
    return len(rows) - 1


def _said(row: Row[Any]) -> tuple[object, ...]:
    return (row.micro, row.quality if row.micro is not None else None, row.interval_minutes)


def _version(row: Row[Any], stands: bool) -> Version:
    remark = None
    if row.remark_id is not None:
        remark = Remark(row.first, row.end, row.method, row.reason_code, row.remark_reason)
    quality = Quality.MISSING if row.micro is None else Quality(row.quality)
    return Version(
        micro=row.micro,
        quality=quality.word,
        interval_minutes=row.interval_minutes,
        feed_id=row.feed_id,
        feed=row.feed,
        format=row.format,
        source=row.source,
        received_at=row.received_at,
        author=row.author,
        member=row.member,
        line=row.line,
        rule=row.rule,
        reason=row.reason,
        remark=remark,
        known_until=row.known_until,
        stands=stands,
    )
