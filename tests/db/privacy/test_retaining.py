"""Old data goes at night: in batches, up to one instant, but not what a hold keeps, and never too much."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.privacy.reading import agings
from utility_crm.privacy.retaining import (
    begin_night,
    cut_of,
    go_on,
    nights,
    retained,
    set_months,
    would_go,
)

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=2000)


@pytest.fixture
def house(session: Session) -> Session:
    session.execute(
        text("""insert into customers (number, kind, name, segment, since) values
                ('R1', 'person', 'Ruth Lane', 'household', '2019-01-01'),
                ('R2', 'person', 'Tom Reed', 'household', '2019-01-01')""")
    )
    for number, at, note in (("R1", OLD, "old"), ("R1", NOW, "new"), ("R2", OLD, "old of the held")):
        session.execute(
            text("""insert into contacts (customer_id, at, channel, topic, note)
                    select id, :at, 'call', 'bill', :note from customers where number = :number"""),
            {"number": number, "at": at, "note": note},
        )
    session.execute(
        text("""insert into calls (provider_call, direction, state, began_at, ended_at, recording)
                select 'c' || n, 'in', 'ended', :at, :at, 'https://pbx.example/' || n
                from generate_series(1, 25) n"""),
        {"at": OLD},
    )
    session.execute(
        text("""insert into privacy_holds (customer_id, reason, placed_at, review_on)
                select id, 'a case in court', :now, '2027-01-01' from customers where number = 'R2'"""),
        {"now": NOW},
    )
    return session


def notes(session: Session) -> list[str]:
    return list(session.scalars(text("select note from contacts where note <> '' order by note")))


def recordings(session: Session) -> int:
    return int(session.scalar(text("select count(*) from calls where recording <> ''")) or 0)


def test_a_dry_run_counts_and_changes_nothing(house: Session) -> None:
    counted = would_go(house, NOW, "Europe/London")
    assert (counted["contacts.note"].gone, counted["contacts.note"].held) == (1, 1)
    assert counted["calls.recording"].gone == 25 and counted["audit"].gone is None
    assert recordings(house) == 25 and len(notes(house)) == 3


def test_every_kind_can_be_counted_and_forgotten(house: Session) -> None:
    """Whatever a package says of age is a statement that the database takes."""
    begun = begin_night(house, NOW, "Europe/London")
    assert begun == len(list(agings())) == len(would_go(house, NOW, "Europe/London"))
    more = True
    while more:
        _gone, more = go_on(house, NOW)
    assert not house.scalar(text("select count(*) from retention_runs where ended_at is null"))


def test_it_goes_in_batches_that_go_on_where_they_were(house: Session) -> None:
    assert begin_night(house, NOW - timedelta(hours=2), "Europe/London") == 0  # not night yet
    begin_night(house, NOW, "Europe/London")
    assert begin_night(house, NOW, "Europe/London") == 0
    calls, left = 0, []
    more = True
    while more:
        gone, more = go_on(house, NOW, batch=10, batches=1)
        assert gone <= 10
        calls += 1
        left.append(recordings(house))
    assert {25, 15, 5, 0} <= set(left) and calls > len(list(agings()))
    assert notes(house) == ["new", "old of the held"]
    rows = {one.kind: one for one in nights(house)}
    assert (rows["calls.recording"].gone, rows["calls.recording"].batches) == (25, 3)
    assert (rows["contacts.note"].gone, rows["contacts.note"].held) == (1, 1)
    assert begin_night(house, NOW + timedelta(hours=3), "Europe/London") == 0
    assert begin_night(house, NOW + timedelta(days=1), "Europe/London") == len(list(agings()))


def test_a_hold_keeps_pairs_by_either_side_and_mail_by_its_sender(house: Session) -> None:
    house.execute(text("insert into customers (number, kind, name, segment, since) "
                       "values ('R3', 'person', 'Tim Reed', 'household', '2019-01-01')"))  # fmt: skip
    house.execute(
        text("""insert into duplicate_pairs (customer_a, customer_b, score, reasons, found_at, state,
                    decided_at)
                select a.id, b.id, 0.9, '[]', :at, 'different', :at from customers a join customers b
                on a.id < b.id where a.number like 'R_' and b.number like 'R_'"""),
        {"at": OLD - timedelta(days=1000)},
    )
    house.execute(
        text("""insert into contact_points (customer_id, kind, value, normal)
                select id, 'email', 'tom@mail.example', 'tom@mail.example' from customers
                where number = 'R2'""")
    )
    for sender in ("Tom@mail.example", "other@mail.example"):
        house.execute(
            text("""insert into arrivals (channel, digest, sha256, raw, size_bytes, received_at, sender,
                        state, reason)
                    values ('email', :sender, '', 'x', 1, :at, :sender, 'ignored', 'list')"""),
            {"at": OLD, "sender": sender},
        )
    counted = would_go(house, NOW, "Europe/London")
    assert [(counted[one].gone, counted[one].held) for one in ("duplicate_pairs", "arrivals.ignored")] == [
        (1, 2), (1, 1)
    ]  # fmt: skip
    begin_night(house, NOW, "Europe/London")
    more = True
    while more:
        _gone, more = go_on(house, NOW)
    assert house.scalars(text("select sender from arrivals")).all() == ["Tom@mail.example"]
    assert house.scalar(text("select count(*) from duplicate_pairs")) == 2


def test_a_rule_is_changed_with_its_reason_and_not_below_its_least(house: Session) -> None:
    user = house.scalar(
        text(
            "insert into users (login, name, role, password_hash) values ('r', 'R', 'admin', '') returning id"
        )
    )
    assert user
    with pytest.raises(Invalid):
        set_months(house, "audit", 1, "we want that", by=user, now=NOW)
    with pytest.raises(Invalid):
        set_months(house, "audit", 12, " ", by=user, now=NOW)
    with pytest.raises(NotFound):
        set_months(house, "gossip", 12, "who knows", by=user, now=NOW)
    set_months(house, "contacts.note", None, "the court keeps everything", by=user, now=NOW)
    set_months(house, "calls.recording", 100, "ten years of contracts", by=user, now=NOW)
    kept = {one.aging.kind: one for one in retained(house)}
    assert (
        kept["contacts.note"].months is None and kept["calls.recording"].because == "ten years of contracts"
    )
    counted = would_go(house, NOW, "Europe/London")
    assert counted["contacts.note"].gone == counted["calls.recording"].gone == 0


@pytest.mark.parametrize("months", [None, 100])
def test_a_night_that_is_begun_does_not_take_what_is_kept_longer_now(
    house: Session, months: int | None
) -> None:
    user = house.scalar(
        text(
            "insert into users (login, name, role, password_hash) values ('r', 'R', 'admin', '') returning id"
        )
    )
    assert user
    begin_night(house, NOW, "Europe/London")
    set_months(house, "calls.recording", months, "a case in court", by=user, now=NOW)
    more = True
    while more:
        _gone, more = go_on(house, NOW)
    assert recordings(house) == 25
    assert notes(house) == ["new", "old of the held"]


def test_the_audit_log_forgets_no_more_than_it_lets(house: Session) -> None:
    for at in (OLD, NOW):
        house.execute(text("insert into audit_log (at, kind, what) values (:at, 'view', 'x')"), {"at": at})
    begin_night(house, NOW, "Europe/London")
    more = True
    while more:
        _gone, more = go_on(house, NOW)
    assert house.scalars(text("select kind from audit_log order by id")).all() == ["view", "kept"]


def test_the_audit_log_of_who_is_under_a_hold_stays_also_of_their_stub(house: Session) -> None:
    house.execute(
        text("""insert into customers (number, kind, name, segment, since, merged_into_id)
                select 'R2-old', 'person', 'T Reed', 'household', '2019-01-01', id from customers
                where number = 'R2'""")
    )
    house.execute(
        text("insert into audit_log (at, kind, what, customer_id) select :at, 'view', number, id "
             "from customers order by number"), {"at": OLD},
    )  # fmt: skip
    begin_night(house, NOW, "Europe/London")
    more = True
    while more:
        _gone, more = go_on(house, NOW)
    left = house.scalars(text("select what from audit_log where kind = 'view' order by what"))
    assert left.all() == ["R2", "R2-old"]


def test_a_cut_is_at_the_beginning_of_a_day() -> None:
    cut = cut_of(datetime(2026, 3, 31, 2, 30, tzinfo=UTC), 1, "Europe/Berlin")
    assert cut.date() == date(2026, 2, 28) and (cut.hour, cut.minute) == (0, 0)
