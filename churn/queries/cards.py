"""The model in use, and how it was tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The model that scored last, else the champion, else the last attempt at one.

    status: `scored`; `learned`, where nobody has been scored yet; else why there is no model. as_of: of the
    scores, where there are any. usual: the mean of everybody's chance. figures: see `churn.training.learn`.
    """

    model_id: int
    status: str
    as_of: date
    fitted_at: datetime
    figures: Mapping[str, Any]
    usual: float

    @property
    def tested_on(self) -> date | None:
        """The earlier date whose list was held against what happened."""
        return _day(self.figures.get("test", {}).get("date"))

    @property
    def tested_until(self) -> date | None:
        """The last day of what happened."""
        return _day(self.figures.get("test", {}).get("ends_on"))

    def learned_on(self, part: str) -> tuple[date, ...]:
        """The dates that `part` ("train" or "fit") learned from, oldest first."""
        found = self.figures.get(part, {}).get("dates", ())
        return tuple(date.fromisoformat(day) for day in found)

    @property
    def tested(self) -> Mapping[str, Any] | None:
        """What a later time said; None where too few left to say."""
        found: Mapping[str, Any] | None = self.figures.get("test", {}).get("figures")
        return found


_CARD = text(
    """
    select m.id, m.as_of, m.fitted_at, m.figures, r.as_of, r.usual
    from churn_models m
    left join churn_runs r on r.as_of = (select as_of from churn_scores limit 1)
    order by (m.id = r.model_id) desc nulls last, (m.state = 'champion') desc, m.id desc limit 1
    """
)


def model_card(session: Session) -> ModelCard | None:
    """None before the first attempt."""
    row = session.execute(_CARD).one_or_none()
    if row is None:
        return None
    model_id, learned_as_of, fitted_at, figures, scored_as_of, usual = row
    if scored_as_of is None:
        return ModelCard(model_id, figures["status"], learned_as_of, fitted_at, figures, 0.0)
    return ModelCard(model_id, "scored", scored_as_of, fitted_at, figures, usual)


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)
