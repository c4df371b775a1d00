"""Files that come at once, and payments taken meanwhile, are booked once and wait for one another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from bank_files import entry, statement, transaction
from billing_world import NOW, World
from ledger_world import bill
from sqlalchemy import text

from billing.actions.payments import take_payment
from billing.money_in.taking import take_file
from billing.queries.ledger import check_ledger
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work

ENTRIES = [(f"R{number}", f"A000{number % 4 + 1}") for number in range(24)]


def file_of(entries: list[tuple[str, str]], name: str) -> bytes:
    """A statement of payments of 10.00, the accounts in the order given, and one that is nobody's."""
    rows = [entry("10.00", transaction(text=account), reference=reference) for reference, account in entries]
    return statement(*rows, entry("1.00", transaction(text="who?"), reference="LOST"), name=name)


def test_files_that_overlap_are_booked_once_whoever_comes_first(fresh_database_url: str) -> None:
    load_tables()
    engine = make_engine(fresh_database_url, pool_size=6)
    with unit_of_work(engine) as session:
        world = World(session)
        accounts = [world.account()[1] for _ in range(4)]
        for account in accounts:
            bill(session, account, 3000)
    files = [
        file_of(ENTRIES, "S1"), file_of(ENTRIES, "S1"), file_of(ENTRIES[::-1], "S2"),
        file_of(ENTRIES[6:18], "S3"),
    ]  # fmt: skip
    ready = Barrier(len(files) + 1)

    def taken(content: bytes) -> int:
        ready.wait()
        with unit_of_work(engine) as session:
            return take_file(session, "bank.xml", content, now=NOW).counts["booked"]

    def paid() -> None:
        ready.wait()
        for number, account in enumerate(accounts[::-1]):
            with unit_of_work(engine) as session:
                take_payment(
                    session, account, 500, reference=f"till-{number}", received_at=NOW, posted_on=NOW.date()
                )

    with ThreadPoolExecutor(len(files) + 1) as pool:
        till = pool.submit(paid)
        booked = list(pool.map(taken, files))
        till.result()
    with unit_of_work(engine) as session:
        assert sum(booked) == len(ENTRIES)
        assert session.scalar(text("select count(*) from payments")) == len(ENTRIES) + 4
        assert session.scalar(text("select count(*) from suspense_items")) == 1
        assert set(session.scalars(text("select balance_minor from account_balances"))) == {3000 - 6000 - 500}
        assert check_ledger(session).differences == ()
    engine.dispose()
