"""The answer in words: subject, change, size, main cause; the rest "if asked on".

One sentence of at most 25 words, sayable aloud.

The pieces are kept beside the English, so that another language can be written from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from billing.domain.explanation.comparison import Comparison, FirstBill, PerDay
from billing.domain.explanation.game import price_content
from billing.domain.explanation.phrases import (
    bill_name,
    bill_names,
    count_words,
    date_text,
    money_text,
    month_of,
)

MOST_WORDS = 25
# Below both of these an effect is shown in the table and merged into "the rest" in words (EXPLAIN B5).
SMALL_MINOR = 50
SMALL_SHARE = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """One cause: ``noun`` fits "most of it is ..." and "... alone adds"."""

    effect: str
    noun: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Answer:
    """sentence: to say aloud. if_asked_on: empty where nothing is left. change: more, less or same.

    Two answers have no comparison behind them: of a first bill, and of a bill after one of a few days.
    """

    subject: str
    change: str
    size_minor: int
    against: str
    main: Piece | None
    rest: tuple[Piece, ...]
    other_minor: int
    hedge: str
    sentence: str
    if_asked_on: str


def answer_of(found: Comparison | PerDay | FirstBill) -> Answer:
    if isinstance(found, FirstBill):
        return _first(found)
    if isinstance(found, PerDay):
        return _per_day(found)
    pieces = sorted(
        (
            Piece(name, noun_of(found, name), amount)
            for name, amount in zip(found.factors, found.effects_minor, strict=True)
            if amount
        ),
        key=lambda piece: -abs(piece.amount_minor),
    )
    difference = found.difference_minor
    main = next((piece for piece in pieces if piece.amount_minor * difference > 0), None)
    limit = max(abs(found.after.total_minor), abs(found.before.total_minor))
    small = [
        piece
        for piece in pieces
        if piece is not main
        and abs(piece.amount_minor) < SMALL_MINOR
        and abs(piece.amount_minor) * SMALL_SHARE < limit
    ]
    rest = tuple(piece for piece in pieces if piece is not main and piece not in small)
    subject, against = bill_names(found.before.period, found.after.period)
    change = "more" if difference > 0 else "less" if difference < 0 else "same"
    hedge = _hedge(found)
    other = sum(piece.amount_minor for piece in small)

    def money(minor: int) -> str:
        return money_text(minor, found.after.currency, found.after.decimals)

    sentence = _sentence(found, subject, against, main, rest, hedge, money)
    asked = _if_asked_on(rest, other, money)
    return Answer(subject, change, abs(difference), against, main, rest, other, hedge, sentence, asked)


def word_count(sentence: str) -> int:
    return len(sentence.split())


def _sentence(
    found: Comparison,
    subject: str,
    against: str,
    main: Piece | None,
    rest: tuple[Piece, ...],
    hedge: str,
    money: Callable[[int], str],
) -> str:
    difference = found.difference_minor
    if difference == 0:
        start = f"{subject} is the same as {against}"
        ends = [f"; {rest[0].noun} and {rest[1].noun} cancel out" if len(rest) == 2 else ""]
        if len(rest) > 2:
            ends = ["; several changes cancel out"]
    else:
        start = f"{subject} is {money(difference)} {'more' if difference > 0 else 'less'} than {against}"
        ends = (
            [""]
            if main is None
            else [f"; {_cause(noun, main, difference, money)}" for noun in (main.noun, _SHORT[main.effect])]
        )
    for end in (*ends, ""):
        for doubt in (hedge, ""):
            sentence = f"{start}{end}{doubt}."
            if word_count(sentence) <= MOST_WORDS:
                return sentence
    return f"{start}."


def _cause(noun: str, main: Piece, difference: int, money: Callable[[int], str]) -> str:
    part, whole = abs(main.amount_minor), abs(difference)
    if part == whole:
        return f"all of it is {noun}"
    if part > whole:
        return f"{noun} alone {_verb(main.amount_minor)} {money(part)}"
    if part * 10 > whole * 11 // 2:
        return f"most of that, {money(part)}, is {noun}"
    if part * 10 >= whole * 9 // 2:
        return f"about half of that, {money(part)}, is {noun}"
    return f"{money(part)} of that is {noun}"


def _verb(amount_minor: int) -> str:
    return "adds" if amount_minor > 0 else "takes off"


def _if_asked_on(rest: tuple[Piece, ...], other: int, money: Callable[[int], str]) -> str:
    parts = [f"{piece.noun} {_verb(piece.amount_minor)} {money(piece.amount_minor)}" for piece in rest]
    if other:
        parts.append(f"the rest {_verb(other)} {money(other)}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _hedge(found: Comparison) -> str:
    days = sum(caveat.days for caveat in found.caveats)
    if not days:
        return ""
    unread = any(caveat.code == "missing" for caveat in found.caveats)
    word = "unread" if unread else "still estimated"
    return f", with {count_words(days)} {'day' if days == 1 else 'days'} {word}"


_SHORT = {
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
    for earlier, later in zip(tariff.versions, tariff.versions[1:], strict=False):
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


def _first(found: FirstBill) -> Answer:
    subject = bill_name(found.after.period)
    total = money_text(found.after.total_minor, found.after.currency, found.after.decimals)
    sentence = f"{subject} is {total}; there is no earlier bill to compare it with."
    return Answer(subject, "first", abs(found.after.total_minor), "", None, (), 0, "", sentence, "")


def _per_day(found: PerDay) -> Answer:
    subject = bill_name(found.after.period)
    now, then = (
        money_text(minor, found.after.currency, found.after.decimals)
        for minor in (found.after_minor_a_day, found.before_minor_a_day)
    )
    days = found.before.period.days
    sentence = (
        f"{subject} comes to {now} a day; the one before covered only {count_words(days)} "
        f"{'day' if days == 1 else 'days'}, at {then} a day."
    )
    difference = found.after_minor_a_day - found.before_minor_a_day
    change = "more" if difference > 0 else "less" if difference < 0 else "same"
    return Answer(subject, change, abs(difference), "", None, (), 0, "", sentence, "")
