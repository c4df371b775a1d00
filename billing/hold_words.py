"""Why an account waits, in a person's language, from the figures that were kept."""

from __future__ import annotations

from collections.abc import Callable

from billing.domain.gate import Earlier, Figures
from billing.queries.held import HeldRow
from billing.wording import Say, say
from utility_crm.web.formats import number
from utility_crm.web.words import counting, mark

SHORT = {
    "missing": mark("Readings missing"),
    "not_fillable": mark("Readings missing"),
    "no_readings": mark("No readings"),
    "unassigned": mark("No premise"),
    "several_channels": mark("Several channels"),
    "currency": mark("Other currency"),
    "looks_back": mark("Looks back"),
    "not_rateable": mark("Cannot be priced"),
    "missing_calorific": mark("Calorific value missing"),
    "missing_cycle": mark("Days never billed"),
    "too_old": mark("Used too long ago"),
    "negative": mark("We would owe money"),
    "zero_use": mark("Nothing used"),
    "jump_up": mark("Much more used"),
    "jump_down": mark("Much less used"),
    "findings": mark("Readings doubted"),
    "estimates": mark("Long estimated"),
}
"""A reason in two words; one that is not here speaks for itself."""


def hold_words(held: HeldRow, language: str) -> list[str]:
    """A sentence for each reason that has figures; what was written down, for those that have none."""
    figures = held.figures
    if figures is None:
        return [held.reason]
    found = [words(say(language), figures, language) for code in held.codes if (words := _WORDS.get(code))]
    return found or [held.reason]


def _a_day(kwh: float, language: str) -> str:
    return say(language)("%(kwh)s kWh a day", kwh=number(kwh, 1, language))


def _jumped(_: Say, figures: Figures, language: str) -> str:
    now = _a_day(figures.kwh_a_day, language)
    return _("It used %(now)s; before, it was %(before)s.", now=now, before=_before(_, figures, language))


def _before(_: Say, figures: Figures, language: str) -> str:
    found = []
    if figures.last is not None:
        found.append(_("%(kwh)s on the bill before", kwh=_a_day(figures.last.kwh_a_day, language)))
    if figures.year_ago is not None:
        found.append(_("%(kwh)s a year ago", kwh=_a_day(figures.year_ago.kwh_a_day, language)))
    return ", ".join(found)


def _zero(_: Say, figures: Figures, language: str) -> str:
    return _("Nothing was used; before, it was %(before)s.", before=_before(_, figures, language))


def _missing(_: Say, figures: Figures, language: str) -> str:
    days = number(figures.missing_minutes / 1440, 1, language)
    return _("Readings of %(days)s days are missing; days near by would fill them.", days=days)


def _not_fillable(_: Say, _figures: Figures, _language: str) -> str:
    return _("A holiday's readings are missing; they would be filled like its weekday.")


def _estimates(_: Say, figures: Figures, language: str) -> str:
    days, of = figures.estimated_minutes / 1440, figures.minutes / 1440
    said = number(days, 1, language), number(of, 0, language)
    return _("%(days)s of %(of)s days were not measured.", days=said[0], of=said[1])


def _findings(_: Say, figures: Figures, language: str) -> str:
    ngettext = counting(language, "billing")
    return ngettext(
        "One finding about these readings waits for a decision.",
        "%(num)s findings about these readings wait for a decision.",
        figures.findings_bad + figures.findings_warn,
    )


def _missing_cycle(_: Say, figures: Figures, language: str) -> str:
    ngettext = counting(language, "billing")
    return ngettext(
        "One day of supply before was never billed.",
        "%(num)s days of supply before were never billed.",
        figures.unbilled_days,
    )


def _too_old(_: Say, figures: Figures, language: str) -> str:
    ngettext = counting(language, "billing")
    return ngettext(
        "One day was used too long ago to be charged; its cost is left out.",
        "%(num)s days were used too long ago to be charged; their cost is left out.",
        figures.too_old_days,
    )


def _negative(_: Say, _figures: Figures, _language: str) -> str:
    return _("By this bill we would owe the customer money.")


_WORDS: dict[str, Callable[[Say, Figures, str], str]] = {
    "missing": _missing,
    "not_fillable": _not_fillable,
    "missing_cycle": _missing_cycle,
    "too_old": _too_old,
    "negative": _negative,
    "zero_use": _zero,
    "jump_up": _jumped,
    "jump_down": _jumped,
    "findings": _findings,
    "estimates": _estimates,
}


def use_columns(figures: Figures, language: str) -> list[tuple[str, float]]:
    """kWh a day: a year ago, on the bill before, and now; what is not known is left out."""
    _ = say(language)
    named: list[tuple[str, Earlier | None]] = [
        (_("a year ago"), figures.year_ago),
        (_("bill before"), figures.last),
    ]
    found = [(words, one.kwh_a_day) for words, one in named if one is not None]
    return [*found, (_("this draft"), figures.kwh_a_day)]
