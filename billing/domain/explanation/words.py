"""The answer in words: subject, change, size, main cause; the rest "if asked on".

One sentence of at most 25 words, sayable aloud.

The pieces are kept beside the English, so that another language can be written from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from billing.domain.explanation.comparison import Comparison, FirstBill, PerDay
from billing.domain.explanation.nouns import noun_of, short_noun, subject_of
from billing.domain.explanation.phrases import (
    bill_name,
    bill_names,
    count_words,
    money_text,
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
    plural: bool = False

    @property
    def verb(self) -> str:
        verb = "add" if self.amount_minor > 0 else "take"
        return f"{verb}{'' if self.plural else 's'}{'' if self.amount_minor > 0 else ' off'}"

    def moves(self, money: str, *, alone: bool = False) -> str:
        """The cause as a clause of its own: one more day adds £2.29; September’s estimate was too high, which
        takes off £3.11."""
        subject = subject_of(self.noun) if self.effect == "estimate" else self.noun
        return f"{subject}{' alone' if alone else ''} {self.verb} {money}"


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
    difference = found.difference_minor
    pieces = _pieces(found)
    main = next((piece for piece in pieces if piece.amount_minor * difference > 0), None)
    bill = max(abs(found.after.total_minor), abs(found.before.total_minor))
    others = [piece for piece in pieces if piece is not main]
    rest = tuple(piece for piece in others if not _is_small(piece, bill))
    other_minor = sum(piece.amount_minor for piece in others if _is_small(piece, bill))
    subject, against = bill_names(found.before.period, found.after.period)
    change = "more" if difference > 0 else "less" if difference < 0 else "same"
    hedge = _hedge(found)

    def money(minor: int) -> str:
        return money_text(minor, found.after.currency, found.after.decimals)

    sentence, says_cause = _sentence(found, subject, against, main, rest, hedge, money)
    left = rest if main is None or says_cause else (main, *rest)
    small = tuple(piece for piece in others if _is_small(piece, bill))
    asked = _if_asked_on(left, small, money)
    return Answer(subject, change, abs(difference), against, main, rest, other_minor, hedge, sentence, asked)


def _pieces(found: Comparison) -> list[Piece]:
    """The largest first, those of nothing left out."""
    effects = zip(found.factors, found.effects_minor, strict=True)
    nouns = [(name, noun_of(found, name), amount) for name, amount in effects if amount]
    pieces = [Piece(name, noun.text, amount, noun.plural) for name, noun, amount in nouns]
    return sorted(pieces, key=lambda piece: -abs(piece.amount_minor))


def _is_small(piece: Piece, bill_minor: int) -> bool:
    size = abs(piece.amount_minor)
    return size < SMALL_MINOR and size * SMALL_SHARE < bill_minor


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
) -> tuple[str, bool]:
    """The fullest wording within the limit, and whether it names the cause.

    A doubt is never left out to make room for a cause, which then comes first "if asked on".
    """
    difference = found.difference_minor
    if difference == 0:
        start = f"{subject} is the same as {against}"
        ends = _cancelling(rest)
    else:
        start = f"{subject} is {money(difference)} {'more' if difference > 0 else 'less'} than {against}"
        ends = []
        if main is not None:
            short = short_noun(found, main.effect)
            wordings = (main, replace(main, noun=short.text, plural=short.plural))
            ends = [f"; {_cause(wording, difference, money)}" for wording in wordings]
    sentences = [(f"{start}{end}{hedge}.", bool(end)) for end in (*ends, "")]
    fitting = (said for said in sentences if word_count(said[0]) <= MOST_WORDS)
    return next(fitting, (f"{start}.", False))


def _cancelling(pieces: tuple[Piece, ...]) -> list[str]:
    if len(pieces) == 2:
        return [f"; {pieces[0].noun} and {pieces[1].noun} cancel out", "; two changes cancel out"]
    return ["; several changes cancel out"] if pieces else []


def _cause(main: Piece, difference: int, money: Callable[[int], str]) -> str:
    part, whole = abs(main.amount_minor), abs(difference)
    if part == whole:
        return f"all of it is {main.noun}"
    if part > whole:
        return main.moves(money(part), alone=True)
    if part * 10 > whole * 11 // 2:
        return f"most of that, {money(part)}, is {main.noun}"
    if part * 10 >= whole * 9 // 2:
        return f"about half of that, {money(part)}, is {main.noun}"
    return f"{money(part)} of that is {main.noun}"


def _if_asked_on(rest: tuple[Piece, ...], small: tuple[Piece, ...], money: Callable[[int], str]) -> str:
    parts = [piece.moves(money(piece.amount_minor)) for piece in rest]
    other = sum(piece.amount_minor for piece in small)
    if len(small) == 1:  # one cause has a name
        parts.append(small[0].moves(money(other)))
    elif other:
        rest_of_it = Piece("other", "the rest", other)
        parts.append(rest_of_it.moves(money(other)))
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _hedge(found: Comparison) -> str:
    """What the figures rest on, if not on readings; hours below a day, rounded up."""
    minutes = sum(caveat.minutes for caveat in found.caveats)
    if not minutes:
        return ""
    unread = any(caveat.code == "missing" for caveat in found.caveats)
    unit, length = ("day", 1440) if minutes >= 1440 else ("hour", 60)
    count = -(-minutes // length)
    units = unit if count == 1 else f"{unit}s"
    return f", with {count_words(count)} {units} {'unread' if unread else 'still estimated'}"


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
