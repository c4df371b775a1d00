"""Whether another tariff is worth a change, or the gain is noise (EXPLAIN B8).

Twelve monthly savings are held to a one-sided t test of their mean, and to two percent of the bill. Of k
candidates the luckiest looks best, so each is held to 1 - 0.10 / k (Bonferroni). With less than a year the
answer is to stay: a tariff that is good in winter may be bad in summer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from billing.domain.money import MICRO, Int64Array

MONTHS = 12
DOUBT = 0.10
LEAST_SHARE_PPM = 20_000

Verdict = Literal["switch", "noise", "small", "dearer", "short"]
"""switch: worth it. noise: it may as well be chance. small: below two percent. dearer: it costs more.
short: less than a year is known."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """saving_minor: of the months given, below zero where it costs more. low_minor: the one-sided bound of a
    year's saving, None with less than two months."""

    verdict: Verdict
    saving_minor: int
    low_minor: int | None
    months: int

    @property
    def stay(self) -> bool:
        return self.verdict != "switch"


def judged(
    saving_minor: Sequence[int],
    bill_minor: int,
    candidates: int,
    *,
    doubt: float = DOUBT,
    least_share_ppm: int = LEAST_SHARE_PPM,
) -> Judgement:
    """saving_minor: by month, oldest first. bill_minor: what the same months cost now."""
    found = judged_many(
        np.array([list(saving_minor)], dtype=np.int64).reshape(1, -1),
        np.array([bill_minor], dtype=np.int64),
        candidates,
        doubt=doubt,
        least_share_ppm=least_share_ppm,
    )
    return found[0]


def judged_many(
    saving_minor: Int64Array,
    bill_minor: Int64Array,
    candidates: int,
    *,
    doubt: float = DOUBT,
    least_share_ppm: int = LEAST_SHARE_PPM,
) -> list[Judgement]:
    """The same of many customers. saving_minor: int64 (customers, months). bill_minor: int64 (customers,)."""
    months = saving_minor.shape[1]
    sums = saving_minor.sum(axis=1)
    if months < 2:
        return [Judgement("short", total, None, months) for total in sums.tolist()]
    mean = saving_minor.mean(axis=1)
    error = saving_minor.std(axis=1, ddof=1) / math.sqrt(months)
    low = (mean - student_quantile(1 - doubt / max(1, candidates), months - 1) * error) * MONTHS
    whole = np.floor(low).astype(np.int64).tolist()
    return [
        Judgement(_verdict(months, total, bound > 0, bill, least_share_ppm), total, least, months)
        for total, bound, least, bill in zip(
            sums.tolist(), low.tolist(), whole, bill_minor.tolist(), strict=True
        )
    ]


def _verdict(months: int, saving: int, certain: bool, bill: int, least_share_ppm: int) -> Verdict:
    if months < MONTHS:
        return "short"
    if saving <= 0:
        return "dearer"
    if saving * MICRO < bill * least_share_ppm:
        return "small"
    return "switch" if certain else "noise"


def student_cumulative(t: float, freedom: int) -> float:
    """P(T <= t) of Student's t with a whole number of degrees of freedom: the finite series of Abramowitz and
    Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4."""
    if freedom < 1:
        raise ValueError("freedom is one or more")
    angle = math.atan2(abs(t), math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term, total = (cosine, cosine) if odd else (1.0, 1.0)
    for step in range(2 + odd, freedom - 1, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    if freedom == 1:
        total = 0.0
    inside = (angle + sine * total) * 2 / math.pi if odd else sine * total
    return 0.5 + math.copysign(inside / 2, t)


@lru_cache(maxsize=256)
def student_quantile(probability: float, freedom: int) -> float:
    """The t below which `probability` lies, by halving: exact to the last bits of a float."""
    if not 0 < probability < 1:
        raise ValueError("a probability lies between 0 and 1")
    high = 1.0
    while student_cumulative(high, freedom) < max(probability, 1 - probability):
        high *= 2
    low, high = -high, high
    for _ in range(200):
        middle = (low + high) / 2
        if student_cumulative(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
