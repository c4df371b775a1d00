"""Hold today's customers against those that a model learned from, and what it said against what happened."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pandas as pd

from churn.domain.drift import CAME_TRUE, CameTrue, Watched, news
from churn.domain.facts import CATEGORICAL, NUMERIC_NAMES
from churn.domain.feature_table import FeatureTable
from churn.domain.label import HORIZON_DAYS, Window
from churn.domain.models import Model
from churn.model import table_of
from churn.training import Learned, Past


def watched_of(learned: Learned, present: pd.DataFrame) -> Watched:
    """How customers were when the model learned, and what is otherwise by today already."""
    assert learned.model is not None
    model, known = learned.model, learned.known
    then = _asked(known.frame, model)
    customers = int(known.frame["customer_id"].nunique())
    watched = Watched.of(then, model.chances(then), customers)
    test = learned.tested
    true = None if test is None or learned.twin is None else came_true(test.past, learned.twin)
    now = _asked(present, model)
    changed = news(watched.moved(now, model.chances(now)), true, ())
    return Watched(watched.customers, watched.numbers, watched.names, changed)


def newest_over(as_of: date) -> date:
    """The last date whose window is over on the morning of `as_of`."""
    return as_of - timedelta(days=HORIZON_DAYS + 1)


def came_true(known: Past, model: Model) -> CameTrue | None:
    """What a model says of customers on a past date, and how many left. None where nobody is known."""
    if not len(known.frame):
        return None
    said = model.chances(_asked(known.frame, model))
    return CameTrue(len(known.frame), int(known.left.sum()), float(said.mean()))


def drift_document(
    watched: Watched, present: pd.DataFrame, model: Model, checked: tuple[date, CameTrue] | None
) -> dict[str, Any]:
    """{"facts": [{"fact", "index", "by_chance", "state"}], the furthest first, "news": [...], "came_true":
    {"date", "ends_on", "customers", "left", "said", "happened", "low", "high", "holds"} or null}."""
    now = _asked(present, model)
    found = watched.moved(now, model.chances(now))
    true = None if checked is None else checked[1]
    return {
        "facts": [
            {"fact": name, "index": one.index, "by_chance": one.by_chance, "state": one.state}
            for name, one in sorted(found.items(), key=lambda item: -item[1].index)
        ],
        "news": list(news(found, true, watched.known)),
        CAME_TRUE: None if checked is None else _true_document(*checked),
    }


def _true_document(day: date, found: CameTrue) -> dict[str, Any]:
    low, high = found.interval
    return {
        "date": day.isoformat(),
        "ends_on": Window(day).last_day.isoformat(),
        **asdict(found),
        "happened": found.happened,
        "low": low,
        "high": high,
        "holds": found.holds,
    }


def _asked(frame: pd.DataFrame, model: Model) -> FeatureTable:
    """The facts that a model asks for; others cannot have anything to do with it."""
    asked = set(model.facts)
    return table_of(
        frame,
        [name for name in NUMERIC_NAMES if name in asked],
        [name for name in CATEGORICAL if name in asked],
    )
