"""The words of an explanation in a person's language, each figure tied to the row that proves it.

English is what the engine says. Another language is put together from the same rows, so that no figure can
differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from billing.domain.explanation.figures import Figure
from billing.domain.explanation.metered_evidence import ESTIMATED_DIAL as ON_THE_DIAL
from billing.domain.explanation.nouns import IN_THE_BILL_BEFORE, YEARS_REST
from billing.domain.explanation.phrases import money_text
from billing.domain.explanation.register_game import USE
from billing.domain.explanation.stated_terms import CHARGED_IN, DUE_FOR, OF_FIRST
from billing.explaining import EffectRow, Explained
from billing.explaining.explained import HOURS_UNKNOWN
from billing.queries.bills import BillRow
from billing.wording import capitalised, is_month, label_in, say
from utility_crm.web.formats import day, day_year, money, month_name, month_year, number, signed_money
from utility_crm.web.words import mark

CAUSES = {
    "price": (mark("higher prices"), mark("lower prices")),
    "fixed": (mark("a higher fixed charge"), mark("a lower fixed charge")),
    "discount": (mark("a lower discount"), mark("a higher discount")),
    "tax": (mark("a higher tax"), mark("a lower tax")),
    "tariff": (mark("the change of tariff"), mark("the change of tariff")),
    "weather": (mark("the weather"), mark("the weather")),
    "volume": (mark("more use a day"), mark("less use a day")),
    "shift": (mark("more use at dearer hours"), mark("more use at cheaper hours")),
    "peak": (mark("a higher peak for the same use"), mark("a lower peak for the same use")),
    "export_volume": (mark("giving back less a day"), mark("giving back more a day")),
    "export_shift": (
        mark("giving back at hours that pay less"),
        mark("giving back at hours that pay more"),
    ),
    "credit": (mark("less credit brought in"), mark("more credit brought in")),
    "estimate": (mark("estimates put right"), mark("estimates put right")),
    "calorific": (mark("gas with more heat in it"), mark("gas with less heat in it")),
    "reactive": (mark("more reactive energy a day"), mark("less reactive energy a day")),
    "days": (mark("more days"), mark("fewer days")),
    "corrections": (
        mark("less left out of use of long ago"),
        mark("use of long ago that is not charged"),
    ),
    "budget": (
        mark("more for the yearly settlement"),
        mark("what waits for the yearly settlement"),
    ),
}
"""An effect as a phrase, by whether it costs more or less."""
SHIFTS = (
    mark("more use on dearer days"), mark("more use on cheaper days"),
    mark("more use after the price rose"), mark("more use before the price rose"),
    mark("more use after the price fell"), mark("more use before the price fell"),
)  # fmt: skip
"""What the engine calls a shift where all hours cost the same."""
WEATHERS = (
    mark("the colder month"), mark("the milder month"), mark("the hotter month"), mark("the cooler month"),
    mark("the colder weather"), mark("the milder weather"), mark("the hotter weather"),
    mark("the cooler weather"), mark("using more than the weather explains"),
    mark("using less than the weather explains"), mark("giving back less a day"),
    mark("giving back more a day"), mark("counting more of an earlier peak"),
    mark("counting less of an earlier peak"), mark("less use while giving back"),
    mark("more use while giving back"), mark("another highest demand"),
    mark("what the year had given back before"), mark("reactive energy at other hours"),
)  # fmt: skip
"""What the engine calls the weather, the use beyond it, and what a tariff counts of earlier months."""
AT_A_RATE = (mark("more use at “%(rate)s”"), mark("less use at “%(rate)s”"))
"""Of a dial with several rates."""
ESTIMATED_LOW = mark("an estimate that was too low, put right")
ESTIMATED_HIGH = mark("an estimate that was too high, put right")
RESTS = (
    mark("the rest of the yearly minimum for %(year)s"),
    mark("the rest of the yearly minimum for %(year)s in the bill before"),
)
SAME_DAYS = mark("how the weekdays fell")
FIGURES = (
    mark("days"), mark("days at weekends"), mark("use a day"), mark("given back a day"), mark("tariff"),
    mark("of the energy"),
    mark("estimated in the bill before"), mark("estimated in the bill after"), mark("day"), mark("month"),
    mark("kWh"), mark("kW"), mark("kW month"), mark("kW day"), mark("year"), mark("connection"),
    mark("kVA month"), mark("kVA day"), mark("kVA year"), mark("kW year"), mark("connection month"),
    mark("connection day"), mark("connection year"), mark("mean temperature"), mark("°C"),
    mark("heating a day, as fitted"), mark("cooling a day, as fitted"), mark("use a day beyond the weather"),
    mark("credit brought in"), mark("heat in a cubic metre"), mark("reactive energy a day"), mark("kVArh"),
    mark("m³"), mark("kVA"), mark("kVAr"), mark("kVAr month"), mark("kVAr day"),
    mark("counted of earlier peaks"), mark("of the first"), mark("given back beyond what was taken"),
)  # fmt: skip
"""What the engine calls its figures and their units; labels of a tariff are its own."""
MEASURED = ("volume", "days", "calorific", "reactive")
"""Effects that are named by what was measured, whatever it did to the bill."""
PLAIN = (
    mark("other days"),
    mark("the same prices, at other hours"),
    mark("the same price, on other days"),
    mark("the same discount, on other lines or days"),
    mark("the same rate, on other lines"),
    mark("other weather"),
    mark("another daily use"),
    mark("one price for all hours: other hours change nothing"),
    mark("no demand was measured"),
    mark("another daily volume given back"),
    mark("given back at other hours"),
    mark("neither month began with credit"),
    mark("estimates replaced by readings"),
    mark("another tariff"),
    mark("other heat in the gas"),
    mark("reactive energy is now charged"),
    mark("the same use, at hours of other prices"),
    mark("other use in the hours in which energy was given back, which is set off first"),
    mark("tiers end at hours of use of the highest demand, which was another"),
)  # fmt: skip
"""What the engine shows of an effect that has no figures."""
ANOTHER_LATER = mark("one price for all hours, another later")
PRICED = ("price", "fixed", "discount")
"""Effects whose figures are prices of a unit."""
MOST_SPOKEN = 25
"""Words of a sentence that is to be said aloud."""
_NUMBER = re.compile(r"([A-Z]{0,2}[£€$¥₹])?(\d[\d,]*(?:\.\d+)?)")
_UNIT = re.compile(r"(?<= )(?:kWh|kVA|kW)(?= |$)")
_REST = re.compile(rf"{YEARS_REST} .+ for (\d{{4}})( {IN_THE_BILL_BEFORE})?")
_SETTLED = re.compile(rf"(?:(?P<label>.+) {DUE_FOR}|{CHARGED_IN}) (?P<year>\d{{4}})")
_FIGURE = re.compile(r"\x00(\d+)\x00")
_MONEY = re.compile(r"[^\s\d(“]?\d[\d,]*(?:\.\d+)?(?: [A-Z]{3})?")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a sentence; `row` is the row of the waterfall (from 1) that proves a figure, 0 the
    whole."""

    text: str
    row: int | None = None
    way: str = ""


def moving(found: Explained) -> list[EffectRow]:
    """The effects that moved the total at all."""
    return [row for row in found.rows if row.amount_minor]


def spoken(found: Explained, language: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """The sentence, and what to say if asked on."""
    if language == "en":
        return linked(found, found.sentence), linked(found, found.if_asked_on)
    said = _said(found, language)
    return said, _asked_on(found, said, language)


def plain(runs: Sequence[Run]) -> str:
    """The words without their links, to be copied."""
    return "".join(run.text for run in runs)


def cause_of(found: Explained, row: EffectRow, language: str) -> str:
    """The cause as a phrase."""
    if language == "en":
        return row.noun
    _ = say(language)
    if row.effect.startswith("supply:"):
        return _("service point %(point)s", point=row.effect.removeprefix("supply:"))
    if row.effect.startswith(USE):
        template = AT_A_RATE[row.noun.startswith("using less ")]
        names = found.names.get(language, {})
        return _(template, rate=label_in(row.effect.removeprefix(USE), names, language))
    if row.noun.endswith(" estimated too low"):
        return _(ESTIMATED_LOW)
    if row.noun.endswith(" estimated too high"):
        return _(ESTIMATED_HIGH)
    if rest := _REST.fullmatch(row.noun):
        return _(RESTS[bool(rest[2])], year=rest[1])
    same = found.against is not None and found.against.days == found.bill.days
    if row.effect == "days" and same:
        return _(SAME_DAYS)
    if row.noun in SHIFTS or row.noun in WEATHERS:
        return _(row.noun)
    return _(CAUSES[row.effect][_is_less(row)])


def _is_less(row: EffectRow) -> bool:
    """Whether there was less of it: at a price below zero, more use costs less."""
    said = set(row.noun.split())
    if row.effect in MEASURED and said & {"more", "less", "fewer"}:
        return not said & {"more"}
    return row.amount_minor < 0


def detail_of(row: EffectRow, language: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """How we know it; in another language the figures alone. names: what tariffs call their labels in it."""
    if language == "en":
        return row.detail
    _ = say(language)
    if not row.figures:
        if row.detail.startswith("one price for all hours, another from "):
            return _(ANOTHER_LATER)
        return _(row.detail) if row.detail in PLAIN else row.detail
    parts = []
    for figure in row.figures[:3]:
        before, after = _localised(row.effect, figure, language)
        unit = _(figure.unit) if figure.unit else ""
        if unit and row.effect in PRICED:
            after = _("%(price)s a %(unit)s", price=after, unit=unit)
        elif unit:
            after = f"{after} {unit}"
        since = " " + _("since %(day)s", day=day(figure.from_day, language)) if figure.from_day else ""
        if settled := _SETTLED.fullmatch(figure.name):
            label, year = settled["label"], settled["year"]
            words = mark("due for %(year)s by “%(label)s”") if label else mark("charged in %(year)s")
            label = label_in(label, names, language) if label else ""
            amount = after if figure.after else before
            parts.append(f"{_(words, year=year, label=label)}: {amount}")
            continue
        called = label_in(figure.name, names, language)
        name = called if called != figure.name else _(figure.name)
        if figure.name.endswith(ON_THE_DIAL):
            register = figure.name.removesuffix(ON_THE_DIAL).strip()
            name = _("%(register)s on the dial, guessed and read", register=register)
        elif row.effect.startswith(USE):
            name = _("“%(rate)s” a day", rate=label_in(row.effect.removeprefix(USE), names, language))
        parts.append(f"{name} {before} → {after}{since}")
    return "; ".join(parts)


def _localised(effect: str, figure: Figure, language: str) -> tuple[str, str]:
    """Before and after with the language's separators; what a tariff calls itself stays as it is."""
    _ = say(language)
    before, after = figure.before or "–", figure.after or "–"
    if effect == "tariff":
        return before, after

    def shown(match: re.Match[str]) -> str:
        plain_number = match[2].replace(",", "")
        said = number(Decimal(plain_number), len(plain_number.partition(".")[2]), language)
        return f"{said}\u00a0{match[1]}" if match[1] else said

    joined = " " + _("and") + " "

    def put(words: str) -> str:
        words = _UNIT.sub(lambda match: _(match[0]), words).replace(f" {OF_FIRST} ", f" {_(OF_FIRST)} ")
        return _NUMBER.sub(shown, words).replace(" and ", joined)

    return put(before), put(after)


def _main(found: Explained) -> EffectRow | None:
    return next((row for row in moving(found) if row.amount_minor * found.difference_minor > 0), None)


def _said(found: Explained, language: str) -> tuple[Run, ...]:
    _ = say(language)
    bill = _which(found.bill, language)
    if found.against is None:
        total = money(found.bill.total_minor, found.bill.currency, language)
        words = _("Bill %(bill)s is %(amount)s; there is none before it.", bill=bill, amount=total)
        return (Run(words),)
    if found.kind == "per_day":
        words = _("The bill before covers only a few days, so no causes are named.")
        return (Run(words),)
    other = _which(found.against, language)
    if other == bill:
        bill, other = (_which(one, language, year=True) for one in (found.bill, found.against))
    if not found.difference_minor:
        words = _("Bill %(bill)s is the same as %(other)s", bill=bill, other=other)
    elif found.difference_minor > 0:
        words = _(
            "Bill %(bill)s is %(amount)s more than %(other)s", bill=bill, amount=_figure(0), other=other
        )
    else:
        words = _(
            "Bill %(bill)s is %(amount)s less than %(other)s", bill=bill, amount=_figure(0), other=other
        )
    doubt = _("; part of it is still estimated") if found.caveats else ""
    for cause in (_main_cause(found, language), ""):
        runs = _cut(found, f"{words}{cause}{doubt}.", language, signed=False)
        if len(plain(runs).split()) <= MOST_SPOKEN:
            break
    return runs


def _main_cause(found: Explained, language: str) -> str:
    _, main = say(language), _main(found)
    if main is not None:
        place, cause = moving(found).index(main) + 1, cause_of(found, main, language)
        if abs(main.amount_minor) > abs(found.difference_minor):
            return _("; %(cause)s alone: %(amount)s", cause=cause, amount=_figure(place))
        return _("; of that %(amount)s: %(cause)s", cause=cause, amount=_figure(place))
    return ""


def _which(bill: BillRow, language: str, *, year: bool = False) -> str:
    """Which bill, in few words: of October, or up to 7 Dec."""
    _ = say(language)
    if is_month(bill.starts_on, bill.ends_before):
        return _("of %(month)s", month=(month_year if year else month_name)(bill.starts_on, language))
    return _("up to %(day)s", day=(day_year if year else day)(bill.last_on, language))


def _asked_on(found: Explained, said: Sequence[Run], language: str) -> tuple[Run, ...]:
    """Every effect that the sentence has not named."""
    _ = say(language)
    main = _main(found) if any(run.row for run in said) else None
    words = "; ".join(
        f"{cause_of(found, row, language)} {_figure(place)}"
        for place, row in enumerate(moving(found), 1)
        if row is not main
    )
    asked = capitalised(words) + "." if words else ""
    if found.by_dials:
        asked = f"{asked} {_(HOURS_UNKNOWN)}".strip()
    return _cut(found, asked, language, signed=True)


def _figure(row: int) -> str:
    """Where a row's figure is to stand; see `_cut`."""
    return f"\x00{row}\x00"


def _cut(found: Explained, words: str, language: str, *, signed: bool) -> tuple[Run, ...]:
    """Words whose figures stand as row numbers, in runs."""
    rows, runs, at = moving(found), list[Run](), 0
    for match in _FIGURE.finditer(words):
        place = int(match[1])
        minor = rows[place - 1].amount_minor if place else found.difference_minor
        shown = (
            signed_money(minor, found.bill.currency, language)
            if signed
            else money(abs(minor), found.bill.currency, language)
        )
        runs += [Run(words[at : match.start()]), Run(shown, place, "more" if minor > 0 else "down")]
        at = match.end()
    return tuple(run for run in (*runs, Run(words[at:])) if run.text)


def linked(found: Explained, words: str) -> tuple[Run, ...]:
    """The engine's words in runs, each amount of money tied to the row it comes from."""
    currency, decimals = found.bill.currency, found.decimals
    rows = moving(found)
    amounts: dict[str, list[int]] = {}
    for place, row in enumerate(rows, 1):
        amounts.setdefault(money_text(row.amount_minor, currency, decimals), []).append(place)
    whole = money_text(found.difference_minor, currency, decimals)
    runs: list[Run] = []
    at = 0
    for match in _MONEY.finditer(words):
        if match[0] == whole and not any(run.row == 0 for run in runs):
            runs += [Run(words[at : match.start()]), Run(match[0], 0)]
        elif amounts.get(match[0]):
            place = amounts[match[0]].pop(0)
            way = "more" if rows[place - 1].amount_minor > 0 else "down"
            runs += [Run(words[at : match.start()]), Run(match[0], place, way)]
        else:
            continue
        at = match.end()
    return tuple(run for run in (*runs, Run(words[at:])) if run.text)
