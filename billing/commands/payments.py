"""`billing payments import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from billing.commands.app import app
from billing.money_in.csv_file import named_columns
from billing.money_in.taking import take_file
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import CareError
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

payments = typer.Typer(name="payments", help="Money received, by file.", no_args_is_help=True)
app.add_typer(payments)


@payments.callback()
def money_in() -> None:
    """Money received, by file."""


@payments.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="CSV, camt.053 or pain.002; told by their content.")],
    columns: Annotated[
        str, typer.Option(help="What a table calls its columns.", metavar="date=Buchungstag,amount=Betrag")
    ] = "",
    currency: Annotated[
        str, typer.Option(help="Of a table that does not say it; else the utility's.", metavar="GBP")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Book banks' files, each whole or not at all. The same file or entry again books nothing twice.

    Exit 1 where a file is refused, or money waits in suspense.
    """
    named = parse_columns(columns)
    check_paths(files, as_json)
    documents: list[dict[str, Any]] = []
    with speaking(as_json), database() as engine:
        for file in files:
            try:
                with unit_of_work(engine) as session:
                    done = take_file(
                        session,
                        file.name,
                        file.read_bytes(),
                        now=utc_now(),
                        columns=named,
                        currency=currency or settings().currency,
                    )
                documents.append(done.document() | {"file": str(file)})
            except CareError as error:
                said = error.document()["error"]
                documents.append({"file": str(file), "status": "rejected", "problem": said})
        emit({"files": documents}, as_json, lambda: "\n".join(map(file_text, documents)))
    if any(one["status"] in ("rejected", "partial") for one in documents):
        raise typer.Exit(1)


def parse_columns(text: str) -> dict[str, str]:
    """As a usage error where it cannot be understood."""
    try:
        return named_columns(text)
    except CareError as error:
        raise typer.BadParameter(error.message, param_hint="--columns") from error


def file_text(document: dict[str, Any]) -> str:
    """A file for a person at a terminal."""
    if document["status"] == "rejected":
        problem = document["problem"]
        return f"{document['file']}: refused at {problem['where']}: {problem['message']} [{problem['code']}]"
    fates = ("booked", "repeated", "suspended", "reversed", "ignored")
    counts = ", ".join(f"{document[fate]} {fate}" for fate in fates if document[fate])
    lines = [f"{document['file']}: {document['status']}; {counts or 'nothing in it'}"]
    lines += [
        f"  suspended: {one['where']}: {one['amount']} {one['currency']}, {one['reference']}: {one['reason']}"
        for one in document["waiting"]
    ]
    return "\n".join(lines)
