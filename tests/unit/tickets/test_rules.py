"""Rules as data: read with every mistake named, evaluated purely, never for ever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utility_crm.tickets.domain.conditions import (
    Compare,
    Condition,
    Field,
    Group,
    document_of,
    read_condition,
)
from utility_crm.tickets.domain.rules import Act, Known, Rule, Since, document_of_rule, plan, read_rule

FIELDS = {
    one.name: one
    for one in (
        Field("kind", "word", ("billing", "outage", "complaint")),
        Field("priority", "word", ("low", "normal", "high", "urgent")),
        Field("status", "word", ("new", "open", "waiting")),
        Field("language", "word"),
        Field("text", "text"),
        Field("tags", "words"),
        Field("vulnerable", "flag"),
        Field("age", "minutes"),
    )
}
KNOWN = Known(
    FIELDS,
    {
        "priorities": ("low", "normal", "high", "urgent"),
        "statuses": ("new", "open", "waiting"),
        "kinds": ("billing", "outage", "complaint"),
        "teams": ("network",),
        "people": ("amira",),
        "macros": ("received",),
    },
)
GOOD: dict[str, Any] = {
    "when": ["opened", {"since": "message_in", "minutes": 240}],
    "if": {
        "all": [
            {"field": "kind", "in": ["outage", "complaint"]},
            {"any": [{"field": "text", "contains": ["dark", "темно"]}, {"field": "vulnerable", "is": True}]},
            {"not": {"field": "tags", "has": ["vip"]}},
            {"field": "age", "older_than": 5},
        ]
    },
    "then": [{"set_priority": "urgent"}, {"assign_team": "network"}, {"notify_person": "assignee"}],
}


def a_rule(rule_id: int, when: str, then: list[tuple[str, str]], condition: Any = None) -> Rule:
    read = read_rule(
        {"when": [when], "then": [{kind: value} for kind, value in then]}
        | ({"if": condition} if condition else {}),
        KNOWN,
        rule_id,
    )
    assert isinstance(read, Rule), read
    return read


def test_a_rule_is_read_and_written_back() -> None:
    rule = read_rule(GOOD, KNOWN, 7, "Dark")
    assert isinstance(rule, Rule)
    assert rule.when == ("opened", Since("message_in", 240))
    assert rule.acts[0] == Act("set_priority", "urgent")
    assert document_of_rule(rule) == GOOD


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"when": []}, "when", "one to 20 entries"),
        ({"when": ["exploded"]}, "when[0]", "exploded is none of: opened"),
        ({"when": [{"since": "opened", "minutes": 0}]}, "when[0].minutes", "whole number"),
        ({"when": [{"since": "opened", "minutes": True}]}, "when[0].minutes", "whole number"),
        ({"then": [{"set_priority": "extreme"}]}, "then[0].set_priority", "extreme is none of: low"),
        ({"then": [{"run": "rm"}]}, "then[0]", "An act is one of"),
        ({"then": [{"add_tag": ""}]}, "then[0].add_tag", "words in quotation marks"),
        ({"then": [{"assign_person": "assignee"}]}, "then[0].assign_person", "assignee is none of: amira"),
        ({"if": {"all": [{"field": "colour", "is": "red"}]}}, "if.all[0].field", "no field colour"),
        ({"if": {"field": "kind", "is": "storm"}}, "if.is", "storm is none of"),
        ({"if": {"field": "kind", "contains": "out"}}, "if", "Of kind one may ask one of: is, in, empty"),
        ({"if": {"not": {"field": "age", "older_than": "5"}}}, "if.not.older_than", "whole number"),
        ({"if": {"all": [], "any": []}}, "if", "stands alone"),
        ({"if": {"field": "vulnerable", "is": "yes"}}, "if.is", "true or false"),
        ({"if": [1]}, "if", "in braces"),
        ({"extra": 1}, "extra", "nothing else"),
    ],
)
def test_mistakes_are_named_with_their_place(change: dict[str, Any], place: str, reason: str) -> None:
    found = read_rule(GOOD | change, KNOWN)
    assert isinstance(found, list)
    assert place in [one.place for one in found]
    assert any(reason in str(one) for one in found), found


def test_all_mistakes_are_named_at_once() -> None:
    found = read_rule({"when": ["x", "y"], "if": {"field": "z", "is": 1}, "then": [{}]}, KNOWN)
    assert isinstance(found, list)
    assert [one.place for one in found] == ["when[0]", "when[1]", "then[0]", "if.field"]


def test_a_condition_too_deep_or_too_large_is_refused() -> None:
    deep: Any = {"field": "kind", "is": "outage"}
    for _ in range(20):
        deep = {"not": deep}
    assert isinstance(read_condition(deep, FIELDS, "if"), list)
    wide = {"all": [{"field": "kind", "is": "outage"}] * 1000}
    found = read_condition(wide, FIELDS, "if")
    assert isinstance(found, list) and len(found) == 1


leaves = st.one_of(
    st.builds(Compare, st.just("kind"), st.just("is"), st.sampled_from(["billing", "outage"])),
    st.builds(Compare, st.just("tags"), st.just("has"), st.sampled_from([("a",), ("b", "c")])),
    st.builds(Compare, st.just("vulnerable"), st.just("is"), st.booleans()),
    st.builds(Compare, st.just("age"), st.sampled_from(["older_than", "younger_than"]), st.integers(0, 9)),
    st.builds(Compare, st.just("language"), st.just("empty"), st.booleans()),
)
conditions = st.recursive(
    leaves,
    lambda part: st.one_of(
        st.builds(Group, st.sampled_from(["all", "any"]), st.lists(part, max_size=3).map(tuple)),
        st.builds(Group, st.just("not"), st.tuples(part)),
    ),
    max_leaves=8,
)
some_facts = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([None, "billing", "outage"]),
        "tags": st.sampled_from([frozenset(), frozenset("a"), frozenset("bc")]),
        "vulnerable": st.sampled_from([None, True, False]),
        "age": st.sampled_from([None, 0, 5, 9]),
        "language": st.sampled_from([None, "", "ru"]),
    }
)


@given(conditions, some_facts)
def test_conditions_obey_logic(one: Condition, facts: dict[str, Any]) -> None:
    assert Group("not", (Group("not", (one,)),)).holds(facts) == one.holds(facts)
    assert Group("all", (one, Group("not", (one,)))).holds(facts) is False
    assert Group("any", (one, Group("not", (one,)))).holds(facts) is True
    assert read_condition(document_of(one), FIELDS, "if") == one or "deep" in str(
        read_condition(document_of(one), FIELDS, "if")
    )


def test_what_is_unknown_satisfies_nothing_but_empty() -> None:
    for operator, value in (("older_than", 0), ("younger_than", 9)):
        assert not Compare("age", operator, value).holds({"age": None})
    assert not Compare("vulnerable", "is", False).holds({})
    assert Compare("language", "empty", True).holds({})


def test_a_rule_does_not_answer_its_own_change_and_two_do_not_play_ball() -> None:
    up = a_rule(1, "priority_changed", [("set_priority", "high")])
    down = a_rule(2, "priority_changed", [("set_priority", "low")])
    fired = plan((up, down), "priority_changed", {"priority": "normal"})
    assert [one.rule.id for one in fired] == [1, 2]


def test_one_rule_reacts_to_what_another_did_and_sees_it() -> None:
    first = a_rule(1, "opened", [("set_kind", "outage")], {"field": "text", "contains": "DARK"})
    second = a_rule(2, "kind_changed", [("set_priority", "urgent")], {"field": "kind", "is": "outage"})
    third = a_rule(3, "priority_changed", [("add_tag", "hot")], {"field": "priority", "is": "urgent"})
    facts = {"text": "It is dark here", "kind": "billing", "priority": "normal", "tags": frozenset()}
    fired = plan((third, second, first), "opened", facts)
    assert [(one.rule.id, one.event) for one in fired] == [
        (1, "opened"), (2, "kind_changed"), (3, "priority_changed"),
    ]  # fmt: skip
    assert plan((third, second, first), "opened", facts | {"text": "hello"}) == ()


def test_nothing_changed_is_no_event() -> None:
    first = a_rule(1, "opened", [("set_priority", "normal")])
    second = a_rule(2, "priority_changed", [("add_tag", "x")])
    assert [one.rule.id for one in plan((first, second), "opened", {"priority": "normal"})] == [1]


acts = st.sampled_from(
    [("set_priority", "low"), ("set_priority", "urgent"), ("set_status", "open"), ("set_status", "waiting"),
     ("add_tag", "a"), ("remove_tag", "a"), ("set_kind", "outage"), ("answer_with", "received")]
)  # fmt: skip
events = st.sampled_from(
    ["opened", "answered", "status_changed", "priority_changed", "kind_changed", "tagged"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(events, st.lists(acts, min_size=1, max_size=3)), max_size=12), events)
def test_every_chain_ends_with_each_rule_at_most_once(
    made: list[tuple[str, list[tuple[str, str]]]], event: str
) -> None:
    rules = tuple(a_rule(place, when, then) for place, (when, then) in enumerate(made))
    fired = plan(rules, event, {"priority": "normal", "status": "new", "kind": "billing"})
    ids = [one.rule.id for one in fired]
    assert len(ids) == len(set(ids)) <= len(rules)
