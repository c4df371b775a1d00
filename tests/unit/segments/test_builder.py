"""The builder's fields and the tree they come to."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from utility_crm.kit.facts import FactOffer
from utility_crm.segments.builder import (
    CHOOSE,
    CHOOSE_OF,
    NOT_A_NUMBER,
    SAY_VALUE,
    TICK,
    UPSIDE_DOWN,
    Built,
    built_from,
    built_of,
)
from utility_crm.segments.domain.tree import document_of, read_tree

OFFERS = {
    one.name: one
    for one in (
        FactOffer("use", "Use", "number", "-"),
        FactOffer("owed", "Owed", "money", "-"),
        FactOffer("saving", "Saving", "money", stored=True, parameters="-"),
        FactOffer("since", "Since", "date", "-"),
        FactOffer("tariff", "Tariff", "choice", "-"),
        FactOffer("late", "Late", "yes-no", "-"),
        FactOffer("care", "Care", "yes-no", "-", leave_out_only=True),
    )
}


def built(**fields: str | list[str]) -> Built:
    told = [
        (name.replace("__", "."), value)
        for name, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return built_of(told, OFFERS, 2)


def test_an_amount_is_typed_in_the_currency() -> None:
    found = built(item="1", fact__1="saving", of__1="day-night", op__1="above", a__1="40,50")
    assert document_of(found.tree) == {
        "and": [{"fact": "saving", "parameter": "day-night", "op": "above", "values": [4050]}]
    }


@pytest.mark.parametrize(
    ("fields", "wants"),
    [
        ({"fact__1": ""}, CHOOSE),
        ({"fact__1": "saving", "a__1": "4"}, CHOOSE_OF),
        ({"fact__1": "use"}, SAY_VALUE),
        ({"fact__1": "use", "a__1": "many"}, NOT_A_NUMBER),
        ({"fact__1": "use", "a__1": "1e999"}, NOT_A_NUMBER),
        ({"fact__1": "owed", "a__1": "1.005"}, NOT_A_NUMBER),
        ({"fact__1": "use", "op__1": "between", "a__1": "5", "b__1": "4"}, UPSIDE_DOWN),
        ({"fact__1": "tariff"}, TICK),
        ({"fact__1": "since", "op__1": "in_next_days", "a__1": "1.5"}, NOT_A_NUMBER),
        ({"fact__1": "since", "op__1": "before", "a__1": "soon"}, NOT_A_NUMBER),
    ],
)
def test_a_row_that_is_not_finished_says_what_it_wants(fields: dict[str, str], wants: str) -> None:
    found = built(item="1", **fields)  # type: ignore[arg-type]
    assert found.rows[0].wants == wants
    assert found.unfinished == 1 and found.tree.parts == ()


def test_who_needs_care_can_only_be_left_out() -> None:
    found = built(item="1", fact__1="care")
    assert document_of(found.tree) == {"and": [{"not": {"fact": "care", "op": "yes"}}]}


def test_buttons_add_and_take_away() -> None:
    one = built(do="add")
    assert [item.key for item in one.items] == ["1"]
    two = built_of([*one.fields(), ("do", "group")], OFFERS, 2)
    assert [row.key for row in two.rows] == ["1", "g2.3"]
    three = built_of([*two.fields(), ("do", "into:g2")], OFFERS, 2)
    assert [row.key for row in three.rows] == ["1", "g2.3", "g2.4"]
    four = built_of([*three.fields(), ("do", "drop:g2.3")], OFFERS, 2)
    assert [row.key for row in four.rows] == ["1", "g2.4"]
    assert built_of([*four.fields(), ("do", "drop:g2.4")], OFFERS, 2).items == one.items
    assert built_of([*four.fields(), ("do", "drop:g2")], OFFERS, 2).items == one.items


def test_rows_have_an_end() -> None:
    many = [("item", str(place)) for place in range(100)]
    found = built_of([*many, ("do", "add")], OFFERS, 2)
    assert len(found.rows) <= 80


DOCUMENTS = [
    {"and": []},
    {"fact": "use", "op": "at_least", "values": [2.5]},
    {"not": {"fact": "late", "op": "yes"}},
    {
        "and": [
            {"fact": "owed", "op": "between", "values": [-1, 100000]},
            {
                "or": [
                    {"fact": "since", "op": "in_last_days", "values": [30]},
                    {"not": {"fact": "late", "op": "no"}},
                ]
            },
            {
                "not": {
                    "or": [
                        {"fact": "tariff", "op": "any_of", "values": ["a", "b"]},
                        {"fact": "use", "op": "known"},
                    ]
                }
            },
            {"fact": "saving", "parameter": "x", "op": "below", "values": [-550]},
            {"not": {"fact": "care", "op": "yes"}},
            {"fact": "since", "op": "from", "values": ["2020-02-29"]},
        ]
    },
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_saved_question_comes_back_as_rows(document: dict[str, object]) -> None:
    tree = read_tree(document, OFFERS)
    found = built_from(tree, 2, OFFERS)
    assert found is not None and not found.unfinished
    expected = document if "and" in document else {"and": [document]}
    assert document_of(found.tree) == expected
    told = parse_qsl(urlsplit(found.address(of="7")).query, keep_blank_values=True)
    assert ("of", "7") in told
    assert built_of(told, OFFERS, 2) == found


def test_another_shape_is_not_drawn() -> None:
    leaf = {"fact": "late", "op": "yes"}
    for document in ({"or": [{"and": [leaf, leaf]}]}, {"not": {"not": leaf}}, {"and": [{"and": [leaf]}]}):
        assert built_from(read_tree(document, OFFERS), 2, OFFERS) is None
