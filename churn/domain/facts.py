"""The facts of a customer that the score is made of, and how each is read.

Nothing here says who somebody is by birth, health or language: flags of vulnerability or medical need, and
the language, are never facts of the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from churn.domain.feature_table import FloatArray

Kind = Literal["change", "share", "count", "days", "years", "amount"]
"""How a number is kept. change: natural log of a ratio; share: of one; days, years, amount: log(1 + n);
count: as it is."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A number of a customer. Facts of one `group` are one reason: two looks at the same thing."""

    name: str
    group: str
    kind: Kind


NUMERIC = (
    Fact("tenure", "tenure", "years"),
    Fact("bill_step", "bill_up", "change"),
    Fact("bill_shock", "bill_up", "change"),
    Fact("bill_year", "bill_year", "change"),
    Fact("price_rise", "price_rise", "share"),
    Fact("saving", "tariff_fit", "share"),
    Fact("night_flat", "tariff_fit", "share"),
    Fact("use", "use", "amount"),
    Fact("use_change", "use_change", "change"),
    Fact("beyond_weather", "beyond_weather", "change"),
    Fact("evening_share", "evening", "share"),
    Fact("late_share", "arrears", "share"),
    Fact("late_days", "arrears", "days"),
    Fact("overdue", "arrears", "share"),
    Fact("complaints", "complaints", "count"),
    Fact("unanswered", "complaints", "count"),
    Fact("waited_days", "complaints", "days"),
    Fact("contacts", "contacts", "count"),
    Fact("outage_hours", "outages", "amount"),
    Fact("asked", "campaigns", "count"),
    Fact("accepted", "campaigns", "count"),
    Fact("term_days", "term", "days"),
    Fact("estimated", "estimated", "share"),
    Fact("service_points", "service_points", "count"),
    Fact("export", "export", "share"),
)
CATEGORICAL = ("segment", "tariff", "payment_method", "contact_channel")

NUMERIC_NAMES = tuple(fact.name for fact in NUMERIC)
GROUP_OF = {fact.name: fact.group for fact in NUMERIC} | {name: name for name in CATEGORICAL}


def natural(kind: Kind, kept: FloatArray) -> FloatArray:
    """Kept numbers as people say them: a ratio less one, days, years."""
    return np.asarray(np.expm1(kept)) if kind in ("change", "days", "years", "amount") else kept
