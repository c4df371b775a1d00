"""The page of ops: six questions about feeds, answered in short, and the chosen one in full."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from meters.completeness import Completeness, LateMeter, completeness, late_meters
from meters.places import FreePremise, UnassignedPoint, count_unassigned, free_premises, unassigned_points
from meters.queries import (
    FeedCounts,
    FeedRow,
    ReplacedDay,
    feed_counts,
    recent_feeds,
    replaced_days,
)

QUESTIONS = ("whole", "missing", "came", "refused", "places", "replaced")
DAYS_SHOWN = 14
DAYS_BACK = 7
"""How far back the questions about files look."""
FEEDS_A_PAGE = 40
FEEDS_BESIDE = 8


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """Everything the template shows. What belongs to questions that were not chosen is empty.

    `fresh` is the first of the feeds that were sent just now: they are marked; `later` is where earlier ones
    begin.
    """

    chosen: str
    known: Completeness
    counts_today: FeedCounts
    counts_lately: FeedCounts
    unassigned: int
    feeds: tuple[FeedRow, ...] = ()
    fresh: int | None = None
    later: int | None = None
    late: tuple[LateMeter, ...] = ()
    late_count: int = 0
    points: tuple[UnassignedPoint, ...] = ()
    premises: tuple[FreePremise, ...] = ()
    replaced: tuple[ReplacedDay, ...] = ()

    @property
    def just_sent(self) -> list[FeedRow]:
        """What came of the files sent just now."""
        return [feed for feed in self.feeds if self.fresh is not None and feed.id >= self.fresh]


def feeds_page(
    session: Session,
    chosen: str,
    today: date,
    zone: str,
    *,
    fresh: int | None = None,
    before: int | None = None,
) -> FeedsPage:
    """The page with one question answered in full. `zone` is the utility's, in which today begins."""
    days = [today - timedelta(days=back) for back in range(DAYS_SHOWN, 0, -1)]
    lately = _begins(today - timedelta(days=DAYS_BACK), zone)
    page = FeedsPage(
        chosen if chosen in QUESTIONS else QUESTIONS[0],
        completeness(session, days),
        feed_counts(session, _begins(today, zone)),
        feed_counts(session, lately),
        count_unassigned(session),
        fresh=fresh,
    )
    match page.chosen:
        case "whole":
            return replace(page, feeds=tuple(recent_feeds(session, limit=FEEDS_BESIDE)))
        case "missing":
            count, late = late_meters(session, days)
            return replace(page, late=tuple(late), late_count=count)
        case "came":
            feeds = recent_feeds(session, before=before, limit=FEEDS_A_PAGE + 1)
            later = feeds[FEEDS_A_PAGE - 1].id if len(feeds) > FEEDS_A_PAGE else None
            return replace(page, feeds=tuple(feeds[:FEEDS_A_PAGE]), later=later)
        case "refused":
            refused = recent_feeds(session, statuses=("rejected", "partial"), since=lately, limit=200)
            return replace(page, feeds=tuple(refused))
        case "places":
            points, premises = unassigned_points(session), free_premises(session)
            return replace(page, points=tuple(points), premises=tuple(premises))
        case _:
            return replace(page, replaced=tuple(replaced_days(session, since=lately)))


def _begins(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
