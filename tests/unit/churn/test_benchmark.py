"""The same pipeline on a public benchmark: as good as an honest logistic regression is there, and no
better."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from churn.domain.figures import figures
from churn.model import fit, table_of

NUMERIC = ("tenure", "MonthlyCharges", "TotalCharges", "SeniorCitizen")


@pytest.mark.shared
def test_telco_out_of_fold(shared_data: Path) -> None:
    """0.845 is the known honest area; above 0.86 something leaks."""
    people = pd.read_csv(shared_data / "churn" / "telco.csv")
    assert (len(people), people["customerID"].nunique()) == (7043, 7043)
    people["TotalCharges"] = pd.to_numeric(people["TotalCharges"], errors="coerce")
    assert people["TotalCharges"].isna().sum() == 11  # blanks, filled by the pipeline
    categorical = [name for name in people if name not in (*NUMERIC, "customerID", "Churn")]
    left = (people["Churn"] == "Yes").to_numpy()
    scores = np.full(len(people), np.nan)
    for learned, held_out in StratifiedKFold(5, shuffle=True, random_state=0).split(people, left):
        model = fit(people.iloc[learned], left[learned], NUMERIC, categorical)
        scores[held_out] = model.chances(table_of(people.iloc[held_out], NUMERIC, categorical))
    found = figures(left, scores)
    assert found.auc == pytest.approx(0.845, abs=0.01)
    assert found.auc <= 0.86
    assert found.auc_low < 0.845 < found.auc_high
    assert found.lift >= 2.7
    assert found.predicted == pytest.approx(found.observed, abs=0.01)
    worst = max(abs(tenth.predicted - tenth.left / tenth.customers) for tenth in found.tenths)
    assert worst < 0.06
