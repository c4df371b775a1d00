"""Conditions over a ticket and its customer: a tree of and, or, not and comparisons, written as data.

    {"all": [{"field": "kind", "is": "billing"},
             {"any": [{"field": "text", "contains": ["refund", "возврат"]},
                      {"field": "vulnerable", "is": true}]},
             {"not": {"field": "tags", "has": "vip"}}]}

Facts are plain values by the field's name; one that is unknown (None) satisfies no comparison but `empty`.
Nothing is executed: a document is read into frozen values, each mistake named by its place and reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from utility_crm.tickets.domain.words import mark

Kind = Literal["word", "text", "words", "flag", "minutes"]
Value = str | bool | int | tuple[str, ...]
Facts = Mapping[str, Any]

DEEPEST = 8
MOST_PARTS = 200
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Field:
    """What may be asked about. kind: a word of a list, free text, a set of words, yes or no, or an age in
    minutes; values: the words allowed, none: any."""

    name: str
    kind: Kind
    values: tuple[str, ...] = ()


OPERATORS: dict[Kind, tuple[str, ...]] = {
    "word": ("is", "in", "empty"),
    "text": ("contains", "empty"),
    "words": ("has", "empty"),
    "flag": ("is",),
    "minutes": ("older_than", "younger_than"),
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where in a document something is wrong (`if.all[1].field`), and why: words with values, for every
    language."""

    place: str
    reason: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        reason = self.reason % self.values if self.values else self.reason
        return f"{self.place}: {reason}" if self.place else reason


@dataclass(frozen=True, slots=True)
class Compare:
    """A field, an operator of its kind, and what it is compared with."""

    field: str
    operator: str
    value: Value

    def holds(self, facts: Facts) -> bool:
        """Whether the facts satisfy it."""
        known = facts.get(self.field)
        if self.operator == "empty":
            return (not known) is bool(self.value)
        return known is not None and _COMPARE[self.operator](known, self.value)


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any`, or `not` (of one part)."""

    how: Literal["all", "any", "not"]
    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether the facts satisfy it; all of nothing is true, any of nothing is not."""
        if self.how == "not":
            return not self.parts[0].holds(facts)
        return (all if self.how == "all" else any)(part.holds(facts) for part in self.parts)


Condition = Compare | Group
ALWAYS = Group("all", ())


def _contains(known: Any, wanted: Any) -> bool:
    text = str(known).casefold()
    return any(word.casefold() in text for word in wanted)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda known, wanted: bool(known == wanted),
    "in": lambda known, wanted: known in wanted,
    "contains": _contains,
    "has": lambda known, wanted: not set(wanted).isdisjoint(known),
    "older_than": lambda known, wanted: bool(known > wanted),
    "younger_than": lambda known, wanted: bool(known < wanted),
}


def read_condition(document: Any, fields: Mapping[str, Field], place: str) -> Condition | list[Mistake]:
    """A document as a condition, or every mistake in it."""
    reader = _Reader(fields)
    found = reader.condition(document, place, 0)
    return reader.mistakes if reader.mistakes or found is None else found


class _Reader:
    """Collects mistakes on the way down."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        self.mistakes: list[Mistake] = []
        self.parts = 0

    def wrong(self, place: str, reason: str, **values: object) -> None:
        self.mistakes.append(Mistake(place, reason, values))

    def condition(self, document: Any, place: str, depth: int) -> Condition | None:
        self.parts += 1
        if self.parts > MOST_PARTS or depth > DEEPEST:
            if self.parts <= MOST_PARTS + 1:
                self.wrong(place, mark("Too large: at most %(parts)s parts, %(deep)s deep."),
                           parts=MOST_PARTS, deep=DEEPEST)  # fmt: skip
            return None
        if not isinstance(document, dict):
            self.wrong(place, mark('A condition is written in braces, such as {"field": ..., "is": ...}.'))
            return None
        groups = [how for how in ("all", "any", "not") if how in document]
        if not groups:
            return self.compare(document, place)
        how = groups[0]
        if len(document) > 1:
            self.wrong(place, mark("“%(how)s” stands alone in its braces."), how=how)
            return None
        if how == "not":
            part = self.condition(document[how], f"{place}.not", depth + 1)
            return Group("not", (part,)) if part is not None else None
        if not isinstance(document[how], list):
            self.wrong(f"{place}.{how}", mark("Here a list of conditions is expected, in square brackets."))
            return None
        parts = [
            self.condition(part, f"{place}.{how}[{number}]", depth + 1)
            for number, part in enumerate(document[how])
        ]
        return Group("all" if how == "all" else "any", tuple(part for part in parts if part is not None))

    def compare(self, document: dict[str, Any], place: str) -> Condition | None:
        name = document.get("field")
        asked = self.fields.get(name) if isinstance(name, str) else None
        if asked is None:
            self.wrong(f"{place}.field", mark("There is no field %(field)s; known are: %(known)s."),
                       field=str(name), known=", ".join(sorted(self.fields)))  # fmt: skip
            return None
        operators = [key for key in document if key != "field"]
        if len(operators) != 1 or operators[0] not in OPERATORS[asked.kind]:
            self.wrong(place, mark("Of %(field)s one may ask one of: %(known)s."),
                       field=asked.name, known=", ".join(OPERATORS[asked.kind]))  # fmt: skip
            return None
        operator = operators[0]
        value = self.value(asked, operator, document[operator], f"{place}.{operator}")
        return None if value is None else Compare(asked.name, operator, value)

    def value(self, asked: Field, operator: str, given: Any, place: str) -> Value | None:
        if operator == "empty" or asked.kind == "flag":
            if not isinstance(given, bool):
                self.wrong(place, mark("Here true or false is expected."))
                return None
            return given
        if asked.kind == "minutes":
            if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= 10_000_000:
                self.wrong(place, mark("Here a whole number of minutes is expected."))
                return None
            return given
        words = given if isinstance(given, list) and operator != "is" else [given]
        if not words or not all(isinstance(word, str) and 0 < len(word) <= LONGEST_VALUE for word in words):
            self.wrong(place, mark("Here words in quotation marks are expected."))
            return None
        for word in words:
            if asked.values and word not in asked.values:
                self.wrong(
                    place, mark("%(value)s is none of: %(known)s."), value=word, known=", ".join(asked.values)
                )
                return None
        return words[0] if operator == "is" else tuple(words)


def document_of(condition: Condition) -> dict[str, Any]:
    """A condition as it is written."""
    if isinstance(condition, Compare):
        value = list(condition.value) if isinstance(condition.value, tuple) else condition.value
        return {"field": condition.field, condition.operator: value}
    if condition.how == "not":
        return {"not": document_of(condition.parts[0])}
    return {condition.how: [document_of(part) for part in condition.parts]}


def fields_of(condition: Condition) -> Sequence[str]:
    """Every field it asks about."""
    if isinstance(condition, Compare):
        return [condition.field]
    return [name for part in condition.parts for name in fields_of(part)]
