"""Meters seen from elsewhere: the search box, the customer's timeline, places, the standard time of files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from meter_files import csv_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.completeness import refresh
from meters.customer import ROOM
from meters.places import assign_service_point, count_unassigned, free_premises, unassigned_points
from meters.search import BEGINS, EXACT, find_meters
from meters.standard_time import StandardTimes
from meters.tables import Meter, ServicePoint
from utility_crm.customers.tables import Account, Customer, Occupancy
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.kit.masking import Reader, reading
from utility_crm.kit.parts import CustomerCall

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Home:
    """Somebody who lives somewhere."""

    customer_id: int
    premise_id: int


@pytest.fixture
def home(session: Session, premise: Callable[..., int]) -> Callable[..., Home]:
    """`home("P1")`: somebody new at a premise; `at` is one that exists."""

    def made(
        code: str, since: date = date(2020, 1, 1), until: date | None = None, at: int | None = None
    ) -> Home:
        who = Customer(number=f"C-{code}", kind="person", name=code, segment="household", since=since)
        session.add(who)
        session.flush()
        account = Account(
            number=f"A-{code}",
            customer_id=who.id,
            payer_id=who.id,
            cycle_day=1,
            currency="GBP",
            opened_on=since,
        )
        session.add(account)
        session.flush()
        place = at or premise(code)
        session.add(Occupancy(account_id=account.id, premise_id=place, starts_on=since, ends_before=until))
        session.flush()
        return Home(who.id, place)

    return made


def point(session: Session, code: str, premise_id: int | None, serial: str = "") -> None:
    made = ServicePoint(code=code, premise_id=premise_id)
    session.add(made)
    session.flush()
    if serial:
        session.add(Meter(serial=serial, service_point_id=made.id, installed_on=date(2020, 1, 1)))
        session.flush()


def timeline(session: Session, customer_id: int) -> list[tuple[str, str, str]]:
    refresh(session, TODAY, NOW)
    call = CustomerCall(session, customer_id, NOW, TODAY)
    assert ROOM.timeline is not None
    found = sorted(ROOM.timeline(call), key=lambda entry: entry.at, reverse=True)
    assert all(entry.kind == "Meter" for entry in found)
    return [(entry.title, entry.detail, entry.tone) for entry in found]


def test_a_serial_or_a_code_finds_who_lives_there(session: Session, home: Callable[..., Home]) -> None:
    ada, ben = home("ada"), home("ben")
    point(session, "2600000011099", ada.premise_id, "E19-401850")
    point(session, "2600000012108", ben.premise_id, "E19-402035")
    (hit,) = find_meters(session, "e19-4018", 9)
    assert (hit.customer_id, hit.why, hit.rank) == (ada.customer_id, "E19-401850", BEGINS)
    (whole,) = find_meters(session, "E19-402035", 9)
    assert (whole.customer_id, whole.rank) == (ben.customer_id, EXACT)
    spaced = find_meters(session, "26 0000 0011099", 9)
    assert [(hit.customer_id, hit.rank) for hit in spaced] == [(ada.customer_id, EXACT)]
    assert {hit.customer_id for hit in find_meters(session, "26000000", 9)} == {
        ada.customer_id,
        ben.customer_id,
    }
    assert len(find_meters(session, "26000000", 1)) == 1


def test_words_and_wild_cards_find_no_meter(session: Session, home: Callable[..., Home]) -> None:
    point(session, "E1_9", home("ada").premise_id, "Meter")
    assert find_meters(session, "Meter", 9) == []
    assert find_meters(session, "%1", 9) == [] == find_meters(session, "E1%9", 9)
    assert len(find_meters(session, "e1_9", 9)) == 1
    assert find_meters(session, "E1x9", 9) == []


def test_the_meter_finds_whoever_moved_in_last(session: Session, home: Callable[..., Home]) -> None:
    ada = home("ada", until=date(2025, 1, 1))
    ben = home("ben", since=date(2025, 1, 1), at=ada.premise_id)
    point(session, "SP1", ada.premise_id)
    assert [hit.customer_id for hit in find_meters(session, "SP1", 9)] == [ben.customer_id]


def test_the_timeline_tells_gaps_estimates_and_corrections(session, take, home, tmp_path) -> None:
    ada = home("ada")
    point(session, "SP1", ada.premise_id)
    kept = [TODAY - DAY * back for back in range(60, 0, -1) if back not in (5, 6)]
    take(csv_file(tmp_path, "a.csv", *[("SP1", day, [1] * 48) for day in kept]))
    gap = [1] * 34 + [None] * 14
    session.execute(text("delete from blocks where day = :day"), {"day": TODAY - DAY * 10})
    take(csv_file(tmp_path, "b.csv", ("SP1", TODAY - DAY * 10, gap)))
    guessed = [("SP1", TODAY - DAY * back, [2] * 48) for back in (20, 19, 18)]
    take(csv_file(tmp_path, "c.csv", *guessed, quality="estimated"))
    session.execute(text("update feeds set received_at = '2026-11-20 09:00Z'"))
    assert timeline(session, ada.customer_id) == [
        ("Readings corrected", "31 Oct – 2 Nov · SP1", "ok"),
        ("No readings", "14 Nov – 15 Nov · SP1", "warn"),
        ("14 readings missing", "10 Nov · SP1", "warn"),
        ("144 readings estimated", "31 Oct – 2 Nov · SP1", "wait"),
    ]
    take(csv_file(tmp_path, "d.csv", *[(code, day, [3] * 48) for code, day, _values in guessed]))
    assert timeline(session, ada.customer_id)[0][0] == "Estimates replaced by readings"


def test_an_exchanged_meter_stands_on_the_timeline(session: Session, home: Callable[..., Home]) -> None:
    ada = home("ada")
    point(session, "SP1", ada.premise_id, "OLD-1")
    session.execute(text("update meters set removed_before = '2026-11-03'"))
    session.execute(
        text(
            "insert into meters (serial, service_point_id, installed_on) "
            "select 'NEW-200417', id, '2026-11-03' from service_points"
        )
    )
    assert timeline(session, ada.customer_id) == [("Meter exchanged", "••• 417", "")], (
        "it is asked of callers"
    )
    with reading(Reader(lambda _: False, lambda: (ada.customer_id,))):
        assert timeline(session, ada.customer_id) == [("Meter exchanged", "NEW-200417", "")]


def test_a_silent_meter_is_something_to_do(session, take, home, tmp_path) -> None:
    ada, ben = home("ada"), home("ben")
    point(session, "SP1", ada.premise_id)
    point(session, "SP2", ben.premise_id)
    days = [TODAY - DAY * back for back in range(60, 0, -1)]
    take(
        csv_file(
            tmp_path,
            "a.csv",
            *[("SP1", day, [1] * 24) for day in days[:-2]],
            *[("SP2", day, [1] * 24) for day in days[:-1]],
        )
    )
    refresh(session, TODAY, NOW)
    assert ROOM.todos is not None
    told = [
        [todo.text for todo in ROOM.todos(CustomerCall(session, who.customer_id, datetime.now(UTC), TODAY))]
        for who in (ada, ben)
    ]
    assert told == [["No readings since 18 Nov"], []], "one day may still come"


def test_places_are_given_once(session: Session, take, premise, tmp_path) -> None:
    take(
        csv_file(
            tmp_path,
            "a.csv",
            ("SP1", TODAY, [1] * 24),
            ("SP1", TODAY - DAY, [1] * 24),
            ("SP2", TODAY, [1] * 24),
        )
    )
    first, second = premise("P1"), premise("P2")
    assert count_unassigned(session) == 2
    assert [(one.code, one.channels, one.days, one.first_day) for one in unassigned_points(session)] == [
        ("SP1", ("import kWh",), 2, TODAY - DAY),
        ("SP2", ("import kWh",), 1, TODAY),
    ]
    assert {one.code for one in free_premises(session)} == {"P1", "P2"}
    assign_service_point(session, "SP1", "P1")
    assign_service_point(session, "SP1", "P1")
    with pytest.raises(Conflict):
        assign_service_point(session, "SP1", "P2")
    with pytest.raises(NotFound):
        assign_service_point(session, "SP9", "P2")
    with pytest.raises(NotFound):
        assign_service_point(session, "SP2", "P9")
    assert count_unassigned(session) == 1 and [one.code for one in free_premises(session)] == ["P2"]
    assert session.scalar(text("select premise_id from service_points where code = 'SP1'")) == first != second


def test_standard_times_one_by_one_and_all_at_once(session: Session, premise: Callable[..., int]) -> None:
    zones = {"SP0": ("Europe/Moscow", 180), "SP1": ("Europe/London", 0), "SP2": ("America/New_York", -300)}
    for code, (zone, _offset) in zones.items():
        point(session, code, premise(f"P-{code}", zone))
    point(session, "FREE", None)
    session.execute(
        text(
            "insert into channels (service_point_id, name, unit, direction, offset_minutes) "
            "select id, 'E1', 'kWh', 'import', 600 from service_points where code = 'SP1'"
        )
    )
    expected = {"SP0": 180, "SP1": 600, "SP2": -300, "FREE": None, "UNKNOWN": None}
    few = StandardTimes(session)
    assert {code: few(code) for code in expected} == expected
    many = StandardTimes(session)
    assert [many(f"N{number}") for number in range(30)] == [None] * 30
    assert {code: many(code) for code in expected} == expected
