"""`billing explain`: why a bill differs from another."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from billing.commands.app import app
from billing.commands.options import filled
from billing.explaining import ExplanationDocument, explain_bill
from billing.explaining.left_out import REASONS
from billing.queries.bills import bill_before, bill_named
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database


@app.command()
def explain(
    bill: Annotated[str, typer.Option(help="The bill's number.", metavar="ID", callback=filled)],
    against: Annotated[
        str, typer.Option(help="Another bill; the one before when left out.", metavar="ID")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say why a bill differs from another: effects that add up to the difference."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        document = _explanation(session, bill, against)
        emit(document, as_json, lambda: explanation_text(document))


def _explanation(session: Session, number: str, against: str) -> ExplanationDocument:
    found = bill_named(session, number)
    other = bill_named(session, against) if against else bill_before(session, found)
    return explain_bill(session, found, other, days=False).document()


def explanation_text(document: ExplanationDocument, if_asked_on: str = "") -> str:
    """An explanation for a person at a terminal."""
    rows = [f"  {row['amount']:>12}  {row['effect']:<10} {row['detail']}" for row in document["effects"]]
    total = [f"  {document['difference']:>12}  in all"] if document["effects"] else []
    asked = [f"If asked on: {if_asked_on}"] if if_asked_on else []
    left_out = [
        f"Weather is not told apart: {REASONS[one['reason']]}."
        for one in document["weather"]
        if one["reason"] is not None
    ]
    return "\n".join([document["sentence"], *rows, *total, *asked, *left_out])
