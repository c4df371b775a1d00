"""What the clock calls: letters in slices within their days, results by the day, and verdicts on theirs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from churn.campaigns.judging import judge_due, look_again
from churn.campaigns.running import keep_results
from churn.campaigns.sending import send_due
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark


def send_letters(session: Session, now: datetime) -> str:
    """The next slice of every running campaign goes to the outbox, once for each customer."""
    return said(mark("%(sent)s handed over"), sent=send_due(session, now, utility_today(now)))


def count_results(session: Session, now: datetime) -> str:
    """Today's results of every campaign; repeated, it counts the same day again."""
    return said(mark("%(counted)s campaigns counted"), counted=keep_results(session, now, utility_today(now)))


def judge_results(session: Session, now: datetime) -> str:
    """Questions whose day has come are answered, once; verdicts are held against later figures once a day."""
    today = utility_today(now)
    judged, changed = judge_due(session, now, today), look_again(session, today)
    return said(mark("%(judged)s questions judged, figures of %(moved)s moved"), judged=judged, moved=changed)


JOBS = (
    Job("campaigns.send", 300, send_letters, mark("Send the letters of campaigns")),
    Job("campaigns.count", 3600, count_results, mark("Count what campaigns brought")),
    Job("campaigns.judge", 3600, judge_results, mark("Judge what campaigns brought")),
)
"""What the clock does for campaigns."""
