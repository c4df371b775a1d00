"""`billing run`, `billing bills`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from billing.commands.app import app
from billing.domain.money import amount_text
from billing.domain.tariff_file import default_decimals
from billing.queries.accounts import account_named
from billing.queries.bills import bills_of
from billing.runs import BillRun, issue_bills
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings


@app.command()
def run(
    period: Annotated[str, typer.Option(help="The month in which the cycles end.", metavar="YYYY-MM")],
    as_json: AsJson = False,
) -> None:
    """Bill every account whose cycle ends in a month. Safe to repeat, to run twice at once, and to kill."""
    with speaking(as_json), database() as engine:
        now = utc_now()
        done = issue_bills(engine, period, today=_today(), now=now)
        held = [{"account": hold.account, "reason": hold.reason} for hold in done.held]
        document = {"issued": done.issued, "unchanged": done.unchanged, "held": held}
        emit(document, as_json, lambda: run_text(done))
    if done.held:
        raise typer.Exit(1)


@app.command()
def bills(
    account: Annotated[str, typer.Option(help="The account's number.")], as_json: AsJson = False
) -> None:
    """List an account's bills, the oldest first."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = bills_of(session, [account_named(session, account)])
        rows = [
            {
                "bill": bill.number,
                "starts_on": bill.starts_on.isoformat(),
                "ends_before": bill.ends_before.isoformat(),
                "total": amount_text(bill.total_minor, default_decimals(bill.currency)),
                "status": bill.status,
            }
            for bill in reversed(found)
        ]
        emit({"bills": rows}, as_json, lambda: bills_text(rows))


def _today() -> date:
    known = settings()
    return known.as_of or today_in(known.timezone)


def run_text(done: BillRun) -> str:
    """A run for a person at a terminal."""
    lines = [f"{done.month}: {done.issued} issued, {done.unchanged} unchanged, {len(done.held)} held"]
    return "\n".join(lines + [f"  {hold.account}: {hold.reason}" for hold in done.held])


def bills_text(rows: Sequence[dict[str, str]]) -> str:
    """Bills for a person at a terminal."""
    return "\n".join(
        f"{row['bill']}  {row['starts_on']} to {row['ends_before']}  {row['total']:>12}  {row['status']}"
        for row in rows
    )
