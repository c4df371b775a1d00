"""Who hears that nothing comes from their meter: once a silence, and not where something explains it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import Supplied, World, flat
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from billing.telling.jobs import JOBS
from billing.telling.of_use import SILENT_DAYS, tell_of_silent_meters
from notifications.outages.incidents import By, Opening, open_incident, restore
from notifications.tables import Outage
from utility_crm.customers.tables import ContactPoint, Occupancy
from utility_crm.network.tables import NetworkNode

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
LAST = TODAY - timedelta(days=SILENT_DAYS + 1)
"""Of one who has been silent for just as many days as make a silence, yesterday the last."""


def lives(world: World, *, heard: date | None = LAST, node: int | None = None) -> Supplied:
    """Somebody supplied since 2024 whose meter was heard on `heard` last."""
    one = world.supplied()
    premise = world.scalar(
        "update premises set node_id = :node "
        "where id = (select premise_id from service_points where id = :p) returning id",
        node=node,
        p=one.service_point_id,
    )
    address = f"{one.account}@example.org"
    world.session.add_all(
        [
            ContactPoint(customer_id=one.customer_id, kind="email", value=address, normal=address),
            Occupancy(account_id=one.account_id, premise_id=premise, starts_on=date(2024, 1, 1)),
        ]
    )
    world.session.flush()
    if heard is not None:
        came(world, one, heard)
    return one


def came(world: World, one: Supplied, last: date, *, estimated_from: date | None = None) -> None:
    """The counts as they are after the days until `last` came; from a day on all of them estimated."""
    given = {"c": one.channel_id, "last": last, "first": date(2024, 1, 1)}
    world.session.execute(
        text(
            "insert into channel_spans (channel_id, readings, first_day, last_day) "
            "values (:c, 48, :first, :last) on conflict (channel_id) do update set last_day = :last"
        ),
        given,
    )
    if estimated_from is not None:
        days = [estimated_from + timedelta(days=back) for back in range((last - estimated_from).days + 1)]
        world.session.execute(
            text("insert into odd_days values (:c, :day, 48, 48, 48, 0)"),
            [{"c": one.channel_id, "day": day} for day in days],
        )


def told(session: Session) -> list[Any]:
    return list(session.execute(text("select * from outbox where notice = 'meter_silent' order by key")))


@pytest.fixture
def node(session: Session) -> int:
    made = NetworkNode(code="A", name="Area", kind="area", parent_id=None)
    session.add(made)
    session.flush()
    return made.id


@pytest.fixture(autouse=True)
def tariff(world: World) -> None:
    world.tariff(flat())


def test_a_silence_is_told_once_and_the_next_one_anew(session: Session, world: World) -> None:
    one = lives(world)
    lives(world, heard=LAST + timedelta(days=1))  # a day short of a silence
    lives(world, heard=None)  # never sent anything: it is being set up
    assert tell_of_silent_meters(session, NOW) == "1 queued of 1 silent meters"
    assert tell_of_silent_meters(session, NOW + timedelta(hours=1)) == "0 queued of 0 silent meters"
    (notice,) = told(session)
    point = world.point_code(one.service_point_id)
    assert notice.key == f"meter_silent:{point}:{LAST + timedelta(days=1)}"
    assert notice.context["place"].endswith("Test Row") and notice.state == "waiting"
    came(world, one, TODAY - timedelta(days=1))
    assert tell_of_silent_meters(session, NOW + timedelta(days=1)) == "1 queued of 1 silent meters"
    states = sorted(row.state for row in told(session))
    assert states == ["waiting", "withheld"], "the one was heard before the letter left, the other is due now"
    later = NOW + timedelta(days=SILENT_DAYS)
    assert tell_of_silent_meters(session, later) == "1 queued of 1 silent meters"
    assert [row.context["silent_from"] for row in told(session) if point in row.key] == [
        (LAST + timedelta(days=1)).isoformat(), TODAY.isoformat(),
    ]  # fmt: skip
    assert tell_of_silent_meters in [job.run for job in JOBS]


def test_estimates_do_not_end_a_silence(session: Session, world: World) -> None:
    one = lives(world)
    came(world, one, TODAY - timedelta(days=1), estimated_from=LAST + timedelta(days=1))
    assert tell_of_silent_meters(session, NOW) == "1 queued of 1 silent meters"
    (notice,) = told(session)
    assert notice.context["silent_from"] == (LAST + timedelta(days=1)).isoformat()


def test_what_a_person_read_off_the_dials_does(session: Session, world: World) -> None:
    one = lives(world)
    register = world.scalar(
        "insert into registers (service_point_id, name, unit, direction) "
        "values (:p, 'T1', 'kWh', 'import') returning id",
        p=one.service_point_id,
    )
    session.execute(
        text(
            "insert into register_reads (register_id, read_at, kind, meter, figure, exponent, feed_id) "
            "values (:r, :at, 'customer', '', 1, 0, 1)"
        ),
        {"r": register, "at": NOW - timedelta(days=2)},
    )
    assert tell_of_silent_meters(session, NOW) == "0 queued of 0 silent meters"


def test_where_supply_has_ended_nothing_is_missed(session: Session, world: World) -> None:
    one, other = lives(world), lives(world)
    session.execute(
        text("update agreements set ends_before = :day, end_reason = 'switched' where id = :id"),
        {"day": TODAY, "id": one.agreement_id},
    )
    session.execute(
        text("update occupancies set ends_before = :day where account_id = :id"),
        {"day": TODAY, "id": other.account_id},
    )
    assert tell_of_silent_meters(session, NOW) == "0 queued of 0 silent meters"


@pytest.mark.parametrize(
    ("restored_days_ago", "tells"), [(None, 0), (SILENT_DAYS - 1, 0), (SILENT_DAYS + 1, 1)]
)
def test_an_outage_explains_a_silence_and_one_long_over_does_not(
    session: Session, world: World, node: int, restored_days_ago: int | None, tells: int
) -> None:
    lives(world, node=node, heard=TODAY - timedelta(days=20))
    lives(world, heard=TODAY - timedelta(days=20))  # elsewhere
    began = NOW - timedelta(days=19)
    outage = open_incident(session, Opening(node, began), By(None), began)
    if restored_days_ago is not None:
        back = NOW - timedelta(days=restored_days_ago)
        restore(session, outage, back, By(None), NOW)
    assert tell_of_silent_meters(session, NOW).startswith(f"{1 + tells} queued")


def test_works_explain_it_too_while_they_last(session: Session, world: World, node: int) -> None:
    lives(world, node=node)
    works = {"planned": True, "node_id": node, "created_at": NOW, "source": "screen", "state": "confirmed"}
    session.add(Outage(**works, starts_at=NOW - timedelta(days=9), ends_at=NOW + timedelta(days=1)))
    session.flush()
    assert tell_of_silent_meters(session, NOW).startswith("0 queued")
    assert tell_of_silent_meters(session, NOW + timedelta(days=SILENT_DAYS + 2)).startswith("1 queued")


def test_an_area_that_falls_silent_at_once_is_a_feed_and_no_meter(
    session: Session, world: World, node: int
) -> None:
    for number in range(10):
        lives(world, node=node, heard=LAST if number < 5 else TODAY)
    lives(world)
    assert tell_of_silent_meters(session, NOW) == "1 queued of 1 silent meters"


def test_many_cost_as_many_statements_as_one(session: Session, world: World) -> None:
    counts = []
    for more in (1, 3):
        for _ in range(more):
            lives(world)
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        bind = session.connection()
        event.listen(bind, "before_cursor_execute", note)
        tell_of_silent_meters(session, NOW)
        event.remove(bind, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] > 2 and len(told(session)) == 4
