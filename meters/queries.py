"""Feeds as ops looks at them: what came, what became of it, and what it replaced."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import any_, case, func, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import Text

from meters.tables import Block, Channel, Feed, ServicePoint
from utility_crm.auth.tables import User
from utility_crm.kit.errors import NotFound

STATUSES = ("ok", "partial", "rejected", "unchanged")
_EARLIER = aliased(Feed)
_LAST = aliased(Feed)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed in a list. `problem` is its first; `before` is when the same file was taken, None if never."""

    id: int
    name: str
    format: str | None
    status: str
    received_at: datetime
    readings: int
    blocks_added: int
    blocks_changed: int
    blocks_unchanged: int
    problems: int
    problem: dict[str, Any] | None
    by: str | None
    before: datetime | None


_ROW = (
    select(
        Feed.id,
        Feed.name,
        Feed.format,
        Feed.status,
        Feed.received_at,
        Feed.readings,
        Feed.blocks_added,
        Feed.blocks_changed,
        Feed.blocks_unchanged,
        func.jsonb_array_length(Feed.problems),
        Feed.problems[0],
        User.name,
        _EARLIER.received_at,
    )
    .outerjoin(User, User.id == Feed.user_id)
    .outerjoin(_EARLIER, _EARLIER.id == Feed.repeat_of)
)


def recent_feeds(
    session: Session,
    *,
    statuses: Collection[str] = STATUSES,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 40,
) -> list[FeedRow]:
    """Feeds of these statuses, newest first; `before` is the feed after which an earlier page begins."""
    statement = _ROW.where(Feed.status == any_(literal(list(statuses), ARRAY(Text()))))
    if since is not None:
        statement = statement.where(Feed.received_at >= since)
    if before is not None:
        last = select(_LAST.received_at).where(_LAST.id == before).scalar_subquery()
        statement = statement.where(tuple_(Feed.received_at, Feed.id) < tuple_(last, literal(before)))
    newest = statement.order_by(Feed.received_at.desc(), Feed.id.desc()).limit(limit)
    return [FeedRow(*row) for row in session.execute(newest)]


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How many feeds became what since an instant, with the readings and changed days they brought."""

    ok: int
    partial: int
    rejected: int
    unchanged: int
    readings: int
    changed: int

    @property
    def feeds(self) -> int:
        return self.ok + self.partial + self.rejected + self.unchanged


def feed_counts(session: Session, since: datetime) -> FeedCounts:
    """What came at or after an instant."""
    taken = case((Feed.status == "unchanged", 0), else_=Feed.readings)
    rows = session.execute(
        select(Feed.status, func.count(), func.sum(taken), func.sum(Feed.blocks_changed))
        .where(Feed.received_at >= since)
        .group_by(Feed.status)
    ).all()
    counts = dict.fromkeys(STATUSES, 0) | {row[0]: row[1] for row in rows}
    readings, changed = sum(int(row[2]) for row in rows), sum(int(row[3]) for row in rows)
    return FeedCounts(
        counts["ok"], counts["partial"], counts["rejected"], counts["unchanged"], readings, changed
    )


@dataclass(frozen=True, slots=True)
class FeedCard:
    """One feed in full. `repeat_of` is the feed that took the same file before."""

    row: FeedRow
    sha256: str
    options: dict[str, Any]
    repeat_of: int | None
    problems: Sequence[dict[str, Any]]


def feed_card(session: Session, feed_id: int) -> FeedCard:
    """Raises NotFound."""
    found = session.execute(_ROW.where(Feed.id == feed_id)).one_or_none()
    if found is None:
        raise NotFound("no_such_feed", "There is no feed of this number.", str(feed_id))
    more = session.execute(
        select(Feed.sha256, Feed.options, Feed.repeat_of, Feed.problems).where(Feed.id == feed_id)
    ).one()
    return FeedCard(FeedRow(*found), *more)


@dataclass(frozen=True, slots=True)
class FeedChannel:
    """Days of one channel that stand as a feed brought them. `placed`: its service point has a premise."""

    code: str
    name: str
    unit: str
    direction: str
    placed: bool
    days: int
    first_day: date
    last_day: date


def feed_channels(session: Session, feed_id: int, limit: int = 200) -> tuple[int, list[FeedChannel]]:
    """How many channels stand as the feed brought them, and the first of them by service point."""
    standing = (
        select(
            Block.channel_id,
            func.count().label("days"),
            func.min(Block.day).label("first_day"),
            func.max(Block.day).label("last_day"),
        )
        .where(Block.feed_id == feed_id)
        .group_by(Block.channel_id)
        .subquery()
    )
    rows = session.execute(
        select(
            ServicePoint.code,
            Channel.name,
            Channel.unit,
            Channel.direction,
            ServicePoint.premise_id.is_not(None),
            standing.c.days,
            standing.c.first_day,
            standing.c.last_day,
            func.count().over(),
        )
        .join(Channel, Channel.id == standing.c.channel_id)
        .join(ServicePoint, ServicePoint.id == Channel.service_point_id)
        .order_by(ServicePoint.code, Channel.name)
        .limit(limit)
    ).all()
    return (rows[0][-1] if rows else 0), [FeedChannel(*row[:-1]) for row in rows]


@dataclass(frozen=True, slots=True)
class ReplacedDay:
    """A day as it was before a feed replaced it, and as it stands now. Sums are micro-units of the readings
    present.

    `estimated`: none of it was measured before.
    """

    feed_id: int
    feed: str
    replaced_at: datetime
    code: str
    channel: str
    unit: str
    day: date
    before: int
    now: int
    estimated: bool


_REPLACED = """
select h.replaced_by, f.name, h.replaced_at, s.code, c.name as channel, c.unit, h.day,
       (select coalesce(sum(m), 0) from unnest(h.micro) m) as before,
       (select coalesce(sum(m), 0) from blocks b cross join unnest(b.micro) m
        where b.channel_id = h.channel_id and b.day = h.day) as now,
       coalesce(h.quality not in (0, 1), not 1 = any(h.qualities)) as estimated
from block_history h
join feeds f on f.id = h.replaced_by
join channels c on c.id = h.channel_id
join service_points s on s.id = c.service_point_id
where {which} order by f.received_at desc, s.code, c.name, h.day limit :limit
"""
_BY_FEED = _REPLACED.replace("{which}", "h.replaced_by = :feed_id")
_SINCE = _REPLACED.replace("{which}", "f.received_at >= :since and f.blocks_changed > 0")


def replaced_days(
    session: Session, *, feed_id: int | None = None, since: datetime | None = None, limit: int = 60
) -> list[ReplacedDay]:
    """Days that one feed replaced, or all feeds since an instant."""
    statement = text(_SINCE if feed_id is None else _BY_FEED)
    rows = session.execute(statement, {"feed_id": feed_id, "since": since, "limit": limit})
    return [
        ReplacedDay(
            row.replaced_by,
            row.name,
            row.replaced_at,
            row.code,
            row.channel,
            row.unit,
            row.day,
            int(row.before),
            int(row.now),
            row.estimated,
        )
        for row in rows
    ]
