"""Causes as phrases, by their direction; they fit "all of it is ..." and "... alone adds £5"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.contents import price_content
from billing.domain.explanation.phrases import count_words, date_text, month_name, month_of
from billing.domain.explanation.power_evidence import tiers_by_power, versions_of
from billing.domain.explanation.reactive_use import reactive_days
from billing.domain.explanation.register_game import USE, RegisterGame
from billing.domain.explanation.shift import nets_by_interval, price_steps, shares
from billing.domain.explanation.stated_terms import closing_year, is_by_year, ratchets
from billing.domain.explanation.weather.parting import Weather
from billing.domain.money import Int64Array
from billing.domain.reckoning.lines import closed_early


@dataclass(frozen=True, slots=True)
class Noun:
    text: str
    plural: bool = False


_SHORT_NOUNS = {
    "days": Noun("the number of days"),
    "price": Noun("the prices", plural=True),
    "fixed": Noun("the standing charge"),
    "tariff": Noun("the change of tariff"),
    "weather": Noun("the weather"),
    "volume": Noun("the use a day"),
    "shift": Noun("use at other hours"),
    "export_volume": Noun("what was given back"),
    "export_shift": Noun("when it was given back"),
    "credit": Noun("the credit brought in"),
    "peak": Noun("the highest demand"),
    "calorific": Noun("the heat in the gas"),
    "reactive": Noun("reactive energy"),
    "estimate": Noun("estimates put right", plural=True),
    "discount": Noun("the discount"),
    "tax": Noun("the tax"),
}


_ESTIMATED = " estimated too "


def noun_of(found: Comparison, effect: str) -> Noun:
    """The cause, worded by what changed, or by whether it made the bill dearer."""
    dearer = found.effect(effect) > 0
    if effect == "days":
        return _days(found)
    if effect == "price":
        return _price(found, dearer)
    if effect in ("fixed", "discount", "tax"):
        return _charge(found, effect, dearer)
    if effect == "tariff":
        return Noun(f"the change to {found.game.sides[1].side.tariff.name}")
    if effect == "calorific":
        return _calorific(found)
    if effect == "reactive":
        return _reactive(found, dearer)
    if effect.startswith(USE):
        return _use_of(found, effect)
    if effect == "weather":
        return _weather(found)
    if effect == "volume":
        return _volume(found)
    if effect == "shift":
        return _shift(found, dearer)
    if effect in ("export_volume", "export_shift", "credit"):
        return _given_back(found, effect, dearer)
    if effect == "peak":
        return _peak(found, dearer)
    return _estimate(found)


def short_noun(found: Comparison, effect: str) -> Noun:
    """For a sentence that would be too long with the whole noun."""
    if effect == "shift" and price_steps(found) is not None:
        return Noun("use on other days")
    if effect.startswith(USE):
        return Noun(f"use at {effect.removeprefix(USE)}")
    if effect == "fixed" and _moved_kinds(found) == {"minimum"}:
        return Noun("the minimum charge")
    return _SHORT_NOUNS[effect]


def _moved_kinds(found: Comparison) -> set[str]:
    """Of the lines that fixed charges and minimums moved."""
    place = found.factors.index("fixed")
    return {row.kind for row in found.rows if row.kind in _KINDS["fixed"] and row.effects_minor[place]}


WEATHERS = ("colder", "milder", "hotter", "cooler")
"""By what it did: more or less heating, more or less cooling."""


def weather_word(found: Comparison) -> str:
    """Which weather the later bill had: by the larger of its two changes, heating's or cooling's."""
    if not isinstance(found.weather, Weather):
        raise ValueError("no weather was told apart")
    heating, cooling = found.weather.heating_micro_kwh, found.weather.cooling_micro_kwh
    heat, cool = heating[1] - heating[0], cooling[1] - cooling[0]
    if abs(heat) >= abs(cool):
        return "colder" if heat > 0 else "milder"
    return "hotter" if cool > 0 else "cooler"


def _weather(found: Comparison) -> Noun:
    months = month_of(found.before.period), month_of(found.after.period)
    word = weather_word(found)
    return Noun(f"the {word} month" if all(months) and months[0] != months[1] else f"the {word} weather")


def _volume(found: Comparison) -> Noun:
    """Where the weather is told apart, what is beyond it; else all use, whatever made it."""
    before, after = found.game.sides
    grown = int(after.actual.sum()) * before.days - int(before.actual.sum()) * after.days
    beyond = grown - found.game.warmed_micro_kwh * before.days * after.days
    way = "more" if beyond > 0 else "less"
    return Noun(
        f"using {way} than the weather explains" if "weather" in found.factors else f"using {way} a day"
    )


def _use_of(found: Comparison, effect: str) -> Noun:
    """Of the registers at one rate, by the rate's name."""
    sides = found.game.sides
    before = used_at(found, sides[0].actual, effect) * sides[1].days
    after = used_at(found, sides[1].actual, effect) * sides[0].days
    return Noun(f"using {'more' if after > before else 'less'} at {effect.removeprefix(USE)}")


def used_at(found: Comparison, daily: Int64Array, effect: str) -> int:
    """Micro-units of the registers of one factor. daily: (days, registers)."""
    game = found.game
    assert isinstance(game, RegisterGame)
    mine = [number for number, use in enumerate(game.use_of) if use == effect]
    return int(daily[:, mine].sum())


def _reactive(found: Comparison, dearer: bool) -> Noun:
    """Where more of it made the bill cheaper, it was at other hours than the highest power."""
    before, after = (reactive_days(found.game.sides, side) for side in (0, 1))
    if before is not None and after is not None:
        grown = int(after.sum()) * before.size - int(before.sum()) * after.size
        if grown and (grown > 0) != dearer:
            return Noun("reactive energy at other hours")
    return Noun(f"{'more' if dearer else 'less'} reactive energy a day")


def _calorific(found: Comparison) -> Noun:
    """By kWh a cubic metre, whatever it did to the bill."""
    before, after = kwh_a_m3(found)
    return Noun(f"gas with {'more' if after > before else 'less'} heat in it")


def kwh_a_m3(found: Comparison) -> tuple[float, float]:
    """The mean of each bill's days."""
    means = []
    for laid in found.game.sides:
        volume, days = laid.rules.volume, laid.rules.days
        values = [volume.value_on(day) for day in days] if volume is not None else []
        factors = [float(volume.factor(value)) for value in values if volume is not None and value]
        means.append(sum(factors) / len(factors) if factors else 0.0)
    return means[0], means[1]


def _given_back(found: Comparison, effect: str, dearer: bool) -> Noun:
    """By its own direction; of the hours, and of credit under several labels, by what it did to the bill."""
    if effect == "export_shift":
        return Noun(f"giving back at hours that pay {'less' if dearer else 'more'}")
    if effect == "credit" and not any(
        credit.micro_kwh.any() for laid in found.game.sides for credit in laid.side.state.credits
    ):
        return Noun("what the year had given back before")
    if effect == "credit":
        return Noun(f"{'less' if dearer else 'more'} credit brought in")
    if found.game.given_back is None:
        raise ValueError("nothing is given back")
    before, after = found.game.given_back
    grown = int(after.sum()) * before.shape[0] - int(before.sum()) * after.shape[0]
    return Noun(f"giving back {'more' if grown > 0 else 'less'} a day")


def _shift(found: Comparison, dearer: bool) -> Noun:
    steps = price_steps(found)
    if steps is None and nets_by_interval(found) and len({**shares(found, 0), **shares(found, 1)}) < 2:
        return Noun(f"{'less' if dearer else 'more'} use while giving back")
    if steps is None:
        return Noun(f"more use at {'dearer' if dearer else 'cheaper'} hours")
    before, after = steps
    if before or len(after) != 1:
        return Noun(f"more use on {'dearer' if dearer else 'cheaper'} days")
    rose = after[0].rose
    return Noun(f"more use {'after' if rose == dearer else 'before'} the price {'rose' if rose else 'fell'}")


def _peak(found: Comparison, dearer: bool) -> Noun:
    """Of the same use; where an earlier month holds the demand up, that month."""
    held = {demand.held_by for demand in found.after.demands if demand.held_by is not None}
    if dearer and len(held) == 1:
        month = min(held)
        return Noun(f"the peak of {month_name(month)} {month.year}")
    by_power = any(version.demand or version.capacity for version in versions_of(found))
    if not by_power and tiers_by_power(found):
        # Which way more power moves the bill depends on the prices of the tiers.
        return Noun("another highest demand")
    return Noun(f"a {'higher' if dearer else 'lower'} peak for the same use")


def _days(found: Comparison) -> Noun:
    extra = found.after.period.days - found.before.period.days
    if extra == 0:
        return Noun("how the weekdays fell")
    days = "day" if abs(extra) == 1 else "days"
    text = f"{count_words(extra)} more {days}" if extra > 0 else f"{count_words(-extra)} {days} fewer"
    return Noun(text, plural=abs(extra) > 1)


_KINDS = {"fixed": ("fixed", "minimum"), "discount": ("discount",), "tax": ("tax",)}
_SEVERAL = {"fixed": "fixed charges", "tax": "taxes"}
YEARS_REST = "the rest of the"
IN_THE_BILL_BEFORE = "in the bill before"


def _charge(found: Comparison, effect: str, dearer: bool) -> Noun:
    """Of one charge by its own name; a discount by how much it takes off, a minimum by the year that one of
    the bills settles by that year."""
    place = found.factors.index(effect)
    rows = [row for row in found.rows if row.kind in _KINDS[effect]]
    moved = [row for row in rows if row.effects_minor[place]] or rows
    labels = list(dict.fromkeys(row.label for row in moved))
    if effect == "discount":
        return _discount(labels, dearer)
    direction = "higher" if dearer else "lower"
    if len(labels) != 1:
        return Noun(f"{direction} {_SEVERAL[effect]}", plural=True)
    (spoken,) = (_in_a_sentence(label) for label in labels)
    row = moved[0]
    if row.kind == "minimum" and is_by_year(found, row.code):
        spoken = spoken.removesuffix(closed_early(""))
        if row.after_minor and not row.before_minor:
            return Noun(f"{YEARS_REST} {spoken} for {closing_year(found.after)}")
        if row.before_minor and not row.after_minor:
            return Noun(f"{YEARS_REST} {spoken} for {closing_year(found.before)} {IN_THE_BILL_BEFORE}")
    return Noun(f"{direction} {spoken}" if effect == "tax" else f"a {direction} {spoken}")


def _discount(labels: list[str], dearer: bool) -> Noun:
    """What a discount is called need not tell that it is one: a higher social tariff would cost more."""
    size = "smaller" if dearer else "larger"
    if len(labels) != 1:
        return Noun(f"{size} discounts", plural=True)
    named = any(word in labels[0].lower() for word in ("discount", "rebate"))
    return Noun(f"a {size} {_in_a_sentence(labels[0])}" if named else f"a {size} discount “{labels[0]}”")


def _in_a_sentence(label: str) -> str:
    return label if label.isupper() else label[0].lower() + label[1:]


def _price(found: Comparison, dearer: bool) -> Noun:
    before, after = (laid.rules.energy for laid in found.game.sides)
    if {version for version, _ in before} == {version for version, _ in after}:
        seasons = {season for _, season in after} - {season for _, season in before}
        if len(seasons) == 1 and min(seasons):
            return Noun(f"{min(seasons)} prices", plural=True)
    if ratchets(found) and _same_prices(found):
        return Noun(f"counting {'more' if dearer else 'less'} of an earlier peak")
    starts = _price_dates(found)
    since = f" from {date_text(starts[0])}" if len(starts) == 1 else ""
    return Noun(f"{'higher' if dearer else 'lower'} prices{since}", plural=True)


def _same_prices(found: Comparison) -> bool:
    """Whether the lines of both bills cost the same a unit."""
    kinds = ("energy", "demand", "export")
    said = [
        {(line.code, line.label, line.price_micro) for line in bill.lines if line.kind in kinds}
        for bill in (found.before, found.after)
    ]
    return said[0] == said[1]


def _price_dates(found: Comparison) -> list[date]:
    """Dates within the two bills on which energy began to be priced otherwise."""
    first, last = found.before.period.starts_on, found.after.period.ends_before
    return [
        later.starts_on
        for earlier, later in pairwise(found.game.sides[1].side.tariff.versions)
        if first < later.starts_on < last
        and (price_content(earlier, "") != price_content(later, "") or earlier.seasons or later.seasons)
    ]


def _estimate(found: Comparison) -> Noun:
    sides = found.game.sides
    laid = ((sides[0].billed, sides[0].actual), (sides[1].billed, sides[1].actual))
    changed = [index for index, (billed, actual) in enumerate(laid) if billed is not actual]
    errors = [int(billed.sum()) - int(actual.sum()) for billed, actual in laid]
    if len(changed) != 1 or not errors[changed[0]]:
        return Noun("estimates since replaced by readings", plural=True)
    side = changed[0]
    name = month_of((found.before, found.after)[side].period) or ("the earlier bill", "this bill")[side]
    return Noun(f"{name}{_ESTIMATED}{'high' if errors[side] > 0 else 'low'}")


def subject_of(noun: str) -> str:
    """An estimate put right, worded so that "takes off £3.11" can follow it; other nouns as they are."""
    name, estimated, way = noun.partition(_ESTIMATED)
    return f"{name}’s estimate was too {way}, which" if estimated else noun
