"""Billing's part of the demo utility: tariffs, agreements, a year of bills by the real engine, and
payments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.allocating import settle
from billing.actions.issuing import issue_cycle
from billing.actions.late_fees import post_late_fees
from billing.actions.tariffs import import_tariff
from billing.cycles import Month, month_of_cycle
from billing.demo.agreeing import agree
from billing.demo.gathering import gather
from billing.demo.paying import IssuedBill, Paid, payments
from billing.demo.reminding import remind
from billing.demo.tariff_files import tariff_files
from billing.queries.late_fees import Jurisdiction
from billing.queries.what_ifs import tariffs_to_compare
from billing.what_if.running import run_what_ifs_in
from utility_crm.demo.calendar import CYCLE_DAYS
from utility_crm.demo.context import DemoBuild

ISSUED_AT = time(6)
"""UTC; the last files of a period came at half past four."""
FRESH_RUNS = len(CYCLE_DAYS) + 1
"""After so many runs the planner knows that the tables are not empty, whatever it thought before."""


_TERMS = text("""
    update agreements g set
        notice_days = (array[28, 42, 90])[1 + g.id % 3],
        term_ends_before = case when c.kind = 'organisation' or g.id % 11 = 0
            then greatest(g.starts_on, :as_of) + 6 + cast((g.id * 37) % 640 as int) end,
        price_fixed_before = case when g.id % 2 = 0
            then greatest(g.starts_on, :as_of) + 3 + cast((g.id * 53) % 420 as int) end,
        price_guaranteed_before = case when g.id % 5 = 0
            then greatest(g.starts_on, :as_of) + 9 + cast((g.id * 29) % 540 as int) end
    from accounts a join customers c on c.id = a.customer_id
    where a.id = g.account_id and g.kind = 'contract'
      and (c.kind = 'organisation' or g.id % 11 = 0)
""")
"""What was agreed with every organisation, and with one household of eleven: of those who left, too, or a
term would tell who stayed."""


def build(context: DemoBuild) -> None:
    """Write it all; bills come from the same action that a bill run calls, as of the morning they were
    due."""
    _tariffs(context)
    _agreements(context)
    _bills(context)
    _payments(context)
    with context.session() as session:
        gather(session)
    _what_ifs(context)


def _what_ifs(context: DemoBuild) -> None:
    """What everybody would pay on each tariff, as the clock compares them each day."""
    today = context.plan.as_of
    with context.session() as session:
        codes = tariffs_to_compare(session, today, context.now, context.now)
    with context.steps.step("Other tariffs", 100) as advance:
        shown = 0

        def watch(done: int, due: int) -> None:
            nonlocal shown
            advance(100 * done // due - shown)
            shown = 100 * done // due

        if codes:
            run_what_ifs_in(context.session, codes, today=today, now=context.now, progress=watch)
    context.analyse("what_ifs", "what_if_results", "fact_values")


def _tariffs(context: DemoBuild) -> None:
    calendar = context.plan.calendar
    with context.session() as session:
        for document in tariff_files(calendar.price_change):
            import_tariff(session, document)
        at = datetime.combine(calendar.first_day, time(), UTC)
        session.execute(text("update tariffs set updated_at = :at"), {"at": at})


def _agreements(context: DemoBuild) -> None:
    found = context.connection.execute(text("select code, id from tariffs"))
    tariff_id: dict[str, int] = {row.code: row.id for row in found}
    columns = ("id", "account_id", "service_point_id", "tariff_id", "starts_on", "ends_before", "end_reason")
    rows = (
        (
            *(place + 1, one.supply + 1, one.supply + 1, tariff_id[one.tariff]),
            *(one.starts_on, one.ends_before, one.end_reason),
        )
        for place, one in enumerate(context.plan.agreements)
    )
    context.copy_rows("agreements", columns, rows)
    context.connection.execute(_TERMS, {"as_of": context.plan.as_of})
    context.analyse("agreements", "tariffs")


def _bills(context: DemoBuild) -> None:
    """Cycle by cycle in the order in which they ended, each with what was known that morning."""
    plan = context.plan
    accounts = {
        cycle: [supply.id for supply in plan.supplies if supply.cycle_day == cycle] for cycle in CYCLE_DAYS
    }
    ends = plan.ends()
    runs = sorted((end, start, cycle) for cycle in CYCLE_DAYS for start, end in plan.calendar.periods(cycle))
    with context.steps.step("Bills", len(runs)) as advance, context.session() as session:
        for turn, (end, start, cycle) in enumerate(runs):
            begun = plan.calendar.place(start)
            ours = [account for account in accounts[cycle] if ends[account - 1] > begun]
            if ours:
                _run(session, month_of_cycle(start, cycle), cycle, ours, end)
            if turn < FRESH_RUNS:
                context.analyse("bills", "account_balances", "held_bills")
            advance(1)
    context.analyse("bills", "bill_lines", "invoices", "ledger_entries")


def _run(session: Session, month: Month, cycle: int, accounts: list[int], end: date) -> None:
    at = datetime.combine(end, ISSUED_AT, UTC)
    issue_cycle(session, month, cycle, accounts, issued_on=end, known_at=at, now=at)


def _payments(context: DemoBuild) -> None:
    """Money in, each with its ledger entry; balances and what is open follow by billing's own functions."""
    query = "select id, number, account_id, starts_on, total_minor, issued_on from bills order by id"
    with context.steps.step("Payments, reminders", 4) as advance, context.session() as session:
        bills = [IssuedBill(*row) for row in context.connection.execute(text(query))]
        made = list(payments(context.plan, bills))
        columns = (
            "id",
            "account_id",
            "received_at",
            "amount_minor",
            "open_minor",
            "currency",
            "method",
            "reference",
        )
        context.copy_rows("payments", columns, _payment_rows(made))
        advance(1)
        entry = ("account_id", "posted_on", "debit", "credit", "amount_minor", "currency", "payment_id")
        context.copy_rows("ledger_entries", entry, _entry_rows(made))
        advance(1)
        settle(session, sorted({bill.account_id for bill in bills}))
        advance(1)
        remind(session, context.plan, bills, made)
        agree(session, context.plan.as_of)
        post_late_fees(session, context.plan.as_of - timedelta(days=1), Jurisdiction("GB"))
        context.analyse("outbox", "payments", "allocations", "ledger_entries", "account_balances", "bills")


def _payment_rows(made: list[Paid]) -> Iterator[tuple[Any, ...]]:
    for turn, paid in enumerate(made, 1):
        amount = (paid.bill.total_minor, paid.bill.total_minor, "GBP")
        yield (turn, paid.bill.account_id, paid.received_at, *amount, paid.method, paid.reference)


def _entry_rows(made: list[Paid]) -> Iterator[tuple[Any, ...]]:
    for turn, paid in enumerate(made, 1):
        on = paid.received_at.date()
        yield (paid.bill.account_id, on, "cash", "receivable", paid.bill.total_minor, "GBP", turn)
