"""Costs of the simulated utility, which are simulated, too; and everybody's value by them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from churn.value.costs import put_costs
from churn.value.counting import count_values
from churn.value.of_campaigns import count_margins
from utility_crm.demo.context import DemoBuild
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings

SOURCE = "simulated"
PER_KWH = {"purchase": (121_000, 132_000), "network_kwh": (48_000, 51_000)}
"""Millionths a kWh before and after the spring in which costs changed."""
PER_DAY = {
    "household": {"network_day": 310_000, "other_day": 105_000},
    "small_business": {"network_day": 620_000, "other_day": 240_000},
    "industry": {"network_day": 2_900_000, "other_day": 700_000},
}
PURCHASE = {"industry": (104_000, 113_000)}
"""What differs from everybody's."""


def build(context: DemoBuild) -> None:
    """Two years of costs, the count of the as-of date, and what campaigns earned by it."""
    as_of = context.plan.as_of
    now = min(datetime.combine(as_of, time(6, 40), UTC), utc_now())  # nothing is worked out in hours to come
    with context.steps.step("What customers are worth"), context.session() as session:
        put_costs(session, list(simulated_costs(as_of)), source=SOURCE, now=now)
        count_values(session, as_of, now)
        count_margins(session, as_of)
        context.analyse("cost_rates", "customer_values", "campaign_members")


def simulated_costs(as_of: date) -> list[dict[str, Any]]:
    """Rows as `put_costs` takes them: from two years ago, and dearer since the last first of April."""
    spring = date(as_of.year if as_of >= date(as_of.year, 4, 1) else as_of.year - 1, 4, 1)
    days = (spring.replace(year=spring.year - 2), spring)
    rows = [
        _row(kind, day, price, None)
        for kind, prices in PER_KWH.items()
        for day, price in zip(days, prices, strict=True)
    ]
    for segment, prices in PURCHASE.items():
        rows += [_row("purchase", day, price, segment) for day, price in zip(days, prices, strict=True)]
    for segment, kinds in PER_DAY.items():
        rows += [_row(kind, days[0], price, segment) for kind, price in kinds.items()]
    return rows


def _row(kind: str, day: date, price: int, segment: str | None) -> dict[str, Any]:
    return {
        "kind": kind, "fuel": "electricity", "valid_from": day, "tariff_id": None, "segment": segment,
        "area": None, "price_micro": price, "currency": settings().currency,
    }  # fmt: skip
