"""Sources of feeds as ops looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class FeedSourceRow:
    """A source; `feed` is its last file. `every_hours` None: it comes irregularly."""

    id: int
    pattern: str
    format: str | None
    every_hours: int | None
    set_by_hand: bool
    feed_id: int
    feed: str
    received_at: datetime
    expected_by: datetime | None
    told_at: datetime | None
    muted: bool

    def late(self, now: datetime) -> bool:
        """Whether it should have come."""
        return self.expected_by is not None and self.expected_by < now and not self.muted

    def silent_hours(self, now: datetime) -> int:
        """Whole hours since it came; none where the clock stands before that (a utility that pretends)."""
        return max(0, int((now - self.received_at) / timedelta(hours=1)))


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """How many sources come regularly, how many of those are late, and since when the worst is silent."""

    regular: int
    late: int
    silent_since: datetime | None


_COUNTS = text("""
select count(*), count(*) filter (where expected_by < :now),
       min(last_received_at) filter (where expected_by < :now)
from feed_sources where not muted and expected_by is not null
""")

_ROW = """
select s.id, s.pattern, s.format, s.every_hours, s.set_by_hand, f.id, f.name, s.last_received_at,
       s.expected_by, s.told_at, s.muted
from feed_sources s join feeds f on f.id = s.last_feed_id
"""
_LIST = text(f"{_ROW} order by s.muted, s.expected_by nulls last, s.pattern limit :limit")
_NEWLY_LATE = text(f"""{_ROW}
where not s.muted and s.expected_by < :now and s.told_at is null
order by s.id for update of s skip locked
""")


def source_counts(session: Session, now: datetime) -> SourceCounts:
    """In one look; a muted source is neither."""
    return SourceCounts(*session.execute(_COUNTS, {"now": now}).one())


def feed_sources(session: Session, limit: int = 200) -> list[FeedSourceRow]:
    """Those that are due soonest, so late ones first; then the irregular and the muted."""
    return [FeedSourceRow(*row) for row in session.execute(_LIST, {"limit": limit})]


def newly_late(session: Session, now: datetime) -> list[FeedSourceRow]:
    """Late sources of which nobody was told, locked until the transaction ends."""
    return [FeedSourceRow(*row) for row in session.execute(_NEWLY_LATE, {"now": now})]
