"""The builder's rows: what the fields of its form say, and the tree they come to.

A form is conditions in order and groups "any of these" of conditions: the outermost `and` of conditions and
`or`s, each of which may be turned round. That is enough for any question, and can be read. A row that is not
finished counts for nothing yet, and says what it still wants.

Fields: `item` (hidden, repeated, in order): "1", a condition; "g2", a group; "g2.3", a condition of it. Of
each: `fact.1`, `of.1` (parameter), `op.1`, `a.1`, `b.1`, `in.1` (choices, repeated), `not.1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlencode

from utility_crm.kit.errors import Invalid
from utility_crm.kit.facts import FactOffer
from utility_crm.segments.domain.tree import OPS, And, Leaf, Not, Or, Tree, document_of, read_tree
from utility_crm.web.words import mark

_KEY: Final = re.compile(r"(g\d{1,3})|(?:(g\d{1,3})\.)?(\d{1,3})")
MOST_ROWS: Final = 40
FIRST_OP: Final = {
    "number": "at_least",
    "money": "above",
    "date": "from",
    "choice": "any_of",
    "yes-no": "yes",
}
CHOOSE = mark("Choose what it asks about.")
CHOOSE_OF = mark("Choose in the second field which one is meant.")
SAY_VALUE = mark("Say how much, or when.")
TICK = mark("Tick one or more.")
NOT_A_NUMBER = mark("“%(typed)s” is no number.")
UPSIDE_DOWN = mark("The second is less than the first.")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as its fields say it. leaf: None while it is not finished, and then `wants` says why."""

    key: str
    fact: str = ""
    parameter: str = ""
    op: str = ""
    first: str = ""
    second: str = ""
    chosen: tuple[str, ...] = ()
    turned: bool = False
    leaf: Leaf | None = None
    wants: str = ""
    typed: str = ""

    @property
    def tree(self) -> Tree | None:
        if self.leaf is None:
            return None
        return Not(self.leaf) if self.turned else self.leaf


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Any of these."""

    key: str
    rows: tuple[Row, ...] = ()
    turned: bool = False

    @property
    def tree(self) -> Tree | None:
        parts = tuple(row.tree for row in self.rows if row.tree is not None)
        if not parts:
            return None
        return Not(Or(parts)) if self.turned else Or(parts)


Item = Row | GroupRow


@dataclass(frozen=True, slots=True)
class Built:
    """All rows, and what they come to."""

    items: tuple[Item, ...] = ()

    @property
    def tree(self) -> And:
        return And(tuple(item.tree for item in self.items if item.tree is not None))

    @property
    def unfinished(self) -> int:
        return sum(row.leaf is None for row in self.rows)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(
            row for item in self.items for row in (item.rows if isinstance(item, GroupRow) else (item,))
        )

    def fields(self) -> list[tuple[str, str]]:
        """The same as fields of an address."""
        told: list[tuple[str, str]] = []
        for item in self.items:
            told.append(("item", item.key))
            if item.turned:
                told.append((f"not.{item.key}", "1"))
            for row in item.rows if isinstance(item, GroupRow) else (item,):
                if isinstance(item, GroupRow):
                    told.append(("item", row.key))
                    told.extend([(f"not.{row.key}", "1")] if row.turned else [])
                told.extend((f"in.{row.key}", one) for one in row.chosen)
                for name, value in (
                    ("fact", row.fact), ("of", row.parameter), ("op", row.op), ("a", row.first),
                    ("b", row.second),
                ):  # fmt: skip
                    told.extend([(f"{name}.{row.key}", value)] if value else [])
        return told

    def address(self, **more: str) -> str:
        """The address of the builder that shows it."""
        told = [*((name, value) for name, value in more.items() if value), *self.fields()]
        return "/segments/new" + (f"?{urlencode(told)}" if told else "")


def built_of(given: Sequence[tuple[str, str]], offers: Mapping[str, FactOffer], decimals: int) -> Built:
    """The rows of a form's fields, its button (`do`) done. decimals: of amounts as they are typed."""
    fields: dict[str, list[str]] = {}
    for name, value in given:
        fields.setdefault(name, []).append(value)
    keys = list(dict.fromkeys(key for key in fields.get("item", []) if _KEY.fullmatch(key)))[: 2 * MOST_ROWS]
    items: list[Item] = []
    for key in keys:
        found = _KEY.fullmatch(key)
        assert found is not None
        if found[1]:
            items.append(GroupRow(key, turned=f"not.{key}" in fields))
        elif found[2]:
            items = [_with(item, _row(key, fields, offers, decimals), found[2]) for item in items]
        else:
            items.append(_row(key, fields, offers, decimals))
    return Built(tuple(_pressed(items, (fields.get("do") or [""])[-1])))


def built_from(tree: Tree, decimals: int, offers: Mapping[str, FactOffer]) -> Built | None:
    """The rows of a tree; None where it is of another shape."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    told: list[tuple[str, str]] = []
    place = 0
    for part in parts:
        place += 1
        turned = isinstance(part, Not)
        inner = part.part if isinstance(part, Not) else part
        if isinstance(inner, Leaf):
            told.extend([("item", str(place)), *_fields(str(place), inner, turned, offers, decimals)])
            continue
        if not isinstance(inner, Or):
            return None
        group = f"g{place}"
        told.extend([("item", group), *([(f"not.{group}", "1")] if turned else [])])
        for sub in inner.parts:
            leaf = sub.part if isinstance(sub, Not) else sub
            if not isinstance(leaf, Leaf):
                return None
            place += 1
            key = f"{group}.{place}"
            told.extend([("item", key), *_fields(key, leaf, isinstance(sub, Not), offers, decimals)])
    made = built_of(told, offers, decimals)
    return made if made.tree == (tree if isinstance(tree, And) else And((tree,))) else None


def _fields(
    key: str, leaf: Leaf, turned: bool, offers: Mapping[str, FactOffer], decimals: int
) -> list[tuple[str, str]]:
    values = document_of(leaf).get("values", [])
    told = [(f"fact.{key}", leaf.fact), (f"of.{key}", leaf.parameter), (f"op.{key}", leaf.op)]
    if turned:
        told.append((f"not.{key}", "1"))
    if leaf.op == "any_of":
        return [*told, *((f"in.{key}", str(value)) for value in values)]
    if offers[leaf.fact].kind == "money":
        values = [f"{Decimal(value).scaleb(-decimals):f}" for value in values]
    return [*told, *((f"{name}.{key}", str(value)) for name, value in zip("ab", values, strict=False))]


def _with(item: Item, row: Row, group: str) -> Item:
    if isinstance(item, GroupRow) and item.key == group:
        return replace(item, rows=(*item.rows, row))
    return item


def _row(
    key: str, fields: Mapping[str, Sequence[str]], offers: Mapping[str, FactOffer], decimals: int
) -> Row:
    def said(name: str) -> str:
        return (fields.get(f"{name}.{key}") or [""])[-1].strip()

    fact = said("fact")
    offer = offers.get(fact)
    if offer is None:
        return Row(key, turned=f"not.{key}" in fields, wants=CHOOSE)
    op = said("op") if said("op") in OPS[offer.kind] else FIRST_OP[offer.kind]
    row = Row(
        key, fact, said("of") if offer.parameters else "", op, said("a"), said("b"),
        tuple(dict.fromkeys(fields.get(f"in.{key}", ()))), f"not.{key}" in fields or offer.leave_out_only,
    )  # fmt: skip
    if offer.leave_out_only:
        row = replace(row, op="yes")
    return _finished(row, offer, offers, decimals)


def _finished(row: Row, offer: FactOffer, offers: Mapping[str, FactOffer], decimals: int) -> Row:
    """The row with its condition, or with what it still wants."""
    takes = OPS[offer.kind][row.op]
    if offer.parameters and not row.parameter:
        return replace(row, wants=CHOOSE_OF)
    if takes < 0 and not row.chosen:
        return replace(row, wants=TICK)
    typed = [row.first, row.second][: max(takes, 0)]
    if any(not one for one in typed):
        return replace(row, wants=SAY_VALUE)
    values: list[Any] = list(row.chosen) if takes < 0 else []
    for one in typed:
        value = _typed(one, offer, row.op, decimals)
        if value is None:
            return replace(row, wants=NOT_A_NUMBER, typed=one)
        values.append(value)
    document = {"fact": row.fact, "op": row.op, "values": values}
    if row.parameter:
        document["parameter"] = row.parameter
    try:
        leaf = read_tree({"not": document} if row.turned else document, offers)
    except Invalid as error:
        wants = UPSIDE_DOWN if error.where and error.where.endswith("values") else NOT_A_NUMBER
        return replace(row, wants=wants, typed=typed[0] if typed else "")
    found = leaf.part if isinstance(leaf, Not) else leaf
    assert isinstance(found, Leaf)
    return replace(row, leaf=found)


def _typed(text: str, offer: FactOffer, op: str, decimals: int) -> int | float | str | None:
    """A figure as it is typed, decimals after a point or a comma; a day as its field sends it."""
    if offer.kind == "date" and not op.endswith("_days"):
        return text
    try:
        found = Decimal("".join(text.split()).replace(",", ".").replace("−", "-"))
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) > 10**12:
        return None
    if offer.kind == "date":
        return int(found) if found == found.to_integral_value() else None
    if offer.kind == "money":
        found = found.scaleb(decimals)
        return int(found) if found == found.to_integral_value() else None
    return str(found)


def _pressed(items: Iterable[Item], do: str) -> list[Item]:
    """What a button does to the rows."""
    found = list(items)
    word, _, at = do.partition(":")
    place = 1 + max((int(number) for item in found for number in re.findall(r"\d+", _keys(item))), default=0)
    if sum(len(item.rows) if isinstance(item, GroupRow) else 1 for item in found) >= MOST_ROWS:
        word = "drop" if word == "drop" else ""
    if word == "add":
        return [*found, Row(str(place), wants=CHOOSE)]
    if word == "group":
        group = f"g{place}"
        return [*found, GroupRow(group, (Row(f"{group}.{place + 1}", wants=CHOOSE),))]
    if word == "into":
        return [_with(item, Row(f"{at}.{place}", wants=CHOOSE), at) for item in found]
    if word == "drop":
        kept = [
            replace(item, rows=tuple(row for row in item.rows if row.key != at))
            if isinstance(item, GroupRow)
            else item
            for item in found
            if item.key != at
        ]
        return [item for item in kept if not isinstance(item, GroupRow) or item.rows]
    return found


def _keys(item: Item) -> str:
    return " ".join([item.key, *(row.key for row in item.rows)] if isinstance(item, GroupRow) else [item.key])
