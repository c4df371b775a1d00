"""`billing statement`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

import typer

from billing.commands.app import app
from billing.commands.options import parse_date
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.statements import Statement, statement_of
from utility_crm.kit.clock import today_in
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings


@app.command()
def statement(
    account: Annotated[str, typer.Option(help="The account's number.")],
    from_: Annotated[
        str, typer.Option("--from", help="First day; all that was booked when left out.", metavar="DATE")
    ] = "",
    to: Annotated[
        str,
        typer.Option("--to", help="Day before which it ends; left out, after today.", metavar="DATE"),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what was charged and paid on an account, what paid what, and what was owed after each."""
    first, last = parse_date(from_, "--from"), parse_date(to, "--to")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = statement_of(session, account, first, last or _today() + timedelta(days=1))
        document = statement_document(found)
        emit(document, as_json, lambda: statement_text(document))


def _today() -> date:
    known = settings()
    return known.as_of or today_in(known.timezone)


def statement_document(found: Statement) -> dict[str, Any]:
    """The statement as JSON; amounts are texts in the currency's unit."""
    decimals = default_decimals(found.currency)

    def said(minor: int) -> str:
        return amount_text(minor, decimals)

    return {
        "account": found.account,
        "currency": found.currency,
        "starts_on": found.starts_on.isoformat(),
        "ends_before": found.ends_before.isoformat(),
        "opening": said(found.opening_minor),
        "rows": [
            {
                "posted_on": row.posted_on.isoformat(),
                "kind": row.kind,
                "name": row.name,
                "words": row.words,
                "amount": said(row.amount_minor),
                "balance": said(row.balance_minor),
                "pays": [{"name": part.name, "amount": said(part.amount_minor)} for part in row.pays],
                "unused": said(row.unused_minor),
            }
            for row in found.rows
        ],
        "closing": said(found.closing_minor),
    }


def statement_text(document: dict[str, Any]) -> str:
    """A statement for a person at a terminal."""
    rows = [f"{document['account']}, {document['currency']}"]
    rows.append(f"{document['starts_on']}  {'brought forward':<44}{'':>12}{document['opening']:>12}")
    for row in document["rows"]:
        name = f"{row['kind'].replace('_', ' ')} {row['name']}"
        rows.append(f"{row['posted_on']}  {name:<44}{row['amount']:>12}{row['balance']:>12}")
        rows += [f"{'':>14}pays {part['name']}: {part['amount']}" for part in row["pays"]]
    rows.append(f"{document['ends_before']}  {'owed':<44}{'':>12}{document['closing']:>12}")
    return "\n".join(rows)
