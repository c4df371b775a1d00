"""The registry of models: who is champion, who waits, who has gone, and why."""

from __future__ import annotations

import hashlib
from datetime import datetime
from importlib.metadata import version

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from churn.domain.facts import CATEGORICAL, NUMERIC, NUMERIC_NAMES
from churn.domain.models import Model, model_of
from churn.domain.registry import Verdict
from churn.tables import ChurnModel

_ONE_AT_A_TIME = 7_304_001  # advisory lock: two that learn or score at once help nobody

LIBRARIES = ("numpy", "scikit-learn")


def one_at_a_time(session: Session) -> None:
    """Wait until nobody else learns or scores; held to the end of the transaction."""
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})


def champion(session: Session) -> ChurnModel | None:
    """The model that scores; None before the first."""
    return session.scalar(select(ChurnModel).where(ChurnModel.state == "champion"))


def is_usable(model: Model) -> bool:
    """Whether all that it asks for is still known of customers."""
    return set(model.facts) <= {*NUMERIC_NAMES, *CATEGORICAL}


def twin_of(model: ChurnModel | None) -> Model | None:
    """What was tested of a model, to be held against another; None where there is none that could be."""
    if model is None or not model.twin:
        return None
    twin = model_of(model.twin)
    return twin if is_usable(twin) else None


def versions() -> dict[str, str]:
    """What a model was fitted with."""
    return {name: version(name) for name in LIBRARIES}


def feature_version() -> str:
    """A short name of how the facts are defined: another where one is added, left out or read another way."""
    defined = repr((NUMERIC, CATEGORICAL)).encode()
    return hashlib.sha256(defined).hexdigest()[:8]


def enter(session: Session, made: ChurnModel, found: Verdict, now: datetime) -> None:
    """Put a new model into the registry in the state it was given; whoever it displaces is retired."""
    made.state, made.why = found.state, found.why
    for other in session.scalars(select(ChurnModel).where(ChurnModel.state.in_(_displaced(found)))):
        other.retired_why = "replaced" if other.state == "champion" else "newer"
        other.state, other.retired_at = "retired", now
    session.flush()  # there is never a second champion, not even between two statements
    if found.state == "champion":
        made.champion_since = now
    session.add(made)
    session.flush()


def _displaced(found: Verdict) -> tuple[str, ...]:
    """A challenger that waits is displaced by any newer one that is not refused."""
    return {"champion": ("champion", "challenger"), "challenger": ("challenger",)}.get(found.state, ())
