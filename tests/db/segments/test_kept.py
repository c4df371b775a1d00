"""Segments kept: saved, changed, frozen, counted, told by groups; and the facts they stand on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.db.segments.conftest import House
from utility_crm.auth.tables import AuditRow
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.segments.actions import (
    change_segment,
    count_again,
    delete_segment,
    freeze_segment,
    refresh_facts,
    rename_segment,
    save_segment,
)
from utility_crm.segments.breaking_down import broken_down
from utility_crm.segments.domain.tree import And, Leaf, Not, Or, Tree, read_tree
from utility_crm.segments.facts import keep_fact
from utility_crm.segments.members import members_of, segment_of
from utility_crm.segments.offers import offers
from utility_crm.segments.queries import (
    Somebody,
    ages_of,
    all_ages,
    choices_of,
    count,
    everybody_of,
    look,
    named,
    overlap,
    sizes_of,
)

STEADY = Leaf("tariff", "any_of", ("steady",))
BUSINESS = Leaf("customer_kind", "any_of", ("small_business",))
STAFF = Leaf("tag", "any_of", ("staff",))
KELDER = Leaf("area", "any_of", ("K",))


def test_what_each_condition_leaves(session: Session, house: House, now) -> None:
    found = look(session, And((STEADY, Not(STAFF), Or((BUSINESS, KELDER)))), now)
    assert (found.of, found.size) == (40, 10)
    assert [step.left for step in found.steps] == [20, 16, 10]
    assert [step.alone for step in found.steps] == [20, 32, 20]
    assert found.steps[2].parts == (10, 13)
    assert look(session, And(()), now).size == 40


def test_the_steps_are_the_counts(session: Session, house: House, now) -> None:
    parts = (STEADY, Not(STAFF), Or((BUSINESS, KELDER)))
    found = look(session, And(parts), now)
    assert [step.left for step in found.steps] == [count(session, And(parts[: n + 1]), now) for n in range(3)]
    assert [step.alone for step in found.steps] == [count(session, part, now) for part in parts]


def some_of(session: Session, tree: Tree, now, areas: list[int] | None = None) -> list[Somebody]:
    return named(session, look(session, tree, now, areas).some)


def test_some_of_them_are_of_them(session: Session, house: House, now) -> None:
    people = some_of(session, STEADY, now)
    assert len(people) == 10 and {one.id for one in people} <= set(house.those(where=lambda n: n % 2 == 0))
    assert people == some_of(session, STEADY, now)
    assert look(session, Not(And(())), now).some == () and some_of(session, Not(And(())), now) == []
    area = session.scalar(text("select id from network_nodes where code = 'K'"))
    theirs = some_of(session, STEADY, now, [area])
    assert {one.area for one in theirs} == {"Kelder"} and len(theirs) == count(session, STEADY, now, [area])


def test_saved_counted_and_grown(session: Session, house: House, now, today) -> None:
    made = save_segment(session, " On  Steady ", STEADY, now, by=None)
    one = segment_of(session, made)
    assert (one.name, one.size, one.tree) == ("On Steady", 20, STEADY)
    assert count_again(session, now) == 0  # it was counted today
    session.execute(text("update agreements set tariff_id = (select id from tariffs where code = 'steady')"))
    tomorrow = now + timedelta(days=1)
    assert count_again(session, tomorrow) == 1 and count_again(session, tomorrow) == 0
    assert [size for _, size in sizes_of(session, made, today + timedelta(days=1))] == [20, 40]


def test_a_name_is_one_segments(session: Session, house: House, now) -> None:
    made = save_segment(session, "Steady", STEADY, now, by=None)
    with pytest.raises(Conflict):
        save_segment(session, "steady", KELDER, now, by=None)
    with pytest.raises(Invalid):
        save_segment(session, "  ", KELDER, now, by=None)
    delete_segment(session, made, "not needed", now)
    assert save_segment(session, "steady", KELDER, now, by=None) != made


def test_what_was_done_is_in_the_log_with_its_reason(session: Session, house: House, now) -> None:
    made = save_segment(session, "Steady", STEADY, now, by=None)
    assert rename_segment(session, made, "Steadies", "shorter", now)
    assert not rename_segment(session, made, "Steadies", "", now)
    assert change_segment(session, made, KELDER, "the other way", now)
    assert not change_segment(session, made, KELDER, "", now)
    freeze_segment(session, made, "for the letter", now)
    delete_segment(session, made, "sent", now)
    rows = session.scalars(select(AuditRow).where(AuditRow.what == "segment").order_by(AuditRow.id)).all()
    told = [(row.after or {}).get("why") for row in rows]
    assert told == [None, "shorter", "the other way", "for the letter", "sent"]
    assert rows[2].before["tree"]["values"] == ["steady"] and rows[2].after["tree"]["values"] == ["K"]


@pytest.mark.parametrize("act", [freeze_segment, delete_segment])
def test_a_reason_is_needed(session: Session, house: House, now, act) -> None:
    made = save_segment(session, "Steady", STEADY, now, by=None)
    with pytest.raises(Invalid) as refused:
        act(session, made, " ", now)
    assert refused.value.where == "why"


def test_frozen_it_stays(session: Session, house: House, now) -> None:
    made = save_segment(session, "Steady", STEADY, now, by=None)
    before = members_of(session, made, now=now)
    assert freeze_segment(session, made, "for the letter", now) == 20
    session.execute(
        text("update agreements set tariff_id = (select id from tariffs where code = 'day-night')")
    )
    assert members_of(session, made, now=now) == before
    assert count_again(session, now + timedelta(days=1)) == 0
    with pytest.raises(Conflict):
        freeze_segment(session, made, "again", now)
    with pytest.raises(Conflict):
        change_segment(session, made, KELDER, "another", now)


def test_an_empty_one_is_not_frozen(session: Session, house: House, now) -> None:
    nobody = Leaf("customer_kind", "any_of", ("industry",))
    made = save_segment(session, "Industry", nobody, now, by=None)
    with pytest.raises(Refused, match="Nobody is in it now"):
        freeze_segment(session, made, "for the letter", now)
    assert not segment_of(session, made).frozen


def test_deleted_nobody_is_in_it(session: Session, house: House, now) -> None:
    made = save_segment(session, "Steady", STEADY, now, by=None)
    freeze_segment(session, made, "for the letter", now)
    delete_segment(session, made, "sent", now)
    with pytest.raises(NotFound):
        members_of(session, made, now=now)
    assert session.scalar(text("select count(*) from segment_members")) == 0


def test_whom_two_share(session: Session, house: House, now) -> None:
    some = [segment_of(session, save_segment(session, str(place), tree, now, by=None))
            for place, tree in enumerate((STEADY, BUSINESS, KELDER))]  # fmt: skip
    square = overlap(session, some, now)
    assert [square[place][place] for place in range(3)] == [20, 10, 13]
    assert square[0][1] == square[1][0] == 10 and square[0][2] == 6 and square[1][2] == 3


def test_groups_are_fifteen_or_more(session: Session, house: House, now) -> None:
    one = segment_of(session, save_segment(session, "All", And(()), now, by=None))
    keep_fact(session, "yearly_use", "", dict.fromkeys(house.ids.values(), 3000), now)
    told, whole = broken_down(session, one, "area", "yearly_use", now)
    assert told == []  # 13 in one area: the 27 of the other go with them, and some may be in both
    told, whole = broken_down(session, one, "tariff", "yearly_use", now)
    assert [(row.value, row.customers, row.mean) for row in told] == [
        ("day-night", 20, 3000),
        ("steady", 20, 3000),
    ]
    assert whole == 3000
    keep_fact(session, "yearly_use", "", {**dict.fromkeys(house.ids.values(), 1), house.ids[2]: 10**6}, now)
    told, whole = broken_down(session, one, "tariff", "yearly_use", now)
    assert [row.mean for row in told] == [None, None] and whole is None
    for by, of in (
        ("needs_care", ""),
        ("saving_on", ""),
        ("area", "tariff"),
        ("shoe", ""),
        ("area", "saving_on"),
    ):
        with pytest.raises(Invalid):
            broken_down(session, one, by, of, now)


def test_everybody_by_number(session: Session, house: House, now) -> None:
    one = segment_of(session, save_segment(session, "All", KELDER, now, by=None))
    found = list(everybody_of(session, one, now))
    assert {row.id for row in found} == set(house.those(where=lambda n: n % 3 == 0))
    assert [row.number for row in found] == sorted(row.number for row in found)


def test_kept_facts_are_worked_out_once_a_day(session: Session, house: House, now) -> None:
    account = session.scalar(text("select id from accounts where customer_id = :c"), {"c": house.ids[2]})
    session.execute(
        text(
            "insert into bills (number, account_id, starts_on, ends_before, issued_on, due_on, currency,"
            " total_minor, open_minor, micro_kwh, estimated_readings) values ('B1', :a, '2025-11-25',"
            " '2026-11-15', '2026-11-16', '2026-12-01', 'GBP', 100, 0, 3550000000, 2)"
        ),
        {"a": account},
    )
    tree = And((Leaf("yearly_use", "above", (3000,)), Leaf("bills_estimated", "at_least", (1,))))
    assert all(age.computed_at is None for age in ages_of(session, tree))
    done = refresh_facts(session, now, now - timedelta(hours=20))
    assert done["yearly_use"] == done["bills_estimated"] == 1
    assert "saving_on" not in done  # its owner keeps it
    assert count(session, tree, now) == 1
    assert [age.computed_at for age in ages_of(session, tree)] == [now, now]
    assert refresh_facts(session, now, now - timedelta(hours=20)) == {}
    session.execute(text("update bills set status = 'cancelled' where number = 'B1'"))
    later = now + timedelta(days=1)
    assert refresh_facts(session, later, later - timedelta(hours=20))["yearly_use"] == 0
    assert count(session, tree, later) == 0
    assert {age.fact for age in all_ages(session)} == {name for name, one in offers().items() if one.stored}


def test_the_age_of_a_fact_is_that_of_everybodys(session: Session, house: House, now) -> None:
    keep_fact(session, "saving_on", "day-night", {house.ids[1]: 1}, now)
    keep_fact(
        session, "saving_on", "day-night", {house.ids[2]: 1}, now + timedelta(hours=1), among=[house.ids[2]]
    )
    [age] = ages_of(session, Leaf("saving_on", "above", (0,), "day-night"))
    assert (age.computed_at, age.customers) == (now, 2)


def test_what_there_is_to_choose_from(session: Session, house: House) -> None:
    found = choices_of(session, ["tariff", "saving_on", "customer_kind", "tag", "balance"])
    assert ("day-night", "Day & Night") in found["tariff", "choices"]
    assert ("steady", "Steady") in found["saving_on", "parameters"]
    assert [value for value, _ in found["customer_kind", "choices"]] == [
        "household",
        "small_business",
        "industry",
    ]
    assert found["tag", "choices"] == [("staff", "staff")]
    assert choices_of(session, []) == {}


def test_consent_by_its_last_word(session: Session, house: House, now) -> None:
    def said(place: int, granted: bool, day: str, channel: str = "email", purpose: str = "marketing") -> None:
        session.execute(
            text(
                "insert into consents (customer_id, purpose, channel, granted, at)"
                " values (:c, :p, :k, :g, cast(:d as timestamptz))"
            ),
            {"c": house.ids[place], "p": purpose, "k": channel, "g": granted, "d": day},
        )

    said(1, True, "2024-01-01")
    said(2, True, "2024-01-01")
    said(2, False, "2025-01-01")
    said(3, False, "2024-01-01")
    said(3, True, "2025-01-01")
    said(4, True, "2024-01-01", "sms")
    said(5, True, "2024-01-01", purpose="service")
    tree = read_tree({"fact": "may_be_written_to", "op": "any_of", "values": ["email"]}, offers())
    found = save_segment(session, "Mail", tree, now, by=None)
    assert members_of(session, found, now=now) == sorted((house.ids[1], house.ids[3]))
    assert count(session, Not(tree), now) == 38
