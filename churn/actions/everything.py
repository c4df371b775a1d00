"""Both at once: learn and score, as the demo's build and `utility-crm churn fit` do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from churn.actions.scoring import score
from churn.actions.training import train


@dataclass(frozen=True, slots=True)
class Done:
    """status: `scored`, or why not: `too_short`, `too_few`. model_id: of the champion that scored, or of the
    vain attempt. customers: how many are scored; usual: their mean chance. figures: of the model that was
    learned."""

    status: str
    as_of: date
    customers: int
    usual: float
    model_id: int
    figures: Mapping[str, Any]


def fit_and_score(session: Session, as_of: date, now: datetime) -> Done:
    """Train, then score everybody supplied on `as_of` with whoever is champion then. Where no model could be
    made and there is no champion, earlier scores stay as they are."""
    trained = train(session, as_of, now)
    scored = score(session, as_of, now, again=True)
    if scored.model_id is None:
        return Done(trained.status, as_of, 0, 0.0, trained.model_id, trained.figures)
    return Done("scored", as_of, scored.customers, scored.usual, scored.model_id, trained.figures)
