"""Supplies that share tariff, zone and days, rated in one pass; who of them cannot be priced, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from billing.domain.errors import MissingCalorific, MissingPrices
from billing.domain.rating.rate import rate
from billing.domain.rating.rated import RatedBatch
from billing.domain.rating.refused import Refusal, refused_rows
from billing.domain.reckoning.usage import UsageMatrix
from billing.drafting.parts import Hold, Placed, hold
from billing.queries.net_credits import state_of_all
from billing.queries.supplies import Supply

Rated = tuple[list[Placed], RatedBatch | None, list[Hold]]
"""Those that were rated, in the order of the batch; None where nobody was; the others, held."""


def rated_group(group: Sequence[Placed], matrix_of: Callable[[Sequence[Placed]], UsageMatrix]) -> Rated:
    """matrix_of: the readings of some of the group. Who cannot be priced is held with the reason of its own:
    energy used while a price is missing, energy beyond what is exact, reactive energy that is not known. The
    others are billed."""
    first = group[0]
    made: dict[tuple[int, ...], RatedBatch] = {}

    def attempt(rows: Sequence[int]) -> None:
        some = [group[row] for row in rows]
        state = state_of_all([item.state for item in some])
        batch = rate(matrix_of(some), first.tariff, first.period, timezone=first.zone, state=state)
        made.clear()
        made[tuple(rows)] = batch

    refused = refused_rows(range(len(group)), attempt)
    holds = [_hold(group[row].supply, fault) for row, fault in sorted(refused.items())]
    rest = tuple(row for row in range(len(group)) if row not in refused)
    if not rest:
        return [], None, holds
    if rest not in made:
        attempt(rest)
    return [group[row] for row in rest], made[rest], holds


def _hold(supply: Supply, fault: Refusal) -> Hold:
    if isinstance(fault, MissingPrices):
        words = f"There is no price in the series {fault.series} for {fault.at:%Y-%m-%d %H:%M} UTC."
        return hold(supply, fault.code, words)
    if isinstance(fault, MissingCalorific):
        return hold(supply, fault.code, f"The gas cannot be told in kWh: {fault}.")
    return hold(supply, "not_rateable", f"It cannot be priced: {fault}.")
