"""What is kept of a score when its customer is no longer as they were: said, and forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.actions import explain
from churn.personal import PERSONAL
from churn.tables import ChurnModel, ChurnScore
from tests.db.churn.conftest import Supplier
from utility_crm.kit.errors import Refused
from utility_crm.privacy.erasing import _apply

AS_OF = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


def a_model(session: Session, lost: tuple[int, ...] = ()) -> ChurnModel:
    figures = {"lost": [{"customer_id": one, "score": 0.25, "rank": 7} for one in lost], "kept": True}
    model = ChurnModel(
        fitted_at=NOW, as_of=AS_OF, figures=figures,
        parameters={"kind": "logistic", "intercept": -2.0, "numeric": [], "categorical": []},
    )  # fmt: skip
    session.add(model)
    session.flush()
    return model


def test_a_score_of_a_day_without_supply_is_no_longer_explained(session: Session, supplier: Supplier) -> None:
    supplier.moves_in()
    gone = supplier.moves_in()
    model = a_model(session)
    session.add(ChurnScore(customer_id=gone.customer, model_id=model.id, as_of=AS_OF, score=0.12, reasons=[]))
    session.flush()
    assert explain(session, "C00002").chance == pytest.approx(0.1192, abs=1e-4)
    supplier.ends(gone, AS_OF - timedelta(days=3), "switched")  # told later
    with pytest.raises(Refused) as told:
        explain(session, "C00002")
    assert told.value.code == "score_outlived"


def test_who_is_forgotten_is_forgotten_by_the_tests_of_models(session: Session, supplier: Supplier) -> None:
    one, other = supplier.moves_in().customer, supplier.moves_in().customer
    theirs, nobodys = a_model(session, (one, other)), a_model(session)
    (holding,) = [held for held in PERSONAL.holdings if held.table == "churn_models"]
    taken = session.execute(text(holding.out or ""), {"people": [one]}).mappings().all()
    assert [(row["customer_id"], row["chance"], row["place"]) for row in taken] == [(one, "0.25", "7")]
    went: dict[str, dict[str, int]] = {}
    _apply(session, holding, holding.now, {"people": [one]}, went)
    session.expire_all()
    assert went == {"churn_models": {"emptied": 1}}
    assert [row["customer_id"] for row in theirs.figures["lost"]] == [other]
    assert theirs.figures["kept"] and nobodys.figures["lost"] == []
    _apply(session, holding, holding.now, {"people": [other]}, went)
    session.expire_all()
    assert theirs.figures["lost"] == []
