"""Incidents: what is kept of them, and who hears what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from notifications.domain.incident import State
from notifications.outages import incidents
from notifications.outages.calls import calls, end_call, follow_calls, take_call
from notifications.outages.figures import reliability_by_month
from notifications.outages.incidents import By, Opening, open_incident
from notifications.outages.queries import outage as outage_of
from notifications.outages.reached import notices, older_than, standing
from notifications.outbox.queueing import queue_all
from notifications.tables import OutageEvent, OutageTelling
from utility_crm.customers.tables import Contact, Customer
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.network.tables import NetworkNode

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPS = By()


@dataclass
class Storm:
    """An hour-hand, and what the lane and the workers do between two events."""

    session: Session
    now: datetime = NOW
    said: list[tuple[str, str]] = field(default_factory=list)

    def open(self, node: int, state: State = State.CONFIRMED, estimated_at: datetime | None = None) -> int:
        return open_incident(self.session, Opening(node, self.now - HOUR, state, estimated_at), OPS, self.now)

    def tell(self, *, deliver: bool = True) -> list[tuple[str, str]]:
        """What the lane would do with everything that waits, once, and what is handed over of it."""
        came: list[tuple[str, str]] = []
        waits = select(OutageTelling).where(OutageTelling.ended_at.is_(None)).order_by(OutageTelling.event_id)
        for one in self.session.scalars(waits).all():
            found = standing(self.session, one.outage_id, self.now)
            older_than(self.session, found.about, one.event_id, self.now)
            follow_calls(self.session, found, self.now)
            made = notices(found, one.event_id, self.now)
            became = queue_all(self.session, made, self.now)
            assert [one.outcome for one in queue_all(self.session, made, self.now)] == ["already"] * len(made)
            came += [
                (notice.notice, notice.key.split(":")[3])
                for notice, what in zip(made, became, strict=True)
                if what.outcome == "queued"
            ]
            one.ended_at = self.now
        if deliver:
            self.deliver()
        return came

    def deliver(self, state: str = "sent") -> None:
        self.session.execute(
            text(
                "update outbox set state = :state, sent_at = case when :state = 'sent' then now() end, "
                "lease_until = case when :state = 'sending' then now() end where state = 'waiting'"
            ),
            {"state": state},
        )


@pytest.fixture
def storm(session: Session) -> Storm:
    return Storm(session)


def kinds(came: Sequence[tuple[str, str]]) -> set[str]:
    return {kind for kind, _number in came}


def test_a_storm_tells_each_what_they_do_not_know(storm: Storm, town: Any) -> None:
    town.person(town.west)
    town.person(town.west, flags=("medical",))
    town.person(town.east)
    outage = storm.open(town.west)
    # who depends on the supply comes first, whoever lives elsewhere hears nothing
    assert storm.tell() == [("unplanned_outage", "C0002"), ("unplanned_outage", "C0001")]
    incidents.estimate(storm.session, outage, NOW + HOUR, OPS, NOW)
    assert storm.tell() == [("outage_time_changed", "C0002"), ("outage_time_changed", "C0001")]
    storm.now = NOW + 2 * HOUR
    incidents.estimate(storm.session, outage, NOW + 3 * HOUR, OPS, storm.now)
    town.person(town.west)
    # who moved in since hears of it for the first time
    assert storm.tell() == [
        ("outage_time_changed", "C0002"),
        ("outage_time_changed", "C0001"),
        ("unplanned_outage", "C0004"),
    ]
    incidents.restore(storm.session, outage, storm.now, OPS, storm.now)
    assert kinds(came := storm.tell()) == {"outage_restored"} and len(came) == 3
    assert storm.tell() == []
    # ten notices went out, to three customers
    told = outage_of(storm.session, outage)
    assert (told.sent, told.waiting, told.not_sent, len(town.rows())) == (3, 0, 0, 10)
    row = town.rows()[-1]
    assert row.context["restored_at"] == (NOW + 2 * HOUR).isoformat()
    assert row.urgent and row.priority < 20


def test_a_report_tells_nobody_until_it_is_confirmed(storm: Storm, town: Any) -> None:
    town.person()
    outage = storm.open(town.west, State.REPORTED)
    assert storm.tell() == []
    incidents.confirm(storm.session, outage, OPS, NOW)
    assert storm.tell() == [("unplanned_outage", "C0001")]
    with pytest.raises(Conflict):
        incidents.confirm(storm.session, outage, OPS, NOW)


def test_nobody_hears_the_end_of_what_they_never_heard_of(storm: Storm, town: Any) -> None:
    town.person()
    outage = storm.open(town.west)
    storm.tell(deliver=False)
    incidents.restore(storm.session, outage, NOW, OPS, NOW)
    assert storm.tell() == []
    assert [(row.notice, row.state, row.reason) for row in town.rows()] == [
        ("unplanned_outage", "withheld", "no_longer_true")
    ]


def test_what_waits_is_told_with_the_new_time_instead(storm: Storm, town: Any) -> None:
    town.person()
    outage = storm.open(town.west, estimated_at=NOW + HOUR)
    storm.tell(deliver=False)
    incidents.estimate(storm.session, outage, NOW + 2 * HOUR, OPS, NOW)
    assert storm.tell() == [("unplanned_outage", "C0001")]
    old, new = town.rows()
    assert (old.state, new.state) == ("withheld", "sent")
    assert new.context["estimated_at"] == (NOW + 2 * HOUR).isoformat()


def test_of_what_is_being_sent_nobody_knows_yet(storm: Storm, town: Any) -> None:
    town.person()
    outage = storm.open(town.west)
    storm.tell(deliver=False)
    storm.deliver("sending")
    incidents.restore(storm.session, outage, NOW, OPS, NOW)
    found = standing(storm.session, outage, NOW)
    event = storm.session.scalar(select(OutageTelling.event_id).where(OutageTelling.ended_at.is_(None)))
    assert event is not None
    assert older_than(storm.session, found.about, event, NOW) == 1
    storm.session.execute(text("update outbox set state = 'sent', sent_at = now(), lease_until = null"))
    assert storm.tell() == [("outage_restored", "C0001")]


def test_who_called_about_it_hears_the_end(storm: Storm, town: Any) -> None:
    account = town.person(mail=None)
    outage = storm.open(town.west)
    storm.tell()
    storm.session.add(Contact(customer_id=account.customer_id, channel="call", topic="outage", at=NOW))
    town.person(mail=None)
    incidents.restore(storm.session, outage, NOW, OPS, NOW)
    storm.tell()
    # nobody can write to them; but the notice of the one who called says so
    assert [(row.notice, row.customer_id) for row in town.rows() if row.notice == "outage_restored"] == [
        ("outage_restored", account.customer_id)
    ]


def test_the_wrong_area_is_put_right_with_an_apology(storm: Storm, town: Any) -> None:
    town.person(town.west)
    town.person(town.east)
    outage = storm.open(town.west)
    storm.tell()
    incidents.correct_area(storm.session, outage, town.east, OPS, NOW)
    assert sorted(storm.tell()) == [("outage_apology", "C0001"), ("unplanned_outage", "C0002")]
    incidents.restore(storm.session, outage, NOW, OPS, NOW)
    assert storm.tell() == [("outage_restored", "C0002")]


def test_one_told_by_mistake_is_apologised_for(storm: Storm, town: Any) -> None:
    town.person()
    outage = storm.open(town.west)
    storm.tell()
    incidents.withdraw(storm.session, outage, OPS, NOW)
    assert storm.tell() == [("outage_apology", "C0001")]
    with pytest.raises(Conflict):
        incidents.restore(storm.session, outage, NOW, OPS, NOW)


def test_two_reports_are_one_incident_after_a_merge(storm: Storm, town: Any) -> None:
    town.person(town.west)
    town.person(town.east)
    first, second = storm.open(town.west), storm.open(town.east)
    assert len(storm.tell()) == 2
    incidents.merge(storm.session, second, first, OPS, NOW)
    assert storm.tell() == []  # both know
    incidents.estimate(storm.session, first, NOW + HOUR, OPS, NOW)
    assert sorted(storm.tell()) == [("outage_time_changed", "C0001"), ("outage_time_changed", "C0002")]
    with pytest.raises(Conflict):
        incidents.restore(storm.session, second, NOW, OPS, NOW)
    incidents.restore(storm.session, first, NOW, OPS, NOW)
    assert sorted(storm.tell()) == [("outage_restored", "C0001"), ("outage_restored", "C0002")]


def test_the_part_that_is_back_hears_so_and_the_rest_hears_on(storm: Storm, town: Any) -> None:
    town.person(town.west)
    town.person(town.east)
    outage = storm.open(town.area)
    storm.tell()
    incidents.split(storm.session, outage, town.east, NOW - HOUR / 2, OPS, NOW)
    assert storm.tell() == [("outage_restored", "C0002")]
    with pytest.raises(Conflict):
        incidents.split(storm.session, outage, town.east, NOW, OPS, NOW)
    incidents.estimate(storm.session, outage, NOW + HOUR, OPS, NOW)
    assert storm.tell() == [("outage_time_changed", "C0001")]
    incidents.restore(storm.session, outage, NOW, OPS, NOW)
    assert storm.tell() == [("outage_restored", "C0001")]


def test_those_who_depend_on_it_are_called(storm: Storm, town: Any, session: Session) -> None:
    medical = town.person(flags=("medical",))
    critical = town.person()
    session.get_one(Customer, critical.customer_id).tags = ["critical"]
    town.person()
    session.flush()
    outage = storm.open(town.west)
    storm.tell()
    user = session.execute(
        text(
            "insert into users (login, name, role, password_hash) "
            "values ('a', 'Ann', 'agent', 'x') returning id"
        )
    ).scalar_one()
    waiting = calls(session, outage_id=outage, waiting=True)
    assert [(one.customer_id, one.why) for one in waiting] == [
        (medical.customer_id, "medical"),
        (critical.customer_id, "critical"),
    ]
    take_call(session, waiting[0].id, user, NOW)
    with pytest.raises(Conflict):
        take_call(session, waiting[0].id, user + 1, NOW)
    with pytest.raises(Invalid):
        end_call(session, waiting[0].id, user, " ", NOW)
    end_call(session, waiting[0].id, user, "has a battery for six hours", NOW)
    with pytest.raises(Conflict):
        end_call(session, waiting[0].id, user, "again", NOW)
    incidents.restore(session, outage, NOW, OPS, NOW)
    storm.tell()
    assert [one.state for one in calls(session, outage_id=outage)] == ["done", "dropped"]


def test_every_change_is_kept_and_stays(storm: Storm, town: Any, session: Session) -> None:
    outage = storm.open(town.west, State.REPORTED)
    incidents.estimate(session, outage, NOW + HOUR, By(note="crew says so"), NOW)
    incidents.restore(session, outage, NOW, OPS, NOW)
    incidents.close(session, outage, OPS, NOW)
    events = session.scalars(select(OutageEvent).order_by(OutageEvent.id)).all()
    assert [(one.kind, one.state) for one in events] == [
        ("reported", "reported"),
        ("estimated", "estimated"),
        ("restored", "restored"),
        ("closed", "closed"),
    ]
    assert events[1].note == "crew says so" and events[1].estimated_at == NOW + HOUR
    for statement in ("update outage_events set note = 'x'", "delete from outage_events"):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(statement))


def test_what_cannot_be_is_refused(storm: Storm, town: Any, session: Session) -> None:
    with pytest.raises(NotFound):
        storm.open(10**9)
    with pytest.raises(Invalid):
        open_incident(session, Opening(town.west, NOW + HOUR), OPS, NOW)
    with pytest.raises(Invalid):
        open_incident(session, Opening(town.west, NOW, State.ESTIMATED), OPS, NOW)
    outage = storm.open(town.west)
    with pytest.raises(Invalid):
        incidents.estimate(session, outage, NOW - HOUR, OPS, NOW)
    with pytest.raises(Invalid):
        incidents.restore(session, outage, NOW + HOUR, OPS, NOW)
    with pytest.raises(Invalid):
        incidents.split(session, outage, town.east, NOW, OPS, NOW)
    with pytest.raises(Invalid):
        incidents.merge(session, outage, outage, OPS, NOW)


def test_what_came_back_in_steps_is_counted_once_and_told_its_own_time(
    storm: Storm, town: Any, session: Session
) -> None:
    """Of an area with four customers one transformer comes back first, then its feeder, then the rest."""
    inner = NetworkNode(code="A-W-1", name="One", kind="transformer", parent_id=town.west)
    session.add(inner)
    session.flush()
    first, _second = town.person(inner.id), town.person(town.west)
    _third, _fourth = town.person(town.east), town.person(town.east)
    outage = storm.open(town.area)
    twin = storm.open(town.area)
    began = storm.now - HOUR
    for node, minutes in ((inner.id, 10), (town.west, 30)):
        storm.now = NOW + timedelta(minutes=minutes)
        incidents.split(session, outage, node, storm.now, OPS, storm.now)
    found = standing(session, outage, storm.now)
    assert found.reached[first.customer_id, "Europe/London"].back_at == NOW + timedelta(minutes=10)
    with pytest.raises(Conflict):
        incidents.split(session, outage, inner.id, storm.now, OPS, storm.now)
    incidents.merge(session, outage, twin, OPS, storm.now)
    storm.now = NOW + HOUR
    incidents.restore(session, twin, storm.now, OPS, storm.now)
    (row,) = [one for one in reliability_by_month(session, storm.now) if one.interruptions]
    assert began == NOW - HOUR
    assert (row.served, row.interruptions, row.minutes) == (4, 4, 70 + 90 + 2 * 120)
