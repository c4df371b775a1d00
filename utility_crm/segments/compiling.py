"""A tree as a condition of one SQL statement: every leaf is `id in (select customer_id ...)`.

`not` is moved down to the leaves first (De Morgan), and the opposite of a leaf asks for those who are known
not to fit. So no null is ever compared, and what is unknown is false on both sides, as in
`utility_crm.segments.domain.reading`.

Sets of customers instead of joins: six facts over 100,000 customers take a third of the time. They fit in
memory only if they may: whoever runs such a statement does so `with_memory`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.kit.facts import FactOffer, Kind
from utility_crm.segments.domain.reading import holds, nothing_of
from utility_crm.segments.domain.tree import And, Leaf, Not, Tree

_GONE: Final = "erased_on is not null or merged_into_id is not null or died_on is not null"
_BITS: Final = 62
_STORED: Final = "select customer_id, value from fact_values where fact = {fact} and parameter = {parameter}"
_MEMORY: Final = text(
    "select set_config('work_mem', '64MB', true), set_config('jit', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)
_WHOLE: Final = text(
    "select set_config('enable_nestloop', 'off', true), set_config('enable_hashagg', :grouped, true)"
)
_AGAIN: Final = text(
    "select set_config('enable_nestloop', 'on', true), set_config('enable_hashagg', 'on', true)"
)
_TYPES: Final[Mapping[Kind, str]] = {"number": "numeric", "money": "numeric", "date": "date"}
_COMPARED: Final = {
    "at_least": ">=", "from": ">=", "at_most": "<=", "above": ">", "below": "<", "before": "<",
}  # fmt: skip


@dataclass(slots=True)
class Compiler:
    """Conditions on `c.id`, and what their names stand for."""

    offers: Mapping[str, FactOffer]
    today: date
    now: datetime
    bound: dict[str, Any] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    def condition(self, tree: Tree, *, true: bool = True) -> str:
        """SQL that holds for those of whom it is true (or known to be false)."""
        if isinstance(tree, Leaf):
            return self._leaf(tree, true)
        if isinstance(tree, Not):
            return self.condition(tree.part, true=not true)
        if not tree.parts:
            return "true" if isinstance(tree, And) == true else "false"
        word = " and " if isinstance(tree, And) == true else " or "
        return "(" + word.join(self.condition(part, true=true) for part in tree.parts) + ")"

    def base(self) -> str:
        """SQL of those who may be in any segment: nobody who was forgotten, died, or is kept as somebody
        else; only those of whom every base fact is true."""
        mine = [Leaf(offer.name, "yes") for offer in self.offers.values() if offer.base]
        of_them = f"not ({_GONE})"
        return " and ".join([of_them, *(self._leaf(leaf, True) for leaf in mine)])

    def rows(self, offer: FactOffer, parameter: str) -> str:
        """SQL of the fact's `customer_id, value`."""
        if offer.stored:
            fact, of = self._bind(offer.name, "text"), self._bind(parameter, "text")
            found = _STORED.format(fact=fact, parameter=of)
            if offer.kind == "yes-no":
                found = found.replace("value from", "value <> 0 as value from")
            return found
        return self._filled(offer.sql, parameter)

    def filling(self, offer: FactOffer) -> str:
        """SQL of what a kept fact is filled from."""
        return self._filled(offer.sql, "")

    def _filled(self, sql: str, parameter: str) -> str:
        for name, value, kind in (
            (":today", self.today, "date"),
            (":now", self.now, "timestamptz"),
            (":parameter", parameter, "text"),
        ):
            if name in sql:
                sql = sql.replace(name, self._bind(value, kind))
        return sql

    def _leaf(self, leaf: Leaf, true: bool) -> str:
        offer = self.offers[leaf.fact]
        rows = self.rows(offer, leaf.parameter)
        if leaf.op == "known":
            if offer.absent_is_none:
                return "true" if true else "false"
            return self.among(_customers(rows, "f.value is not null"), true)
        fits = self._fits(leaf, offer.kind)
        nothing = nothing_of(offer) if offer.absent_is_none else None
        if nothing is None:
            if true:
                return self.among(_customers(rows, fits))
            return self.among(_known_not_to(rows, fits, offer.several))
        without = any(holds(leaf, value, self.today) for value in nothing)
        if (
            without == true
        ):  # whoever has no row is among those asked for: leave out whom a row speaks against
            against = _known_not_to(rows, fits, offer.several) if true else _customers(rows, fits)
            return self.among(against, False)
        if true:
            return self.among(_customers(rows, fits))
        return self.among(_known_not_to(rows, fits, offer.several))

    def among(self, customers: str, inside: bool = True) -> str:
        """SQL that a customer is one of a select of ids (or none of them)."""
        return f"c.id {'in' if inside else 'not in'} ({customers})"

    def _fits(self, leaf: Leaf, kind: Kind) -> str:
        op = leaf.op
        if op in ("yes", "no"):
            return "f.value" if op == "yes" else "not f.value"
        if op == "any_of":
            return f"f.value = any({self._bind(list(leaf.values), 'text[]')})"
        values: tuple[Any, ...] = leaf.values
        if op == "in_next_days":
            op, values = "between", (self.today, self.today + timedelta(days=int(values[0])))
        elif op == "in_last_days":
            op, values = "between", (self.today - timedelta(days=int(values[0])), self.today)
        named = [self._bind(value, _TYPES[kind]) for value in values]
        if op == "between":
            return f"f.value between {named[0]} and {named[1]}"
        return f"f.value {_COMPARED[op]} {named[0]}"

    def _bind(self, value: object, kind: str) -> str:
        """Once for each value, so that one condition is the same text wherever it stands."""
        name = self._names.setdefault((kind, repr(value)), f"p{len(self.bound)}")
        self.bound[name] = value
        return f"cast(:{name} as {kind})"


@dataclass(slots=True)
class Marker(Compiler):
    """The same conditions where each is to be told by itself: every set of customers is read once, as a bit
    that its customers have, and a condition is said of the bits."""

    sets: list[str] = field(default_factory=list)

    def among(self, customers: str, inside: bool = True) -> str:
        if customers not in self.sets:
            self.sets.append(customers)
        word, bit = divmod(self.sets.index(customers), _BITS)
        return f"c.m{word} & {1 << bit} {'<>' if inside else '='} 0"

    def base(self) -> str:
        mine = [self._leaf(Leaf(offer.name, "yes"), True) for offer in self.offers.values() if offer.base]
        known = [] if mine else [self.among("select id from customers")]  # else they are in none of the sets
        gone = self.among("select id from customers where " + _GONE, False)
        return " and ".join([*mine, *known, gone])

    def marked(self) -> str:
        """SQL of `id` and the words of bits `m0`, `m1`...: everybody who is in any of the sets."""
        words = range(-(-len(self.sets) // _BITS))
        rows = " union all ".join(
            f"select s.id, {', '.join(self._word(place, word) for word in words)} from ({customers}) s (id)"
            for place, customers in enumerate(self.sets)
        )
        summed = ", ".join(f"bit_or(u.m{word}) as m{word}" for word in words)
        named = ", ".join(f"m{word}" for word in words)
        return f"select u.id, {summed} from ({rows}) u (id, {named}) group by u.id"

    def _word(self, place: int, word: int) -> str:
        at, bit = divmod(place, _BITS)
        return f"cast({1 << bit if at == word else 0} as bigint)"


def with_memory(session: Session) -> None:
    """Sets of customers stay in memory for the rest of this transaction; such statements are too short to be
    worth compiling, or sharing out among processes: starting those takes as long as they save."""
    session.execute(_MEMORY)


def counted(session: Session, sql: str, bound: Mapping[str, Any], *, grouped: bool = False) -> Row[Any]:
    """The one row of a count over everybody. Sets are read whole and hashed: how many rows a condition leaves
    cannot be guessed, and looking customers up one by one after a wrong guess takes several times as long.
    So does making each set distinct before it is joined; only what groups customers itself (`Marker`) is
    `grouped` by hashing."""
    with_memory(session)
    session.execute(_WHOLE, {"grouped": "on" if grouped else "off"})
    row = session.execute(text(sql), bound).one()
    session.execute(_AGAIN)
    return row


def _customers(rows: str, fits: str) -> str:
    return f"select f.customer_id from ({rows}) f where f.customer_id is not null and {fits}"


def _known_not_to(rows: str, fits: str, several: bool) -> str:
    """Those with a value, none of which fits. In order they are grouped as they come: hashing as many groups
    as there are customers takes two or three times as long."""
    if several:
        return (
            f"select f.customer_id from (select * from ({rows}) r order by r.customer_id offset 0) f"
            f" where f.customer_id is not null group by f.customer_id having not bool_or({fits})"
        )
    return _customers(rows, f"not ({fits})")
