"""`billing bills`."""

from __future__ import annotations

from collections.abc import Sequence

from billing.commands.app import app
from billing.commands.options import AccountNumber
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.accounts import account_named
from billing.queries.bills import bills_of
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database


@app.command()
def bills(account: AccountNumber, as_json: AsJson = False) -> None:
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


def bills_text(rows: Sequence[dict[str, str]]) -> str:
    """Bills for a person at a terminal."""
    return "\n".join(
        f"{row['bill']}  {row['starts_on']} to {row['ends_before']}  {row['total']:>12}  {row['status']}"
        for row in rows
    )
