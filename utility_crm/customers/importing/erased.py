"""Rows of people who were erased: their numbers may still stand here, and no file brings the person back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from utility_crm.customers.importing.rows import CustomerRow
from utility_crm.kit.table_file import Problem

# Held against an erasure that is on its way: it ends first, or it waits until what is written here is there.
_CUSTOMERS = text("""
    select number, erased_on from customers where number = any(:numbers) order by id for key share
""")
_ACCOUNTS = text("""
    select a.number, c.erased_on from accounts a join customers c on c.id = a.customer_id
    where a.number = any(:numbers) order by c.id for key share of c
""")


def of_erased(session: Session, rows: Sequence[CustomerRow]) -> list[Problem]:
    """The rows whose customer, account or payer is of somebody who was erased, with the first reason of each;
    two statements."""
    named = {one for row in rows for one in (row.customer_number, row.payer_number) if one}
    people = _erased(session, _CUSTOMERS, named)
    accounts = _erased(session, _ACCOUNTS, {row.account_number for row in rows})
    found = []
    for row in rows:
        for field, number, erased in (
            ("customer_number", row.customer_number, people),
            ("account_number", row.account_number, accounts),
            ("payer_number", row.payer_number, people),
        ):
            if number in erased:
                words = f"{field} {number!r} is of somebody who was erased on {erased[number]}"
                found.append(Problem(row.line, field, words))
                break
    return found


def _erased(session: Session, statement: TextClause, numbers: Iterable[str]) -> dict[str, str]:
    rows = session.execute(statement, {"numbers": list(numbers)})
    return {number: day.isoformat() for number, day in rows if day is not None}
