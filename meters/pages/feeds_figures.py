"""Figures that several questions of the ops page share; each is loaded once a page, by `call.once(...)`."""

from __future__ import annotations

from datetime import date, timedelta

from meters.completeness import Completeness, completeness
from meters.pages.feeds_call import FeedsCall
from meters.places import count_unassigned
from meters.queries import FeedCounts, feed_counts

DAYS_SHOWN = 30
DAYS_BACK = 7
"""How far back the questions about files look."""


def days_of(call: FeedsCall) -> list[date]:
    """The days whose completeness is shown, until yesterday."""
    return [call.today - timedelta(days=back) for back in range(DAYS_SHOWN, 0, -1)]


def known_of(call: FeedsCall) -> Completeness:
    """What is in of these days."""
    return completeness(call.session, call.once(days_of))


def counts_today_of(call: FeedsCall) -> FeedCounts:
    """What became of today's files."""
    return feed_counts(call.session, call.begins(call.today))


def counts_lately_of(call: FeedsCall) -> FeedCounts:
    """What became of the files of the last days."""
    return feed_counts(call.session, call.begins(call.today - timedelta(days=DAYS_BACK)))


def unassigned_of(call: FeedsCall) -> int:
    """How many service points stand nowhere."""
    return count_unassigned(call.session)
