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

# Of those who were erased so long ago that nothing of them has its number any more.
_LONG_AGO = text("""
    select known.kind, known.number, e.erased_on
    from unnest(cast(:kinds as text[]), cast(:numbers as text[])) known (kind, number)
    join erased_numbers e on e.kind = known.kind
        and e.digest = encode(sha256(convert_to(known.number, 'UTF8')), 'hex')
    where case known.kind
        when 'customer' then not exists (select from customers c where c.number = known.number)
        else not exists (select from accounts a where a.number = known.number) end
""")


def of_erased(session: Session, rows: Sequence[CustomerRow]) -> list[Problem]:
    """The rows whose customer, account or payer is of somebody who was erased, with the first reason of each;
    three statements."""
    named = {one for row in rows for one in (row.customer_number, row.payer_number) if one}
    people = _erased(session, _CUSTOMERS, named)
    held = {row.account_number for row in rows}
    accounts = _erased(session, _ACCOUNTS, held)
    for kind, number, day in session.execute(_LONG_AGO, _kinds_and_numbers(named, held)):
        (people if kind == "customer" else accounts)[number] = day.isoformat()
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


def _kinds_and_numbers(customers: set[str], accounts: set[str]) -> dict[str, list[str]]:
    kinds = ["customer"] * len(customers) + ["account"] * len(accounts)
    return {"kinds": kinds, "numbers": [*customers, *accounts]}
