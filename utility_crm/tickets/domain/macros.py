"""Texts with blanks for the customer's own figures: "Your balance is {{ balance }}."

A blank is a name in two braces and nothing else: no code, no expressions, no nesting. A text whose braces
cannot be read is refused with the place; a figure that is not known leaves no gap: the text is not sent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_BLANK = re.compile(r"\{\{ *([a-z][a-z0-9]*(?: [a-z0-9]+)*) *\}\}")
_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """Where a text cannot be read: line and column, counted from one; what stands there; the name where a
    figure of that name is not offered."""

    line: int
    column: int
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its figures. missing: names whose figure is not known; while there is one, it cannot be
    sent, and stands in the text in angle quotation marks."""

    text: str
    missing: tuple[str, ...] = ()


def blanks_of(text: str) -> tuple[str, ...]:
    """The names of its figures, each once, in order."""
    return tuple(dict.fromkeys(found[1] for found in _BLANK.finditer(text)))


def mistakes_in(text: str, offered: Collection[str]) -> list[Wrong]:
    """What stands in the way of using a text: stray braces, and figures that nobody offers."""
    found = [_at(text, one.start(), one[0], one[1]) for one in _BLANK.finditer(text) if one[1] not in offered]
    # What is left after the blanks are taken out, each by as many signs, so that places stay.
    rest = _BLANK.sub(lambda one: "\0" * len(one[0]), text)
    found += [_at(text, one.start(), text[one.start() : one.start() + 20]) for one in _BRACES.finditer(rest)]
    return sorted(found, key=lambda one: (one.line, one.column))


def written(text: str, figures: Mapping[str, str | None]) -> Written:
    """The text with its figures, which are put in as they are: braces within a figure stay mere text."""
    missing = tuple(name for name in blanks_of(text) if not figures.get(name))
    return Written(_BLANK.sub(lambda one: figures.get(one[1]) or f"‹{one[1]}›", text), missing)


def in_language(texts: Mapping[str, str], language: str, otherwise: str = "en") -> tuple[str, str] | None:
    """The language and text to use: the one asked for, else the house's, else any; None: there is none."""
    wanted = next((one for one in (language, otherwise, *sorted(texts)) if texts.get(one)), None)
    return None if wanted is None else (wanted, texts[wanted])


def _at(text: str, place: int, found: str, name: str = "") -> Wrong:
    before = text[:place]
    return Wrong(before.count("\n") + 1, place - (before.rfind("\n") + 1) + 1, found.split("\n")[0], name)
