"""A campaign as its results are read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.campaigns.judging import Outcome, judging_days
from utility_crm.kit.clock import today_in
from utility_crm.kit.errors import NotFound
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

_CAMPAIGN = text("""
    select c.id, c.code, c.name, c.kind, c.offer, c.tariff_id, coalesce(t.name, '') as tariff, c.amount,
           c.currency, c.state, c.starts_on, c.ends_on, c.decides_on, c.launched_at, c.planned,
           c.budget_minor, c.margin_minor, c.margin_source, c.baseline_ppm, c.control_ppm, c.note, c.costs,
           k.groups, k.spent_minor
    from campaigns c left join tariffs t on t.id = c.tariff_id
    left join campaign_counts k on k.campaign_id = c.id
    where c.id = :id
""")


@dataclass(frozen=True, slots=True)
class Campaigned:
    """A campaign. kept_groups, kept_spent_minor: its counts as they were judged (`counting.counted` reads
    them), None before."""

    id: int
    code: str
    name: str
    kind: str
    offer: str
    tariff_id: int | None
    tariff: str
    amount: int | None
    currency: str
    state: str
    starts_on: date
    ends_on: date
    decides_on: date
    launched_at: datetime | None
    planned: Mapping[str, Any]
    budget_minor: int
    margin_minor: int | None
    margin_source: str
    baseline_ppm: int
    control_ppm: int
    note: str
    costs: Mapping[str, Any]
    kept_groups: Sequence[Mapping[str, Any]] | None
    kept_spent_minor: int | None

    @property
    def began_on(self) -> date | None:
        """The day of the draw; of a draft there is none."""
        return None if self.launched_at is None else day_of(self.launched_at)

    @property
    def days(self) -> Mapping[Outcome, date]:
        """On which day each question is judged; of a draft none is."""
        return {} if self.began_on is None else judging_days(self.began_on, self.ends_on, self.decides_on)


def day_of(launched_at: datetime) -> date:
    """The day of a draw, by the utility's own clock."""
    return today_in(settings().timezone, launched_at)


def campaigned(session: Session, campaign_id: int) -> Campaigned:
    """Raises NotFound."""
    row = session.execute(_CAMPAIGN, {"id": campaign_id}).one_or_none()
    if row is None:
        raise NotFound("campaign", mark("There is no such campaign."))
    return Campaigned(*row)
