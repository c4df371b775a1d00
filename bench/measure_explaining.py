"""One explanation, words and all, against rating as many bills as it has mixtures.

The reference is the least that pricing every mixture of n factors one by one would cost: 2^n bills, without
making the mixtures, without sharing the effects out, without words. Two months of a household whose prices
and tax changed, with estimated readings that have since been replaced. Both run with what they keep between
calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from bench.measure_rating import three_rates
from bench.measurement import Measurement, side_by_side
from billing.domain.axis import day_starts_at
from billing.domain.days import Period
from billing.domain.explanation.comparison import Comparison, explain
from billing.domain.explanation.sides import Side
from billing.domain.explanation.words import answer_of
from billing.domain.rating import rate_bill
from billing.domain.tariff_file import tariff_of
from billing.domain.usage import Usage

LONDON = "Europe/London"


def measurements() -> Iterator[Measurement]:
    """Milliseconds from two bills' readings and tariffs to the sentence."""
    before = _side(Period(date(2026, 9, 1), date(2026, 10, 1)), 1_000_000, "0.36", "0.20", seed=1)
    after = _side(Period(date(2026, 10, 1), date(2026, 11, 1)), 1_300_000, "0.41", "0.05", seed=2)
    found = explain(before, after)
    assert isinstance(found, Comparison) and sum(found.effects_minor) == found.difference_minor
    mixtures = 2 ** len(found.factors)

    def ours() -> None:
        for _ in range(5):
            assert answer_of(explain(before, after)).sentence

    def bills() -> None:
        for _ in range(5 * mixtures):
            rate_bill(after.usage, after.tariff, after.period)

    seconds = side_by_side(ours, bills)
    name = f"an explanation, ms, to {mixtures} bills rated"
    yield Measurement(name, seconds.ours * 200, seconds.reference * 200, "lower", 1.0)


def _side(period: Period, most: int, peak: str, tax: str, seed: int) -> Side:
    document = three_rates() | {"timezone": LONDON}
    charges: list[dict[str, Any]] = document["versions"][0]["charges"]
    charges[1]["periods"][1]["price"] = peak
    charges[0]["price"] = "12.00" if seed == 1 else "13.50"
    charges.append({"kind": "tax", "code": "vat", "label": "VAT", "percent": str(float(tax) * 100)})
    starts_at = day_starts_at(period.starts_on, LONDON)
    count = int((day_starts_at(period.ends_before, LONDON) - starts_at).total_seconds()) // 1800
    known = np.random.default_rng(seed).integers(0, most, count)
    billed, guessed = known.copy(), np.zeros(count, dtype=bool)
    guessed[:48] = True
    billed[guessed] = 500_000
    usage = Usage.of(starts_at, 30, billed, estimated=guessed)
    return Side(usage, tariff_of(document), period, LONDON, Usage.of(starts_at, 30, known))
