"""How likely it is that two customers are one, and why, in reasons a person can check.

Names are compared by rapidfuzz on plain Latin letters (`search_fold` of the database). What two people of a
household share (telephone, place, surname) never makes them one: the word that differs most decides as much
as the whole name does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

NAME, PHONE, EMAIL, PLACE = 0.6, 0.25, 0.3, 0.2
"""What the name, where it is the same, and each thing they share add to the score; it ends at 1."""
SHOWN = 0.75
"""From this score on, two customers are shown to somebody."""
LEAST_NAME = 0.8
"""Names less alike than this are two people, whatever they share."""
INITIAL = 0.9
"""How alike a first letter and the name it may stand for are."""


@dataclass(frozen=True, slots=True)
class Both:
    """What is known of two customers: their names, folded, and what they share."""

    one: str
    other: str
    same_phone: bool = False
    same_email: bool = False
    same_place: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why they may be one: `why` is same_phone, same_email, same_place, same_name or name_alike; of the last,
    how alike (0 to 1)."""

    why: str
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """From 0 to 1, and the reasons, strongest first."""

    score: float
    reasons: tuple[Reason, ...]


def likeness(both: Both) -> Likeness | None:
    """How alike they are; None where they are not to be shown to anybody."""
    name = names_alike(both.one, both.other)
    if name < LEAST_NAME:
        return None
    shared = [
        (why, weight)
        for why, weight, given in (
            ("same_email", EMAIL, both.same_email),
            ("same_phone", PHONE, both.same_phone),
            ("same_place", PLACE, both.same_place),
        )
        if given
    ]
    score = round(min(1.0, NAME * name + sum(weight for _why, weight in shared)), 4)
    if score < SHOWN:
        return None
    named = Reason("same_name") if name == 1 else Reason("name_alike", round(name, 2))
    return Likeness(score, (*(Reason(why) for why, _weight in shared), named))


def names_alike(one: str, other: str) -> float:
    """0 to 1: half how alike the names are as a whole, in any order of words; half how alike the two words
    are that differ most. Words that only the longer name has count in the whole alone."""
    mine, theirs = one.split(), other.split()
    if not mine or not theirs:
        return 0.0
    whole = fuzz.token_sort_ratio(one, other) / 100
    if len(mine) > len(theirs):
        worst = _worst(theirs, mine)
    elif len(mine) < len(theirs):
        worst = _worst(mine, theirs)
    else:
        worst = min(_worst(mine, theirs), _worst(theirs, mine))
    return (whole + worst) / 2


def _worst(words: Sequence[str], among: Sequence[str]) -> float:
    return min(max(_alike(word, one) for one in among) for word in words)


def _alike(word: str, other: str) -> float:
    if word == other:
        return 1.0
    short, long = sorted((word, other), key=len)
    if len(short) == 1 and long.startswith(short):
        return INITIAL
    return fuzz.ratio(word, other) / 100
