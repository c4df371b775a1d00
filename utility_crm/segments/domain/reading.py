"""The plain reading of a tree for one customer: what the SQL of `utility_crm.segments.compiling` has to agree
with, as a property test holds it to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from utility_crm.kit.facts import FactOffer
from utility_crm.segments.domain.tree import And, Leaf, Not, Tree

Known = Mapping[tuple[str, str], Collection[Any]]
"""A customer's values by fact and parameter: numbers, days, texts, truths."""


def truth(tree: Tree, known: Known, offers: Mapping[str, FactOffer], today: date) -> bool | None:
    """Whether it is true of a customer; None where that is not known. Who is in a segment: `is True`."""
    if isinstance(tree, Leaf):
        return _leaf(tree, known.get((tree.fact, tree.parameter), ()), offers[tree.fact], today)
    if isinstance(tree, Not):
        found = truth(tree.part, known, offers, today)
        return None if found is None else not found
    of_parts = [truth(part, known, offers, today) for part in tree.parts]
    decides = not isinstance(tree, And)
    if decides in of_parts:
        return decides
    return None if None in of_parts else not decides


def holds(leaf: Leaf, value: Any, today: date) -> bool:
    """Whether one known value fits a condition."""
    op, values = leaf.op, leaf.values
    if op in ("yes", "no"):
        return bool(value) == (op == "yes")
    if op == "any_of":
        return value in values
    if op == "in_next_days":
        return bool(today <= value <= today + timedelta(days=_days(values[0])))
    if op == "in_last_days":
        return bool(today - timedelta(days=_days(values[0])) <= value <= today)
    if op == "between":
        return bool(values[0] <= value <= values[1])
    first = values[0]
    return bool(
        {
            "at_least": lambda: value >= first,
            "from": lambda: value >= first,
            "at_most": lambda: value <= first,
            "above": lambda: value > first,
            "below": lambda: value < first,
            "before": lambda: value < first,
        }[op]()
    )


def nothing_of(offer: FactOffer) -> tuple[Any, ...]:
    """What somebody without a value has of a fact whose absence is none: a zero, a no, or no value."""
    if offer.kind == "yes-no":
        return (False,)
    return (Decimal(0),) if offer.kind in ("number", "money") else ()


def _leaf(leaf: Leaf, found: Collection[Any], offer: FactOffer, today: date) -> bool | None:
    if leaf.op == "known":
        return bool(found) or offer.absent_is_none
    if not found:
        if not offer.absent_is_none:
            return None
        found = nothing_of(offer)
    return any(holds(leaf, value, today) for value in found)


def _days(value: Any) -> int:
    return int(value)
