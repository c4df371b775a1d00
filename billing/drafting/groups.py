"""Supplies that share tariff, zone and days, rated in one pass; who of them cannot be priced, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from billing.domain.errors import BeyondExact, MissingPrices, NotRateable
from billing.domain.rating.rate import rate
from billing.domain.rating.rated import RatedBatch
from billing.domain.reckoning.usage import UsageMatrix
from billing.drafting.parts import Hold, Placed, hold
from billing.queries.net_credits import state_of_all

Rated = tuple[list[Placed], RatedBatch | None, list[Hold]]
"""Those that were rated, in the order of the batch; None where nobody was; the others, held."""


def rated_group(group: Sequence[Placed], matrix_of: Callable[[Sequence[Placed]], UsageMatrix]) -> Rated:
    """matrix_of: the readings of some of the group. Where a price is missing, those who used energy then are
    held, and the others billed; and so are those whose energy is beyond what is exact."""
    rest = list(group)
    holds: list[Hold] = []
    while rest:
        first = rest[0]
        try:
            state = state_of_all([item.state for item in rest])
            batch = rate(matrix_of(rest), first.tariff, first.period, timezone=first.zone, state=state)
            return rest, batch, holds
        except MissingPrices as fault:
            words = f"There is no price in the series {fault.series} for {fault.at:%Y-%m-%d %H:%M} UTC."
            holds += [hold(rest[row].supply, fault.code, words) for row in fault.rows]
            rest = [item for row, item in enumerate(rest) if row not in set(fault.rows)]
        except BeyondExact as fault:
            beyond = set(fault.rows) or set(range(len(rest)))
            refused = f"It cannot be priced: {fault}."
            holds += [hold(rest[row].supply, "not_rateable", refused) for row in sorted(beyond)]
            rest = [item for row, item in enumerate(rest) if row not in beyond]
        except (NotRateable, OverflowError) as fault:
            refused = f"It cannot be priced: {fault}."
            return [], None, [*holds, *(hold(item.supply, "not_rateable", refused) for item in rest)]
    return [], None, holds
