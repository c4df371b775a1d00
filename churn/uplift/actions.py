"""Learn whom a campaign moved, and keep it. Never commits.

Loads frames and scikit-learn: for jobs and commands, never for the web process.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from churn.campaigns.results import Results, results
from churn.campaigns.words import OF_TARIFF
from churn.domain.campaigns.assigning import CONTROL
from churn.domain.feature_table import FloatArray
from churn.domain.label import HORIZON_DAYS
from churn.domain.uplift.trial import Trial
from churn.domain.uplift.verdicts import LEAVING, SAVING
from churn.uplift.judging import judged
from churn.uplift.learning import FEWEST, FOLDS, SEEDS, cross_fitted, enough, fitted
from churn.uplift.reading import Drawn, drawn
from churn.uplift.tables import CampaignUplift
from utility_crm.kit.errors import Conflict
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

_DUE = text("""
    select c.id
    from (select id, greatest(decides_on, ends_on + 1) as looked, greatest(decides_on + :taken,
              cast(launched_at at time zone :zone as date) + :watched) as last
          from campaigns where launched_at is not null) c
    left join campaign_uplift u on u.campaign_id = c.id
    where c.looked <= :today
    group by c.id, c.looked, c.last
    having min(u.day) is null or min(u.day) < c.looked or min(u.day) < c.last and :today >= c.last
    order by c.id limit :most
""")
_LAST_TAKEN_DAYS = 31


def learn_due(session: Session, now: datetime, today: date, most: int = 3) -> int:
    """Campaigns whose day for looking has come, once then and once more when nothing can change any longer;
    how many."""
    given = {
        "today": today, "taken": _LAST_TAKEN_DAYS, "watched": HORIZON_DAYS + 1, "most": most,
        "zone": settings().timezone,
    }  # fmt: skip
    found = list(session.scalars(_DUE, given))
    for campaign_id in found:
        learn_uplift(session, campaign_id, now=now, today=today)
    return len(found)


def learn_uplift(
    session: Session, campaign_id: int, *, now: datetime, today: date
) -> Sequence[CampaignUplift]:
    """Learn from everybody who was drawn, of each outcome and arm, and keep it in the place of what was
    known. Of staying nothing is told before its 90 days are over. Raises NotFound; Conflict for a draft."""
    told = results(session, campaign_id, today)
    if told.campaign.launched_at is None:
        raise Conflict("draft", mark("It has not begun: nobody was drawn yet."))
    whom = drawn(session, told.campaign, today)
    over = (today - whom.day).days > HORIZON_DAYS
    outcomes = [("taken", whom.taken), *([("stayed", whom.stayed)] if over else ())]
    arms = ["", *(told.arms if len(told.arms) > 1 else ())]
    session.execute(delete(CampaignUplift).where(CampaignUplift.campaign_id == campaign_id))
    made = []
    for outcome, had in outcomes:
        for arm in arms:
            asked = whom.arms == arm if arm else whom.arms != CONTROL
            inside = asked | (whom.arms == CONTROL)
            state, figures, model = _told(told, whom, outcome, asked, had, inside)
            made.append(
                CampaignUplift(
                    campaign_id=campaign_id, outcome=outcome, arm=arm, day=today, made_at=now, state=state,
                    figures=figures, model=model,
                )
            )  # fmt: skip
    session.add_all(made)
    session.flush()
    return made


def _told(
    told: Results,
    whom: Drawn,
    outcome: str,
    asked: np.ndarray[Any, np.dtype[np.bool_]],
    had: np.ndarray[Any, np.dtype[np.bool_]],
    inside: np.ndarray[Any, np.dtype[np.bool_]],
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    alone_cannot = outcome == "taken" and told.campaign.offer not in OF_TARIFF
    counts = {
        "customers": int(inside.sum()), "asked": int(asked.sum()), "asked_had": int((asked & had).sum()),
        "alone": int((inside & ~asked).sum()), "alone_had": int((inside & ~asked & had).sum()),
        "fewest": FEWEST, "alone_cannot": alone_cannot, "drawn_on": whom.day.isoformat(),
    }  # fmt: skip
    if not counts["asked"] or not counts["alone"]:
        return "too_few", counts, {}
    trial = Trial(asked[inside], had[inside])
    if not enough(trial, alone_cannot=alone_cannot):
        return "too_few", counts, {}
    frame = whom.frame[inside].reset_index(drop=True)
    rankings: dict[str, FloatArray] = cross_fitted(frame, trial, whom.numeric, whom.categorical)
    if whom.leaving is not None:
        rankings[LEAVING] = whom.leaving[inside]
    rankings[SAVING] = whom.saving[inside]
    worth = told.campaign.margin_minor if outcome == "stayed" else None
    cost = told.spent_minor / told.asked.customers if told.asked.customers else None
    reached = told.reached("taken" if outcome == "taken" else "lost")
    figures = judged(trial, rankings, reached=reached, worth_minor=worth, cost_minor=cost)
    model = {
        "facts": {"numeric": list(whom.numeric), "categorical": list(whom.categorical)},
        **{
            name: one.document() for name, one in fitted(frame, trial, whom.numeric, whom.categorical).items()
        },
    }
    learned = {"folds": FOLDS, "seeds": len(SEEDS), "facts": len(whom.numeric) + len(whom.categorical)}
    return "told", counts | figures | {"learned": learned}, model
