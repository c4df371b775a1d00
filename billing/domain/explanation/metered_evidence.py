"""How we know what registers, gas and reactive energy did: the figures behind those effects."""

from __future__ import annotations

import numpy as np

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.figures import MOST_FIGURES, Figure, told_apart
from billing.domain.explanation.nouns import kwh_a_m3, used_at
from billing.domain.explanation.phrases import date_text, kwh_text
from billing.domain.explanation.reactive_use import reactive_days
from billing.domain.explanation.register_game import USE, RegisterGame
from billing.domain.money import MICRO, Rounding, div_round

ESTIMATED_DIAL = "on the dial"


def metered(found: Comparison) -> str:
    return "kWh" if found.game.sides[1].side.tariff.metered_unit == "kWh" else "m³"


def use_of(found: Comparison, effect: str) -> tuple[Figure, ...]:
    """A day, at one rate of a dial."""
    levels = [
        div_round(used_at(found, laid.actual, effect), laid.days, Rounding.HALF_UP)
        for laid in found.game.sides
    ]
    name = f"{effect.removeprefix(USE)} a day"
    return (Figure(name, *told_apart(levels[0], levels[1], kwh_text), metered(found)),)


def calorific(found: Comparison) -> tuple[Figure, ...]:
    before, after = (round(value * MICRO) for value in kwh_a_m3(found))
    return (Figure("heat in a cubic metre", *told_apart(before, after, _three_places), "kWh"),)


def _three_places(micro: int, more_places: int) -> str:
    return kwh_text(micro, 2 + more_places)


def reactive(found: Comparison) -> tuple[Figure, ...]:
    """kVArh a day of each bill; None where they were not metered."""
    of_side = [reactive_days(found.game.sides, side) for side in (0, 1)]
    levels = [
        None if one is None else div_round(int(one.sum()), one.size, Rounding.HALF_UP) for one in of_side
    ]
    if levels[0] is None or levels[1] is None:
        return ()
    return (Figure("reactive energy a day", *told_apart(levels[0], levels[1], kwh_text), "kVArh"),)


def dials_put_right(found: Comparison, game: RegisterGame) -> tuple[Figure, ...]:
    """What registers were taken to have counted and what reads show; then the dials' own figures."""
    figures = []
    for name, laid in zip(("before", "after"), game.sides, strict=True):
        sums = [grid.sum(axis=0) for grid in (laid.billed, laid.actual)]
        changed = sums[0] != sums[1]
        if np.any(changed):
            billed, read = (kwh_text(int(one[changed].sum()), 0) for one in sums)
            figures.append(Figure(f"estimated in the bill {name}", billed, read, metered(found)))
    dials = dict.fromkeys(one for laid in game.sides for one in laid.side.put_right)
    for one in dials:
        guess, taken = kwh_text(one.estimated_micro, 0), kwh_text(one.read_micro, 0)
        words = f"{one.register} {ESTIMATED_DIAL}"
        figures.append(Figure(words, guess, taken, "", one.read_on))
    return tuple(figures)


def estimate_text(figures: tuple[Figure, ...]) -> str:
    """100.0 kWh guessed, 115.0 read; T1 on the dial 1,100.0 guessed, 1,230.0 read on 1 December."""
    said = []
    for one in figures[:MOST_FIGURES]:
        if one.name.endswith(ESTIMATED_DIAL):
            on = f" on {date_text(one.from_day)}" if one.from_day else ""
            said.append(f"{one.name} {one.before} guessed, {one.after} read{on}")
        else:
            said.append(f"{one.before} {one.unit} guessed, {one.after} read")
    return "; ".join(said)
