"""What the clock calls: archives, erasures that two people want, kinds whose time is over, old data at
night."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.audit import Acting, acts
from utility_crm.auth.sealing import Sealer
from utility_crm.kit.clock import today_in
from utility_crm.kit.errors import Conflict
from utility_crm.kit.module import Job
from utility_crm.kit.runtime import secret_key
from utility_crm.kit.said import said, together
from utility_crm.kit.settings import settings
from utility_crm.privacy.ending import end_what_is_over, erase, put_off
from utility_crm.privacy.exports import forget_archives, make_next
from utility_crm.privacy.retaining import begin_night, go_on
from utility_crm.web.words import mark

_NEXT = text("""
    select id from privacy_requests where kind = 'erasure' and state = 'approved' order by decided_at, id
    limit 1
""")


def make_archives(session: Session, now: datetime) -> str:
    """One archive at a call; those whose days are over go."""
    known = settings()
    made = make_next(session, now=now, today=_today(now), kept_days=known.archive_days)
    gone = forget_archives(session, now)
    return together(
        (
            said(mark("%(made)s archives made"), made=int(made is not None)),
            said(mark("%(gone)s archives forgotten"), gone=gone),
        )
    )


def erase_next(session: Session, now: datetime) -> str:
    """One customer at a call, wholly or not at all; then what is over of those erased before."""
    acts(session, Acting(now, "job privacy.erase"))
    known, today = settings(), _today(now)
    request_id = session.scalar(_NEXT)
    done = 0
    if request_id is not None:
        try:
            with session.begin_nested():
                erase(session, request_id, Sealer(secret_key()), now=now, today=today, country=known.country)
            done = 1
        except Conflict:
            put_off(session, request_id)
    over = end_what_is_over(session, now=now, today=today)
    return together(
        (
            said(mark("%(done)s customers erased"), done=done),
            said(mark("%(over)s kinds of data kept no longer"), over=over),
        )
    )


def forget_old(session: Session, now: datetime) -> str:
    """From two at night on, some thousand rows at a call, until nothing is left of tonight's."""
    begin_night(session, now, settings().timezone)
    gone, more = go_on(session, now)
    words = (
        mark("%(gone)s old rows forgotten; more are left") if more else mark("%(gone)s old rows forgotten")
    )
    return said(words, gone=gone)


def _today(now: datetime) -> date:
    known = settings()
    return known.as_of or today_in(known.timezone, now)


JOBS = (
    Job("privacy.archives", 15, make_archives, mark("Make archives of customers' data")),
    Job("privacy.erase", 60, erase_next, mark("Erase customers whom two people want erased")),
    Job("privacy.retention", 300, forget_old, mark("Forget old data at night")),
)
