"""What the clock calls. Sending is not among it: that is the delivery worker's, which runs all the time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.letters.cutting import cut_if_due
from notifications.letters.making import make_one
from notifications.outages.announcing import Interruption, tell_of_outage
from notifications.outbox.digests import join_put_off
from notifications.outbox.receipts import fall_back
from notifications.outbox.stranded import withhold_stranded
from notifications.tables import Outage
from utility_crm.kit.module import Job
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
    return f"{len(coming)} planned outages, {became['queued']} more notices, {became['withheld']} withheld"


def fall_back_unreceipted(session: Session, now: datetime) -> str:
    """What nobody confirmed in time goes its next way."""
    return f"{fall_back(session, now)} notices go another way"


def leave_closed_ways(session: Session, now: datetime) -> str:
    """What waits for a way that is no longer set up goes another, or says why it does not."""
    gone, withheld = withhold_stranded(session, now)
    return f"{gone} notices go another way, {withheld} have none here"


def join_digests(session: Session, now: datetime) -> str:
    """What the daily cap put off leaves as one letter in the morning."""
    return f"{join_put_off(session, now)} notices joined into letters"


def cut_letters(session: Session, now: datetime) -> str:
    """At their hour on working days, letters that wait are gathered into a batch."""
    done = cut_if_due(session, now)
    if done is None:
        return "not due"
    return f"batch {done.batch}: {done.letters} letters" if done.batch else "no letters"


def make_letters(session: Session, now: datetime) -> str:
    """The file to print and its list, of each batch that has none yet."""
    made = make_one(session, now)
    return f"batch {made} made" if made else "nothing to make"


JOBS = (
    Job("notifications.tell_newcomers", 3600, tell_newcomers, mark("Tell newcomers of planned outages")),
    Job("notifications.fall_back", 60, fall_back_unreceipted, mark("Try another way where no receipt came")),
    Job("notifications.leave_closed_ways", 300, leave_closed_ways, mark("Leave ways that were closed")),
    Job("notifications.join_digests", 60, join_digests, mark("Join notices that were put off")),
    Job("notifications.cut_letters", 60, cut_letters, mark("Gather letters for printing")),
    Job("notifications.make_letters", 20, make_letters, mark("Make the file of a batch of letters")),
)
