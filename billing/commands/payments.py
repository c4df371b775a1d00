"""`billing payments`: files taken in, what is listed, money of nobody assigned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from billing.actions.suspending import assign_suspense
from billing.commands.app import app
from billing.commands.options import AccountNumber, user_named
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.csv_file import named_columns
from billing.money_in.taking import take_file
from billing.money_in.words import why_words
from billing.queries.accounts import account_named
from billing.queries.money_in import PaymentRow, payments_of
from billing.queries.money_room import WaitingItem, waiting_item, waiting_items, whose_account
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import CareError
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today

MOST = 1000
"""Payments of an account that are listed."""
payments = typer.Typer(
    name="payments", help="Money received: files, lists, money of nobody.", no_args_is_help=True
)
app.add_typer(payments)


@payments.callback()
def money_in() -> None:
    """Money received: files, lists, money of nobody."""


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


@payments.command("list")
def list_(
    account: Annotated[
        str, typer.Option(help="An account's payments: a hundred, newest first.", metavar="NUMBER")
    ] = "",
    unassigned: Annotated[
        bool, typer.Option("--unassigned", help="Money in suspense: nobody could tell whose it is.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List an account's payments, or the money that waits in suspense."""
    if bool(account) == unassigned:
        raise typer.BadParameter("say --account NUMBER, or --unassigned", param_hint="--unassigned")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        if unassigned:
            waiting = [unassigned_document(one) for one in waiting_items(session)]
            emit({"unassigned": waiting}, as_json, lambda: _unassigned_text(waiting))
            return
        paid = [payment_document(one) for one in payments_of(session, [account_named(session, account)])]
        document = {"account": account, "payments": paid}
        emit(document, as_json, lambda: "\n".join(map(_payment_text, paid)) or "Nothing was paid.")


@payments.command()
def assign(
    item: Annotated[int, typer.Argument(help="Its number, as list --unassigned says it.", metavar="ITEM")],
    account: AccountNumber,
    by: Annotated[str, typer.Option("--by", help="Who decides: a sign-in name.", metavar="LOGIN")] = "",
    as_json: AsJson = False,
) -> None:
    """Book money in suspense as a payment of an account; plans and promises there are judged with it."""
    now = utc_now()
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        one = waiting_item(session, item)
        whose = whose_account(session, account)
        taken = assign_suspense(
            session, item, whose.id, now=now, posted_on=utility_today(now),
            by=user_named(session, by),
        )  # fmt: skip
        left = whose.balance_minor - one.amount_minor
        decimals = default_decimals(one.currency)
        document = {
            "item": item,
            "payment": taken.id,
            "account": account,
            "amount": amount_text(one.amount_minor, decimals),
            "currency": one.currency,
            "repeated": taken.repeated,
            "balance": amount_text(whose.balance_minor if taken.repeated else left, decimals),
        }
        emit(
            document,
            as_json,
            lambda: (
                f"{document['amount']} {one.currency} is booked on account {account} of {whose.customer}; "
                f"its balance is {document['balance']}."
            ),
        )


def unassigned_document(one: WaitingItem) -> dict[str, Any]:
    """Money in suspense: its number, what the bank said of it, and why nobody was credited."""
    return {
        "item": one.id,
        "file": one.file,
        "where": one.place,
        "reference": one.bank_reference,
        "booked_on": one.booked_on.isoformat(),
        "amount": amount_text(one.amount_minor, default_decimals(one.currency)),
        "currency": one.currency,
        "payer": one.payer,
        "payer_account": one.payer_account,
        "remittance": one.remittance,
        "code": one.code,
        "reason": why_words(one.code, "en"),
    }


def payment_document(one: PaymentRow) -> dict[str, Any]:
    """Money received; negative, given back or, where it names a payment, taken back by the bank."""
    return {
        "payment": one.id,
        "received_at": one.received_at.isoformat(),
        "amount": amount_text(one.amount_minor, default_decimals(one.currency)),
        "currency": one.currency,
        "method": one.method,
        "reference": one.reference,
        "takes_back": one.reverses_id,
    }


def _unassigned_text(waiting: list[dict[str, Any]]) -> str:
    lines = [
        f"{one['item']:>6}  {one['booked_on']}  {one['amount']:>12} {one['currency']}  {one['reference']}  "
        f"{one['payer'] or '-'}: {one['remittance'] or '-'}; {one['reason']}"
        for one in waiting
    ]
    return "\n".join(lines) or "No money waits for an account."


def _payment_text(one: dict[str, Any]) -> str:
    back = f", takes back payment {one['takes_back']}" if one["takes_back"] else ""
    return (
        f"{one['received_at'][:10]}  {one['amount']:>12} {one['currency']}  {one['method']}  "
        f"{one['reference']}{back}"
    )


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
