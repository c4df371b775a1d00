"""The course of a complaint and its last days, by country."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.tickets.domain.complaints import (
    CAUSES,
    OPEN,
    STAGES,
    due_days,
    joined_stage,
    next_stages,
    owed,
    procedure_for,
)
from utility_crm.tickets.domain.procedures import PROCEDURES, STEPS
from utility_crm.tickets.domain.working_time import Hours

OFFICE = Hours("Europe/London", (*(((540, 1020),),) * 5, (), ()), "GB")
MOSCOW = Hours("Europe/Moscow", OFFICE.week, "RU")


def days(country: str, received_on: date, cause: str, hours: Hours = OFFICE) -> dict[str, date]:
    found: dict[str, date] = {}
    for one in due_days(procedure_for(country), received_on, cause, hours):
        found.setdefault(one.limit.step, one.on)
    return found


def test_eight_weeks_in_great_britain_and_the_letter_on_the_next_working_day() -> None:
    # Friday 30 October 2026 and 8 weeks is Christmas Day; Monday 28 is free in lieu of Saturday's Boxing Day.
    found = days("GB", date(2026, 10, 30), "bill_wrong")
    assert found["settle"] == date(2026, 12, 25)
    assert found["signpost"] == date(2026, 12, 29)


def test_four_weeks_in_germany_and_the_shorter_days_of_russia() -> None:
    assert days("DE", date(2026, 11, 2), "price")["answer"] == date(2026, 11, 30)
    # Friday 20 November 2026: three working days are 23, 24 and 25.
    assert days("RU", date(2026, 11, 20), "quality", MOSCOW)["answer"] == date(2026, 11, 25)
    assert days("RU", date(2026, 11, 20), "bill_wrong", MOSCOW)["answer"] == date(2026, 11, 30)
    assert days("RU", date(2026, 11, 20), "service", MOSCOW)["answer"] == date(2026, 12, 20)


def test_members_of_the_union_and_everybody_else() -> None:
    assert procedure_for("FR").country == "EU" and procedure_for("DE").country == "DE"
    assert procedure_for("AU").country == "" and procedure_for("GB").body is not None


def test_every_limit_names_its_source_and_every_country_answers_every_cause() -> None:
    for procedure in PROCEDURES.values():
        assert all(one.source and one.step in STEPS for one in procedure.limits)
        assert all(one.causes <= set(CAUSES) for one in procedure.limits)
        for cause in CAUSES:
            assert any(one.limit.step in ("answer", "settle") for one in
                       due_days(procedure, date(2026, 1, 5), cause, OFFICE))  # fmt: skip


def test_what_is_owed_next_follows_the_stage() -> None:
    steps = due_days(procedure_for("GB"), date(2026, 9, 1), "bill_wrong", OFFICE)
    left = {stage: " ".join(one.limit.step for one in owed(steps, stage)) for stage in STAGES}
    assert left == {
        "received": "acknowledge answer settle signpost",
        "acknowledged": "answer settle signpost",
        "investigated": "answer settle signpost",
        "answered": "settle signpost",
        "deadlock": "",
        "ombudsman": "",
        "closed": "",
    }
    assert [one.limit.step for one in owed(steps, "answered", frozenset({"settle"}))] == ["signpost"]


def test_stages_lead_somewhere_and_every_one_can_be_settled() -> None:
    for stage in STAGES:
        assert next_stages(stage) and stage not in next_stages(stage)
        assert set(next_stages(stage)) <= set(STAGES)
    assert all("closed" in next_stages(stage) for stage in OPEN)
    assert next_stages("nowhere") == ()


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sampled_from(sorted(PROCEDURES)),
    st.sampled_from(sorted(CAUSES)),
)
def test_steps_are_due_after_the_day_they_came_in_and_in_order(
    received_on: date, country: str, cause: str
) -> None:
    found = due_days(PROCEDURES[country], received_on, cause, OFFICE)
    assert all(one.on > received_on for one in found)
    assert [one.on for one in found] == sorted(one.on for one in found)


@pytest.mark.parametrize("country", sorted(PROCEDURES))
def test_what_no_text_asks_is_marked(country: str) -> None:
    for limit in PROCEDURES[country].limits:
        if limit.source == "a rule of the house":
            assert limit.assumption


@pytest.mark.parametrize("one", OPEN)
@pytest.mark.parametrize("other", OPEN)
def test_two_that_become_one_owe_what_either_owed(one: str, other: str) -> None:
    steps = due_days(procedure_for("GB"), date(2026, 10, 30), "bill_wrong", OFFICE)

    def left(stage: str) -> set[str]:
        return {due.limit.step for due in owed(steps, stage)}

    joined = joined_stage(one, other)
    assert joined == joined_stage(other, one) and joined_stage(one, one) == one
    if {one, other} & {"deadlock", "ombudsman"}:
        assert joined in (one, other) and joined in ("deadlock", "ombudsman")
    else:
        confirmed = {"acknowledge"} if {one, other} != {"received"} else set()
        assert left(joined) == (left(one) | left(other)) - confirmed
