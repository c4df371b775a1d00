"""`billing statement`."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from billing.commands.app import app
from billing.commands.options import AccountNumber, parse_span
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.statements import Statement, statement_of
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today


@app.command()
def statement(
    account: AccountNumber,
    from_: Annotated[
        str, typer.Option("--from", help="First day; all that was booked when left out.", metavar="DATE")
    ] = "",
    to: Annotated[
        str,
        typer.Option("--to", help="The day before which it ends; else it ends with today.", metavar="DATE"),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what was charged and paid on an account, what paid what, and what was owed after each."""
    first, last = parse_span(from_, to)
    tomorrow = utility_today() + timedelta(days=1)
    if first is not None and last is None and first >= tomorrow:
        raise typer.BadParameter(f"{first} is still to come", param_hint="--from")
    if last is not None and last > tomorrow:
        sys.stderr.write(f"--to {last}: days from {tomorrow} on are still to come.\n")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = statement_of(session, account, first, last or tomorrow)
        document = statement_document(found)
        emit(document, as_json, lambda: statement_text(document))


def statement_document(found: Statement) -> dict[str, Any]:
    """The statement as JSON; amounts are texts in the currency's unit. ends_before: after its last day."""
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
    last_on = date.fromisoformat(document["ends_before"]) - timedelta(days=1)
    rows.append(f"{last_on}  {'owed at the end of the day':<44}{'':>12}{document['closing']:>12}")
    return "\n".join(rows)
