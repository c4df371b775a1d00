"""A rule as a form: lines of when, if and then, as people fill them in, and the document they make.

A document whose condition is one list of comparisons (all or any of them, each perhaps denied) is a form;
what is nested deeper is written as JSON alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from utility_crm.kit.errors import Invalid
from utility_crm.tickets.rules.facts import FIELDS
from utility_crm.web.words import mark

HOW: Mapping[str, str] = {
    "is": mark("is, or has, one of"),
    "not": mark("is, or has, none of"),
    "empty": mark("is empty"),
    "filled": mark("is not empty"),
    "more": mark("is more than"),
    "less": mark("is less than"),
}
"""How a line compares."""
_LONG = re.compile(r"([0-9]{1,6}) *(min|мин|h|ч|d|д)?\.?")
_SIZE: Final = {"h": 60, "ч": 60, "d": 1440, "д": 1440}
_PLAIN = {"text": "contains", "words": "has"}
YES, NO = ("yes", "да"), ("no", "нет")


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the condition: field, how it is compared (a key of HOW), values as typed, between commas."""

    field: str = ""
    how: str = "is"
    value: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A rule in lines. since: (event, span as typed), or two empty texts; acts: (kind, value)."""

    events: tuple[str, ...]
    since: tuple[str, str]
    together: str
    asked: tuple[Asked, ...]
    acts: tuple[tuple[str, str], ...]


Spoken = Callable[[str, str], str]
"""(field, value) -> the value as people call it, or the other way round."""


def lines_of(document: Mapping[str, Any], spoken: Spoken) -> Lines | None:
    """The lines of a document; None where it says more than lines can."""
    when = document.get("when", [])
    since = [one for one in when if isinstance(one, Mapping)]
    asked = _asked(document.get("if") or {"all": []}, spoken)
    if len(since) > 1 or asked is None:
        return None
    told = (str(since[0]["since"]), span_of(int(since[0]["minutes"]))) if since else ("", "")
    acts = tuple(
        (kind, spoken(kind, str(value))) for act in document.get("then", []) for kind, value in act.items()
    )
    return Lines(tuple(one for one in when if isinstance(one, str)), told, asked[0], asked[1], acts)


def _asked(condition: Mapping[str, Any], spoken: Spoken) -> tuple[str, tuple[Asked, ...]] | None:
    how = next((one for one in ("all", "any") if one in condition), "")
    found = [_line(one, spoken) for one in (condition[how] if how else [condition])]
    if any(one is None for one in found):
        return None
    return how or "all", tuple(one for one in found if one is not None)


def _line(told: Any, spoken: Spoken) -> Asked | None:
    denied = isinstance(told, Mapping) and "not" in told
    inner = told["not"] if denied else told
    if not isinstance(inner, Mapping) or inner.get("field") not in FIELDS:
        return None
    field = str(inner["field"])
    operator = next(key for key in inner if key != "field")
    given = inner[operator]
    if operator == "empty":
        return Asked(field, "empty" if bool(given) is not denied else "filled")
    if FIELDS[field].kind == "flag":
        return Asked(field, "is", YES[0] if bool(given) is not denied else NO[0])
    if FIELDS[field].kind == "minutes":
        return (
            None
            if denied
            else Asked(field, "more" if operator == "older_than" else "less", span_of(int(given)))
        )
    values = given if isinstance(given, list | tuple) else [given]
    return Asked(field, "not" if denied else "is", ", ".join(spoken(field, str(one)) for one in values))


def document_of_lines(lines: Lines, meant: Spoken) -> dict[str, Any]:
    """The document that lines make; empty lines are none. Raises Invalid beside the field that is wrong."""
    when: list[Any] = list(lines.events)
    if lines.since[0]:
        when.append({"since": lines.since[0], "minutes": _minutes(lines.since[1], "since_long")})
    if not when:
        raise Invalid("when", mark("Say when it is asked."), "when")
    parts = [_condition(one, f"value_{place}", meant) for place, one in enumerate(lines.asked) if one.field]
    then = []
    for place, (kind, value) in enumerate(lines.acts):
        if kind and not value.strip():
            raise Invalid("act", mark("Say what with."), f"with_{place}")
        if kind:
            then.append({kind: meant(kind, value.strip())})
    if not then:
        raise Invalid("then", mark("Say what it does."), "act_0")
    return {"when": when, "if": {lines.together: parts}, "then": then}


def _condition(line: Asked, where: str, meant: Spoken) -> dict[str, Any]:
    kind = FIELDS[line.field].kind
    if line.how in ("empty", "filled") and kind not in ("flag", "minutes"):
        return {"field": line.field, "empty": line.how == "empty"}
    if kind == "flag" and line.how in ("is", "not"):
        said = line.value.strip().lower()
        if said not in (*YES, *NO):
            raise Invalid("flag", mark("Write yes or no."), where)
        return {"field": line.field, "is": (said in YES) is (line.how == "is")}
    if kind == "minutes" and line.how in ("more", "less"):
        operator = "older_than" if line.how == "more" else "younger_than"
        return {"field": line.field, operator: _minutes(line.value, where)}
    if line.how not in ("is", "not") or kind == "minutes":
        raise Invalid("how", mark("This cannot be compared so: choose another way."), where)
    values = [meant(line.field, one.strip()) for one in line.value.split(",") if one.strip()]
    if not values:
        raise Invalid("value", mark("Say with what it is compared."), where)
    told: dict[str, Any] = {"field": line.field}
    told |= {_PLAIN.get(kind, "in"): values} if kind in _PLAIN or len(values) > 1 else {"is": values[0]}
    return {"not": told} if line.how == "not" else told


def span_of(minutes: int) -> str:
    """Minutes as they are typed: 2 d, 4 h, 30 min."""
    for sign, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size} {sign}"
    return f"{minutes} min"


def _minutes(typed: str, where: str) -> int:
    found = _LONG.fullmatch(typed.strip())
    if found is None:
        raise Invalid("minutes", mark("Write it as 30 min, 4 h or 2 d."), where)
    return int(found[1]) * _SIZE.get(found[2] or "", 1)


def spoken_by(words: Mapping[str, Mapping[str, str]]) -> Spoken:
    """Values as people call them: by field or act, key -> word; others stay as they are."""
    return lambda field, value: words.get(field, {}).get(value, value)


def meant_by(words: Mapping[str, Mapping[str, str]]) -> Spoken:
    """The other way round, however the letters are written; a key may be written, too."""
    turned = {
        field: {word.casefold(): key for key, word in known.items()} | {key.casefold(): key for key in known}
        for field, known in words.items()
    }
    return lambda field, value: turned.get(field, {}).get(value.casefold(), value)


def padded(given: Sequence[Any], empty: Any, most: int, more: int = 2) -> list[Any]:
    """Lines with a few empty ones behind them."""
    return [*given, *[empty] * max(0, min(more, most - len(given)))]
