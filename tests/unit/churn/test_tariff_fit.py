"""Several supplies of a customer as one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from churn.tariff_fit import COLUMNS, SHARES, _by_customer

DAY = date(2026, 11, 20)


def supply(customer: int, cost: float, share: float, saving: float = 0.0) -> dict[str, object]:
    return {
        "as_of": DAY, "customer_id": customer, "cost_minor": cost, "price_rise_minor": np.nan,
        "saving_minor": saving, "cheaper": f"by {saving:g}", **dict.fromkeys(SHARES, share),
    }  # fmt: skip


def test_a_share_of_nothing_is_unknown_and_weighs_nowhere() -> None:
    """An empty flat's standing charge is no sign that a customer never uses anything at night."""
    rows = [
        supply(1, 3000.0, 0.2, 5.0), supply(1, 1000.0, 0.6, 9.0), supply(2, 3000.0, 0.4),
        supply(2, 1500.0, np.nan), supply(3, 900.0, np.nan),
    ]  # fmt: skip
    found = _by_customer(pd.DataFrame(rows)).set_index("customer_id")
    assert list(found.columns) == [name for name in COLUMNS if name != "customer_id"]
    for name in SHARES:
        assert found[name].tolist() == pytest.approx([0.3, 0.4, np.nan], nan_ok=True)
    assert found["cost_minor"].tolist() == [4000.0, 4500.0, 900.0]
    assert found.loc[1, "cheaper"] == "by 9" and found["price_rise_minor"].isna().all()
