"""What the registry of models can be asked: session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest attempt at a model. learned: one came of it; why: a word of `churn.registry_words`."""

    as_of: date
    learned: bool
    why: str


@dataclass(frozen=True, slots=True)
class Run:
    """A day's scoring by the model that is champion now; drift: see `churn.actions.watching`."""

    as_of: date
    model_id: int
    customers: int
    usual: float
    drift: Mapping[str, Any]

    @property
    def news(self) -> tuple[str, ...]:
        """What calls for learning anew."""
        return tuple(self.drift.get("news", ()))


@dataclass(frozen=True, slots=True)
class Registered:
    """A model in the registry; see `churn.tables.ChurnModel`. kind: `additive`, `logistic`, "" for a vain
    attempt. tested: its figures on a later time, None where too few left. gain: over the champion of then."""

    model_id: int
    state: str
    why: str
    as_of: date
    fitted_at: datetime
    champion_since: datetime | None
    retired_at: datetime | None
    retired_why: str
    kind: str
    fingerprint: str
    rows: int
    leavers: int
    versions: Mapping[str, str]
    features: Sequence[str]
    feature_version: str
    tested: Mapping[str, Any] | None
    gain: Mapping[str, float] | None
    compared: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class InUse:
    """The champion with all that its card tells."""

    model_id: int
    why: str
    as_of: date
    champion_since: datetime
    parameters: Mapping[str, Any]
    figures: Mapping[str, Any]
    watched: Mapping[str, Any]
    fingerprint: str
    rows: int
    leavers: int
    versions: Mapping[str, str]
    features: Sequence[str]
    feature_version: str

    @property
    def learned_on(self) -> tuple[date, ...]:
        """The dates that it learned from, oldest first."""
        return tuple(date.fromisoformat(day) for day in self.figures.get("fit", {}).get("dates", ()))


_LAST_ATTEMPT = text(
    "select as_of, fingerprint <> '', why from churn_models order by as_of desc, id desc limit 1"
)
_LAST_RUN = text(
    """
    select r.as_of, r.model_id, r.customers, r.usual, r.drift
    from churn_runs r join churn_models m on m.id = r.model_id and m.state = 'champion'
    order by r.as_of desc limit 1
    """
)
_IN_USE = text(
    """
    select id, why, as_of, champion_since, parameters, figures, watched, fingerprint, rows, leavers, versions,
           features, feature_version
    from churn_models where state = 'champion'
    """
)
_REGISTERED = text(
    """
    select id, state, why, as_of, fitted_at, champion_since, retired_at, retired_why,
           coalesce(parameters->>'kind', ''), fingerprint, rows, leavers, versions, features, feature_version,
           figures#>'{test,figures}', figures->'gain', figures->'compared'
    from churn_models
    order by (state = 'champion') desc, (state = 'challenger') desc, id desc limit :most
    """
)


def last_attempt(session: Session) -> Attempt | None:
    """The newest model or vain attempt; None before the first."""
    row = session.execute(_LAST_ATTEMPT).one_or_none()
    return None if row is None else Attempt(*row)


def last_run(session: Session) -> Run | None:
    """The newest day that the champion scored; None before the first."""
    row = session.execute(_LAST_RUN).one_or_none()
    return None if row is None else Run(*row)


def model_in_use(session: Session) -> InUse | None:
    """The champion; None before the first."""
    row = session.execute(_IN_USE).one_or_none()
    return None if row is None else InUse(*row)


def registered(session: Session, most: int = MOST_SHOWN) -> list[Registered]:
    """The champion, the challenger, then the others, the newest first."""
    rows = session.execute(_REGISTERED, {"most": most})
    return [Registered(*row) for row in rows]
