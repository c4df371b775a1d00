"""A scored supplier for the pages: two areas, four customers, one lost, and a model with its figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from billing.tables import Tariff
from churn.domain.additive import AdditiveModel, Curve, Levels
from churn.domain.comparison import compared
from churn.domain.drift import Watched
from churn.domain.fairness import fairness_document
from churn.domain.feature_table import FeatureTable
from churn.domain.figures import figures
from churn.domain.survival import MonthlyHazard
from churn.tables import ChurnModel, ChurnRun, ChurnScore
from tests.db.churn.conftest import FLAT, TWO_RATE, Person, Supplier
from utility_crm.customers.tables import Customer
from utility_crm.network.tables import NetworkNode, Premise

AS_OF = date(2026, 11, 20)
TESTED = date(2026, 8, 21)

MODEL = AdditiveModel(
    -2.4,
    (
        Curve("saving", np.array([0.05, 0.12]), np.array([-0.3, 0.1, 0.7]), -0.1),
        Curve("unanswered", np.array([0.5]), np.array([-0.1, 1.4]), 0.0),
    ),
    (Levels("tariff", {"steady": 0.05, "day_night": -0.2}, 0.0),),
)
"""What stands in the registry: two curves and a category."""

COMPLAINT = {
    "group": "complaints",
    "points": 9.4,
    "figures": {"currency": "GBP", "complaint_count": 1, "unanswered_count": 1, "unanswered_days": 9},
}
CHEAPER = {
    "group": "tariff_fit",
    "points": 4.0,
    "figures": {"currency": "GBP", "saving_minor": 736, "cheaper": "Day & Night", "night_flat": 0.4},
}


@dataclass(frozen=True)
class Scored:
    """Who was put in, from the highest chance down, and whoever left."""

    ada: Person
    works: Person
    bela: Person
    cleo: Person
    lost: Person


def tested_figures() -> dict[str, Any]:
    """Figures of a thousand customers whose chances were right."""
    draw = np.random.default_rng(2)
    chances = draw.beta(1, 12, 1000)
    return figures(draw.random(1000) < chances, chances).document()


def model_figures(lost: Person) -> dict[str, Any]:
    learned = {
        "dates": ["2026-01-21", "2026-05-22"],
        "rows": 4000,
        "customers": 1200,
        "leavers": 90,
        "unknown": 7,
    }
    measured = tested_figures()
    return {
        "status": "learned",
        "horizon_days": 90,
        "fit": learned,
        "train": learned,
        "test": {
            "date": TESTED.isoformat(), "ends_on": "2026-11-19", "customers": 1000,
            "leavers": measured["leavers"], "unknown": 12, "figures": measured,
        },
        "lost": [{"customer_id": lost.customer, "score": 0.31, "rank": 12}],
        "contrast": [
            {"fact": "unanswered", "left": 0.12, "stayed": 0.03},
            {"fact": "bill_shock", "left": 0.08, "stayed": 0.05},
            {"fact": "export", "left": 0.07, "stayed": 0.07},
        ],
    }  # fmt: skip


def card_figures() -> dict[str, Any]:
    """What the card of the model tells: of a thousand customers whose chances were right, and of lives."""
    draw = np.random.default_rng(6)
    chances = draw.beta(1, 12, 1000)
    left = draw.random(1000) < chances
    groups = {
        "segment": np.where(np.arange(1000) % 5 == 0, "small_business", "household").astype(object),
        "care": np.where(np.arange(1000) % 10 == 0, "care", "no_care").astype(object),
    }
    tested = {
        "date": TESTED.isoformat(), "ends_on": "2026-11-19", "how": "later", "customers": 1000, "left": 80,
        "said": 0.05, "happened": 0.08, "low": 0.06, "high": 0.1, "holds": False,
    }  # fmt: skip
    steps = [[1.0, 0.9, 0.85, 0.94, 300], [2.0, 0.7, 0.64, 0.76, 200], [4.2, 0.5, 0.4, 0.6, 90]]
    return {
        "gain": None,
        "compared": {
            "champion_id": None,
            "models": compared(left, {"challenger": chances, "baseline": chances**2}, repeats=50),
        },
        "fairness": fairness_document(groups, left, chances),
        "survival": {
            "observed_from": "2025-10-01",
            "curves": [
                {
                    "segment": "", "customers": 1200, "lost": 90, "from": 0.5, "median": 4.2,
                    "steps": steps,
                }
            ],
            "hazard": MonthlyHazard(-1.5, 0.9, 0.1, 0.0, 10).document(),
            "tested": [{**tested, "months": 3}],
        },
    }  # fmt: skip


def watched() -> dict[str, Any]:
    """How customers were when the model learned."""
    draw = np.random.default_rng(3)
    table = FeatureTable(
        {"saving": draw.uniform(0, 0.2, 500), "unanswered": draw.poisson(0.1, 500).astype(float)},
        {"tariff": np.full(500, "steady", dtype=object)},
    )
    return Watched.of(table, draw.beta(1, 12, 500), 500).document()


DRIFT = {
    "facts": [
        {"fact": "saving", "index": 0.41, "by_chance": 0.03, "state": "changed"},
        {"fact": "score", "index": 0.02, "by_chance": 0.03, "state": "same"},
    ],
    "news": ["saving"],
    "came_true": {
        "date": TESTED.isoformat(), "ends_on": "2026-11-19", "customers": 1000, "left": 80, "said": 0.078,
        "happened": 0.08, "low": 0.065, "high": 0.098, "holds": True,
    },
}  # fmt: skip


def put_scored(session: Session) -> Scored:
    areas = [
        NetworkNode(code=code, name=name, kind="area") for code, name in (("M", "Moorside"), ("V", "Valley"))
    ]
    tariffs = [
        Tariff(code=file["code"], name=file["name"], currency="GBP", document=file)
        for file in (FLAT, TWO_RATE)
    ]
    session.add_all([*areas, *tariffs])
    session.flush()
    supplier = Supplier(session, areas[0].id, tariffs[0].id, tariffs[1].id)
    names = ("Ada Example", "=Works & Sons", "Bela Example", "Cleo Example", "Lost Example")
    segments = ("household", "small_business", "household", "household", "household")
    people = []
    for name, segment in zip(names, segments, strict=True):
        person = supplier.moves_in(segment=segment)
        session.get_one(Customer, person.customer).name = name
        people.append(person)
    scored = Scored(*people)
    session.query(Premise).where(Premise.code == "P00003").one().node_id = areas[1].id
    supplier.ends(scored.lost, AS_OF - timedelta(days=9), "switched")
    gone = supplier.moves_in()
    supplier.ends(gone, AS_OF - timedelta(days=20), "moved")
    learned_at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    model = ChurnModel(
        fitted_at=learned_at, as_of=AS_OF, parameters=MODEL.document(),
        figures=model_figures(scored.lost) | card_figures(), watched=watched(),
        state="champion", why="first", champion_since=learned_at, fingerprint="c0ffee" * 10, rows=4000,
        leavers=90, versions={"numpy": "2", "scikit-learn": "1"}, features=list(MODEL.facts),
    )  # fmt: skip
    session.add(model)
    session.flush()
    session.add(
        ChurnRun(as_of=AS_OF, model_id=model.id, scored_at=learned_at, customers=4, usual=0.1, drift=DRIFT)
    )
    rows = (
        (scored.ada, 0.31, [COMPLAINT, CHEAPER]),
        (scored.works, 0.22, [CHEAPER]),
        (scored.bela, 0.06, []),
    )
    session.add_all(
        ChurnScore(customer_id=one.customer, model_id=model.id, as_of=AS_OF, score=score, reasons=reasons)
        for one, score, reasons in (*rows, (scored.cleo, 0.03, []))
    )
    session.flush()
    return scored


@pytest.fixture
def scored(session: Session) -> Scored:
    return put_scored(session)
