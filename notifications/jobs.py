"""What the clock calls. Sending is not among it: that is the delivery worker's, which runs all the time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.answers import follow_answers
from notifications.letters.cutting import cut_if_due
from notifications.letters.making import make_one
from notifications.outages.announcing import Interruption, tell_of_outage
from notifications.outbox.digests import join_put_off
from notifications.outbox.receipts import fall_back
from notifications.outbox.stranded import withhold_stranded
from notifications.surveys import follow_surveys
from notifications.tables import Outage
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.web.words import mark


def tell_newcomers(session: Session, now: datetime) -> str:
    """Everyone who lives where an outage is planned is told once its time has come, those too who moved in
    since."""
    coming = session.execute(
        select(Outage.id, Outage.node_id, Outage.starts_at, Outage.ends_at, Outage.reason)
        .where(Outage.planned, Outage.starts_at > now)
        .order_by(Outage.starts_at)
    ).all()
    became: Counter[str] = Counter()
    for row in coming:
        interruption = Interruption(row.node_id, row.starts_at, row.ends_at, row.reason)
        became.update(tell_of_outage(session, row.id, interruption, now).counts)
    return said(
        mark("%(outages)s planned outages, %(queued)s more notices, %(withheld)s withheld"),
        outages=len(coming),
        queued=became["queued"],
        withheld=became["withheld"],
    )


def fall_back_unreceipted(session: Session, now: datetime) -> str:
    """What nobody confirmed in time goes its next way."""
    return said(mark("%(gone)s notices go another way"), gone=fall_back(session, now))


def leave_closed_ways(session: Session, now: datetime) -> str:
    """What waits for a way that is no longer set up goes another, or says why it does not."""
    gone, withheld = withhold_stranded(session, now)
    return said(
        mark("%(gone)s notices go another way, %(withheld)s have none here"), gone=gone, withheld=withheld
    )


def join_digests(session: Session, now: datetime) -> str:
    """What the daily cap put off leaves as one letter in the morning."""
    return said(mark("%(joined)s notices joined into letters"), joined=join_put_off(session, now))


def cut_letters(session: Session, now: datetime) -> str:
    """At their hour on working days, letters that wait are gathered into a batch."""
    done = cut_if_due(session, now)
    if done is None:
        return said(mark("not due"))
    if not done.batch:
        return said(mark("no letters"))
    return said(mark("batch %(batch)s: %(letters)s letters"), batch=done.batch, letters=done.letters)


def make_letters(session: Session, now: datetime) -> str:
    """The file to print and its list, of each batch that has none yet."""
    made = make_one(session, now)
    return said(mark("batch %(batch)s made"), batch=made) if made else said(mark("nothing to make"))


def follow(session: Session, now: datetime) -> str:
    """Tickets are told what became of the answers in them."""
    return said(mark("%(told)s answers went on"), told=follow_answers(session, now))


def follow_asked(session: Session, now: datetime) -> str:
    """Surveys are told what became of their letters."""
    return said(mark("%(told)s surveys went on"), told=follow_surveys(session, now))


JOBS = (
    Job("notifications.tell_newcomers", 3600, tell_newcomers, mark("Tell newcomers of planned outages")),
    Job("notifications.fall_back", 60, fall_back_unreceipted, mark("Try another way where no receipt came")),
    Job("notifications.follow_answers", 5, follow, mark("Tell tickets what became of answers")),
    Job("notifications.follow_surveys", 60, follow_asked, mark("Tell surveys what became of their letters")),
    Job("notifications.leave_closed_ways", 300, leave_closed_ways, mark("Leave ways that were closed")),
    Job("notifications.join_digests", 60, join_digests, mark("Join notices that were put off")),
    Job("notifications.cut_letters", 60, cut_letters, mark("Gather letters for printing")),
    Job("notifications.make_letters", 20, make_letters, mark("Make the file of a batch of letters")),
)
