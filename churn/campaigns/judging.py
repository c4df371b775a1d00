"""The clock judges each question of a campaign once, on its day, and looks later whether its figures moved.
Never commits."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.earned import earned
from churn.campaigns.results.campaigned import Campaigned, campaigned, day_of
from churn.campaigns.results.counting import counted_now
from churn.campaigns.results.kept import MOVED_ROWS, keep_counts, keep_verdicts, kept_rows, moved_document
from churn.campaigns.results.rows import Row, last_look, rows_of_margin, rows_of_shares
from churn.campaigns.results.told import SHARES
from churn.campaigns.sending import spent_minor
from churn.domain.campaigns.judging import LATE_DAYS, Outcome, judging_days, moved
from utility_crm.kit.shares import LEVEL

# Margins wait until they are known of everybody who was drawn; what somebody brought counts alone (`earned`).
_DRAWN = """
    from campaign_members m join customers k on k.id = m.customer_id and k.merged_into_id is null
    where m.campaign_id = c.id and m.arm <> ''"""
_OPEN = text(f"""
    select c.id, c.launched_at, c.ends_on, c.decides_on,
           array(select distinct v.outcome from campaign_verdicts v where v.campaign_id = c.id) as judged,
           case when exists (select {_DRAWN} and m.margin_minor is null and m.billed_minor is null) then false
                when exists (select {_DRAWN} and m.margin_minor is not null)
                then not exists (select {_DRAWN} and m.margin_minor is null)
                else true end as margins_known
    from campaigns c
    where c.launched_at is not null and c.decides_on <= :today
      and (select count(distinct v.outcome) from campaign_verdicts v where v.campaign_id = c.id) < 3
    order by c.id for update of c
""")
_LOOKED_AT = text("""
    select campaign_id from campaign_verdicts where judged_on > :since
    group by campaign_id having min(checked_on) < :today order by campaign_id
""")


def judge_due(session: Session, now: datetime, today: date) -> int:
    """Judge every question whose day has come and that is not judged yet; how many. A campaign is read once
    for it in its life, or twice where its days differ."""
    found = 0
    for row in session.execute(_OPEN, {"today": today}).all():
        days = judging_days(day_of(row.launched_at), row.ends_on, row.decides_on)
        due: list[Outcome] = [
            outcome for outcome, day in days.items() if day <= today and outcome not in row.judged
        ]
        if not row.margins_known and "margin" in due:
            due.remove("margin")
        if due:
            found += _judge(session, row.id, due, row.judged, now=now, today=today)
    return found


def _judge(
    session: Session,
    campaign_id: int,
    due: Collection[Outcome],
    before: Collection[str],
    *,
    now: datetime,
    today: date,
) -> int:
    one = campaigned(session, campaign_id)
    rows = _rows(session, one, due, today)
    judged = keep_verdicts(session, campaign_id, rows, now=now, today=today)
    if one.kept_groups is None and judged | set(before) >= set(SHARES):
        tally = counted_now(session, one, today)
        keep_counts(session, campaign_id, tally, spent_minor(session, campaign_id), today)
    return len(judged)


def look_again(session: Session, today: date) -> int:
    """Once a day hold verdicts of the last LATE_DAYS against their figures of today, and keep what they moved
    to where that tells something else. The verdict stays. How many moved."""
    found = 0
    given = {"since": today - timedelta(days=LATE_DAYS), "today": today}
    for campaign_id in session.scalars(_LOOKED_AT, given).all():
        one, kept = campaigned(session, campaign_id), kept_rows(session, campaign_id)
        now = {
            (row.outcome, row.arm, row.segment): row
            for row in _rows(session, one, {row.outcome for row in kept}, today)
        }
        told = []
        for row in kept:
            later = now.get((row.outcome, row.arm, row.segment))
            other = later is not None and moved(row.effect, row.verdict, later.effect, later.verdict)
            document = moved_document(later, today) if other and later is not None else None
            found += document is not None
            told.append(
                {"outcome": row.outcome, "arm": row.arm, "segment": row.segment, "moved": document}
            )  # fmt: skip
        session.execute(MOVED_ROWS, {"id": campaign_id, "today": today, "rows": json.dumps(told)})
    return found


def _rows(session: Session, one: Campaigned, due: Collection[Outcome], today: date) -> list[Row]:
    """As a last look at today's figures tells these questions."""
    tally = counted_now(session, one, today)
    look = last_look(tally.sized(one))
    rows = [
        row
        for outcome in SHARES
        if outcome in due
        for row in rows_of_shares(outcome, tally, look, tariff=one.tariff_id is not None)
    ]
    if "margin" in due:
        rows += rows_of_margin(earned(session, one.id, LEVEL), look)
    return rows
