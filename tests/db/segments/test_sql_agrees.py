"""What the database answers about a tree is what its plain reading says of every customer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.facts import FactOffer
from utility_crm.segments import compiling
from utility_crm.segments.compiling import Compiler, Marker, with_memory
from utility_crm.segments.domain.reading import truth
from utility_crm.segments.domain.tree import And, Leaf, Not, Or, Tree, document_of, read_tree

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
CUSTOMERS = 8
_ROWS = "select customer_id, cast(value as {kind}) as value from tried where fact = '{name}'"


def offer(name: str, kind: Any, sql_kind: str, **more: Any) -> FactOffer:
    return FactOffer(name, name, kind, _ROWS.format(kind=sql_kind, name=name), **more)


FACTS = (
    offer("use", "number", "numeric"),
    offer("owed", "money", "bigint", absent_is_none=True),
    offer("costs", "money", "bigint", several=True),
    offer("ends", "date", "date", several=True),
    offer("since", "date", "date"),
    offer("tariff", "choice", "text", several=True),
    offer("tag", "choice", "text", several=True, absent_is_none=True),
    offer("remote", "yes-no", "boolean"),
    offer("late", "yes-no", "boolean", several=True, absent_is_none=True),
    FactOffer("saving", "saving", "money", stored=True, parameters="select 'a', 'a'"),
)
OFFERS = {one.name: one for one in FACTS}
NUMBERS = st.integers(-3, 3).map(Decimal)
DAYS = st.integers(-3, 3).map(lambda days: TODAY + timedelta(days=days))
CODES = st.sampled_from(["a", "b", "c"])
VALUES = {"number": NUMBERS, "money": NUMBERS, "date": DAYS, "choice": CODES, "yes-no": st.booleans()}


def values_of(one: FactOffer) -> st.SearchStrategy[tuple[Any, ...]]:
    most = 2 if one.several else 1
    return st.lists(VALUES[one.kind], max_size=most).map(tuple)


KNOWN = st.lists(
    st.fixed_dictionaries({(one.name, "a" if one.parameters else ""): values_of(one) for one in FACTS}),
    min_size=CUSTOMERS,
    max_size=CUSTOMERS,
)


@st.composite
def leaves(draw: st.DrawFn) -> Leaf:
    one = draw(st.sampled_from(FACTS))
    parameter = "a" if one.parameters else ""
    value = VALUES[one.kind]
    if one.kind == "choice":
        op, values = "any_of", tuple(draw(st.lists(value, min_size=1, max_size=2)))
    elif one.kind == "yes-no":
        op, values = draw(st.sampled_from(["yes", "no"])), ()
    elif one.kind == "date" and draw(st.booleans()):
        op, values = draw(st.sampled_from(["in_next_days", "in_last_days"])), (draw(st.integers(0, 3)),)
    elif draw(st.booleans()):
        op, values = "between", tuple(sorted((draw(value), draw(value))))
    else:
        known = ["from", "before"] if one.kind == "date" else ["at_least", "at_most", "above", "below"]
        op, values = draw(st.sampled_from(known)), (draw(value),)
    if draw(st.integers(0, 9)) == 0:
        op, values = "known", ()
    return Leaf(one.name, op, values, parameter)


def _joined(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    some = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return some.map(And) | some.map(Or) | parts.map(Not)


TREES: st.SearchStrategy[Tree] = st.recursive(leaves(), _joined, max_leaves=6)


def _put_in(session: Session, known: list[dict[tuple[str, str], tuple[Any, ...]]]) -> list[int]:
    session.execute(
        text("create temporary table if not exists tried (customer_id bigint, fact text, value text)")
    )
    session.execute(text("delete from tried"))
    session.execute(text("delete from fact_values"))
    ids = list(
        session.scalars(
            text(
                "insert into customers (number, kind, name, segment, since)"
                " select 'T' || n, 'person', 'Tried', 'household', '2020-01-01'"
                " from generate_series(1, :n) n"
                " on conflict (number) do update set name = 'Tried' returning id"
            ),
            {"n": len(known)},
        )
    )
    live = [
        {"customer": customer, "fact": fact, "value": str(value)}
        for customer, of_one in zip(ids, known, strict=True)
        for (fact, parameter), values in of_one.items()
        for value in values
        if not parameter
    ]
    kept = [
        {"customer": customer, "fact": fact, "parameter": parameter, "value": value, "now": NOW}
        for customer, of_one in zip(ids, known, strict=True)
        for (fact, parameter), values in of_one.items()
        for value in values
        if parameter
    ]
    if live:
        session.execute(text("insert into tried values (:customer, :fact, :value)"), live)
    if kept:
        session.execute(
            text("insert into fact_values values (:fact, :parameter, :customer, :value, :now)"), kept
        )
    return ids


@settings(
    max_examples=120,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(tree=TREES, known=KNOWN, bits=st.sampled_from([1, 3, 62]))
def test_the_database_reads_a_tree_as_it_is_written(
    session: Session, tree: Tree, known: list[dict[tuple[str, str], tuple[Any, ...]]], bits: int
) -> None:
    ids = _put_in(session, known)
    assert read_tree(document_of(tree), OFFERS) == tree
    with_memory(session)
    for asked in (tree, Not(tree)):
        compiler = Compiler(OFFERS, TODAY, NOW)
        condition = f"{compiler.base()} and {compiler.condition(asked)}"
        found = session.scalars(text(f"select c.id from customers c where {condition}"), compiler.bound)
        expected = [
            customer
            for customer, of_one in zip(ids, known, strict=True)
            if truth(asked, of_one, OFFERS, TODAY) is True
        ]
        assert sorted(found) == sorted(expected)
        with patch.object(compiling, "_BITS", bits):
            marker = Marker(OFFERS, TODAY, NOW)
            condition = f"{marker.base()} and {marker.condition(asked)}"
            by_marks = f"select c.id from ({marker.marked()}) c where {condition}"
        assert sorted(session.scalars(text(by_marks), marker.bound)) == sorted(expected)
