"""What is done to a campaign that runs: it is stopped, goes on by the clock, and ends. Never commits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.drafting import note_event
from churn.campaigns.results import campaigned, keep_day
from churn.campaigns.results.counting import counted_now
from churn.campaigns.sending import spent_minor
from churn.campaigns.tables import Campaign
from notifications.outbox.queueing import take_back
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.words import mark

_OPEN = text(
    "select id, ends_on, decides_on from campaigns where state in ('running', 'stopped') order by id"
)


def stop(session: Session, campaign_id: int, because: str, *, now: datetime, by: int | None) -> int:
    """Nothing more is sent; what waits is taken back, and how many that were. Answers to what was sent are
    still taken, and results counted. Raises NotFound, Conflict."""
    row = session.get(Campaign, campaign_id, with_for_update=True)
    if row is None:
        raise NotFound("campaign", mark("There is no such campaign."))
    if row.state != "running":
        raise Conflict("not_running", mark("It does not run."))
    row.state = "stopped"
    taken = take_back(session, [f"campaign:{row.code}"], now, by)
    note_event(session, row.id, "stopped", now, by, because)
    session.flush()
    return taken


def keep_results(session: Session, now: datetime, today: date) -> int:
    """Keep how every campaign that is not over stands today; one whose day for looking has come, and whose
    last day for an answer is over, is finished with it. How many."""
    rows = session.execute(_OPEN).all()
    for row in rows:
        one = campaigned(session, row.id)
        keep_day(session, one, today, counted_now(session, one, today), spent_minor(session, row.id))
        if today >= row.decides_on and today > row.ends_on:
            held = session.get_one(Campaign, row.id, with_for_update=True)
            held.state = "finished"
            note_event(session, row.id, "finished", now, None)
    session.flush()
    return len(rows)
