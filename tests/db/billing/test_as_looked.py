"""What a person looked at is what is issued, to the minor unit; anything else is refused, and says what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from billing_world import NOW, Supplied, World, flat, flat_version
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import draft_cycle, issue_cycle
from billing.actions.releasing import AnotherDraft, release_and_bill, renew_hold
from billing.actions.tariffs import import_tariff
from billing.cycles import Month
from billing.drafting.changed import DraftChanged, Looked
from billing.queries.gate import gate_book
from billing.queries.held import HeldRow, held_accounts
from billing.queries.runs import decisions_of
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Invalid, Refused

OCTOBER = Month(2026, 10)
TODAY = date(2026, 11, 20)


@pytest.fixture
def ops(session: Session) -> int:
    user = User(login="ops", name="Olga Ops", role="ops", password_hash="x")
    session.add(user)
    session.flush()
    return user.id


@pytest.fixture
def waiting(world: World, session: Session) -> tuple[Supplied, HeldRow]:
    """Two days of October are missing."""
    one = world.supplied()
    values: list[int | None] = [200_000] * (33 * 48)
    values[480:576] = [None] * 96
    world.read(one.channel_id, date(2026, 9, 30), values)
    issue_cycle(
        session, OCTOBER, 1, [one.account_id],
        issued_on=TODAY, known_at=NOW, now=NOW, gate=gate_book(session),
    )  # fmt: skip
    (row,) = held_accounts(session)
    assert row.codes == ("missing",) and row.known_at == NOW
    return one, row


def release(session: Session, row: HeldRow, user_id: int, *, seen: str = "", reason: str = "Seen") -> int:
    done = release_and_bill(
        session, row.id, seen or row.seen, user_id=user_id, reason=reason, today=TODAY, now=NOW
    )
    return len(done.bill_ids)


def test_it_is_issued_from_the_readings_it_was_made_from(
    world: World, session: Session, ops: int, waiting: tuple[Supplied, HeldRow]
) -> None:
    one, row = waiting
    later = world.feed(NOW + timedelta(hours=2))
    world.even(one.channel_id, date(2026, 10, 5), 3, 900_000, feed_id=later)
    assert release(session, row, ops, reason="The fitter was there") == 1
    total, known_at = session.execute(text("select total_minor, known_at from bills")).one()
    assert (total, known_at) == (row.total_minor, NOW)
    (told,) = decisions_of(session, row.id)
    assert (told.decision, told.reason, told.by) == ("released", "The fitter was there", "Olga Ops")


def test_a_price_changed_meanwhile_is_refused_with_what_changed(
    session: Session, ops: int, waiting: tuple[Supplied, HeldRow]
) -> None:
    _, row = waiting
    import_tariff(session, flat(versions=[flat_version("2024-01-01", "0.35")]), correct=True)
    with pytest.raises(DraftChanged, match="has changed since it was looked at") as told:
        release(session, row, ops)
    before, now = told.value.looked, told.value.now
    assert before is not None and now is not None
    assert before.total_minor == row.total_minor and now.total_minor > before.total_minor
    assert before.micro_kwh == now.micro_kwh
    assert session.scalar(text("select count(*) from bills")) == 0
    assert decisions_of(session, row.id) == ()
    anew = renew_hold(session, row.id, NOW, TODAY, NOW)
    assert anew is not None and anew.total_minor == now.total_minor and anew.seen != row.seen
    assert release(session, anew, ops) == 1


def test_a_draft_made_anew_since_is_not_released_for_the_one_that_was_shown(
    world: World, session: Session, ops: int, waiting: tuple[Supplied, HeldRow]
) -> None:
    one, row = waiting
    world.even(one.channel_id, date(2026, 10, 20), 3, 300_000, feed_id=world.feed(NOW + timedelta(hours=1)))
    issue_cycle(
        session, OCTOBER, 1, [one.account_id],
        issued_on=TODAY, known_at=NOW + timedelta(hours=3), now=NOW, gate=gate_book(session),
    )  # fmt: skip
    with pytest.raises(AnotherDraft) as told:
        release(session, row, ops)
    assert told.value.row.total_minor != row.total_minor
    assert release(session, row, ops, seen=told.value.row.seen) == 1


def test_what_was_put_right_is_held_no_more(
    world: World, session: Session, waiting: tuple[Supplied, HeldRow]
) -> None:
    one, row = waiting
    world.even(one.channel_id, date(2026, 10, 10), 2, 200_000)
    assert renew_hold(session, row.id, NOW, TODAY, NOW) is None
    assert session.scalar(text("select count(*) from bills")) == 0


def test_without_a_reason_nothing_is_released(
    session: Session, ops: int, waiting: tuple[Supplied, HeldRow]
) -> None:
    _, row = waiting
    with pytest.raises(Invalid, match="Say why"):
        release(session, row, ops, reason="  ")
    session.execute(text("update held_bills set figures = '{}'"))
    (row,) = held_accounts(session)
    with pytest.raises(Refused, match="Too little is kept"):
        release(session, row, ops)


def test_only_what_was_looked_at_goes_out(world: World, session: Session) -> None:
    one, other = world.supplied(), world.supplied()
    for each in (one, other):
        world.even(each.channel_id, date(2026, 9, 30), 33)
    gate = gate_book(session)

    def issued(looked: dict[int, Looked]) -> int:
        done = issue_cycle(
            session, OCTOBER, 1, [one.account_id, other.account_id],
            issued_on=TODAY, known_at=NOW, now=NOW, gate=gate, looked=looked,
        )  # fmt: skip
        return done.count

    drafted = draft_cycle(session, OCTOBER, 1, [one.account_id], known_at=NOW, issued_on=TODAY, gate=gate)
    with pytest.raises(DraftChanged) as told:
        issued(dict(drafted.looked))
    assert told.value.account == other.account and told.value.looked is None
    both = draft_cycle(
        session, OCTOBER, 1, [one.account_id, other.account_id], known_at=NOW, issued_on=TODAY, gate=gate
    )
    assert issued(dict(both.looked)) == 2
    assert issued(dict(both.looked)) == 0  # billed before: nothing is another
