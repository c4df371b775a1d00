"""What the database itself refuses, whoever asks: an entry changed, a bill owed otherwise."""

from __future__ import annotations

from datetime import date

import pytest
from billing_world import NOW, World, flat
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.actions.tariffs import import_tariff
from billing.corrections.approving import approve_corrections
from billing.corrections.finding import find_corrections
from billing.cycles import Month


@pytest.fixture
def issued(session: Session) -> int:
    """An account with an issued bill, and another that was cancelled by a credit note."""
    world = World(session)
    world.tariff(flat())
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id], issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    assert import_tariff(session, flat(price="0.26"), correct=True).outcome == "changed"
    find_corrections(session, known_at=NOW, today=NOW.date(), now=NOW, country="GB")
    (found,) = session.execute(text("select id from corrections")).scalars()
    approve_corrections(
        session, [found], user_id=None, decision="price", today=NOW.date(), now=NOW, country="GB"
    )
    return one.account_id


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_entries set amount_minor = amount_minor + 1",
        "delete from ledger_entries",
        "truncate ledger_entries cascade",
        "update bills set total_minor = total_minor + 1",
        "update bills set open_minor = 0",
        "update account_balances set balance_minor = 0",
        "delete from account_balances",
        "delete from bills where status = 'issued'",
        "delete from bills",
        "update credit_notes set total_minor = 0",
        "delete from credit_notes",
        "update credit_note_lines set amount_minor = 0",
        "delete from credit_note_lines",
        "update bills set status = 'issued' where status = 'cancelled'",
        "update bills set number = (select min(number) from bills)",
        "update bills set micro_kwh = 0",
        "update bills set known_at = now()",
        "update bill_lines set amount_minor = amount_minor",
        "delete from bill_lines",
        "truncate bill_lines cascade",
    ],
)
def test_the_database_refuses(session: Session, issued: int, statement: str) -> None:
    assert session.scalar(text("select count(*) from bills")) == 2
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text(statement))
