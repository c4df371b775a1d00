"""Who is asked what."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.surveys.domain.deciding import Candidate, Reason, decided
from utility_crm.surveys.domain.plans import USUAL, Plan, Rule, document_of, plan_of
from utility_crm.tickets.domain.life import CHANNELS, KINDS

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
SEGMENTS = ("household", "small_business", "industry", "vulnerable")
some = st.builds(
    Rule,
    st.integers(1, 9),
    st.sampled_from(["csat", "nps", "none"]),
    *(st.lists(st.sampled_from(words), max_size=3).map(tuple) for words in (KINDS, CHANNELS, SEGMENTS)),
    st.integers(1, 100),
)
plans = st.lists(some, max_size=5, unique_by=lambda one: one.key).map(lambda rules: Plan(rules=tuple(rules)))
tickets = st.tuples(
    st.integers(1, 10**6), st.sampled_from(KINDS), st.sampled_from(CHANNELS), st.sampled_from(SEGMENTS[:3])
)


@given(plans)
def test_a_plan_is_kept_as_it_is(plan: Plan) -> None:
    assert plan_of(json.loads(json.dumps(document_of(plan)))) == plan


@given(plans, tickets)
def test_a_question_comes_from_a_rule_that_fits_and_always_the_same(
    plan: Plan, ticket: tuple[int, str, str, str]
) -> None:
    number, kind, channel, segment = ticket
    asked = plan.question_for(number, kind, channel, [segment])
    assert asked == plan.question_for(number, kind, channel, [segment])
    fitting = [one for one in plan.rules if one.fits(kind, channel, [segment])]
    assert asked is None or asked in {one.question for one in fitting}
    if fitting and fitting[0].share_percent == 100:
        assert asked == fitting[0].question
    if not fitting:
        assert asked is None


@given(st.integers(1, 99), st.integers(1, 1000))
def test_a_share_is_about_as_large_as_it_says_and_grows_with_it(percent: int, key: int) -> None:
    small, large = (Rule(key, "csat", share_percent=share) for share in (percent, percent + 1))
    drawn = [one for one in range(2000) if small.draws(one)]
    assert abs(len(drawn) / 2000 - percent / 100) < 0.06  # five standard deviations
    assert all(large.draws(one) for one in drawn)


@given(plans, some, st.integers(-6, 6))
def test_rules_are_added_changed_moved_and_dropped(plan: Plan, rule: Rule, by: int) -> None:
    more = plan.with_rule(rule)
    assert len(more.rules) - len(plan.rules) == (rule.key not in {one.key for one in plan.rules})
    assert len({one.key for one in more.rules}) == len(more.rules)
    last = more.rules[-1].key
    moved = more.moved(last, by)
    assert {one.key for one in moved.rules} == {one.key for one in more.rules}
    assert moved.moved(last, 99).rules[-1].key == last
    assert last not in {one.key for one in more.without_rule(last).rules}


def one(ticket: int, customer: int = 1, **given_: object) -> Candidate:
    known: dict[str, object] = {
        "kind": "billing", "channel": "email", "segments": ("household",), "died": False,
        "complaint_open": False, "answered": True, "asked_at": None,
    }  # fmt: skip
    return Candidate(ticket, customer, **(known | given_))  # type: ignore[arg-type]


def why(candidate: Candidate, plan: Plan = USUAL) -> Reason | None:
    (found,) = decided(plan, [candidate], NOW)
    return found.reason


def test_each_reason_has_its_cause() -> None:
    assert why(one(1)) is None
    assert why(one(1, died=True)) is Reason.DIED
    assert why(one(1, complaint_open=True)) is Reason.OPEN_COMPLAINT
    assert why(one(1, answered=False)) is Reason.NOTHING_SAID
    assert why(one(1), Plan()) is Reason.NO_RULE
    assert why(one(1), Plan(rules=(Rule(1, "none"), Rule(2, "csat")))) is Reason.NO_RULE
    lately = NOW - timedelta(days=30) + timedelta(minutes=1)
    assert why(one(1, asked_at=lately)) is Reason.ASKED_LATELY
    assert why(one(1, asked_at=NOW - timedelta(days=30))) is None


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=12), plans)
def test_nobody_is_asked_twice_in_one_go(given_: list[tuple[int, bool]], plan: Plan) -> None:
    candidates = [one(place, customer, died=died) for place, (customer, died) in enumerate(given_, 1)]
    found = list(decided(plan, candidates, NOW))
    assert [each.ticket_id for each in found] == [each.ticket_id for each in candidates]
    assert all((each.question == "") == (each.reason is not None) for each in found)
    asked = [each.customer_id for each, said in zip(candidates, found, strict=True) if said.question]
    assert len(asked) == len(set(asked))
    assert not any(each.died for each, said in zip(candidates, found, strict=True) if said.question)
