"""Which of their columns is which of our fields, and which of their words which of ours: by likeness."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from utility_crm.records.domain.seen import ColumnSeen
from utility_crm.records.kinds import Field, Kind
from utility_crm.records.mapping import Mapping

SURE = 100.0
TAKEN = 84.0
"""Likeness (0 to 100) from which a column is taken for a field; below it nothing is guessed."""
WORD_TAKEN = 88.0
YES_WORDS = ("yes", "true", "1", "y", "да", "истина", "x", "+")
NO_WORDS = ("no", "false", "0", "n", "нет", "ложь", "-")


@dataclass(frozen=True, slots=True)
class Guess:
    """A field found in a column; likeness 100 where the name is one we know."""

    field: str
    title: str
    likeness: float

    @property
    def sure(self) -> bool:
        return self.likeness >= SURE


def plain(words: str) -> str:
    """As names are compared: small letters, one blank between words, ё as е, no signs."""
    split = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", words)
    return " ".join(re.sub(r"[\W_]+", " ", split.casefold().replace("ё", "е")).split())


def guess_columns(kind: Kind, columns: Sequence[ColumnSeen]) -> list[Guess]:
    """The likeliest pairs first taken, a column and a field once each."""
    pairs = sorted(_pairs(kind, columns), key=lambda one: (-one[0], one[1], one[2]))
    fields: set[str] = set()
    titles: set[str] = set()
    found = []
    for likeness, _place, _order, name, title in pairs:
        if name not in fields and title not in titles:
            fields.add(name)
            titles.add(title)
            found.append(Guess(name, title, likeness))
    return found


def _pairs(
    kind: Kind, columns: Sequence[ColumnSeen]
) -> Iterator[tuple[float, int, int, str, str]]:  # fmt: skip
    for place, column in enumerate(columns):
        told = plain(column.title)
        for order, one in enumerate(kind.fields):
            likeness = max(_alike(told, plain(name)) for name in (one.name, *one.said))
            if likeness >= TAKEN and _may_be(one, column):
                yield likeness, place, order, one.name, column.title


def _alike(one: str, other: str) -> float:
    if one == other:
        return SURE
    return min(fuzz.token_sort_ratio(one, other), 99.0)


def _may_be(one: Field, column: ColumnSeen) -> bool:
    """Whether what stands there can be such a field at all."""
    if one.type in ("day", "instant") and column.filled and column.examples:
        return any(any(letter.isdigit() for letter in text) for text in column.examples)
    if one.type == "amount" and column.examples:
        return all(any(letter.isdigit() for letter in text) for text in column.examples)
    return True


def guess_values(one: Field, column: ColumnSeen) -> dict[str, str]:
    """Their words as ours; a word that is like none of ours is "": a person says what it is."""
    if one.type not in ("choice", "yes") or column.values is None:
        return {}
    return {word: value_of(one, word) for word in column.values}


def value_of(one: Field, word: str) -> str:
    """Our word for one of theirs; "" where none is like it."""
    told = plain(word)
    if one.type == "yes":
        return "yes" if told in YES_WORDS or word.strip() == "+" else "no" if told in NO_WORDS else ""
    known = [
        (_alike(told, plain(said)), -place, ours)
        for place, (ours, names) in enumerate(one.choices.items())
        for said in (ours, *names)
    ]
    likeness, _place, ours = max(known)
    return ours if likeness >= WORD_TAKEN else ""


def guessed(kind: Kind, columns: Sequence[ColumnSeen]) -> Mapping:
    """All that can be told without asking."""
    by_title = {column.title: column for column in columns}
    found = {guess.field: guess.title for guess in guess_columns(kind, columns)}
    values = {
        name: words
        for name, title in found.items()
        if (words := guess_values(kind.field(name), by_title[title]))
    }
    return Mapping(columns=found, values=values)
