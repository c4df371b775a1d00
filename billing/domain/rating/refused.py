"""Who of a batch cannot be priced, so that nobody else is left unpriced because of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from billing.domain.errors import NotRateable

Refusal = NotRateable | OverflowError


def refused_rows(rows: Sequence[int], attempt: Callable[[Sequence[int]], object]) -> dict[int, Refusal]:
    """Those of the rows that cannot be priced, each with its own reason; empty where all were priced.

    attempt: prices some rows in one pass, or raises. A reason that names its rows is believed; else they are
    found by halves, so that one of n costs about log2 n passes more. A reason that lies in the tariff or the
    period (`NotRateable.of_all`) is everybody's, and is not looked for.
    """
    if not rows:
        return {}
    try:
        attempt(rows)
    except (NotRateable, OverflowError) as fault:
        named: Sequence[int] = getattr(fault, "rows", ())
        if named:
            bad = {rows[place]: fault for place in named}
            return bad | refused_rows([row for row in rows if row not in bad], attempt)
        if len(rows) == 1 or getattr(fault, "of_all", False):
            return dict.fromkeys(rows, fault)
        half = len(rows) // 2
        return refused_rows(rows[:half], attempt) | refused_rows(rows[half:], attempt)
    return {}
