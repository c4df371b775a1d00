"""Who should take a ticket: by team, language, skill, load and presence, and why.

Some things decide (somebody must be there, have room, be in the team, speak the language, have the skill),
others weigh (few open tickets). Among equals, it is the turn of whoever was given one longest ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from utility_crm.tickets.domain.words import mark


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who answers tickets. capacity: open tickets at most; given_at: when routing last chose
    them."""

    id: int
    name: str
    languages: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    teams: frozenset[int] = frozenset()
    open_tickets: int = 0
    capacity: int = 20
    present: bool = True
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a ticket asks for; empty: does not matter. team: its id."""

    language: str = ""
    skill: str = ""
    team: int | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """A reason: words of a catalogue and their values."""

    words: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who, and why; nobody: why not."""

    person: Person | None
    reasons: tuple[Because, ...]


_Fits = Callable[[Person], bool]
LOAD_WEIGHT = 100
"""A full desk, of 100; spare skills and languages are kept for those who need them, at a few points each."""
SPARE_WEIGHT = 5


def chosen(people: Iterable[Person], wanted: Wanted) -> Choice:
    """The person for a ticket. The same people and wishes always give the same one."""
    left = sorted(people, key=lambda one: one.id)
    if not left:
        return Choice(None, (Because(mark("nobody answers tickets")),))
    for fits, nobody in _conditions(wanted):
        kept = [one for one in left if fits(one)]
        if not kept:
            return Choice(None, (nobody,))
        left = kept
    best = min(left, key=lambda one: (_cost(one, wanted), one.given_at is not None, _turn(one), one.id))
    return Choice(best, _reasons(best, left, wanted))


def _conditions(wanted: Wanted) -> Sequence[tuple[_Fits, Because]]:
    language, skill, team = wanted.language, wanted.skill, wanted.team
    found: list[tuple[_Fits, Because]] = []
    if team is not None:
        found.append((_in_team(team), Because(mark("nobody is in the team"))))
    if language:
        found.append(
            (_speaks(language), Because(mark("nobody there speaks %(language)s"), {"language": language}))
        )
    if skill:
        found.append((_can(skill), Because(mark("nobody there has the skill “%(skill)s”"), {"skill": skill})))
    found.append((lambda one: one.present, Because(mark("nobody who could is there now"))))
    found.append((lambda one: one.open_tickets < one.capacity, Because(mark("whoever could has no room"))))
    return found


def _cost(one: Person, wanted: Wanted) -> int:
    """In points; fewer is better. The load in whole percent of their capacity, what they can beside what is
    asked for at `SPARE_WEIGHT` each."""
    load = LOAD_WEIGHT * one.open_tickets // max(one.capacity, 1)
    spare = len(one.skills - {wanted.skill}) + max(0, len(one.languages - {wanted.language}) - 1)
    return load + SPARE_WEIGHT * spare


def _turn(one: Person) -> float:
    return one.given_at.timestamp() if one.given_at is not None else 0.0


def _reasons(best: Person, fitting: Sequence[Person], wanted: Wanted) -> tuple[Because, ...]:
    found = []
    if wanted.language:
        found.append(Because(mark("speaks %(language)s"), {"language": wanted.language}))
    if wanted.skill:
        found.append(Because(mark("has the skill “%(skill)s”"), {"skill": wanted.skill}))
    found.append(Because(mark("has %(count)s open"), {"count": best.open_tickets}))
    rivals = [one for one in fitting if one is not best and _cost(one, wanted) == _cost(best, wanted)]
    if rivals:
        found.append(Because(mark("it is their turn")))
    elif len(fitting) == 1:
        found.append(Because(mark("nobody else could")))
    return tuple(found)


def _in_team(team: int) -> _Fits:
    return lambda one: team in one.teams


def _speaks(language: str) -> _Fits:
    return lambda one: language in one.languages


def _can(skill: str) -> _Fits:
    return lambda one: skill in one.skills
