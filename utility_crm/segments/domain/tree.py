"""A segment's question as a tree: conditions on facts, joined by and, or, not.

    {"and": [{"fact": "tariff", "op": "any_of", "values": ["steady"]},
             {"not": {"fact": "tag", "op": "any_of", "values": ["staff"]}},
             {"fact": "saving_on", "parameter": "day-night", "op": "above", "values": [4000]}]}

Amounts are in minor units, days as ISO 8601 writes them. What cannot be read is told with its place in the
document: `and[2].values[0]`.

**Unknown.** A condition on a fact that is not known of a customer is neither true nor false, and so is its
opposite (Kleene's strong logic of three values, 1938). Only those of whom the whole is true are in a segment:
somebody with an unknown balance is neither among "owes more than 50" nor among "not: owes more than 50".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from utility_crm.kit.errors import Invalid
from utility_crm.kit.facts import FactOffer, Kind

MOST_CONDITIONS: Final = 40
MOST_DEPTH: Final = 8
MOST_CHOICES: Final = 200
LARGEST: Final = Decimal(10) ** 15
MOST_DECIMALS: Final = 30

Value = Decimal | date | str | int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition. values: as many as its operation takes; parameter "" where the fact has none."""

    fact: str
    op: str
    values: tuple[Value, ...] = ()
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Tree


@dataclass(frozen=True, slots=True)
class And:
    """All of them; of nothing, everybody."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them is enough."""

    parts: tuple[Tree, ...]


Tree = And | Or | Not | Leaf
EVERYBODY: Final = And(())

_NUMBERS: Final = {"at_least": 1, "at_most": 1, "above": 1, "below": 1, "between": 2, "known": 0}
OPS: Final[Mapping[Kind, Mapping[str, int]]] = {
    "number": _NUMBERS,
    "money": _NUMBERS,
    "date": {"from": 1, "before": 1, "between": 2, "in_next_days": 1, "in_last_days": 1, "known": 0},
    "choice": {"any_of": -1, "known": 0},
    "yes-no": {"yes": 0, "no": 0, "known": 0},
}
"""Operations by the kind of fact, and how many values each takes; -1: one or more. `between` takes the first
and the last that count; `in_next_days` is today and the days after it, `in_last_days` today and those
before."""


def read_tree(document: object, offers: Mapping[str, FactOffer]) -> Tree:
    """A tree of its document. Raises Invalid, whose `where` is the place."""
    tree = _read(document, "", offers, 1)
    if len(leaves := list(leaves_of(tree))) > MOST_CONDITIONS:
        raise _wrong("", f"At most {MOST_CONDITIONS} conditions; these are {len(leaves)}.")
    _may_only_leave_out(tree, offers)
    return tree


def document_of(tree: Tree) -> dict[str, Any]:
    """What `read_tree` reads."""
    if isinstance(tree, And):
        return {"and": [document_of(part) for part in tree.parts]}
    if isinstance(tree, Or):
        return {"or": [document_of(part) for part in tree.parts]}
    if isinstance(tree, Not):
        return {"not": document_of(tree.part)}
    found: dict[str, Any] = {"fact": tree.fact}
    if tree.parameter:
        found["parameter"] = tree.parameter
    found["op"] = tree.op
    if tree.values:
        found["values"] = [_plain(value) for value in tree.values]
    return found


def leaves_of(tree: Tree) -> Iterator[Leaf]:
    """Every condition, in order."""
    if isinstance(tree, Leaf):
        yield tree
    elif isinstance(tree, Not):
        yield from leaves_of(tree.part)
    else:
        for part in tree.parts:
            yield from leaves_of(part)


def _plain(value: Value) -> str | int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _read(given: object, at: str, offers: Mapping[str, FactOffer], depth: int) -> Tree:
    if depth > MOST_DEPTH:
        raise _wrong(at, f"Groups lie at most {MOST_DEPTH} deep in each other.")
    if not isinstance(given, dict):
        raise _wrong(at, "Here stands a condition or a group: an object.")
    keys = set(given)
    if keys == {"not"}:
        return Not(_read(given["not"], _in(at, "not"), offers, depth + 1))
    for word, made in (("and", And), ("or", Or)):
        if keys == {word}:
            parts = given[word]
            if not isinstance(parts, list) or (not parts and (at or word == "or")):
                raise _wrong(_in(at, word), "A group is a list of one condition or more.")
            return made(
                tuple(
                    _read(part, _in(at, f"{word}[{place}]"), offers, depth + 1)
                    for place, part in enumerate(parts)
                )
            )
    if "fact" not in keys or not keys <= {"fact", "parameter", "op", "values"}:
        raise _wrong(at, "Here stands `and`, `or`, `not`, or a `fact` with its `op` and `values`.")
    return _leaf(given, at, offers)


def _leaf(given: Mapping[str, object], at: str, offers: Mapping[str, FactOffer]) -> Leaf:
    name, op = given["fact"], given.get("op")
    offer = offers.get(name) if isinstance(name, str) else None
    if offer is None:
        raise _wrong(_in(at, "fact"), f"There is no fact '{name}'.")
    parameter = given.get("parameter", "")
    if not isinstance(parameter, str) or bool(parameter) != bool(offer.parameters):
        words = "says of what" if offer.parameters else "has no parameter"
        raise _wrong(_in(at, "parameter"), f"The fact '{name}' {words}.")
    if parameter:
        _code(parameter, _in(at, "parameter"))
    takes = OPS[offer.kind].get(op) if isinstance(op, str) else None
    if takes is None or not isinstance(op, str):
        known = ", ".join(OPS[offer.kind])
        raise _wrong(_in(at, "op"), f"Of '{name}' one may ask: {known}; not '{op}'.")
    values = given.get("values", [])
    if not isinstance(values, list) or not (
        1 <= len(values) <= MOST_CHOICES if takes < 0 else len(values) == takes
    ):
        many = f"1 to {MOST_CHOICES}" if takes < 0 else str(takes)
        raise _wrong(_in(at, "values"), f"'{op}' takes {many} values.")
    read = _READERS[offer.kind] if not op.endswith("_days") else _days
    found = tuple(read(value, _in(at, f"values[{place}]")) for place, value in enumerate(values))
    if op == "between" and found[1] < found[0]:  # type: ignore[operator]
        raise _wrong(_in(at, "values"), "The second is less than the first.")
    return Leaf(offer.name, op, found, parameter)


def _number(value: object, at: str) -> Value:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            found = Decimal("NaN")
        decimals = -int(found.as_tuple().exponent) if found.is_finite() else MOST_DECIMALS + 1
        if decimals <= MOST_DECIMALS and found.copy_abs() <= LARGEST:
            return found
    raise _wrong(at, f"'{value}' is not a number.")


def _whole(value: object, at: str) -> Value:
    found = _number(value, at)
    if isinstance(found, Decimal) and found == found.to_integral_value():
        return found
    raise _wrong(at, f"'{value}' is not a whole amount of minor units.")


def _day(value: object, at: str) -> Value:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise _wrong(at, f"'{value}' is not a day: it is written 2026-11-20.") from None


def _days(value: object, at: str) -> Value:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 36_525:
        return value
    raise _wrong(at, f"'{value}' is not a number of days from 0 to 36525.")


def _code(value: object, at: str) -> Value:
    if isinstance(value, str) and value and len(value) <= 200 and "\0" not in value:
        return value
    raise _wrong(at, f"'{value}' is not one of the choices.")


_READERS: Final[Mapping[Kind, Callable[[object, str], Value]]] = {
    "number": _number,
    "money": _whole,
    "date": _day,
    "choice": _code,
    "yes-no": _code,
}


def _may_only_leave_out(tree: Tree, offers: Mapping[str, FactOffer]) -> None:
    """A fact that people are protected for stands as `not ... yes` in the outermost `and`, nowhere else."""
    outermost: Sequence[Tree] = tree.parts if isinstance(tree, And) else (tree,)
    for place, part in enumerate(outermost):
        left_out = isinstance(part, Not) and isinstance(part.part, Leaf) and part.part.op == "yes"
        if left_out:
            continue
        for leaf in leaves_of(part):
            if offers[leaf.fact].leave_out_only:
                words = f"Nobody is chosen by '{leaf.fact}': it may only be left out, beside the others."
                raise _wrong(f"and[{place}]" if isinstance(tree, And) else "", words)


def _in(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _wrong(at: str, words: str) -> Invalid:
    return Invalid("segment_tree", words, at or "tree")
