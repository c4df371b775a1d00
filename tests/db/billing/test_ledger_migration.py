"""Books kept before the ledger had adjustments and allocations are taken over whole."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.queries.ledger import check_ledger
from utility_crm.kit.database import make_engine
from utility_crm.kit.migrations import migrate

BEFORE = """
insert into customers (number, kind, name, segment, since)
    values ('C1', 'person', 'Ada Example', 'household', '2020-01-01');
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
    select 'A' || n, c.id, c.id, 1, 'GBP', '2020-01-01' from customers c, generate_series(1, 2) n;
insert into bills (number, account_id, starts_on, ends_before, issued_on, due_on, currency, total_minor,
                   open_minor, micro_kwh)
    select a.number || '-' || b.n, a.id, b.starts_on, b.starts_on + 28, b.starts_on + 28, b.starts_on + 42,
           'GBP', b.total, b.open, 0
    from accounts a join (values
        ('A1', 1, date '2020-01-01', 1000, 0), ('A1', 2, date '2020-02-01', 2000, 900),
        ('A1', 3, date '2020-03-01', 500, 500), ('A2', 1, date '2020-01-01', -300, 0),
        ('A2', 2, date '2020-02-01', 1000, 0)) as b(account, n, starts_on, total, open)
    on b.account = a.number;
insert into ledger_entries (account_id, posted_on, debit, credit, amount_minor, currency, bill_id)
    select account_id, issued_on, case when total_minor > 0 then 'receivable' else 'revenue' end,
           case when total_minor > 0 then 'revenue' else 'receivable' end, abs(total_minor), 'GBP', id
    from bills;
insert into payments (account_id, received_at, amount_minor, currency, method, reference)
    select a.id, p.at, p.amount, 'GBP', 'transfer', p.reference
    from accounts a join (values
        ('A1', timestamptz '2020-02-10', 2500, 'p1'), ('A1', timestamptz '2020-03-01', -400, 'back'),
        ('A2', timestamptz '2020-03-05', 950, 'p2')) as p(account, at, amount, reference)
    on p.account = a.number;
insert into ledger_entries (account_id, posted_on, debit, credit, amount_minor, currency, payment_id)
    select account_id, received_at::date, case when amount_minor > 0 then 'cash' else 'receivable' end,
           case when amount_minor > 0 then 'receivable' else 'cash' end, abs(amount_minor), 'GBP', id
    from payments;
insert into account_balances select account_id, sum(case debit when 'receivable' then amount_minor
    else -amount_minor end) from ledger_entries group by account_id;
"""


def test_what_was_paid_is_allocated_and_nothing_open_changes(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    migrate(engine, "0011", down=True)
    with engine.begin() as connection:
        connection.execute(text(BEFORE))
    migrate(engine)
    with Session(engine) as session:
        assert check_ledger(session).differences == ()
        rows = session.execute(text("select number, open_minor from bills order by number")).all()
        assert [tuple(row) for row in rows] == [
            ("A1-1", 0), ("A1-2", 900), ("A1-3", 500), ("A2-1", 0), ("A2-2", 0),
        ]  # fmt: skip
        rows = session.execute(text("select reference, open_minor from payments order by reference")).all()
        assert [tuple(row) for row in rows] == [("back", 0), ("p1", 0), ("p2", 250)]
        assert check_ledger(session).allocations == 5
    migrate(engine, "0011", down=True)
    with engine.connect() as connection:
        kept = connection.execute(text("select balance_minor from account_balances order by account_id"))
        assert [row[0] for row in kept] == [1400, -250]
        opened = connection.scalar(text("select sum(open_minor) from bills"))
        assert opened == 1400
    engine.dispose()
