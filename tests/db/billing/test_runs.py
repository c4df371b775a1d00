"""Runs that commit: repeated, two at once, killed between chunks, and from the clock."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, two_rate
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import billing.jobs
import billing.runs
from billing.actions.holds import release_held
from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.invoices import next_number
from billing.jobs import bill_what_is_due, remind_of_late_bills
from billing.queries.held import bill_runs, held_accounts, held_by_id
from billing.runs import issue_bills, issue_for_account, present_instant
from tests.worlds.lock_waits import until_all_wait
from utility_crm.app import load_tables
from utility_crm.auth.tables import User
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import Invalid, NotFound, Refused

TODAY = date(2026, 11, 3)


@pytest.fixture
def committed(fresh_database_url: str) -> Iterator[Engine]:
    load_tables()
    engine = make_engine(fresh_database_url, pool_size=4)
    yield engine
    engine.dispose()


def stock(engine: Engine, accounts: int) -> None:
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        world.tariff(two_rate())
        for number in range(accounts):
            one = world.supplied(("flat", "night")[number % 2], cycle_day=(1, 1, 15)[number % 3])
            if number != 4:
                world.random(one.channel_id, date(2026, 8, 31), 63, number)


def run(engine: Engine, **more: Any) -> billing.runs.BillRun:
    return issue_bills(engine, "2026-10", today=TODAY, now=NOW, known_at=NOW, **more)


def rows(engine: Engine, statement: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(statement)))


def books(engine: Engine) -> list[Any]:
    return rows(
        engine,
        "select b.number, b.account_id, b.total_minor, b.open_minor, "
        "(select sum(amount_minor) from bill_lines l where l.bill_id = b.id), "
        "(select sum(case debit when 'receivable' then amount_minor else -amount_minor end) "
        " from ledger_entries e where e.bill_id = b.id), a.balance_minor "
        "from bills b join account_balances a using (account_id) order by b.number",
    )


def check(engine: Engine, count: int) -> None:
    found = books(engine)
    assert [row[0] for row in found] == [f"2026-10-{number:06d}" for number in range(1, count + 1)]
    assert len({row[1] for row in found}) == count
    for row in found:
        assert row[2] == row[3] == row[4] == row[5] == row[6] > 0


def test_repeated_and_two_at_once_and_killed(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(committed, 12)
    monkeypatch.setattr(billing.runs, "CHUNK", 2)

    class Killed(Exception):
        pass

    def kill(done: int, _of: int) -> None:
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        run(committed, progress=kill)
    assert len(books(committed)) == 3  # four accounts, of which one is held

    start = Barrier(2)

    def together(_: int) -> billing.runs.BillRun:
        start.wait()
        return run(committed)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(together, range(2)))
    assert sum(one.issued for one in done) == 8
    assert [one.issued + one.unchanged for one in done] == [11, 11]
    assert [[hold.code for hold in one.held] for one in done] == [["no_readings"], ["no_readings"]]
    check(committed, 11)

    again = run(committed)
    assert (again.issued, again.unchanged, len(again.held)) == (0, 11, 1)
    check(committed, 11)


def test_the_database_itself_forbids_a_day_billed_twice(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue(session, one)
    with pytest.raises(Exception, match="ex_bills_once"), session.begin_nested():
        session.execute(
            text(
                "insert into bills (number, account_id, starts_on, ends_before, issued_on, due_on, currency, "
                "total_minor, open_minor, micro_kwh) select 'x', account_id, date '2026-10-31', "
                "date '2026-12-01', issued_on, due_on, currency, 0, 0, 0 from bills"
            )
        )


def issue(session: Session, account: Supplied, month: Month = Month(2026, 10)) -> None:
    issue_cycle(session, month, 1, [account.account_id], issued_on=TODAY, known_at=NOW, now=NOW)


def test_held_then_released_then_billed(world: World, session: Session) -> None:
    user = User(login="ops", name="Olga Ops", role="ops", password_hash="x")
    session.add(user)
    one = world.supplied()
    values: list[int | None] = [200_000] * (33 * 48)
    values[480:580] = [None] * 100
    world.read(one.channel_id, date(2026, 9, 30), values)
    issue(session, one)
    (held,) = held_accounts(session)
    assert (held.account, held.code, held.releasable) == (one.account, "missing", True)
    release_held(session, held.id, user.id, NOW, "Seen")
    assert release_held(session, held.id, user.id, NOW + timedelta(hours=1), "Seen").released_at == NOW
    assert held_by_id(session, held.id).released_by == "Olga Ops"
    issue_for_account(session, one.account_id, 1, Month(2026, 10), today=TODAY, now=NOW)
    (bill,) = session.execute(text("select * from bills"))
    assert (bill.estimated_readings, bill.micro_kwh) == (100, 1490 * 200_000)
    assert held_accounts(session) == ()
    with pytest.raises(NotFound):
        held_by_id(session, held.id)


def test_only_a_gap_can_be_released(world: World, session: Session) -> None:
    one = world.supplied()
    issue(session, one)
    (held,) = held_accounts(session)
    with pytest.raises(Refused, match="only put right"):
        release_held(session, held.id, 1, NOW, "Seen")
    with pytest.raises(NotFound):
        release_held(session, 10**9, 1, NOW, "Seen")


@pytest.mark.parametrize("period", ["2026-13", "october", "2026-1", ""])
def test_a_period_is_a_month(engine: Engine, period: str) -> None:
    with pytest.raises(Invalid):
        issue_bills(engine, period, today=TODAY, now=NOW)


def test_a_month_to_come_is_refused_and_a_cycle_not_over_waits(engine: Engine, world: World) -> None:
    with pytest.raises(Refused):
        issue_bills(engine, "2026-12", today=TODAY, now=NOW)
    from billing.queries.supplies import due_accounts

    early, late = world.supplied(cycle_day=2), world.supplied(cycle_day=15)
    due = due_accounts(world.session, Month(2026, 11), TODAY)
    assert [account.number for account in due] == [early.account]
    due = due_accounts(world.session, Month(2026, 11), date(2026, 11, 15))
    assert [account.number for account in due] == [early.account, late.account]


def test_the_clock_bills_what_is_over_and_reminds_once(world: World, session: Session) -> None:
    accounts = [world.supplied(cycle_day=day) for day in (1, 15, 20)]
    for account in accounts:
        world.even(account.channel_id, date(2026, 9, 1), 80)
    session.execute(
        text(
            "insert into contact_points (customer_id, kind, value, normal) "
            "select id, 'email', number || '@mail.example', lower(number) || '@mail.example' from customers"
        )
    )
    # October; to 14 October and to 14 November; to 19 October. The cycle to 19 November ended yesterday.
    assert bill_what_is_due(session, NOW).startswith("4 issued")
    assert bill_what_is_due(session, NOW).startswith("0 issued")
    assert remind_of_late_bills(session, NOW) == "0 queued of 0 late bills"
    later = NOW + timedelta(days=22)
    assert remind_of_late_bills(session, later).endswith("of 4 late bills")
    assert remind_of_late_bills(session, later) == "0 queued of 0 late bills"
    keys = session.scalars(text("select key from outbox order by key")).all()
    numbers = session.scalars(text("select number from bills order by number")).all()
    assert list(keys) == [f"payment_reminder:{number}:1" for number in numbers]


def test_a_utility_of_a_later_day_knows_what_came_before_it(world: World, session: Session) -> None:
    """The demo may pretend a day that is still to come: its readings came before that day."""
    far = date(2087, 11, 3)
    received = datetime.combine(far - timedelta(days=1), time(4), UTC)
    assert present_instant(session, far) > received
    assert abs(present_instant(session, date(2020, 1, 1)) - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_release_waits_for_the_account_before_it_takes_the_hold(committed: Engine) -> None:
    """A run holds the account and then writes its hold: the other way round is a deadlock."""
    with unit_of_work(committed) as session:
        world = World(session)
        world.tariff(flat())
        one = world.supplied()
        world.even(one.channel_id, date(2026, 9, 30), 10)
        issue(session, one)
        (held,) = held_accounts(session)
        user = User(login="ops", name="Olga Ops", role="ops", password_hash="x")
        session.add(user)
        session.flush()
        user_id = user.id

    def release() -> None:
        with unit_of_work(committed) as session:
            release_held(session, held.id, user_id, NOW, "Seen")
            issue_for_account(session, one.account_id, 1, Month(2026, 10), today=TODAY, now=NOW)

    with ThreadPoolExecutor(1) as pool:
        with committed.begin() as run_by_hand:
            run_by_hand.execute(text("select from accounts for no key update"))
            done = pool.submit(release)
            assert until_all_wait(committed, done)
            free = run_by_hand.execute(text("select id from held_bills for update skip locked")).all()
        assert len(free) == 1
        done.result()


def test_the_clock_never_waits_for_an_account_while_it_holds_the_numbers(committed: Engine) -> None:
    """A run by hand holds accounts and then waits for the numbers: the other way round is a deadlock."""
    stock(committed, 6)
    late = "select id from accounts where cycle_day = 15 for no key update"

    def clock() -> str:
        with unit_of_work(committed) as session:
            return bill_what_is_due(session, NOW)

    with ThreadPoolExecutor(1) as pool:
        with committed.begin() as by_hand:
            by_hand.execute(text(late))
            done = pool.submit(clock)
            assert until_all_wait(committed, done)
            by_hand.execute(text("set local lock_timeout = '1s'"))
            with Session(by_hand, join_transaction_mode="create_savepoint") as numbers, numbers.begin():
                taken = next_number(numbers, "bill", date(2026, 10, 1)).number
                numbers.rollback()
        assert taken.startswith("2026-10-")
        assert " issued" in done.result()


@pytest.mark.parametrize(
    "change", ["agreements set ends_before = starts_on + 1, end_reason = 'moved'", "tariffs set name = ''"]
)
def test_terms_stand_still_while_they_are_billed(committed: Engine, change: str) -> None:
    stock(committed, 2)
    with unit_of_work(committed) as session:
        ids = [row[0] for row in rows(committed, "select id from accounts")]
        issue_cycle(session, Month(2026, 10), 1, ids, issued_on=TODAY, known_at=NOW, now=NOW)
        with committed.connect() as other, pytest.raises(OperationalError, match="lock timeout"):
            other.execute(text("set lock_timeout = '50ms'"))
            other.execute(text(f"update {change}"))


def test_who_is_held_keeps_nobody_waiting_of_a_later_month(
    world: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing.jobs, "CHUNK", 1)
    world.supplied(starts_on=date(2026, 10, 1), ends_before=date(2026, 11, 1), reason="moved")
    fine = world.supplied(cycle_day=15, starts_on=date(2026, 10, 15))
    world.even(fine.channel_id, date(2026, 10, 1), 50)
    assert bill_what_is_due(session, NOW) == "0 issued, 1 held, 1 left for the next call"
    assert bill_what_is_due(session, NOW) == "1 issued, 0 held, 1 left for the next call"


def test_months_of_bills_are_counted(world: World, session: Session) -> None:
    for _ in range(2):
        one = world.supplied()
        world.even(one.channel_id, date(2026, 9, 30), 33)
        issue(session, one)
    (row,) = bill_runs(session)
    assert (row.month, row.bills, row.total_minor, row.estimated_bills) == (date(2026, 10, 1), 2, 18900, 0)
