"""What became of members, in SQL.

Taken up: on the offered tariff from a day after the draw, by whatever way they came to it, which the control
group may as well; of other offers: accepted. Lost: their supply went to another supplier by choice.
"""

from __future__ import annotations

from datetime import date, timedelta

from churn.campaigns.results.campaigned import Campaigned
from churn.domain.label import HORIZON_DAYS

TAKEN_DAYS = 31
"""A change of tariff that was agreed on the last day holds from so much later at most."""
FOLLOWED = """
    cross join lateral (
        select exists (select from accounts a join agreements g on g.account_id = a.id
            where a.customer_id = m.customer_id and g.tariff_id = cast(:tariff as bigint)
              and g.starts_on > :began and g.starts_on <= :until) as found
    ) as moved
    cross join lateral (
        select exists (select from accounts a join agreements g on g.account_id = a.id
            where a.customer_id = m.customer_id and g.end_reason = 'switched'
              and g.ends_before > :began and g.ends_before <= :watched) as found
    ) as gone
"""
"""What became of the member `m`: `moved.found`, on the offered tariff; `gone.found`, lost. With the values of
`followed`."""
TWICE = """
    left join (select distinct s.merged_into_id as id from campaign_members t
               join customers s on s.id = t.customer_id and s.merged_into_id is not null
               where t.campaign_id = :id and t.arm <> '' and t.answer = 'accepted') twin
        on twin.id = m.customer_id
"""
"""A customer who was drawn twice, since they were kept twice, is one since they were merged: the row that
stays with the stub is nobody's, and what was accepted by it was accepted by whom they are (`twin`)."""
ACCEPTED = "(m.answer = 'accepted' or twin.id is not null)"
TAKEN = f"case when cast(:tariff as bigint) is null then {ACCEPTED} else moved.found end"
"""SQL of who took what was offered: who has the tariff, which whoever is left alone may as well, and not who
said yes to it; of other offers, who accepted."""


def followed(one: Campaigned, today: date) -> dict[str, object]:
    """Between which days members are followed; of a campaign that began."""
    began = one.began_on
    assert began is not None
    return {
        "id": one.id, "tariff": one.tariff_id, "began": began,
        "until": one.decides_on + timedelta(days=TAKEN_DAYS),
        "watched": min(today, began + timedelta(days=HORIZON_DAYS)),
    }  # fmt: skip
