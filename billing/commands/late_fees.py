"""`billing late-fees`: what paying late costs whom, said before it is posted."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from billing.actions.late_fees import post_late_fees, put_late_fees_right
from billing.commands.app import app
from billing.commands.options import filled, parse_date
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.accounts import account_named
from billing.queries.late_fees import BillFees, Jurisdiction, late_fees_due
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today

late_fees = typer.Typer(name="late-fees", help="What paying late costs.", no_args_is_help=True)
app.add_typer(late_fees)

Account = Annotated[str | None, typer.Option(help="Only this account's, by its number.", callback=filled)]


@late_fees.command()
def preview(
    account: Account = None,
    on: Annotated[str, typer.Option(help="As of that day; today when left out.", metavar="DATE")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the fees that are due and not posted, bill by bill, and what caps them. Posts nothing."""
    asked = parse_date(on, "--on")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        accounts = [account_named(session, account)] if account else None
        found = late_fees_due(session, asked or utility_today(), Jurisdiction.of(settings()), accounts)
        document = {"bills": [_document(one) for one in found]}
        emit(document, as_json, lambda: _text(document))


@late_fees.command()
def post(account: Account = None, as_json: AsJson = False) -> None:
    """Post what is due today, each fee once, and take back those of bills credited meanwhile; the clock does
    the same each hour."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        accounts = [account_named(session, account)] if account else None
        back = put_late_fees_right(session, utility_today())
        done = post_late_fees(session, utility_today(), Jurisdiction.of(settings()), accounts)
        totals = {one: amount_text(minor, default_decimals(one)) for one, minor in done.totals.items()}
        document = {"posted": done.count, "taken_back": back, "totals": totals}
        said = ", ".join(f"{amount} {one}" for one, amount in totals.items())
        emit(
            document,
            as_json,
            lambda: f"{done.count} late fees posted{f': {said}' if said else ''}; {back} taken back",
        )


def _document(one: BillFees) -> dict[str, Any]:
    decimals = default_decimals(one.currency)
    return {
        "bill": one.bill,
        "account": one.account,
        "currency": one.currency,
        "due_on": one.due_on.isoformat(),
        "overdue": amount_text(one.overdue_minor, decimals),
        "days": one.late_days,
        "cap": one.cap or None,
        "fees": [
            {
                "code": fee.code,
                "label": fee.label,
                "turn": fee.turn,
                "by_the_tariff": amount_text(fee.full_minor, decimals),
                "amount": amount_text(fee.amount_minor, decimals),
            }
            for fee in one.fees
        ],
    }


def _text(document: dict[str, Any]) -> str:
    lines = []
    for one in document["bills"]:
        late = f"{one['overdue']} {one['currency']} late, {one['days']} days count"
        lines.append(f"{one['account']}  bill {one['bill']}, due {one['due_on']}: {late}")
        lines += [f"    {fee['label']}, {fee['turn']}: {fee['amount']}" for fee in one["fees"]]
        if one["cap"]:
            lines.append(f"    capped by {one['cap']}")
    return "\n".join(lines) or "No late fee is due."
