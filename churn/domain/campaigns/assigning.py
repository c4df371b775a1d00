"""Who falls into which group: by a keyed hash of the customer, so that the same key always says the same.

A hash under a secret key cannot be chosen by anybody, needs no list, and is independent of everything that
is known of the customer (hash-based assignment: Kohavi, Tang, Xu, Trustworthy Online Controlled Experiments,
2020, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

CONTROL = "control"
_SPAN = 2.0**64

Units = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """An arm and its weight among the arms."""

    key: str
    weight: int


def units(key: str, customers: Sequence[int]) -> Units:
    """A number in [0, 1) for each customer, always the same under one key; float64 (customers,)."""
    secret = blake2b(key.encode(), digest_size=32).digest()
    found = (
        int.from_bytes(blake2b(one.to_bytes(8, "big"), key=secret, digest_size=8).digest(), "big") / _SPAN
        for one in customers
    )
    return np.fromiter(found, dtype=np.float64, count=len(customers))


def controls(customers: Sequence[int], kind_key: str, share: float, house_key: str, holdout: float) -> Flags:
    """Who is left alone; bool (customers,).

    kind_key is that of all campaigns of a kind: whoever is control in one with a share of 10 % is control in
    each other with 10 % or more. house_key and holdout: who is control in campaigns of every kind.
    """
    if not 0 < share < 1 or not 0 <= holdout < 1:
        raise ValueError(f"shares of a control group lie between 0 and 1, not {share} and {holdout}")
    return (units(kind_key, customers) < share) | (units(house_key, customers) < holdout)


def arms_of(
    customers: Sequence[int], arms: Sequence[Share], key: str, strata: Sequence[str] | None = None
) -> list[str]:
    """The arm of each customer.

    Without strata each one's hash decides alone. With strata the customers of each are put in the order of
    their hashes and dealt out in the proportion of the weights, so that in no stratum an arm is off by more
    than one customer from its share (systematic sampling from a random start).
    """
    if not arms or any(one.weight < 1 for one in arms):
        raise ValueError("every arm needs a weight above nothing")
    drawn = units(key, customers)
    if strata is not None:
        drawn = _dealt(drawn, strata, key)
    weights = np.array([one.weight for one in arms], dtype=np.float64)
    ends = np.cumsum(weights) / weights.sum()
    places = np.minimum(np.searchsorted(ends, drawn, side="right"), len(arms) - 1)
    return [arms[place].key for place in places]


def _dealt(drawn: Units, strata: Sequence[str], key: str) -> Units:
    if len(strata) != len(drawn):
        raise ValueError("every customer is in one stratum")
    names, places = np.unique(np.array(strata, dtype=object).astype(str), return_inverse=True)
    found = np.empty_like(drawn)
    for place, name in enumerate(names):
        mine = np.flatnonzero(places == place)
        order = mine[np.argsort(drawn[mine], kind="stable")]
        start = units(f"{key}/{name}", [0])[0]
        found[order] = (np.arange(order.size) + start) / order.size
    return found
