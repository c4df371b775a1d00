"""Rules as sentences and as lines of a form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.errors import Invalid
from utility_crm.tickets.care.defaults import RULES
from utility_crm.tickets.domain.rules import ACTS, EVENTS, SINCE, Known, Rule, read_rule
from utility_crm.tickets.rules.facts import FIELDS
from utility_crm.tickets.rules.told import Names, Telling
from utility_crm.tickets.rules.typed import (
    HOW,
    Asked,
    Lines,
    document_of_lines,
    lines_of,
    meant_by,
    span_of,
    spoken_by,
)

NAMES = Names({"priya": "Priya Nair"}, {"received": "We have your message"})
WORDS = {"kind": {"outage": "Outage", "other": "Something else"}, "set_kind": {"outage": "Outage"}}


def told(language: str, name: str) -> str:
    return Telling(language, NAMES).sentence(RULES[name])


def test_a_rule_is_a_sentence() -> None:
    assert told("en", "Who needs care comes first") == (
        "When a ticket is opened, if the customer needs care and it has low priority or usual priority, "
        "then give it high priority; put on the tag “care”."
    )
    assert told("en", "Hand out").endswith("then hand it out: to whom it suits.")
    assert "it is 1 day since the customer wrote" in told("en", "Nobody has answered for a day")
    assert "it is not about: Outage" in told("en", "Confirm that a mail has come")
    russian = told("ru", "Dark homes are urgent")
    assert russian.startswith("Когда открыто обращение или клиент написал, если тема: Другое или Отключение")


def test_what_can_be_read_no_more_is_told_all_the_same() -> None:
    document = {"when": ["moon"], "if": {"field": "colour", "is": "red"}, "then": [{"sing": "a song"}]}
    sentence = Telling("en", NAMES).sentence(document)
    assert all(word in sentence for word in ("moon", "colour", "red", "sing"))


@pytest.mark.parametrize("name", list(RULES))
def test_the_usual_rules_are_lines_and_come_back_as_they_were(name: str) -> None:
    lines = lines_of(RULES[name], spoken_by(WORDS))
    assert lines is not None
    again = document_of_lines(lines, meant_by(WORDS))
    lists = {
        "statuses": ("open",), "priorities": ("high", "urgent"), "kinds": ("outage",), "routes": ("any",),
        "people": ("priya",), "macros": ("received", "still_there"),
    }  # fmt: skip
    known = Known(FIELDS, lists)
    first, second = (read_rule(one, known) for one in (RULES[name], again))
    assert isinstance(first, Rule) and isinstance(second, Rule)
    assert (first.when, first.acts) == (second.when, second.acts)
    assert Telling("en", NAMES).sentence(RULES[name]) == Telling("en", NAMES).sentence(again)


def test_what_is_nested_is_no_lines() -> None:
    deep = {"all": [{"any": [{"field": "kind", "is": "move"}, {"field": "reopened", "is": True}]}]}
    assert lines_of({"when": ["opened"], "if": deep, "then": [{"add_tag": "x"}]}, spoken_by({})) is None
    assert lines_of({"when": ["opened"], "then": [{"add_tag": "x"}]}, spoken_by({})) is not None


words = st.text("abcdefgh ", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.builds(
        Lines,
        st.lists(st.sampled_from(EVENTS), unique=True).map(tuple),
        st.one_of(st.just(("", "")), st.tuples(st.sampled_from(SINCE), st.integers(1, 9999).map(span_of))),
        st.sampled_from(["all", "any"]),
        st.lists(
            st.builds(Asked, st.sampled_from(list(FIELDS)), st.sampled_from(list(HOW)), words), max_size=4
        ).map(tuple),
        st.lists(st.tuples(st.sampled_from(list(ACTS)), words), max_size=3).map(tuple),
    )
)
def test_lines_make_a_document_or_say_where_they_are_wrong(lines: Lines) -> None:
    try:
        document = document_of_lines(lines, meant_by({}))
    except Invalid as error:
        assert error.where is not None
        return
    again = lines_of(document, spoken_by({}))
    assert again is not None
    assert document_of_lines(again, meant_by({})) == document
    assert Telling("en", NAMES).sentence(document)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (Asked("kind", "more", "4 h"), "value_0"),
        (Asked("kind", "is", " , "), "value_0"),
        (Asked("vulnerable", "is", "perhaps"), "value_0"),
        (Asked("age", "more", "long"), "value_0"),
        (Asked("age", "is", "4 h"), "value_0"),
    ],
)
def test_a_wrong_line_is_said_beside_its_field(asked: Asked, where: str) -> None:
    lines: Any = Lines(("opened",), ("", ""), "all", (asked,), (("add_tag", "x"),))
    with pytest.raises(Invalid) as refused:
        document_of_lines(lines, meant_by({}))
    assert refused.value.where == where
