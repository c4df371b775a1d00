"""Who was drawn, what became of each, and what was known of them on the morning of the draw.

Frames: for jobs and commands, never for the web process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from billing.tables import Bill
from churn.actions.supplied import supplies
from churn.campaigns.results import FOLLOWED, TAKEN, TWICE, Campaigned, followed
from churn.domain.facts import CATEGORICAL, NUMERIC_NAMES
from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray, enough
from churn.domain.models import Model, model_of
from churn.domain.split import time_split
from churn.features import features
from churn.model import fit, table_of
from churn.tables import ChurnModel
from churn.training import past
from churn.uplift.facts import OFFER_SAVING
from utility_crm.kit.settings import settings

_MEMBERS = text(f"""
    select m.customer_id, m.arm, m.saving_minor, {TAKEN} as taken, not gone.found as stayed
    from campaign_members m
    join customers c on c.id = m.customer_id and c.merged_into_id is null
    {TWICE} {FOLLOWED}
    where m.campaign_id = :id and m.arm <> '' order by m.customer_id
""")


@dataclass(frozen=True, eq=False)
class Drawn:
    """Customers of a campaign who were supplied on the day of the draw; arrays (customers,) side by side.

    frame: what was known that morning, with `OFFER_SAVING` where it is known of half of them. numeric,
    categorical: the facts to learn from. arms: text, taken and stayed: bool. leaving: the chance of leaving
    as it stood that morning, None where nobody could have told it. saving: what they would save, the least
    where unknown.
    """

    day: date
    frame: pd.DataFrame
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    arms: np.ndarray[tuple[int], np.dtype[np.str_]]
    taken: BoolArray
    stayed: BoolArray
    leaving: FloatArray | None
    saving: FloatArray


def drawn(session: Session, one: Campaigned, today: date) -> Drawn:
    """Of a campaign that began; what became of them by today."""
    zone, day = settings().timezone, one.began_on
    assert day is not None
    rows = session.execute(_MEMBERS, followed(one, today)).all()
    members = pd.DataFrame(rows, columns=["customer_id", "arm", "offered", "taken", "stayed"])
    frame = members.merge(features(session, [day], zone), on="customer_id", how="inner")
    offered = pd.to_numeric(frame["offered"]).to_numpy(dtype=np.float64, na_value=np.nan)
    of_offer = bool(len(frame)) and float(np.isnan(offered).mean()) <= 0.5
    if of_offer:
        frame[OFFER_SAVING] = offered
    saving = offered if of_offer else frame["saving_minor"].to_numpy(dtype=np.float64, na_value=np.nan)
    return Drawn(
        day, frame, (*NUMERIC_NAMES, *((OFFER_SAVING,) if of_offer else ())), CATEGORICAL,
        frame["arm"].to_numpy(dtype=np.str_), frame["taken"].to_numpy(dtype=np.bool_),
        frame["stayed"].to_numpy(dtype=np.bool_), _leaving(session, frame, day, zone), _known(saving),
    )  # fmt: skip


def _known(values: FloatArray) -> FloatArray:
    """Unknown ones below all others."""
    least = np.nanmin(values) if not np.isnan(values).all() else 0.0
    return np.asarray(np.where(np.isnan(values), least - 1, values))


def _leaving(session: Session, frame: pd.DataFrame, day: date, zone: str) -> FloatArray | None:
    """By the newest model that was learned by then; where none is kept, by one that learns now from nothing
    but what was over on that morning."""
    model = _kept(session, day) or _learned(session, day, zone)
    return None if model is None else model.chances(table_of(frame, NUMERIC_NAMES, CATEGORICAL))


def _kept(session: Session, day: date) -> Model | None:
    document = session.scalar(
        select(ChurnModel.parameters)
        .where(ChurnModel.as_of <= day, ChurnModel.state != "refused")
        .where(ChurnModel.parameters["kind"].astext != "")
        .order_by(ChurnModel.as_of.desc(), ChurnModel.id.desc())
        .limit(1)
    )
    model = None if document is None else model_of(document)
    known = {*NUMERIC_NAMES, *CATEGORICAL}
    return model if model is not None and set(model.facts) <= known else None


def _learned(session: Session, day: date, zone: str) -> Model | None:
    first_bill_on = session.scalar(select(func.min(Bill.issued_on)).where(Bill.status == "issued"))
    split = None if first_bill_on is None else time_split(day, first_bill_on)
    if split is None:
        return None
    known = past(features(session, split.known, zone), supplies(session), split.known)
    return fit(known.frame, known.left, NUMERIC_NAMES, CATEGORICAL) if enough(known.left) else None
