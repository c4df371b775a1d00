"""What packages call what they keep, in a reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from utility_crm.privacy.domain.judging import Judgement
from utility_crm.privacy.erasing import Gone
from utility_crm.privacy.reading import agings, keepings, waits
from utility_crm.web.words import translator


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A sentence: what stands in the way."""

    words: str


@dataclass(frozen=True, slots=True)
class Stays:
    """A kind that stays, until when, by which rule."""

    title: str
    until: date
    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of a table's rows."""

    title: str
    deleted: int
    emptied: int
    stays: int
    kept: str


def in_the_way(judgement: Judgement, language: str) -> list[InTheWay]:
    """What stands in the way, in words; holds say their own reason."""
    words = {one.code: (package, one.words) for package, one in waits()}
    found = []
    for one in judgement.waits:
        package, said = words[one.code]
        found.append(InTheWay(translator(language, package)(said, many=one.many, which=one.which)))
    return found


def kept_in_words(judgement: Judgement, language: str) -> list[Stays]:
    titles = keepings_in_words(language)
    return [Stays(titles.get(one.kind, one.kind), one.until, one.source) for one in judgement.kept]


def keepings_in_words(language: str) -> Mapping[str, str]:
    """By kind of keeping."""
    return {one.kind: translator(language, package)(one.title) for package, one in keepings()}


def kinds_in_words(language: str) -> Mapping[str, tuple[str, str]]:
    """By kind that ages: its title, and whose rule it is as the house came."""
    found = {}
    for package, one in agings():
        say = translator(language, package)
        found[one.kind] = (say(one.title), say(one.source))
    return found


def lines_in_words(gone: Sequence[Gone], language: str) -> list[Line]:
    titles = keepings_in_words(language)
    return [
        Line(
            translator(language, one.package)(one.title), one.deleted, one.emptied, one.stays,
            titles.get(one.kept, ""),
        )
        for one in gone
    ]  # fmt: skip
