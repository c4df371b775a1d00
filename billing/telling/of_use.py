"""What the clock calls to tell customers about their use and their meters, each as often as one likes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from billing.forecasting.unusual import unusual_among, watched
from billing.telling.queued import Slice, Slices, apart, day_is_over, queued_in_words
from billing.telling.silence import heard_again, silences
from notifications.outbox.queueing import queue_all, take_back
from notifications.types.meter_silent import meter_silent
from notifications.types.unusual_use import unusual_use
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark

SILENT_DAYS = 7
"""Days without a reading before the customer is asked: a feed that is late for a weekend is not a silence."""
SLICE = 200
"""Accounts whose year of readings is held at once."""

_HOUR, _DAY = 3600, 86_400


def tell_of_silent_meters(session: Session, now: datetime) -> str:
    """Whoever lives where a meter went silent is asked to look at it, once for the silence."""
    take_back(session, heard_again(session), now)
    notices = [
        meter_silent(
            customer_id=one.customer_id,
            account_id=one.account_id,
            point=one.point,
            place=one.place or one.point,
            meter=one.meter,
            silent_from=one.silent_from,
        )
        for one in silences(session, utility_today(now), days=SILENT_DAYS)
    ]
    return queued_in_words(session, notices, mark("%(queued)s queued of %(found)s silent meters"), now)


def tell_of_unusual_use(session: Session, now: datetime, slices: Slices = apart) -> str:
    """Whoever uses more than their own past foretells hears of it while the month still runs. Each slice of
    the base is a unit of work of its own."""
    today = utility_today(now)
    done = slices(session, lambda own, after: _watch(own, today, now, after))
    return said(
        mark("%(queued)s queued of %(found)s accounts watched"), queued=done.queued, found=done.looked
    )


def _watch(session: Session, today: date, now: datetime, after: int) -> Slice:
    some = watched(session, today, after=after, limit=SLICE)
    if not some:
        return Slice(None)
    notices = [
        unusual_use(
            customer_id=one.of.customer_id,
            account_id=one.of.account_id,
            account=one.of.account,
            place=one.of.place,
            month=one.month,
            useful_before=day_is_over(one.of.ends_before - timedelta(days=1), today, now),
        )
        for one in unusual_among(session, some)
    ]
    queued = queue_all(session, notices, now)
    return Slice(some[-1].account_id, len(some), sum(one.outcome == "queued" for one in queued))


JOBS = (
    Job(
        "billing.tell_of_silent_meters",
        6 * _HOUR,
        tell_of_silent_meters,
        mark("Tell of meters that fell silent"),
    ),
    Job("billing.tell_of_unusual_use", _DAY, tell_of_unusual_use, mark("Tell of unusual use")),
)
