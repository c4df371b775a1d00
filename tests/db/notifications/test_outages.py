"""Who is told that the supply will be off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.domain.permission import Reason
from notifications.jobs import tell_newcomers
from notifications.outages.announcing import Interruption, audience, plan_outage
from notifications.outbox.claims import Terms, claim
from notifications.outbox.settling import Tried, settle
from notifications.tables import Outage
from utility_crm.kit.errors import Invalid, NotFound

STARTS = datetime(2026, 11, 27, 9, tzinfo=UTC)


def interruption(node: int) -> Interruption:
    return Interruption(node, STARTS, STARTS + timedelta(hours=3), "a new transformer")


def keys(town: Any) -> list[str]:
    return [row.key.split(":")[2] for row in town.rows()]


def test_everyone_below_the_node_is_told_and_nobody_else(session: Session, town: Any, now: datetime) -> None:
    town.person(town.west)
    town.person(town.east)
    town.person(town.east)
    plan_outage(session, interruption(town.east), now)
    assert keys(town) == ["C0002", "C0003"]
    plan_outage(session, interruption(town.area), now)
    assert keys(town)[2:] == ["C0001", "C0002", "C0003"]


def test_those_who_depend_on_it_come_first(session: Session, town: Any, now: datetime) -> None:
    for flags in ((), ("vulnerable",), ("medical",), (), ("vulnerable", "medical")):
        town.person(flags=flags)
    plan_outage(session, interruption(town.west), now)
    # a flag of two kinds is one customer; both medical ones before the vulnerable one
    assert keys(town) == ["C0005", "C0003", "C0002", "C0001", "C0004"]
    assert [row.priority for row in town.rows()] == [0, 0, 1, 10, 10]
    assert [row.context["medical"] for row in town.rows()] == [True, True, False, False, False]


def test_who_moved_out_before_or_moves_in_after_is_not_told(
    session: Session, town: Any, now: datetime
) -> None:
    day = date(2026, 11, 27)
    town.person(until=day)
    town.person(until=day + timedelta(days=1))
    town.person(since=day)
    town.person(since=day + timedelta(days=1))
    plan_outage(session, interruption(town.west), now)
    assert keys(town) == ["C0002", "C0003"]


def test_who_moves_in_is_told_when_it_is_announced_again(session: Session, town: Any, now: datetime) -> None:
    town.person()
    first = plan_outage(session, interruption(town.west), now)
    town.person()
    again = plan_outage(session, interruption(town.west), now)
    assert first.outage_id == again.outage_id
    assert again.counts == {"already": 1, "queued": 1}
    assert session.scalar(select(func.count(Outage.id))) == 1


def test_another_reason_is_the_outages_and_of_all_who_are_still_to_be_told(
    session: Session, town: Any, now: datetime
) -> None:
    town.person()
    first = plan_outage(session, interruption(town.west), now)
    (gone,) = claim(session, now, Terms(), "care@utility.example")[1]
    settle(session, [Tried(gone, "taken", now, "subject")], now)
    town.person()
    plan_outage(session, interruption(town.west), now)
    town.person()
    cable = replace(interruption(town.west), reason="a broken cable")
    again = plan_outage(session, cable, now)
    assert (again.outage_id, again.counts) == (first.outage_id, {"already": 2, "queued": 1})
    assert session.scalars(select(Outage.reason)).all() == ["a broken cable"]
    assert [(row.state, row.context["reason"]) for row in town.rows()] == [
        ("sent", "a new transformer"),
        ("waiting", "a broken cable"),
        ("waiting", "a broken cable"),
    ]


def test_one_customer_with_two_premises_gets_one_notice(session: Session, town: Any, now: datetime) -> None:
    account, second = town.person(), town.person(town.east)
    second.customer_id = account.customer_id
    session.flush()
    plan_outage(session, interruption(town.area), now)
    (row,) = town.rows()
    assert row.context["places"] == ["1 Mill Lane", "2 Mill Lane"]


def test_the_preview_says_what_the_announcement_does(session: Session, town: Any, now: datetime) -> None:
    town.person(flags=("medical",))
    town.person(mail=None, flags=("vulnerable",))
    town.person(zone="Asia/Vladivostok")
    silent = town.person()
    record_consent(session, silent.customer_id, "service", "email", granted=False, now=now, proof="letter")
    at_night_there = now.replace(hour=12)
    seen = audience(session, interruption(town.west), at_night_there)
    assert (seen.customers, seen.medical, seen.vulnerable, seen.now, seen.later) == (4, 1, 1, 1, 1)
    assert seen.withheld == {Reason.NO_ADDRESS: 1, Reason.CONSENT_WITHDRAWN: 1}
    assert town.rows() == []
    done = plan_outage(session, interruption(town.west), at_night_there)
    assert done.counts == {"queued": seen.now + seen.later, "withheld": seen.withheld.total()}  # type: ignore[attr-defined]


def test_a_night_call_only_for_those_who_depend_on_it_and_only_if_morning_is_too_late(
    session: Session, town: Any
) -> None:
    town.person(flags=("medical",))
    town.person()
    night = datetime(2026, 11, 26, 22, tzinfo=UTC)
    plan_outage(session, interruption(town.west), night)
    assert [row.not_before for row in town.rows()] == [datetime(2026, 11, 27, 8, tzinfo=UTC)] * 2
    early = replace(interruption(town.west), starts_at=STARTS - timedelta(hours=2))
    plan_outage(session, early, night)
    assert [(row.urgent, row.not_before) for row in town.rows()[2:]] == [
        (True, night),
        (False, datetime(2026, 11, 27, 8, tzinfo=UTC)),
    ]


def test_a_notice_that_can_only_come_afterwards_is_not_sent(session: Session, town: Any) -> None:
    town.person()
    night = datetime(2026, 11, 26, 22, tzinfo=UTC)
    over_by_seven = Interruption(town.west, night + timedelta(hours=6), night + timedelta(hours=9))
    (became,) = plan_outage(session, over_by_seven, night).notices
    assert (became.outcome, became.reason) == ("withheld", Reason.TOO_LATE)


def test_what_makes_no_sense_is_refused(session: Session, town: Any, now: datetime) -> None:
    right = interruption(town.west)
    with pytest.raises(NotFound):
        plan_outage(session, replace(right, node_id=999_999), now)
    with pytest.raises(Invalid, match="end after"):
        plan_outage(session, replace(right, ends_at=right.starts_at), now)
    with pytest.raises(Invalid, match="future"):
        plan_outage(session, replace(right, starts_at=now), now)
    assert session.scalar(select(func.count(Outage.id))) == 0


def test_works_far_ahead_are_told_of_when_their_time_has_come(
    session: Session, town: Any, now: datetime
) -> None:
    town.person(town.west)
    far = replace(
        interruption(town.west), starts_at=now + timedelta(days=60), ends_at=now + timedelta(days=61)
    )
    assert audience(session, far, now).lead.waits
    done = plan_outage(session, far, now)
    assert done.notices == () and done.lead.tell_from == (now + timedelta(days=32)).date()
    assert tell_newcomers(session, now + timedelta(days=31)).endswith("0 more notices, 0 withheld")
    assert town.rows() == []
    assert tell_newcomers(session, now + timedelta(days=32)).endswith("1 more notices, 0 withheld")
    assert tell_newcomers(session, now + timedelta(days=33)).endswith("0 more notices, 0 withheld")


@pytest.mark.parametrize(("days", "late"), [(3, 0), (2, 0), (1, 1)])
def test_works_told_too_late_say_so_and_are_told_all_the_same(
    session: Session, town: Any, now: datetime, days: int, late: int
) -> None:
    town.person(town.west)
    starts = now + timedelta(days=days)
    soon = replace(interruption(town.west), starts_at=starts, ends_at=starts + timedelta(hours=1))
    seen = audience(session, soon, now)
    assert (seen.lead.days_late, seen.customers) == (late, 1)
    done = plan_outage(session, soon, now)
    assert done.lead.days_late == late and done.counts == {"queued": 1}
    assert "2015/699" in done.lead.rule.source
