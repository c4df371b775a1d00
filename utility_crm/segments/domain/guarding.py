"""What of a group of customers may be told without telling of one of them: the 15/15 rule.

"Any aggregated information must be made up of at least 15 customers, and a single customer's load must be
less than 15 percent of an assigned category" (California Public Utilities Commission, decision 97-10-031 of
1997, upheld for aggregated usage data by decision 14-05-016 of 2014; the same in the Colorado code of
regulations, 4 CCR 723-3, rule 3033 (b)).

A group that may not be told is told together with others that may not. Where those together are still too
few, the smallest group that could have been told goes with them: else the whole less the others would tell.
A share of exactly 15 percent is too much, as those texts have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

FEWEST: Final = 15
SHARE: Final = Fraction(15, 100)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of customers by one of their values. known: of how many of them the figure is known; total: its
    sum over those, largest: that of the one customer who has most, both without their signs (of use: as it
    is); figure: the sum with signs."""

    value: str
    customers: int
    known: int = 0
    total: Fraction = Fraction(0)
    largest: Fraction = Fraction(0)
    figure: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Told:
    """A group as it may be told. value None: the rest, `of` several groups. mean None: not known of enough of
    them, or one of them makes up too much of it."""

    value: str | None
    customers: int
    mean: Fraction | None
    of: int = 1


def guarded(groups: Sequence[Group], *, several: bool = False) -> list[Told]:
    """What may be told, the largest group first; the rest last. [] where nothing may be told at all. several:
    a customer may be in more than one group; of the rest together nothing is told then, for they may be fewer
    than they look.

    Means follow the same rule: those that are hidden are so many that what all of them come to, which the
    whole less the others would tell, may be told.
    """
    by_size = sorted(groups, key=lambda one: (-one.customers, one.value))
    shown = [one for one in by_size if one.customers >= FEWEST]
    rest = [one for one in by_size if one.customers < FEWEST]
    while rest and shown and sum(one.customers for one in rest) < FEWEST:
        rest.append(shown.pop())
    silent = [*rest, *(one for one in shown if mean_of(one) is None)]
    saying = [one for one in shown if mean_of(one) is not None]
    while silent and saying and mean_of(*silent) is None:
        silent.append(saying.pop())
    told = [Told(one.value, one.customers, mean_of(one) if one in saying else None) for one in shown]
    together = sum(one.customers for one in rest)
    return (
        [*told, Told(None, together, None, len(rest))]
        if rest and together >= FEWEST and not several
        else told
    )


def mean_of(*groups: Group) -> Fraction | None:
    """The mean over groups together; None where it may not be told."""
    known = sum(one.known for one in groups)
    total = sum((one.total for one in groups), Fraction(0))
    largest = max((one.largest for one in groups), default=Fraction(0))
    if known < FEWEST or (total > 0 and largest >= SHARE * total):
        return None
    return sum((one.figure for one in groups), Fraction(0)) / known
