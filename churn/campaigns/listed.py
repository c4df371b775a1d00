"""Every campaign in a line: session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.audience import HANDED_OVER
from churn.campaigns.calling import OPEN
from churn.campaigns.results.campaigned import day_of
from churn.domain.campaigns.judging import Outcome, judging_days


@dataclass(frozen=True, slots=True)
class Line:
    """A campaign in the list; counts of those who were drawn. verdicts: by question, of all who were asked;
    those that are judged."""

    id: int
    code: str
    name: str
    kind: str
    offer: str
    tariff: str
    state: str
    currency: str
    starts_on: date
    ends_on: date
    decides_on: date
    owner: str
    drawn: int
    control: int
    sent: int
    accepted: int
    to_call: int
    launched_at: datetime | None
    verdicts: Mapping[str, str]

    @property
    def days(self) -> Mapping[Outcome, date]:
        """On which day each question is judged; of a draft none is."""
        if self.launched_at is None:
            return {}
        return judging_days(day_of(self.launched_at), self.ends_on, self.decides_on)


_LINES = text(f"""
    select c.id, c.code, c.name, c.kind, c.offer, coalesce(t.name, ''), c.state, c.currency, c.starts_on,
           c.ends_on, c.decides_on, coalesce(u.name, ''), n.drawn, n.control, n.sent, n.accepted, n.to_call,
           c.launched_at, coalesce((select jsonb_object_agg(v.outcome, v.verdict) from campaign_verdicts v
                where v.campaign_id = c.id and v.arm = '' and v.segment = ''), '{{}}')
    from campaigns c
    left join tariffs t on t.id = c.tariff_id
    left join users u on u.id = c.made_by
    cross join lateral (
        select count(*) filter (where arm <> '') as drawn, count(*) filter (where arm = 'control') as control,
               count(*) filter (where {HANDED_OVER}) as sent,
               count(*) filter (where answer = 'accepted') as accepted,
               count(*) filter (where {OPEN} and k.merged_into_id is null and arm in
                   (select key from campaign_arms a
                    where a.campaign_id = c.id and 'call' = any(a.ways))) as to_call
        from campaign_members m join customers k on k.id = m.customer_id where campaign_id = c.id) n
    order by array_position(array['running', 'draft', 'stopped', 'finished'], c.state), c.starts_on desc,
             c.id desc
""")


def lines(session: Session) -> list[Line]:
    """Every campaign: what runs first, then drafts, then what is over."""
    return [Line(*row) for row in session.execute(_LINES)]
