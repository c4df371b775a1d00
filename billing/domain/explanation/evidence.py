"""How we know it: for each effect the figures behind it, and one short phrase for the table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

import numpy as np

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.figures import MOST_FIGURES, Evidence, Figure, told_apart
from billing.domain.explanation.game import LABELLED
from billing.domain.explanation.metered_evidence import (
    calorific,
    dials_put_right,
    estimate_text,
    metered,
    reactive,
    use_of,
)
from billing.domain.explanation.phrases import (
    celsius_text,
    date_text,
    day_count,
    kwh_text,
    percent_text,
    prices_text,
)
from billing.domain.explanation.power_evidence import capacity, tiers_by_power
from billing.domain.explanation.register_game import USE, RegisterGame
from billing.domain.explanation.shift import nets_by_interval, price_steps, priced_by_series, shares
from billing.domain.explanation.stated_terms import is_settled, ratchets, terms, years_settled
from billing.domain.money import Rounding, div_round, micro_text
from billing.domain.rating.rated import Demand, Line, RatedBill
from billing.domain.reckoning.axis import local_date


def evidence_of(found: Comparison, effect: str) -> Evidence:
    """The proof of one of ``found.factors``."""
    if effect.startswith(USE):
        figures = use_of(found, effect)
        return Evidence(
            effect, f"{figures[0].after} {figures[0].unit} a day, was {figures[0].before}", figures
        )
    figures = _FIGURES[effect](found)
    if not figures:
        return Evidence(effect, _without_figures(found, effect))
    text = _TEXTS.get(effect, _was)(figures)
    if effect == "volume" and "export_volume" in found.factors:
        # Beside what is given back, whose use is meant is to be said.
        text = text.replace("kWh a day", "kWh a day taken", 1)
    return Evidence(effect, text, figures)


def _days(found: Comparison) -> tuple[Figure, ...]:
    before, after = found.before.period.days, found.after.period.days
    if before != after:
        return (Figure("days", str(before), str(after), "days"),)
    weekends = [
        sum(day.weekday() >= 5 for day in bill.period.dates()) for bill in (found.before, found.after)
    ]
    return (Figure("days at weekends", str(weekends[0]), str(weekends[1]), "days"),)


def _prices(bill: RatedBill, kind: str) -> dict[tuple[str, str], list[Line]]:
    found: dict[tuple[str, str], list[Line]] = {}
    for line in bill.lines:
        if line.kind == kind:
            found.setdefault((line.code, line.label if kind in LABELLED else ""), []).append(line)
    return found


def _changed_prices(found: Comparison, *kinds: str) -> tuple[Figure, ...]:
    return tuple(figure for kind in kinds for figure in _changed_prices_of(found, kind))


def _changed_prices_of(found: Comparison, kind: str) -> tuple[Figure, ...]:
    before, after = _prices(found.before, kind), _prices(found.after, kind)
    figures = []
    for key in dict.fromkeys((*before, *after)):
        mine = before.get(key, []), after.get(key, [])
        line, step = (mine[1] or mine[0])[0], _one_step(*mine)
        lines = ([step[0]], [step[1]]) if step else mine
        said = _said([one.price_micro for side in lines for one in side], kind, found.before.currency)
        prices = [
            " and ".join(dict.fromkeys(said[one.price_micro] for one in side)) or None for side in lines
        ]
        if prices[0] != prices[1]:
            unit = "" if kind == "tax" else line.unit
            figures.append(
                Figure(line.label, prices[0], prices[1], unit, step[1].starts_on if step else None)
            )
    return tuple(figures)


def _said(prices_micro: list[int], kind: str, currency: str) -> dict[int, str]:
    """Each price in words, all of one unit."""
    if kind == "tax":
        return {price: percent_text(price, 4) for price in prices_micro}
    return dict(zip(prices_micro, prices_text(prices_micro, currency), strict=True))


def _connections(found: Comparison) -> tuple[Figure, ...]:
    """The size of the connection, where a price is multiplied by it and it changed."""
    states = [laid.side.state.connected_micro for laid in found.game.sides]
    figures = []
    for each in dict.fromkeys((*states[0], *states[1])):
        sizes = [f"{micro_text(int(state[each][0]))} {each}" if each in state else None for state in states]
        if sizes[0] != sizes[1]:
            figures.append(Figure("connection", sizes[0], sizes[1], ""))
    return tuple(figures)


def _one_step(before: list[Line], after: list[Line]) -> tuple[Line, Line] | None:
    """Where a price changed once, on a day inside one of the bills: its lines up to then and from then on."""
    lines = sorted((*before, *after), key=lambda line: line.starts_on)
    steps = [(one, other) for one, other in pairwise(lines) if one.price_micro != other.price_micro]
    if not before or not after or len(steps) != 1:
        return None
    (step,) = steps
    inside = any(step[0] in lines and step[1] in lines for lines in (before, after))
    return step if inside and step[0].starts_on < step[1].starts_on else None


def _volume(found: Comparison) -> tuple[Figure, ...]:
    """Use a day; where the weather is told apart, without what the fit lays to it."""
    levels = [div_round(int(laid.actual.sum()), laid.days, Rounding.HALF_UP) for laid in found.game.sides]
    if "weather" not in found.factors:
        return (Figure("use a day", *told_apart(levels[0], levels[1], kwh_text), metered(found)),)
    warmed = found.game.weather.micro_kwh_a_day if found.game.weather else (0, 0)
    beyond = told_apart(levels[0] - warmed[0], levels[1] - warmed[1], kwh_text)
    return (Figure("use a day beyond the weather", *beyond, "kWh"),)


def _weather(found: Comparison) -> tuple[Figure, ...]:
    """Temperature, and what the fit makes of it."""
    weather = found.game.weather
    if weather is None:
        return ()
    celsius = [celsius_text(degrees) for degrees in weather.celsius]
    figures = [Figure("mean temperature", celsius[0], celsius[1], "°C")]
    for name, both in (("heating", weather.heating_micro_kwh), ("cooling", weather.cooling_micro_kwh)):
        if any(both):
            figures.append(Figure(f"{name} a day, as fitted", *told_apart(*both, kwh_text), "kWh"))
    return tuple(figures)


def _weather_text(figures: tuple[Figure, ...]) -> str:
    degrees, *parts = figures
    fitted = ", ".join(f"{part.name.split()[0]} {part.before} → {part.after} kWh a day" for part in parts)
    return f"{degrees.before} → {degrees.after} °C; {fitted}"


def _given_back(found: Comparison) -> tuple[Figure, ...]:
    given = found.game.given_back or ()
    levels = [div_round(int(laid.sum()), laid.shape[0], Rounding.HALF_UP) for laid in given]
    if not levels:
        return ()
    return (Figure("given back a day", *told_apart(levels[0], levels[1], kwh_text), "kWh"),)


def _credit(found: Comparison) -> tuple[Figure, ...]:
    """kWh that net metering brought in from earlier bills, of all labels."""
    states = [laid.side.state for laid in found.game.sides]
    sums = [sum(int(one.micro_kwh[0]) for one in state.credits) for state in states]
    if not any(sums):
        name, of = "given back beyond what was taken", [state.surplus for state in states]
        sums = [sum(int(one.micro_kwh[0]) for one in surplus) for surplus in of]
        return (Figure(name, *told_apart(sums[0], sums[1], kwh_text), "kWh"),) if any(sums) else ()
    return (Figure("credit brought in", *told_apart(sums[0], sums[1], kwh_text), "kWh"),)


def _credit_text(figures: tuple[Figure, ...]) -> str:
    first = figures[0]
    if first.name == "credit brought in":
        return f"{first.after} kWh of credit brought in, was {first.before}"
    return f"the year so far: {first.after} kWh given back beyond what was taken, was {first.before}"


def _shift(found: Comparison) -> tuple[Figure, ...]:
    """The share of each label of the later bill's tariff in each bill's energy, the largest change first."""
    of_side = [shares(found, side) for side in (0, 1)]
    labels = list(dict.fromkeys((*of_side[1], *of_side[0])))
    if len(labels) < 2:
        return ()
    labels.sort(key=lambda label: -abs(of_side[1].get(label, 0) - of_side[0].get(label, 0)))
    return tuple(
        Figure(
            label,
            *told_apart(of_side[0].get(label, 0), of_side[1].get(label, 0), percent_text),
            unit="of the energy",
        )
        for label in labels
    )


def _peak(found: Comparison) -> tuple[Figure, ...]:
    """The highest demand of each label, as billed, in both bills and its unit; the largest change first."""
    of_bill = [_highest(bill) for bill in (found.before, found.after)]
    labels = list(dict.fromkeys((*of_bill[1], *of_bill[0])))
    labels.sort(key=lambda key: -abs(_kw(of_bill[1], key) - _kw(of_bill[0], key)))
    figures = []
    for key in labels:
        before, after = told_apart(_kw(of_bill[0], key), _kw(of_bill[1], key), kwh_text)
        highest = of_bill[1].get(key)
        units = [bill[key].unit for bill in of_bill if key in bill]
        if len(set(units)) > 1:  # the tariff was switched to one that measures otherwise
            before, after = f"{before} {units[0]}", f"{after} {units[1]}"
        figures.append(
            Figure(
                key[1],
                before if key in of_bill[0] else None,
                after if highest else None,
                units[0] if len(set(units)) == 1 else "",
                _day_of(found, highest) if highest else None,
            )
        )
    return (*figures, *capacity(found))


def _highest(bill: RatedBill) -> dict[tuple[str, str], Demand]:
    found: dict[tuple[str, str], Demand] = {}
    for demand in bill.demands:
        known = found.get((demand.code, demand.label))
        if known is None or demand.billed_micro_kw > known.billed_micro_kw:
            found[demand.code, demand.label] = demand
    return found


def _kw(of_bill: dict[tuple[str, str], Demand], key: tuple[str, str]) -> int:
    return of_bill[key].billed_micro_kw if key in of_bill else 0


def _day_of(found: Comparison, demand: Demand) -> date | None:
    """The day on which it was drawn, or the first of the month that holds it up."""
    if demand.held_by is not None or demand.starts_at is None:
        return demand.held_by
    return local_date(demand.starts_at, found.game.sides[1].side.zone)


def _peak_text(figures: tuple[Figure, ...]) -> str:
    first = figures[0]
    if first.after is None or first.before is None:
        return _arrow(first)
    on = f" on {date_text(first.from_day)}" if first.from_day else ""
    unit = f" {first.unit}" if first.unit else ""
    was = "the same as before" if first.after == first.before else f"was {first.before}"
    return f"{first.name} {first.after}{unit}{on}, {was}"


def _without_figures(found: Comparison, effect: str) -> str:
    if effect == "shift":
        return _without_hours(found)
    if effect == "peak" and tiers_by_power(found):
        return "tiers end at hours of use of the highest demand, which was another"
    return _WITHOUT_FIGURES[effect]


def _without_hours(found: Comparison) -> str:
    """What there is to show of a shift where the hours cost the same."""
    if priced_by_series(found):
        return "the same use, at hours of other prices"
    if nets_by_interval(found) and found.effect("shift"):
        return "other use in the hours in which energy was given back, which is set off first"
    steps = price_steps(found)
    if steps is None:
        return _WITHOUT_FIGURES["shift"]
    days = dict.fromkeys(date_text(step.starts_on) for step in (*steps[0], *steps[1]))
    return f"one price for all hours, another from {' and from '.join(days)}"


def _estimate(found: Comparison) -> tuple[Figure, ...]:
    """Of each bill with replaced estimates: kWh as billed, and as read since."""
    if isinstance(found.game, RegisterGame):
        return dials_put_right(found, found.game)
    figures = []
    for name, laid in zip(("before", "after"), found.game.sides, strict=True):
        replaced = laid.billed != laid.actual
        if np.any(replaced):
            billed, read = (kwh_text(int(grid[replaced].sum()), 0) for grid in (laid.billed, laid.actual))
            figures.append(Figure(f"estimated in the bill {name}", billed, read, "kWh"))
    return tuple(figures)


def _tariff(found: Comparison) -> tuple[Figure, ...]:
    before, after = (laid.side.tariff.name for laid in found.game.sides)
    return (Figure("tariff", before, after, ""),)


def _arrow(figure: Figure) -> str:
    per = f" a {figure.unit}" if figure.unit else ""
    if is_settled(figure):
        return f"{figure.name}: {figure.after or figure.before}"
    if figure.before is None or figure.after is None:
        state = (
            f"new at {figure.after}{per}" if figure.before is None else f"no longer at {figure.before}{per}"
        )
        return f"{figure.name} {state}"
    before, _, unit = figure.before.rpartition(" ")
    if not before or " and " in before or not figure.after.endswith(f" {unit}"):
        before = figure.before
    since = f" from {date_text(figure.from_day)}" if figure.from_day else ""
    return f"{figure.name} {before} → {figure.after}{per}{since}"


def _arrows(figures: tuple[Figure, ...]) -> str:
    more = len(figures) - MOST_FIGURES
    text = ", ".join(_arrow(figure) for figure in figures[:MOST_FIGURES])
    return f"{text}, and {more} more" if more > 0 else text


def _was(figures: tuple[Figure, ...]) -> str:
    first = figures[0]
    return f"{first.name} {first.after}, was {first.before}"


_FIGURES: dict[str, Callable[[Comparison], tuple[Figure, ...]]] = {
    "days": _days,
    "price": lambda found: (*_changed_prices(found, *LABELLED), *ratchets(found)),
    "fixed": lambda found: (
        *_changed_prices(found, "fixed"),
        *terms(found, "minimum"),
        *years_settled(found),
        *_connections(found),
    ),
    "discount": lambda found: terms(found, "discount"),
    "tax": lambda found: _changed_prices(found, "tax"),
    "tariff": _tariff,
    "weather": _weather,
    "volume": _volume,
    "shift": _shift,
    "peak": _peak,
    "export_volume": _given_back,
    "export_shift": lambda _found: (),
    "credit": _credit,
    "estimate": _estimate,
    "calorific": calorific,
    "reactive": reactive,
}
_TEXTS: dict[str, Callable[[tuple[Figure, ...]], str]] = {
    "days": lambda figures: (
        f"{day_count(figures[0].after)}, was {figures[0].before}"
        if figures[0].name == "days"
        else f"{day_count(figures[0].after)} at weekends, was {figures[0].before}"
    ),
    "price": _arrows,
    "fixed": _arrows,
    "discount": _arrows,
    "tax": _arrows,
    "tariff": lambda figures: f"{figures[0].before} → {figures[0].after}",
    "weather": _weather_text,
    "volume": lambda figures: (
        f"{figures[0].after} {figures[0].unit} a day{figures[0].name.removeprefix('use a day')}, "
        f"was {figures[0].before}"
    ),
    "shift": lambda figures: f"{figures[0].name} {figures[0].after} of the energy, was {figures[0].before}",
    "peak": _peak_text,
    "export_volume": lambda figures: f"{figures[0].after} kWh a day given back, was {figures[0].before}",
    "credit": _credit_text,
    "estimate": estimate_text,
    "calorific": lambda figures: f"a cubic metre is {figures[0].after} kWh, was {figures[0].before}",
    "reactive": lambda figures: f"{figures[0].after} kVArh a day, was {figures[0].before}",
}
_WITHOUT_FIGURES = {
    "days": "other days",
    "price": "the same prices, at other hours",
    "fixed": "the same price, on other days",
    "discount": "the same discount, on other lines or days",
    "tax": "the same rate, on other lines",
    "weather": "other weather",
    "volume": "another daily use",
    "shift": "one price for all hours: other hours change nothing",
    "peak": "no demand was measured",
    "export_volume": "another daily volume given back",
    "export_shift": "given back at other hours",
    "credit": "neither month began with credit",
    "estimate": "estimates replaced by readings",
    "tariff": "another tariff",
    "calorific": "other heat in the gas",
    "reactive": "reactive energy is now charged",
}
