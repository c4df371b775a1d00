"""What the members of campaigns earned since they were drawn, by their own bills. Never commits.

Of each bill counts the part that its days have in the time: of the window from the day after the draw, 90
days at most. Bills of the year before that end with the draw tell how unlike the members were already; one
that reaches beyond it does not, since what the offer did would be held against itself. Bills that are still
to be issued count nothing, in every group alike.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.campaigns.judging import BILLED_WITHIN_DAYS
from churn.domain.label import HORIZON_DAYS
from churn.value.margins import BILL_MARGINS, YEAR_DAYS, values_of
from utility_crm.kit.settings import settings

_OPEN = text("""
    select id, cast(launched_at at time zone :zone as date) as began from campaigns
    where launched_at is not null and currency = :currency and margins_on is distinct from :today
      and cast(launched_at at time zone :zone as date) >= cast(:today as date) - cast(:followed as integer)
    order by id
    for update
""")
_PART = (
    "cast(x.revenue_minor - x.cost_minor as numeric) * greatest(0, least(x.ends_before, {ends}) "
    "- greatest(x.starts_on, {starts})) / (x.ends_before - x.starts_on)"
)
_MARGINS = text(
    f"""
    with recursive {BILL_MARGINS},
    drawn as (
        select m.id, m.customer_id, c.began, least(:today, c.began + {HORIZON_DAYS + 1}) as until
        from unnest(cast(:campaigns as bigint[]), cast(:began as date[])) as c (id, began)
        join campaign_members m on m.campaign_id = c.id and m.arm <> ''),
    told as (
        select d.id,
               sum({_PART.format(starts="d.began + 1", ends="d.until")}) as billed,
               sum({_PART.format(starts=f"d.began - {YEAR_DAYS}", ends="d.began")})
                   filter (where x.ends_before <= d.began) as before,
               bool_or(x.cost_minor is null and x.ends_before > d.began + 1 and x.starts_on < d.until)
                   as unknown,
               bool_or(x.cost_minor is null and x.ends_before <= d.began) as unknown_before,
               count(*) filter (where x.ends_before <= d.began) as earlier
        from drawn d
        join margins x on x.customer_id = d.customer_id and x.ends_before > x.starts_on
        group by d.id)
    update campaign_members m
    set billed_minor = case when t.unknown then null else cast(round(coalesce(t.billed, 0)) as bigint) end,
        before_minor = case when t.unknown_before or t.earlier = 0 or t.id is null then null
                            else cast(round(t.before) as bigint) end
    from drawn d left join told t on t.id = d.id
    where m.id = d.id
    """
)
_COUNTED = text("update campaigns set margins_on = :today where id = any(:campaigns)")
_COSTS = text("select exists (select from cost_rates where currency = :currency)")


def count_margins(session: Session, today: date) -> int:
    """Reckon the margins of every campaign whose bills may still come in, once a day; how many campaigns.
    Then they stay as they are, and are judged (`churn.domain.campaigns.judging`).
    Without costs nothing is known, and nothing is kept."""
    values = values_of(today)
    if not session.scalar(_COSTS, {"currency": values["currency"]}):
        return 0
    given = {
        "today": today, "currency": values["currency"], "zone": settings().timezone,
        "followed": HORIZON_DAYS + BILLED_WITHIN_DAYS,
    }  # fmt: skip
    found = session.execute(_OPEN, given).all()
    if not found:
        return 0
    keys = [row.id for row in found]
    after = min(row.began for row in found) - timedelta(days=YEAR_DAYS)
    began = {"campaigns": keys, "began": [row.began for row in found]}
    session.execute(_MARGINS, values | began | {"after": after})
    session.execute(_COUNTED, {"today": today, "campaigns": keys})
    return len(keys)
