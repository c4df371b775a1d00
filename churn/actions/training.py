"""Learn a model from the windows that are over, hold it against the champion, and register it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.tables import Bill
from churn.actions.registering import (
    champion,
    enter,
    feature_version,
    is_usable,
    one_at_a_time,
    twin_of,
    versions,
)
from churn.actions.supplied import supplies
from churn.actions.watching import watched_of
from churn.domain.comparison import compared
from churn.domain.facts import CATEGORICAL, NUMERIC_NAMES
from churn.domain.fairness import fairness_document
from churn.domain.figures import enough
from churn.domain.fingerprint import fingerprint
from churn.domain.models import model_of
from churn.domain.registry import Incumbent, Verdict, verdict
from churn.domain.split import TimeSplit, time_split
from churn.features import features
from churn.groups import groups_of
from churn.lives import survival_document
from churn.model import table_of
from churn.tables import ChurnModel, ChurnRun
from churn.training import Learned, Past, learn
from utility_crm.kit.settings import settings


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training did. status: `trained`; `same_data`, where a model has learned from exactly these rows
    and outcomes, asking for the same facts, which is the one returned; `too_short`, no history to learn from
    and test on; `too_few`, too few have left.

    state, why: what became of it (`churn.domain.registry`). figures: as `churn.training.learn` gives them.
    """

    status: str
    as_of: date
    model_id: int
    state: str
    why: str
    figures: Mapping[str, Any]


def train(session: Session, as_of: date, now: datetime) -> Trained:
    """Learn from what is over on the morning of `as_of`. The new model is champion or challenger, or refused.

    Where no model can be made the attempt is kept, so that the page can say why; scores stay as they are.
    """
    one_at_a_time(session)
    first_bill_on = session.scalar(select(func.min(Bill.issued_on)).where(Bill.status == "issued"))
    split = None if first_bill_on is None else time_split(as_of, first_bill_on)
    if split is None:
        return _in_vain(session, as_of, now, "too_short", {})
    assert first_bill_on is not None
    frame = features(session, [as_of, *split.known], settings().timezone)
    return _entered(session, as_of, now, frame, split, first_bill_on)


def _entered(
    session: Session, as_of: date, now: datetime, frame: pd.DataFrame, split: TimeSplit, seen_from: date
) -> Trained:
    incumbent = champion(session)
    lives = supplies(session)
    learned = learn(frame, lives, split, twin_of(incumbent))
    if learned.model is None:
        return _in_vain(session, as_of, now, "too_few", learned.figures)
    made = _row(as_of, now, learned, frame[frame["as_of"] == as_of])
    if (known := _same(session, made)) is not None:
        return _told("same_data", known)
    _measure(session, made, learned, incumbent)
    customers = list(lives)
    segments = dict(zip(customers, groups_of(session, customers)["segment"].tolist(), strict=True))
    made.figures = made.figures | {"survival": survival_document(learned, lives, segments, seen_from, as_of)}
    enter(session, made, _judged(session, incumbent, learned, as_of), now)
    return _told("trained", made)


def _measure(session: Session, made: ChurnModel, learned: Learned, incumbent: ChurnModel | None) -> None:
    """Figures on the later customers: of every model beside each other, and by groups that no model sees."""
    tested = learned.tested
    if tested is None or not tested.scores or not enough(tested.past.left):
        return
    left = tested.past.left
    scores = dict(tested.scores)
    if incumbent is not None and incumbent.as_of > made.as_of:
        scores.pop("champion", None)  # it may have seen what became of them
        incumbent = None
    groups = groups_of(session, tested.past.frame["customer_id"].tolist())
    made.figures = made.figures | {
        "compared": {
            "champion_id": None if incumbent is None else incumbent.id,
            "models": compared(left, scores),
        },
        "fairness": fairness_document(groups, left, scores["challenger"]),
    }


def _row(as_of: date, now: datetime, learned: Learned, present: pd.DataFrame) -> ChurnModel:
    assert learned.model is not None
    gain = None if learned.gain is None else asdict(learned.gain)
    return ChurnModel(
        fitted_at=now,
        as_of=as_of,
        parameters=learned.model.document(),
        twin={} if learned.twin is None else learned.twin.document(),
        figures={"status": "learned", **learned.figures, "gain": gain},
        fingerprint=fingerprint_of(learned.known),
        rows=len(learned.known.frame),
        leavers=learned.known.leavers,
        versions=versions(),
        features=list(learned.model.facts),
        feature_version=feature_version(),
        watched=watched_of(learned, present).document(),
    )


def fingerprint_of(known: Past) -> str:
    """Of the rows and outcomes that a model learned from."""
    return fingerprint(
        known.frame["as_of"].tolist(),
        known.frame["customer_id"].to_numpy(dtype=np.int64),
        table_of(known.frame, NUMERIC_NAMES, CATEGORICAL),
        known.left,
    )


def _same(session: Session, made: ChurnModel) -> ChurnModel | None:
    """A model in use, or waiting, that would be the same one again."""
    return session.scalar(
        select(ChurnModel)
        .where(
            ChurnModel.state.in_(("champion", "challenger", "refused")),
            ChurnModel.fingerprint == made.fingerprint,
            ChurnModel.versions == made.versions,
            ChurnModel.features == made.features,
        )
        .order_by(ChurnModel.state, ChurnModel.id.desc())
        .limit(1)
    )


def _judged(session: Session, incumbent: ChurnModel | None, learned: Learned, as_of: date) -> Verdict:
    if incumbent is None:
        return verdict(None, None)
    age = (as_of - incumbent.as_of).days
    usable = bool(incumbent.fingerprint) and is_usable(model_of(incumbent.parameters))
    newest = select(ChurnRun).where(ChurnRun.model_id == incumbent.id).order_by(ChurnRun.as_of.desc())
    run = session.scalar(newest.limit(1))
    drifted = run is not None and bool(run.drift.get("news"))
    return verdict(Incumbent(age, usable, drifted), learned.gain)


def _in_vain(
    session: Session, as_of: date, now: datetime, status: str, figures: Mapping[str, Any]
) -> Trained:
    """Keep the attempt. A second vain one for a date takes the place of the first."""
    document = {"status": status, **figures}
    last = session.scalar(select(ChurnModel).order_by(ChurnModel.id.desc()).limit(1))
    if last is None or last.as_of != as_of or (last.state, last.why) != ("refused", status):
        last = ChurnModel(as_of=as_of, parameters={}, state="refused", why=status)
        session.add(last)
    last.fitted_at, last.figures = now, document
    session.flush()
    return _told(status, last)


def _told(status: str, model: ChurnModel) -> Trained:
    return Trained(status, model.as_of, model.id, model.state, model.why, model.figures)
