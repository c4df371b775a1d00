"""What happens to tickets by itself: when something happens, and a condition holds, then do this.

    {"when": ["opened", {"since": "message_in", "minutes": 240}],
     "if": {"field": "kind", "is": "outage"},
     "then": [{"set_priority": "urgent"}, {"assign_team": "network"}]}

Rules are asked in their order. What a rule does is an event too, and other rules may answer it; but each rule
acts at most once in such a chain, so it never answers its own change and every chain ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from utility_crm.tickets.domain.conditions import (
    ALWAYS,
    Condition,
    Facts,
    Field,
    Mistake,
    document_of,
    read_condition,
)
from utility_crm.tickets.domain.words import mark

EVENTS = (
    "opened", "message_in", "answered", "status_changed", "priority_changed", "kind_changed", "assigned",
    "tagged", "due_soon", "breached",
)  # fmt: skip
SINCE = ("opened", "message_in", "answered", "status_changed")
"""From what on time may be counted."""
LONGEST_TEXT = 2000
MOST_MINUTES = 366 * 1440
MOST_ACTS = 20


@dataclass(frozen=True, slots=True)
class Since:
    """So many minutes after something happened last, once each time."""

    event: str
    minutes: int


When = str | Since


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: its kind (a key of `ACTS`) and what with."""

    kind: str
    value: str


ACTS: Mapping[str, str] = {
    "assign_person": "people",
    "assign_team": "teams",
    "route": "routes",
    "set_status": "statuses",
    "set_priority": "priorities",
    "set_kind": "kinds",
    "add_tag": "",
    "remove_tag": "",
    "notify_person": "people",
    "notify_team": "teams",
    "add_task": "",
    "add_note": "",
    "answer_with": "macros",
}
"""What a rule can do, and which list its value is of; "" is free text. `notify_person` also takes
`assignee`."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may name: the fields of conditions and the lists of values of `ACTS`."""

    fields: Mapping[str, Field]
    lists: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is kept: `id` of the store, and what was read from its document."""

    id: int
    name: str
    when: tuple[When, ...]
    condition: Condition
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that acted, upon which event."""

    rule: Rule
    event: str


def read_rule(document: Any, known: Known, rule_id: int = 0, name: str = "") -> Rule | list[Mistake]:
    """A document as a rule, or every mistake in it with its place."""
    if not isinstance(document, dict):
        return [Mistake("", mark('A rule is written in braces: {"when": ..., "if": ..., "then": ...}.'))]
    mistakes = [
        Mistake(str(key), mark("A rule has when, if and then, and nothing else."))
        for key in document
        if key not in ("when", "if", "then")
    ]
    when = _read_list(document.get("when"), "when", _read_when, mistakes)
    acts = _read_list(document.get("then"), "then", lambda one, at: _read_act(one, at, known), mistakes)
    condition: Condition | list[Mistake] = ALWAYS
    if "if" in document:
        condition = read_condition(document["if"], known.fields, "if")
    if isinstance(condition, list):
        mistakes += condition
    if mistakes or isinstance(condition, list):
        return mistakes
    return Rule(rule_id, name, tuple(when), condition, tuple(acts))


def _read_list(given: Any, place: str, read: Callable[[Any, str], Any], mistakes: list[Mistake]) -> list[Any]:
    if not isinstance(given, list) or not 0 < len(given) <= MOST_ACTS:
        words = mark("Here a list of one to %(most)s entries is expected, in square brackets.")
        mistakes.append(Mistake(place, words, {"most": MOST_ACTS}))
        return []
    found = [read(one, f"{place}[{number}]") for number, one in enumerate(given)]
    mistakes += [one for one in found if isinstance(one, Mistake)]
    return found


def _read_when(given: Any, place: str) -> When | Mistake:
    if isinstance(given, str):
        if given in EVENTS:
            return given
        return Mistake(
            place, "%(value)s is none of: %(known)s.", {"value": given, "known": ", ".join(EVENTS)}
        )
    if not isinstance(given, dict) or set(given) != {"since", "minutes"} or given["since"] not in SINCE:
        words = mark('An event is one of %(known)s, or {"since": one of %(since)s, "minutes": a number}.')
        return Mistake(place, words, {"known": ", ".join(EVENTS), "since": ", ".join(SINCE)})
    minutes = given["minutes"]
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MOST_MINUTES:
        return Mistake(f"{place}.minutes", mark("Here a whole number of minutes is expected."))
    return Since(given["since"], minutes)


def _read_act(given: Any, place: str, known: Known) -> Act | Mistake:
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in ACTS:
        words = mark('An act is one of %(known)s, with its value: {"add_tag": "late"}.')
        return Mistake(place, words, {"known": ", ".join(ACTS)})
    kind, value = next(iter(given.items()))
    place = f"{place}.{kind}"
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_TEXT:
        return Mistake(place, mark("Here words in quotation marks are expected."))
    listed = ACTS[kind]
    allowed = known.lists.get(listed, ()) if listed else ()
    if listed == "people" and kind == "notify_person":
        allowed = (*allowed, "assignee")
    if listed and value not in allowed:
        words = mark("%(value)s is none of: %(known)s.")
        return Mistake(place, words, {"value": value, "known": ", ".join(allowed)})
    return Act(kind, value.strip())


def document_of_rule(rule: Rule) -> dict[str, Any]:
    """A rule as it is written."""
    when = [
        one if isinstance(one, str) else {"since": one.event, "minutes": one.minutes} for one in rule.when
    ]
    return {
        "when": when,
        "if": document_of(rule.condition),
        "then": [{act.kind: act.value} for act in rule.acts],
    }


def event_of(when: When) -> str:
    """The name under which an event, or time passed since one, reaches the rules."""
    return when if isinstance(when, str) else f"since:{when.event}:{when.minutes}"


def plan(rules: Sequence[Rule], event: str, facts: Facts) -> tuple[Fired, ...]:
    """Which rules act, in order, when `event` happens to a ticket of these facts.

    What an act changes is changed in the facts for the rules after it, and happens as an event in its turn.
    """
    fired: list[Fired] = []
    known = dict(facts)
    waiting = deque([event])
    acted: set[int] = set()
    while waiting:
        happened = waiting.popleft()
        for place, rule in enumerate(rules):
            if place in acted or happened not in map(event_of, rule.when) or not rule.condition.holds(known):
                continue
            acted.add(place)
            fired.append(Fired(rule, happened))
            for act in rule.acts:
                waiting.extend(_change(known, act))
    return tuple(fired)


_SETS = {
    "set_status": ("status", "status_changed"),
    "set_priority": ("priority", "priority_changed"),
    "set_kind": ("kind", "kind_changed"),
    "assign_person": ("assignee", "assigned"),
    "assign_team": ("team", "assigned"),
}


def _change(facts: dict[str, Any], act: Act) -> Iterable[str]:
    """Changes the facts as an act does; the events that follow. Nothing happens where nothing changes."""
    if act.kind in _SETS:
        name, event = _SETS[act.kind]
        if facts.get(name) == act.value:
            return ()
        facts[name] = act.value
        return (event,)
    tags = frozenset(facts.get("tags") or ())
    if act.kind == "add_tag" and act.value not in tags:
        facts["tags"] = tags | {act.value}
        return ("tagged",)
    if act.kind == "remove_tag" and act.value in tags:
        facts["tags"] = tags - {act.value}
    return ("answered",) if act.kind == "answer_with" else ()
