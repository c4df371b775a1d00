"""What a person says of a source: how often it comes, or that it is not to be spoken of."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from meters.tables import FeedSource
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.words import mark

MOST_HOURS = 24 * 92
LEAST_PATIENCE = timedelta(hours=2)


def patience(every_hours: int) -> timedelta:
    """How long after its time a feed is missed: a quarter of the time it takes, two hours at least."""
    return max(LEAST_PATIENCE, timedelta(hours=every_hours) / 4)


def set_source(session: Session, source_id: int, *, every_hours: str, muted: bool) -> None:
    """Say how often a source comes (whole hours; empty: as it is learned), and whether it is muted.

    Raises NotFound, or Invalid where the hours are none.
    """
    source = session.scalar(select(FeedSource).where(FeedSource.id == source_id).with_for_update())
    if source is None:
        raise NotFound("no_such_source", "There is no source of this number.", str(source_id))
    said = every_hours.strip()
    if said:
        hours = int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0
        if not 1 <= hours <= MOST_HOURS:
            raise Invalid("hours", mark("Say in whole hours how often it comes, up to 2208."), "every_hours")
        source.every_hours, source.set_by_hand = hours, True
        source.expected_by = source.last_received_at + timedelta(hours=hours) + patience(hours)
    elif source.set_by_hand:
        source.every_hours, source.expected_by, source.set_by_hand = None, None, False
    source.muted = muted
    source.told_at = None
    session.flush()
