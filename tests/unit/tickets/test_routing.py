"""Who takes a ticket, why, and whose turn it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.tickets.domain.routing import Choice, Person, Wanted, chosen

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ANN = Person(1, "Ann", frozenset({"en"}), frozenset({"billing"}), frozenset({1}), open_tickets=3)
OLGA = Person(2, "Olga", frozenset({"en", "ru"}), frozenset({"billing"}), frozenset({1, 2}), open_tickets=3)
RAJ = Person(3, "Raj", frozenset({"en"}), frozenset({"meter"}), frozenset({2}), open_tickets=0)


def why(choice: Choice) -> str:
    return ", ".join(one.words % one.values for one in choice.reasons)


def test_who_speaks_the_language_and_why() -> None:
    choice = chosen([ANN, OLGA, RAJ], Wanted("ru", "billing"))
    assert choice.person == OLGA
    assert why(choice) == "speaks ru, has the skill “billing”, has 3 open, nobody else could"


def test_who_can_do_more_is_kept_for_it() -> None:
    assert chosen([ANN, OLGA], Wanted("en", "billing")).person == ANN


def test_fewer_open_tickets_count() -> None:
    assert chosen([replace(ANN, open_tickets=9), OLGA], Wanted("en", "billing")).person == OLGA


def test_nobody_suitable_is_said() -> None:
    assert why(chosen([ANN, RAJ], Wanted("ru"))) == "nobody there speaks ru"
    assert why(chosen([ANN], Wanted(skill="meter"))) == "nobody there has the skill “meter”"
    assert why(chosen([ANN], Wanted(team=7))) == "nobody is in the team"
    assert why(chosen([replace(ANN, present=False)], Wanted())) == "nobody who could is there now"
    assert why(chosen([replace(ANN, open_tickets=20)], Wanted())) == "whoever could has no room"
    assert why(chosen([], Wanted())) == "nobody answers tickets"


def test_equals_take_turns() -> None:
    people = {number: Person(number, f"P{number}", frozenset({"en"})) for number in range(1, 5)}
    given_to = []
    for turn in range(8):
        choice = chosen(people.values(), Wanted("en"))
        assert choice.person is not None and "their turn" in why(choice)
        given_to.append(choice.person.id)
        people[choice.person.id] = replace(choice.person, given_at=NOW + timedelta(minutes=turn))
    assert given_to == [1, 2, 3, 4, 1, 2, 3, 4]


people_of_any_kind = st.lists(
    st.builds(
        Person,
        st.integers(1, 50),
        st.just("Somebody"),
        st.frozensets(st.sampled_from(["en", "ru"])),
        st.frozensets(st.sampled_from(["billing", "meter"])),
        st.frozensets(st.integers(1, 2)),
        st.integers(0, 25),
        st.just(20),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(
    people_of_any_kind,
    st.sampled_from(["", "ru"]),
    st.sampled_from(["", "meter"]),
    st.sampled_from([None, 1]),
)
def test_only_somebody_suitable_is_chosen_whatever_the_order(
    people: list[Person], language: str, skill: str, team: int | None
) -> None:
    wanted = Wanted(language, skill, team)
    suitable = [
        one
        for one in people
        if one.present and one.open_tickets < 20 and (not language or language in one.languages)
        and (not skill or skill in one.skills) and (team is None or team in one.teams)
    ]  # fmt: skip
    choice = chosen(people, wanted)
    assert (choice.person in suitable) if suitable else (choice.person is None)
    assert choice == chosen(reversed(people), wanted)
