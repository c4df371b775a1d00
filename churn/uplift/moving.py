"""Whom a campaign that was learned from would move today: a fact of everybody, kept for segments.

Only of campaigns whose ranking was seen to be better than asking at random, so that nobody is chosen by
noise, and only of customers of a kind that was drawn in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.feature_table import FeatureTable, FloatArray
from churn.domain.kept import IntArray, Kept
from churn.domain.uplift.models import uplift_model_of
from churn.domain.uplift.verdicts import UPLIFT
from churn.uplift.facts import MOST, MOVED_BY, OFFER_SAVING, WORTHY
from utility_crm.segments.facts import keep_fact, keep_parameters

_LEARNED: Final = text(f"""
    select w.code, w.model, coalesce(t.code, ''),
           array(select distinct m.segment from campaign_members m
                 where m.campaign_id = w.campaign_id and m.arm <> ''),
           coalesce(a.computed_at < greatest(w.made_at, (select max(kept_at) from churn_facts_layouts)), true)
    from ({WORTHY}) w
    left join tariffs t on t.id = w.tariff_id
    left join fact_ages a on a.fact = :fact and a.parameter = w.code
    order by w.day desc, w.code limit {MOST}
""")
_SAVED: Final = text("""
    select customer_id, cast(value as double precision) from fact_values
    where fact = 'saving_on' and parameter = :tariff order by customer_id
""")


@dataclass(frozen=True, slots=True)
class _Learned:
    """A campaign's models; the tariff it offered, "" where none; of which segments its customers were; due:
    the models or the facts are newer than what is kept."""

    code: str
    model: Mapping[str, Any]
    tariff: str
    segments: Sequence[str]
    due: bool


def tell_whom(session: Session, as_of: date, now: datetime) -> int:
    """Keep `moved_by` of everybody by the facts of this date: how many more of a hundred like them take the
    offer (of a campaign that is to keep customers: stay) if they are asked than if they are left alone, with
    one decimal. How many campaigns were told; each is once for its models and the kept facts. Where the facts
    of the date are not kept yet, nothing is. Of campaigns that no longer say so nothing stays."""
    learned = [_Learned(*row) for row in session.execute(_LEARNED, {"fact": MOVED_BY})]
    keep_parameters(session, MOVED_BY, [one.code for one in learned])
    due = [one for one in learned if one.due]
    if not due:
        return 0
    from churn.kept_facts import kept_on  # frames are loaded when there is work, not before

    facts = kept_on(session, as_of)
    if facts is None:
        return 0
    for one in due:
        keep_fact(session, MOVED_BY, one.code, _moved(session, one, facts), now)
    return len(due)


def _moved(session: Session, one: _Learned, facts: Kept) -> dict[int, Decimal]:
    """By customer; nobody, where the models ask for facts that are no longer known."""
    asked = one.model["facts"]
    numeric, categorical = tuple(asked["numeric"]), tuple(asked["categorical"])
    of_offer = OFFER_SAVING in numeric
    numeric = tuple(name for name in numeric if name != OFFER_SAVING)
    if not {*numeric, *categorical, "segment"} <= {*facts.layout.names}:
        return {}
    known = facts.table(numeric, (*categorical, *(() if "segment" in categorical else ("segment",))))
    saving = {OFFER_SAVING: _saving(session, one.tariff, facts.customer_ids)} if of_offer else {}
    table = FeatureTable({**known.numeric, **saving}, known.categorical)
    won = np.round(100 * uplift_model_of(one.model[UPLIFT]).uplift(table), 1).tolist()
    met = np.isin(known.categorical["segment"].astype(str), list(one.segments)).tolist()
    return {
        customer_id: Decimal(str(value))
        for customer_id, value, like_them in zip(facts.customer_ids.tolist(), won, met, strict=True)
        if like_them
    }


def _saving(session: Session, tariff: str, customer_ids: IntArray) -> FloatArray:
    """What each would save on the offered tariff, minor units, float64 (customers,); NaN where unknown."""
    saved: dict[int, float] = {row[0]: row[1] for row in session.execute(_SAVED, {"tariff": tariff})}
    return np.array([saved.get(one, np.nan) for one in customer_ids.tolist()], dtype=np.float64)
