"""What the clock does about sources: learns from what came, and tells ops once of what did not."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import update
from sqlalchemy.orm import Session

from meters.pretended import pretended
from meters.sources.learning import learn_sources
from meters.sources.queries import FeedSourceRow, newly_late
from meters.tables import FeedSource
from notifications.delivery.staff import tell_staff
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.web.formats import clock, day
from utility_crm.web.words import counting, mark, translator


def watch_sources(session: Session, now: datetime) -> str:
    """Learn, and write one letter about all feeds that became late since the last call."""
    here = pretended(now)
    learn_sources(session, here)
    late = newly_late(session, here)
    if not late:
        return said(mark("no feed became late"))
    language = settings().language
    subject, body = letter(late, here, language)
    told = tell_staff(session, _key(late), subject, body, now)
    among = FeedSource.id.in_([one.id for one in late])
    session.execute(update(FeedSource).where(among).values(told_at=here))
    return said(mark("%(late)s feeds became late, %(told)s letters"), late=len(late), told=told)


def letter(late: list[FeedSourceRow], now: datetime, language: str) -> tuple[str, str]:
    """Subject and words: which feeds, how often they come, and for how long they have not."""
    _, ngettext = translator(language, "meters"), counting(language, "meters")
    subject = ngettext(
        "A feed is late: %(name)s",
        "%(num)s feeds are late: %(name)s and others",
        len(late),
        name=late[0].pattern,
    )
    lines = [
        _(
            "%(name)s comes every %(every)s hours and has not come for %(silent)s: the last was %(feed)s, "
            "on %(day)s at %(time)s.",
            name=one.pattern,
            every=one.every_hours,
            silent=one.silent_hours(now),
            feed=one.feed,
            day=day(one.received_at, language),
            time=clock(one.received_at, language),
        )
        for one in late
    ]
    end = _("You are told once. The page Feeds, “Is anything late?”, shows whether it came, and can mute it.")
    return subject, "\n".join([*lines, "", end])


def _key(late: list[FeedSourceRow]) -> str:
    """The same silence of the same feeds has the same key, however often the clock comes by."""
    silences = " ".join(f"{one.id}:{one.feed_id}" for one in late)
    return f"feeds-late:{sha256(silences.encode()).hexdigest()[:32]}"
