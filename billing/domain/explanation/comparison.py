"""compare(): two bills, the effect of each factor on each line, and what keeps the answer from being whole.

Both margins of the table are exact: a row sums to its line's difference, a column to its effect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import factorial

import numpy as np

from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.export import ExportCharge
from billing.domain.errors import MissingPrices, NotComparable
from billing.domain.explanation.game import Game, LineKey, line_key
from billing.domain.explanation.register_game import RegisterGame
from billing.domain.explanation.register_sides import RegisterSide
from billing.domain.explanation.shapley import apportioned, shapley_numerators
from billing.domain.explanation.sides import Side
from billing.domain.explanation.weather.parting import LeftOut, Weather
from billing.domain.money import Rounding, div_round
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.axis import axis_of, epoch_minute

AnySide = Side | RegisterSide
_OF_LABELS = (EnergyCharge, DemandCharge, ExportCharge)
"""Charges whose lines are named by their labels."""
# An earlier bill of fewer days is compared by the day only (EXPLAIN B5).
LEAST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One line of both bills, zero in the one that lacks it. effects_minor: as Comparison.factors."""

    kind: str
    code: str
    label: str
    before_minor: int
    after_minor: int
    effects_minor: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Caveat:
    """code: ``still_estimated`` (billed on an estimate nobody has replaced) or ``missing`` (no reading).

    bill: ``before`` or ``after``. minutes: of all its intervals. days: the same in days, rounded up.
    """

    code: str
    bill: str
    intervals: int
    minutes: int
    micro_kwh: int
    days: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """effects_minor: one for each of ``factors``; their sum is the difference, exactly.

    weather: what was found of it, or why it is left out; None where nobody looked.
    """

    before: RatedBill
    after: RatedBill
    factors: tuple[str, ...]
    effects_minor: tuple[int, ...]
    rows: tuple[Row, ...]
    caveats: tuple[Caveat, ...]
    game: Game | RegisterGame
    weather: Weather | LeftOut | None = None

    @property
    def difference_minor(self) -> int:
        return self.after.total_minor - self.before.total_minor

    def effect(self, factor: str) -> int:
        """Zero for a factor that does not differ."""
        return self.effects_minor[self.factors.index(factor)] if factor in self.factors else 0


@dataclass(frozen=True, slots=True)
class PerDay:
    """The earlier bill is too short to hold another against: minor units a day are all we say."""

    before: RatedBill
    after: RatedBill
    before_minor_a_day: int
    after_minor_a_day: int


@dataclass(frozen=True, slots=True)
class FirstBill:
    """Nothing to compare with; the bill itself is the answer."""

    after: RatedBill


def explain(
    before: AnySide | None, after: AnySide, weather: Weather | LeftOut | None = None
) -> Comparison | PerDay | FirstBill:
    """The answer that the two bills allow. Raises NotComparable (another currency).

    weather: what a fit lays to it in both bills, if it was looked for.
    """
    if before is None:
        return FirstBill(after.bill())
    if before.period.days < LEAST_DAYS:
        check_comparable(before, after)
        bills = before.bill(), after.bill()
        a_day = [div_round(bill.total_minor, bill.period.days, Rounding.HALF_UP) for bill in bills]
        return PerDay(bills[0], bills[1], a_day[0], a_day[1])
    return compare(before, after, weather)


def check_comparable(before: AnySide, after: AnySide) -> None:
    """Raises NotComparable, with a code for why."""
    if before.tariff.currency != after.tariff.currency or before.tariff.decimals != after.tariff.decimals:
        raise NotComparable(
            "other_currency",
            f"one bill is in {before.tariff.currency}, the other in {after.tariff.currency}",
        )
    fuels = [side.tariff.volume and side.tariff.volume.commodity for side in (before, after)]
    if fuels[0] != fuels[1]:
        said = [fuel or "electricity" for fuel in fuels]
        raise NotComparable("other_fuel", f"one bill is of {said[0]}, the other of {said[1]}")
    if isinstance(before, RegisterSide) != isinstance(after, RegisterSide):
        raise NotComparable(
            "other_metering", "one bill is of intervals, the other of what registers counted in all"
        )
    for side in (before, after):
        if _lowest(side) < 0:
            raise NotComparable("negative_readings", "a bill with negative readings has no shape to compare")


def _lowest(side: AnySide) -> int:
    if isinstance(side, Side):
        return int(side.usage.micro_kwh.min(initial=0))
    both = (side.counted, side.known or side.counted)
    return min(int(one.micro_kwh.min(initial=0)) for one in both)


def _game_of(before: AnySide, after: AnySide, weather: Weather | None) -> Game | RegisterGame:
    if isinstance(before, Side) and isinstance(after, Side):
        return Game.of(before, after, weather)
    if isinstance(before, RegisterSide) and isinstance(after, RegisterSide):
        return RegisterGame.of(before, after)
    raise AssertionError("bills of two kinds of meter are refused before")


def compare(before: AnySide, after: AnySide, weather: Weather | LeftOut | None = None) -> Comparison:
    """Shapley values of all mixtures, apportioned line by line. Raises NotComparable."""
    check_comparable(before, after)
    game = _game_of(before, after, weather if isinstance(weather, Weather) else None)
    if isinstance(game, Game) and game.weather and not all(laid.actual.any() for laid in game.sides):
        # Of no use at all, no part can be the weather's.
        weather, game = LeftOut("no_use"), replace(game, weather=None)
    factors = game.active()
    bills = before.bill(), after.bill()
    amounts = tuple(_by_key(bill) for bill in bills)
    if not factors and amounts[0] != amounts[1]:
        # Alike on the grid, yet not to the minute: only the hours can differ.
        factors = ("shift",) if isinstance(game, Game) else ("volume",)
    try:
        values = game.values(factors) if factors else {}
    except MissingPrices as fault:
        raise NotComparable(fault.code, f"{fault}, on a day that stands for another") from fault
    keys = dict.fromkeys((*amounts[0], *amounts[1], *values))
    table = np.zeros((len(keys), 1 << len(factors)), dtype=np.int64)
    for row, key in enumerate(keys):
        if key in values:
            table[row] = values[key]
        # The two corners are the bills themselves.
        table[row, 0], table[row, -1] = amounts[0].get(key, 0), amounts[1].get(key, 0)
    numerators = shapley_numerators(table, len(factors))
    labels = {line_key(line.kind, line.code, line.label): line.label for bill in bills for line in bill.lines}
    denominator = factorial(len(factors))
    rows = []
    for key, of_line, corners in zip(keys, numerators, table[:, (0, -1)].tolist(), strict=True):
        cells = apportioned(of_line, denominator, corners[1] - corners[0])
        label = labels.get(key) or key[2] or _label_of(game, key[1])
        rows.append(Row(key[0], key[1], label, corners[0], corners[1], cells))
    effects = tuple(sum(row.effects_minor[i] for row in rows) for i in range(len(factors)))
    caveats = (*_caveats("before", before), *_caveats("after", after))
    return Comparison(bills[0], bills[1], factors, effects, tuple(rows), caveats, game, weather)


def _label_of(game: Game | RegisterGame, code: str) -> str:
    """The name of a charge that makes a line in no bill, but did on the way: a minimum reached in both."""
    versions = (version for laid in game.sides for version in (*laid.rules.fixed, *laid.rules.discounts))
    charges = (charge for version in versions for charge in version.charges if charge.code == code)
    return next(
        (
            charge.label
            for charge in charges
            if not isinstance(charge, EnergyCharge | DemandCharge | ExportCharge)
        ),
        code,
    )


def _by_key(bill: RatedBill) -> dict[LineKey, int]:
    found: dict[LineKey, int] = {}
    for line in bill.lines:
        key = line_key(line.kind, line.code, line.label)
        found[key] = found.get(key, 0) + line.amount_minor
    return found


def _caveats(name: str, side: AnySide) -> tuple[Caveat, ...]:
    """On the side's own axis, so that what lies outside its readings is missing too."""
    if isinstance(side, RegisterSide):
        return _guessed(name, side)
    usage = side.actual()
    axis = axis_of(side.zone, usage.interval_minutes, epoch_minute(usage.starts_at), side.period)
    offset = (axis.first_minute - epoch_minute(usage.starts_at)) // usage.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, usage.micro_kwh.size - offset))
    theirs = slice(begin + offset, end + offset)
    missing, guessed = np.ones(axis.size, dtype=bool), np.zeros(axis.size, dtype=bool)
    missing[begin:end], guessed[begin:end] = usage.missing[theirs], usage.estimated[theirs]
    micro_kwh = int(usage.micro_kwh[theirs][guessed[begin:end]].sum())
    found = []
    for code, mask, energy in (("still_estimated", guessed, micro_kwh), ("missing", missing, 0)):
        count = int(np.count_nonzero(mask))
        minutes = count * usage.interval_minutes
        if count:
            found.append(Caveat(code, name, count, minutes, energy, -(-minutes // 1440)))
    return tuple(found)


def _guessed(name: str, side: RegisterSide) -> tuple[Caveat, ...]:
    """Of registers: what still rests on estimated reads. A share by profile between two reads is no doubt."""
    days = side.days_guessed()
    if not days or side.guessed is None:
        return ()
    return (Caveat("still_estimated", name, days, days * 1440, int(side.guessed.sum()), days),)
