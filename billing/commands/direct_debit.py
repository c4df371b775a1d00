"""`billing direct-debit ...`: who collects, mandates, messages for the bank."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from billing.actions.direct_debits import add_mandate, collect, end_mandate, set_creditor
from billing.commands.app import app
from billing.commands.options import AccountNumber, filled, of_options, parse_day
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.entries import minor_of
from billing.money_in.pain008 import message_named
from billing.queries.accounts import account_named
from billing.queries.money_room import collections_on
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Refused
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today

debits = typer.Typer(name="direct-debit", help="Mandates and collections.", no_args_is_help=True)
app.add_typer(debits)


@debits.callback()
def direct_debit() -> None:
    """Direct debit: mandates and collections."""


@debits.command("creditor")
def creditor(
    currency: Annotated[str, typer.Option(help="In which it collects: ISO 4217.", metavar="EUR")],
    name: Annotated[str, typer.Option(help="As the payers' banks show it.", callback=filled)],
    iban: Annotated[
        str, typer.Option(help="The account to be paid on; its check digits are checked.", metavar="IBAN")
    ],
    creditor_id: Annotated[str, typer.Option(help="The creditor's identifier.")],
    bic: Annotated[str, typer.Option(help="Of the account's bank.")] = "",
    return_fee: Annotated[
        str, typer.Option(help="What a returned direct debit costs the payer.", metavar="AMOUNT")
    ] = "0",
    as_json: AsJson = False,
) -> None:
    """Say who collects in a currency, from now on; said again, it takes the place of what was said."""
    read = of_options(
        amount="--return-fee", iban="--iban", bic="--bic", currency="--currency", creditor="--creditor-id"
    )
    with speaking(as_json), read, database() as engine, unit_of_work(engine) as session:
        fee = minor_of(return_fee, currency, "--return-fee")
        set_creditor(
            session, currency, name=name, iban=iban, bic=bic, creditor_id=creditor_id, return_fee_minor=fee
        )
        emit({"currency": currency, "creditor": creditor_id}, as_json, lambda: f"{currency}: {creditor_id}")


@debits.command("mandate")
def mandate(
    account: AccountNumber,
    reference: Annotated[str, typer.Option(help="The mandate's unique reference.")],
    signed_on: Annotated[str, typer.Option(help="When the payer signed it.", metavar="DATE")],
    name: Annotated[str, typer.Option(help="The payer's name.", callback=filled)],
    iban: Annotated[
        str, typer.Option(help="The payer's account; its check digits are checked.", metavar="IBAN")
    ],
    bic: Annotated[str, typer.Option(help="Of the payer's bank.")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep a payer's leave to collect what an account owes."""
    signed = parse_day(signed_on, "--signed-on")
    if signed > utility_today():
        raise typer.BadParameter(f"{signed} is still to come", param_hint="--signed-on")
    read = of_options(iban="--iban", bic="--bic", mandate="--reference")
    with speaking(as_json), read, database() as engine, unit_of_work(engine) as session:
        account_id = account_named(session, account)
        add_mandate(session, account_id, reference, signed_on=signed, name=name, iban=iban, bic=bic)
        emit({"account": account, "mandate": reference}, as_json, lambda: f"{account}: {reference}")


@debits.command("end")
def end(
    reference: Annotated[str, typer.Option(help="The mandate's reference.")],
    on: Annotated[str, typer.Option(help="Since when nothing is collected by it.", metavar="DATE")],
    as_json: AsJson = False,
) -> None:
    """End a mandate."""
    ended = parse_day(on, "--on")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        end_mandate(session, reference, ended)
        emit({"mandate": reference, "state": "ended"}, as_json, lambda: f"{reference}: ended")


def _made(folder: Path) -> None:
    """Before anything is collected: what cannot be written must not be under way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise Refused("out", f"The folder cannot be made: {fault.strerror}.", str(folder)) from fault


@debits.command("export")
def export(
    collect_on: Annotated[str, typer.Option(help="The day on which to collect.", metavar="DATE")],
    out: Annotated[Path, typer.Option(help="The folder for the messages; made when new.", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Write a pain.008 for all that is due by a day and not under way.

    Again it collects nothing more, and writes the day's messages again, byte for byte.
    """
    day = parse_day(collect_on, "--collect-on")
    with speaking(as_json), database() as engine:
        _made(out)
        with unit_of_work(engine) as session:
            fresh = {one.message_id for one in collect(session, day, utc_now())}
        with unit_of_work(engine) as session:
            rows = []
            for one in collections_on(session, day):
                path = out / f"{one.message_id}.xml"
                path.write_bytes(message_named(session, one.message_id))
                amount = amount_text(one.amount_minor, default_decimals(one.currency))
                rows.append(
                    {
                        "message": one.message_id, "file": str(path), "debits": one.debits, "amount": amount,
                        "currency": one.currency, "new": one.message_id in fresh,
                    }
                )  # fmt: skip
        emit(
            {"messages": rows},
            as_json,
            lambda: (
                "\n".join(
                    f"{row['file']}  {row['debits']} debits  {row['amount']} {row['currency']}"
                    for row in rows
                )
                or "nothing is due"
            ),
        )
