"""How we know it of minimums and discounts: as the tariffs state them, and what a year's minimum came to.

A line of such a charge holds only what came of it, so the terms are read from the versions of each day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from billing.domain.charges.discount import DiscountCharge
from billing.domain.charges.fixed import days_in_year
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.figures import Figure
from billing.domain.explanation.phrases import kwh_text, money_text, percent_text, prices_text
from billing.domain.money import div_round
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.lines import closed_early

Stated = MinimumCharge | DiscountCharge

DUE_FOR = "due for"
CHARGED_IN = "charged in"
"""With the year: what the minimum of it comes to, and what the lines it is held against do."""
OF_FIRST = "of the first"
OF_EARLIER_PEAKS = "counted of earlier peaks"


@dataclass(frozen=True, slots=True)
class _Since:
    """A charge and the day of a bill from which it holds."""

    starts_on: date
    charge: Stated


def terms(found: Comparison, kind: str) -> tuple[Figure, ...]:
    """Minimums or discounts as the tariffs state them, where that changed."""
    of_side = [_stated(found, side, kind) for side in (0, 1)]
    figures = []
    for code in dict.fromkeys((*of_side[0], *of_side[1])):
        figures += _changed(of_side[0].get(code, []), of_side[1].get(code, []), found.before.currency)
    return tuple(figures)


def _stated(found: Comparison, side: int, kind: str) -> dict[str, list[_Since]]:
    """Of each code what holds, in the order of time, a new entry where it changes."""
    rules = found.game.sides[side].rules
    stated: dict[str, list[_Since]] = {}
    versions = rules.fixed if kind == "minimum" else rules.discounts
    for day, version in zip(rules.days, versions, strict=True):
        charges: tuple[Stated, ...] = version.minimums if kind == "minimum" else version.discounts
        for charge in charges:
            held = stated.setdefault(charge.code, [])
            if not held or _terms_of(held[-1].charge) != _terms_of(charge):
                held.append(_Since(day, charge))
    return stated


def _terms_of(charge: Stated) -> tuple[object, ...]:
    if isinstance(charge, MinimumCharge):
        return charge.price_micro, charge.per
    return charge.rate_ppm, charge.amount_micro, charge.up_to_micro, charge.per if _is_by(charge) else ""


def _is_by(charge: Stated) -> bool:
    """Whether it is of each day, month or year, as a percentage off all is not."""
    return isinstance(charge, MinimumCharge) or not charge.rate_ppm or charge.up_to_micro is not None


def _changed(before: list[_Since], after: list[_Since], currency: str) -> list[Figure]:
    both = [dict.fromkeys(_terms_of(one.charge) for one in side) for side in (before, after)]
    if list(both[0]) == list(both[1]):
        return []
    step, from_day = _one_step(before, after), None
    if step is not None:
        before, after, from_day = [step[0]], [step[1]], step[1].starts_on
    label = (after or before)[0].charge.label
    charges = [one.charge for one in (*before, *after)]
    per = {charge.per if _is_by(charge) else "" for charge in charges}
    unit = per.pop() if len(per) == 1 else ""
    amounts = prices_text([_amount_micro(one) for one in charges if _amount_micro(one)], currency)
    said = dict(zip([one for one in charges if _amount_micro(one)], amounts, strict=True))

    def text(side: list[_Since]) -> str | None:
        words = []
        for one in side:
            charge, whole = one.charge, said.get(one.charge) or _percent(one.charge)
            words.append(whole if unit or not _is_by(charge) else f"{whole} a {charge.per}")
        return " and ".join(dict.fromkeys(words)) or None

    return [Figure(label, text(before), text(after), unit, from_day)]


def _amount_micro(charge: Stated) -> int:
    return charge.price_micro if isinstance(charge, MinimumCharge) else charge.amount_micro


def _percent(charge: Stated) -> str:
    assert isinstance(charge, DiscountCharge)
    percent = percent_text(charge.rate_ppm, 4)
    if charge.up_to_micro is None:
        return percent
    return f"{percent} {OF_FIRST} {kwh_text(charge.up_to_micro, 0).removesuffix('.0')} kWh"


def _one_step(before: list[_Since], after: list[_Since]) -> tuple[_Since, _Since] | None:
    """Where the terms changed once, on a day inside one of the bills: those up to then and from then on."""
    in_time = sorted((*before, *after), key=lambda one: one.starts_on)
    steps = [
        (one, other) for one, other in pairwise(in_time) if _terms_of(one.charge) != _terms_of(other.charge)
    ]
    if not before or not after or len(steps) != 1:
        return None
    (step,) = steps
    inside = any(step[0] in side and step[1] in side for side in (before, after))
    return step if inside else None


def ratchets(found: Comparison) -> tuple[Figure, ...]:
    """The share of an earlier month's highest demand that a tariff bills at least, where that changed."""
    of_side: list[dict[str, str]] = []
    for laid in found.game.sides:
        said: dict[str, list[str]] = {}
        for version, _season in laid.rules.energy:
            for charge in version.demand:
                share = percent_text(charge.ratchet.share_ppm, 4) if charge.ratchet else "0 %"
                said.setdefault(charge.code, []).append(share)
        of_side.append({code: " and ".join(dict.fromkeys(shares)) for code, shares in said.items()})
    before, after = of_side
    return tuple(
        Figure(OF_EARLIER_PEAKS, before[code], after[code], "")
        for code in before
        if code in after and before[code] != after[code]
    )


def years_settled(found: Comparison) -> tuple[Figure, ...]:
    """Of each bill that closes a year short of its minimum: what was due for it, and what had been charged,
    this bill's own lines among it. The difference is the minimum's line."""
    figures = []
    for side, bill in enumerate((found.before, found.after)):
        lines = [line for line in bill.lines if line.kind == "minimum" and line.amount_minor]
        for code in dict.fromkeys(line.code for line in lines):
            due = _due_minor(found, side, code)
            if due is None:
                continue
            charged = due - sum(line.amount_minor for line in lines if line.code == code)
            label = next(line.label for line in lines if line.code == code).removesuffix(closed_early(""))
            year = closing_year(bill)
            for name, minor in ((f"{label} {DUE_FOR} {year}", due), (f"{CHARGED_IN} {year}", charged)):
                said = money_text(minor, bill.currency, bill.decimals)
                before, after = (said, None) if side == 0 else (None, said)
                figures.append(Figure(name, before, after, ""))
    return tuple(figures)


def closing_year(bill: RatedBill) -> int:
    return (bill.period.ends_before - timedelta(days=1)).year


def is_settled(figure: Figure) -> bool:
    """Whether the figure is one of `years_settled`."""
    *name, year = figure.name.split(" ")
    words = " ".join(name)
    return year.isdigit() and (words == CHARGED_IN or words.endswith(f" {DUE_FOR}"))


def is_by_year(found: Comparison, code: str) -> bool:
    """Whether a minimum is settled with the last bill of the year."""
    return any(_of_year(found, side, code) for side in (0, 1))


def _of_year(found: Comparison, side: int, code: str) -> list[MinimumCharge]:
    """Of each day of a bill on which it holds; else of the days on which it did."""
    rules = found.game.sides[side].rules

    def of(version_charges: tuple[MinimumCharge, ...]) -> list[MinimumCharge]:
        return [one for one in version_charges if one.code == code and one.per == "year"]

    held = [charge for version in rules.fixed for charge in of(version.minimums)]
    return held or [charge for version in rules.others for charge in of(version.minimums)][-1:]


def _due_minor(found: Comparison, side: int, code: str) -> int | None:
    """As the engine reckons it: each billed day of the year at the price of its own version."""
    laid, charges = found.game.sides[side], _of_year(found, side, code)
    rules = laid.rules
    if not charges or (rules.closes is None and not laid.side.state.ends):
        return None
    held = {version for version in rules.fixed if any(one.code == code for one in version.minimums)}
    micro_days = sum(charge.price_micro for charge in charges) if held else 0
    known = laid.side.state.year(code)
    if known is not None:
        micro_days += int(known.owed_micro_days(charges[0].price_micro)[0])
    unit = days_in_year(rules.days[-1].year) * 10 ** (6 - rules.decimals)
    return div_round(micro_days, unit, rules.rounding)
