"""Issued bills into the database in bulk: bills, lines, fills and ledger, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.sql import SQL, Identifier
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.allocating import settle
from billing.announcing import announce_issued
from billing.cycles import Month
from billing.drafting import Draft
from billing.invoices import keep_invoices, next_numbers
from utility_crm.kit.driver import driver_cursor

_BILL = (
    "id number account_id starts_on ends_before issued_on due_on currency total_minor open_minor micro_kwh "
    "estimated_micro_kwh estimated_readings known_at"
)
_BILL_TYPES = "int8 text int8 date date date date text int8 int8 int8 int8 int8 timestamptz"
_LINE = (
    "bill_id position agreement_id charge label starts_on ends_before quantity_micro unit price_micro "
    "amount_minor"
)
_LINE_TYPES = "int8 int2 int8 text text date date int8 text int8 int8"
_FILL, _FILL_TYPES = "bill_id channel_id starts_at micro_kwh", "int8 int8 timestamptz[] int8[]"
_CREDIT = "bill_id agreement_id code kind label hour micro_kwh"
_CREDIT_TYPES = "int8 int8 text text text int2 int8"
_TRACE = "bill_id agreement_id kind code label month days amount"
_TRACE_TYPES = "int8 int8 text text text date int8 int8"
_ENTRY = "account_id posted_on debit credit amount_minor currency bill_id"
_ENTRY_TYPES = "int8 date text text int8 text int8"


def copy_rows(session: Session, table: str, columns: str, types: str, rows: Iterable[Sequence[Any]]) -> None:
    """Bulk insert through binary COPY, inside the session's transaction. Names and types are separated by
    blanks."""
    statement = SQL("copy {} ({}) from stdin (format binary)").format(
        Identifier(table), SQL(", ").join(Identifier(name) for name in columns.split())
    )
    with driver_cursor(session) as cursor, cursor.copy(statement) as copy:
        copy.set_types(types.split())
        for row in rows:
            copy.write_row(row)


def store_bills(
    session: Session, drafts: Sequence[Draft], month: Month, issued_on: date, known_at: datetime
) -> list[int]:
    """Make the drafts bills. The accounts must be locked by the caller, and not billed for these days yet.

    Returns the bills' ids, in the drafts' order. Numbers follow one another within a month without a hole:
    they are given out under a lock that holds until the transaction ends.
    """
    if not drafts:
        return []
    ids = _next_ids(session, len(drafts))
    numbers = next_numbers(session, "bill", month.starts_on, len(drafts))
    copy_rows(
        session, "bills", _BILL, _BILL_TYPES,
        (
            _bill_row(draft, bill_id, given.number, issued_on, known_at)
            for bill_id, draft, given in zip(ids, drafts, numbers, strict=True)
        ),
    )  # fmt: skip
    copy_rows(session, "bill_lines", _LINE, _LINE_TYPES, _line_rows(ids, drafts))
    keep_invoices(session, ids, numbers)
    fills = [
        (bill_id, part.fill.channel_id, list(part.fill.starts_at), list(part.fill.micro_kwh))
        for bill_id, draft in zip(ids, drafts, strict=True)
        for part in draft.parts
        if part.fill is not None
    ]
    copy_rows(session, "bill_fills", _FILL, _FILL_TYPES, _merged(fills))
    credits_left = [
        (bill_id, part.supply.agreement_id, *row)
        for bill_id, draft in zip(ids, drafts, strict=True)
        for part in draft.parts
        for row in part.credits
    ]
    copy_rows(session, "net_credits", _CREDIT, _CREDIT_TYPES, credits_left)
    traces = [
        (bill_id, part.supply.agreement_id, *row)
        for bill_id, draft in zip(ids, drafts, strict=True)
        for part in draft.parts
        for row in part.traces
    ]
    if traces:
        copy_rows(session, "bill_traces", _TRACE, _TRACE_TYPES, traces)
    copy_rows(session, "ledger_entries", _ENTRY, _ENTRY_TYPES, _entry_rows(ids, drafts, issued_on))
    settle(session, [draft.account_id for draft in drafts])
    announce_issued(session, ids)
    return ids


def _next_ids(session: Session, count: int) -> list[int]:
    statement = text("select nextval(pg_get_serial_sequence('bills', 'id')) from generate_series(1, :count)")
    return list(session.scalars(statement, {"count": count}))


def _bill_row(
    draft: Draft, bill_id: int, number: str, issued_on: date, known_at: datetime
) -> tuple[Any, ...]:
    total = draft.total_minor
    return (
        bill_id,
        number,
        draft.account_id,
        draft.starts_on,
        draft.ends_before,
        issued_on,
        issued_on + timedelta(days=draft.terms_days),
        draft.currency,
        total,
        total,
        sum(part.micro_kwh for part in draft.parts),
        sum(part.estimated_micro_kwh for part in draft.parts),
        sum(part.estimated_readings for part in draft.parts),
        known_at,
    )


def _line_rows(ids: Sequence[int], drafts: Sequence[Draft]) -> Iterable[Sequence[Any]]:
    for bill_id, draft in zip(ids, drafts, strict=True):
        position = 0
        for part in draft.parts:
            agreement_id = part.supply.agreement_id
            for line in part.lines:
                position += 1
                yield bill_id, position, agreement_id, *line
        for line in draft.others:
            position += 1
            yield bill_id, position, None, *line


def _merged(fills: Iterable[tuple[int, int, list[datetime], list[int]]]) -> Iterable[Sequence[Any]]:
    """One row a channel: a point whose tariff changed inside the period is filled in two parts."""
    rows: dict[tuple[int, int], tuple[list[datetime], list[int]]] = {}
    for bill_id, channel_id, starts_at, micro_kwh in fills:
        known = rows.setdefault((bill_id, channel_id), ([], []))
        known[0].extend(starts_at)
        known[1].extend(micro_kwh)
    return ((*key, *value) for key, value in rows.items())


def _entry_rows(ids: Sequence[int], drafts: Sequence[Draft], posted_on: date) -> Iterable[Sequence[Any]]:
    """What is charged: owed by the customer, earned by us or by the tax office; what a fixed amount leaves
    for later is kept apart. A credit runs the other way."""
    for bill_id, draft in zip(ids, drafts, strict=True):
        tax, carried = draft.tax_minor, draft.budget_minor
        earned = draft.total_minor - tax - carried
        for other, amount in (("revenue", earned), ("tax", tax), ("budget", carried)):
            if amount:
                debit, credit = ("receivable", other) if amount > 0 else (other, "receivable")
                yield draft.account_id, posted_on, debit, credit, abs(amount), draft.currency, bill_id
