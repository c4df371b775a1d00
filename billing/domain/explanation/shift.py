"""Use at other times: at other hours, or, where all hours cost the same, on other days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.game import Game
from billing.domain.explanation.mixing import Choice
from billing.domain.money import MICRO
from billing.domain.rating.pricing import energy_of
from billing.domain.rating.rated import Line, RatedBill


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A day inside a bill from which all hours cost otherwise."""

    starts_on: date
    rose: bool


def shares(found: Comparison, side: int) -> dict[str, int]:
    """Parts per million of one bill's energy by the later tariff's labels; of its richest schedule."""
    game = found.game
    if not isinstance(game, Game):
        return {}
    energy = max(game.plan(Choice.all_of(1, side)).energy, key=lambda plan: len(plan.present), default=None)
    if energy is None:
        return {}
    sums = energy_of(energy, game.sides[side].actual.reshape(1, -1))[0]
    total = max(1, int(sums.sum()))
    found_shares: dict[str, int] = {}
    for number in energy.present:
        label = energy.keys[number].label
        found_shares[label] = found_shares.get(label, 0) + int(sums[number]) * MICRO // total
    return found_shares


def nets_by_interval(found: Comparison) -> bool:
    """Whether what is taken and given back in one interval is set off first: then use at other hours costs
    otherwise even at one price for all of them."""
    return any(
        charge.netted
        for laid in found.game.sides
        for version, _season in laid.rules.energy
        for charge in version.export
    )


def priced_by_series(found: Comparison) -> bool:
    """Whether either bill has prices of their own for each interval."""
    return any(version.dynamic for laid in found.game.sides for version, _season in laid.rules.energy)


def price_steps(found: Comparison) -> tuple[tuple[PriceStep, ...], tuple[PriceStep, ...]] | None:
    """The days inside the earlier and the later bill on which the one price of all hours changed.

    None where hours differ in price, or where the price changed in neither bill.
    """
    steps = _steps(found.before), _steps(found.after)
    if priced_by_series(found) or not any(steps) or len({**shares(found, 0), **shares(found, 1)}) > 1:
        return None
    return steps


def _steps(bill: RatedBill) -> tuple[PriceStep, ...]:
    of_label: dict[str, list[Line]] = {}
    for line in bill.lines:
        if line.kind == "energy":
            of_label.setdefault(line.label, []).append(line)
    found = {
        PriceStep(later.starts_on, later.price_micro > earlier.price_micro)
        for lines in of_label.values()
        for earlier, later in pairwise(sorted(lines, key=lambda line: line.starts_on))
        if earlier.ends_before == later.starts_on and earlier.price_micro != later.price_micro
    }
    return tuple(sorted(found, key=lambda step: step.starts_on))
