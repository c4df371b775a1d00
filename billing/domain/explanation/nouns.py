"""Causes as phrases, by their direction; they fit "all of it is ..." and "... alone adds £5"."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.game import price_content
from billing.domain.explanation.phrases import count_words, date_text, month_of

# For a sentence that would be too long with the whole noun.
SHORT_NOUNS = {
    "days": "the number of days",
    "price": "the prices",
    "fixed": "the standing charge",
    "tariff": "the change of tariff",
    "volume": "the use a day",
    "shift": "use at other hours",
    "estimate": "estimates put right",
    "tax": "the tax",
}


def noun_of(found: Comparison, effect: str) -> str:
    """The cause as a phrase, by its direction."""
    dearer = found.effect(effect) > 0
    if effect == "days":
        return _days_noun(found)
    if effect == "price":
        return _price_noun(found, dearer)
    if effect in ("fixed", "tax"):
        labels = dict.fromkeys(row.label for row in found.rows if row.kind == effect)
        name = next(iter(labels)) if len(labels) == 1 else {"fixed": "fixed charges", "tax": "taxes"}[effect]
        spoken = name if name.isupper() else name[0].lower() + name[1:]
        article = "a " if effect == "fixed" and len(labels) == 1 else ""
        return f"{article}{'higher' if dearer else 'lower'} {spoken}"
    if effect == "tariff":
        return f"the change to {found.game.sides[1].side.tariff.name}"
    if effect == "volume":
        before, after = found.game.sides
        more = int(after.actual.sum()) * before.days > int(before.actual.sum()) * after.days
        return f"using {'more' if more else 'less'} a day"
    if effect == "shift":
        return f"more use at {'dearer' if dearer else 'cheaper'} hours"
    return _estimate_noun(found)


def _days_noun(found: Comparison) -> str:
    extra = found.after.period.days - found.before.period.days
    if extra == 0:
        return "how the weekdays fell"
    days = "day" if abs(extra) == 1 else "days"
    return f"{count_words(extra)} more {days}" if extra > 0 else f"{count_words(-extra)} {days} fewer"


def _price_noun(found: Comparison, dearer: bool) -> str:
    before, after = (laid.rules.energy for laid in found.game.sides)
    if {version for version, _ in before} == {version for version, _ in after}:
        seasons = {season for _, season in after} - {season for _, season in before}
        if len(seasons) == 1 and min(seasons):
            return f"{min(seasons)} prices"
    starts = _price_dates(found)
    since = f" from {date_text(starts[0])}" if len(starts) == 1 else ""
    return f"{'higher' if dearer else 'lower'} prices{since}"


def _price_dates(found: Comparison) -> list[date]:
    """Dates within the two bills on which energy began to be priced otherwise."""
    tariff = found.game.sides[1].side.tariff
    first, last = found.before.period.starts_on, found.after.period.ends_before
    dates = []
    for earlier, later in pairwise(tariff.versions):
        differs = price_content(earlier, "") != price_content(later, "")
        if first < later.starts_on < last and (differs or earlier.seasons or later.seasons):
            dates.append(later.starts_on)
    return dates


def _estimate_noun(found: Comparison) -> str:
    errors = [int(laid.billed.sum()) - int(laid.actual.sum()) for laid in found.game.sides]
    changed = [laid.billed is not laid.actual for laid in found.game.sides]
    if all(changed) or not any(errors):
        return "estimates since replaced by readings"
    side = changed.index(True)
    period = (found.before, found.after)[side].period
    name = month_of(period) or ("the earlier bill", "this bill")[side]
    return f"{name} estimated too {'high' if errors[side] > 0 else 'low'}"
