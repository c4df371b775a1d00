"""A tree is read, or refused with its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from utility_crm.kit.errors import Invalid
from utility_crm.kit.facts import FactOffer
from utility_crm.segments.domain.tree import And, Leaf, Not, document_of, read_tree
from utility_crm.segments.offers import question_of

OFFERS = {
    one.name: one
    for one in (
        FactOffer("use", "Use", "number", "-"),
        FactOffer("owed", "Owed", "money", "-"),
        FactOffer("saving", "Saving", "money", stored=True, parameters="-"),
        FactOffer("since", "Since", "date", "-"),
        FactOffer("tariff", "Tariff", "choice", "-"),
        FactOffer("care", "Care", "yes-no", "-", leave_out_only=True),
    )
}
CARE = {"fact": "care", "op": "yes"}
USE = {"fact": "use", "op": "above", "values": [1.5]}


def test_a_tree_as_it_is_written() -> None:
    document = {
        "and": [
            USE,
            {"not": CARE},
            {
                "or": [
                    {"fact": "since", "op": "before", "values": ["2020-02-29"]},
                    {"fact": "tariff", "op": "known"},
                ]
            },
            {"fact": "saving", "parameter": "day-night", "op": "between", "values": [-100, 4000]},
        ]
    }
    tree = read_tree(document, OFFERS)
    assert isinstance(tree, And)
    assert tree.parts[0] == Leaf("use", "above", (Decimal("1.5"),))
    assert tree.parts[1] == Not(Leaf("care", "yes"))
    assert tree.parts[3] == Leaf("saving", "between", (Decimal(-100), Decimal(4000)), "day-night")
    assert date(2020, 2, 29) in tree.parts[2].parts[0].values  # type: ignore[union-attr]
    assert document_of(tree) == document


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], "tree"),
        ({}, "tree"),
        ({"or": []}, "or"),
        ({"and": [USE, {"and": []}]}, "and[1].and"),
        ({"and": [USE, {"xor": [USE]}]}, "and[1]"),
        ({"not": {"fact": "shoe", "op": "known"}}, "not.fact"),
        ({"not": {"fact": ["use"], "op": "known"}}, "not.fact"),
        ({"and": [{"fact": "use", "op": "any_of", "values": ["a"]}]}, "and[0].op"),
        ({"fact": "use", "op": "above", "values": []}, "values"),
        ({"fact": "use", "op": "above", "values": ["x"]}, "values[0]"),
        ({"fact": "use", "op": "above", "values": ["NaN"]}, "values[0]"),
        ({"fact": "use", "op": "above", "values": [True]}, "values[0]"),
        ({"fact": "use", "op": "between", "values": [2, 1]}, "values"),
        ({"fact": "owed", "op": "above", "values": [1.5]}, "values[0]"),
        ({"fact": "since", "op": "from", "values": ["1 May"]}, "values[0]"),
        ({"fact": "since", "op": "in_next_days", "values": [-1]}, "values[0]"),
        ({"fact": "tariff", "op": "any_of", "values": [""]}, "values[0]"),
        ({"fact": "saving", "op": "known"}, "parameter"),
        ({"fact": "use", "op": "known", "parameter": "x"}, "parameter"),
        ({"fact": "use", "op": "known", "more": 1}, "tree"),
        ({"or": [USE] * 41}, "tree"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(document: object, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_tree(document, OFFERS)
    assert refused.value.where == where


def test_groups_are_not_endless() -> None:
    deep: dict[str, object] = USE
    for _ in range(8):
        deep = {"not": deep}
    with pytest.raises(Invalid, match="deep"):
        read_tree(deep, OFFERS)


@pytest.mark.parametrize(
    "document",
    [
        CARE,
        {"and": [USE, CARE]},
        {"not": {"fact": "care", "op": "no"}},
        {"and": [USE, {"not": {"not": CARE}}]},
        {"and": [{"or": [USE, {"not": CARE}]}]},
        {"and": [{"not": {"and": [USE, {"not": CARE}]}}]},
        {"fact": "care", "op": "known"},
    ],
)
def test_nobody_is_chosen_for_a_need(document: object) -> None:
    with pytest.raises(Invalid, match="Nobody is chosen"):
        read_tree(document, OFFERS)


def test_who_needs_care_may_be_left_out() -> None:
    assert read_tree({"not": CARE}, OFFERS) == Not(Leaf("care", "yes"))
    assert read_tree({"and": [USE, {"not": CARE}]}, OFFERS) == And(
        (Leaf("use", "above", (Decimal("1.5"),)), Not(Leaf("care", "yes")))
    )


@pytest.mark.parametrize(
    "typed",
    [
        "{", "[" * 50_000, '{"not":' * 3000 + "1" + "}" * 3000,
        '{"fact": "tariff", "op": "any_of", "values": ["\\ud800"]}',
        '{"fact": "balance", "op": "above", "values": ["1e5000000"]}',
        '{"fact": "balance", "op": "above", "values": ["1e-5000"]}',
        '{"fact": "saving_on", "parameter": "\\u0000", "op": "above", "values": [1]}',
    ],
)  # fmt: skip
def test_what_somebody_sends_is_read_or_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        question_of(typed)
