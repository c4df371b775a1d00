"""What is behind a link of a letter: the offer, and nothing of the customer but their language and saving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.answering import first_day, is_open
from churn.campaigns.drafting import LANGUAGES
from churn.campaigns.sending import offers_of
from churn.campaigns.tokens import member_in
from churn.campaigns.words import OF_TARIFF
from notifications.types.campaign import Offer
from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

# Whoever was kept twice may have had two letters: what either accepted is accepted (`y`).
_OPENED = text("""
    select m.id, c.language, c.erased_on, k.state, k.offer, k.amount, k.currency, k.ends_on,
           coalesce(t.name, '') as tariff, a.words, m.saving_minor, m.basis,
           coalesce(y.answer, m.answer) as answer, coalesce(y.outcome, m.outcome) as outcome,
           coalesce(y.taken_on, m.taken_on) as taken_on, coalesce(x.cycle_day, 1) as cycle_day,
           n.name as now_on
    from campaign_members m
    join customers c on c.id = m.customer_id
    join campaigns k on k.id = m.campaign_id
    join campaign_arms a on a.campaign_id = k.id and a.key = m.arm
    left join tariffs t on t.id = k.tariff_id
    left join accounts x on x.id = m.account_id
    left join lateral (select i.answer, i.outcome, i.taken_on from campaign_members i
        where i.campaign_id = m.campaign_id and i.answer = 'accepted' and i.customer_id in
            (select coalesce(c.merged_into_id, c.id) union all
             select s.id from customers s where s.merged_into_id = coalesce(c.merged_into_id, c.id))
        order by i.id limit 1) y on true
    left join lateral (select p.name from agreements g join tariffs p on p.id = g.tariff_id
        where g.account_id = m.account_id and g.starts_on <= :today
          and (g.ends_before is null or g.ends_before > :today)
        order by g.starts_on, g.id limit 1) n on true
    where m.id = :member
""")


@dataclass(frozen=True, slots=True)
class Opened:
    """An offer as its reader sees it. basis: what the saving stands on, empty where none is said."""

    member_id: int
    language: str
    offer: str
    tariff: str
    now_on: str
    currency: str
    said: Offer
    saving_minor: int | None
    basis: Mapping[str, Any]
    answer: str
    outcome: str
    taken_on: date | None
    starts_on: date | None
    ends_on: date
    open: bool

    @property
    def reckoned_on(self) -> date | None:
        return date.fromisoformat(self.basis["on_day"]) if self.basis else None

    @property
    def read_share(self) -> float:
        """Of the year's readings, how many are there."""
        return float(self.basis.get("coverage_ppm") or 0) / 1e6


def opened(session: Session, keys: str | list[str], given: str, today: date) -> Opened:
    """The offer of a link; looking changes nothing. Raises NotFound for a link that is none of ours."""
    member = member_in(keys, given)
    row = None
    if member is not None:
        row = session.execute(_OPENED, {"member": member, "today": today}).one_or_none()
    if row is None or row.erased_on is not None:
        raise NotFound("offer", mark("There is no such offer."))
    language = row.language if row.language in LANGUAGES else "en"
    said = offers_of(row.words, row, row.saving_minor)
    return Opened(
        row.id, language, row.offer, row.tariff, row.now_on or "", row.currency,
        said.get(language) or said["en"], row.saving_minor, row.basis if row.saving_minor else {}, row.answer,
        row.outcome, row.taken_on, first_day(row.cycle_day, today) if row.offer in OF_TARIFF else None,
        row.ends_on, is_open(row.state, row.ends_on, today),
    )  # fmt: skip
