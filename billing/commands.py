"""`utility-crm billing ...`"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from billing.actions.tariffs import import_tariff
from billing.domain.errors import TariffRefused
from billing.domain.json_place import loads
from billing.domain.money import amount_text
from billing.domain.quote import quote_document
from billing.domain.tariff_file import default_decimals
from billing.explaining import ExplanationDocument, explain_bill
from billing.queries.accounts import account_named
from billing.queries.bills import bill_before, bill_named, bills_of
from billing.quoting import DIRECTIONS, quote_feed, tariff_from
from billing.runs import BillRun, issue_bills
from meters.commands.options import Columns, Timezone, read_options
from meters.feeds.reading import read_feed
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

app = typer.Typer(name="billing", help="Tariffs, bills and why they differ.", no_args_is_help=True)
tariffs = typer.Typer(name="tariffs", help="Tariff files.", no_args_is_help=True)
app.add_typer(tariffs)


_TARIFF_HELP = "A tariff file (docs/tariffs.md) or URDB JSON."


class By(StrEnum):
    """How a quote is split."""

    month = "month"
    year = "year"
    whole = "whole"


@app.callback()
def billing() -> None:
    """Tariffs, bills and why they differ."""


@app.command()
def quote(
    tariff: Annotated[Path, typer.Option(help=_TARIFF_HELP, metavar="FILE")],
    usage: Annotated[Path, typer.Option(help="A meter file, or a zip of files.", metavar="PATH")],
    columns: Columns = "",
    timezone: Timezone = "",
    channels: Annotated[
        str,
        typer.Option(help="Which channel is what, where a file has several.", metavar="import=E1,export=B1"),
    ] = "",
    tariff_timezone: Annotated[
        str,
        typer.Option(help="Whose clock a tariff that names none goes by.", metavar="Area/City"),
    ] = "",
    from_: Annotated[str, typer.Option("--from", help="First local date.", metavar="DATE")] = "",
    to: Annotated[str, typer.Option("--to", help="Date before which the span ends.", metavar="DATE")] = "",
    period: Annotated[By, typer.Option(help="One price a month, a year, or for the whole.")] = By.month,
    as_json: AsJson = False,
) -> None:
    """Say what a tariff would charge for the readings of a file. Needs no database, keeps nothing."""
    options = read_options(columns, timezone)
    zone = parse_zone(tariff_timezone) or timezone or None
    named, first, last = parse_channels(channels), parse_date(from_, "--from"), parse_date(to, "--to")
    check_paths([tariff, usage], as_json)
    with speaking(as_json):
        priced = tariff_from(tariff)
        feed = read_feed(usage, "auto", options)
        found = quote_feed(
            feed,
            priced.tariff,
            channels=named,
            timezone=zone,
            starts_on=first,
            ends_before=last,
            by=period.value,
        )
        for note in priced.notes:
            sys.stderr.write(f"{tariff}: {note}\n")
        for warning in found.warnings:
            sys.stderr.write(f"{usage}: {warning}\n")
        document = quote_document(found.quote)
        emit(document, as_json, lambda: quote_text(document))
    if feed.status != "ok":
        raise typer.Exit(1)


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


@app.command()
def explain(
    bill: Annotated[str, typer.Option(help="The bill's number.", metavar="ID")],
    against: Annotated[
        str, typer.Option(help="Another bill; the one before when left out.", metavar="ID")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say why a bill differs from another: effects that add up to the difference."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        document = _explanation(session, bill, against)
        emit(document, as_json, lambda: explanation_text(document))


@tariffs.command("import")
def import_(file: Annotated[Path, typer.Argument(help=_TARIFF_HELP)], as_json: AsJson = False) -> None:
    """Add a tariff, or change the days of it that are not billed yet."""
    check_paths([file], as_json)
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        done = import_tariff(session, _document(file))
        for note in done.notes:
            sys.stderr.write(f"{file}: {note}\n")
        document = {"tariff": done.code, "outcome": done.outcome}
        emit(document, as_json, lambda: f"{done.code}: {done.outcome}")


def _document(file: Path) -> Any:
    try:
        return loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as fault:
        raise Invalid("tariff", "The tariff file is not UTF-8 text.", str(file)) from fault
    except TariffRefused as fault:
        raise Invalid("tariff", f"The tariff file cannot be taken: {fault.reason}.", fault.place) from fault


def _explanation(session: Session, number: str, against: str) -> ExplanationDocument:
    found = bill_named(session, number)
    other = bill_named(session, against) if against else bill_before(session, found)
    return explain_bill(session, found, other, days=False).document()


def _today() -> date:
    known = settings()
    return known.as_of or today_in(known.timezone)


def parse_channels(text: str) -> dict[str, str]:
    """import=E1,export=B1; a usage error where it cannot be understood."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        direction, equals, name = (part.strip() for part in pair.partition("="))
        if not equals or not name or direction not in DIRECTIONS or direction in found:
            raise typer.BadParameter(
                f"cannot read {pair!r}; write import=E1,export=B1", param_hint="--channels"
            )
        found[direction] = name
    return found


def parse_zone(text: str) -> str:
    """A time zone's name, empty for none given."""
    try:
        return ZoneInfo(text).key if text else ""
    except (ValueError, OSError, LookupError) as error:
        words = f"{text!r} is not a time zone such as Europe/London"
        raise typer.BadParameter(words, param_hint="--tariff-timezone") from error


def parse_date(text: str, option: str) -> date | None:
    """A date written YYYY-MM-DD, None for none given."""
    if not text:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date written YYYY-MM-DD", param_hint=option) from error


def quote_text(document: Any) -> str:
    """A quote for a person at a terminal."""
    lines = []
    for part in document["periods"]:
        lines.append(f"{part['starts_on']} to {part['ends_before']}  {part['total']}")
        lines += [
            f"  {line['label']:<32} {line['quantity']:>14} {line['unit']:<6} {line['amount']:>12}"
            for line in part["lines"]
        ]
    usage = document["usage"]
    lines.append(f"{document['currency']} {document['total']}")
    lines.append(f"{usage['readings']:,} readings, {usage['missing']:,} missing and not priced")
    return "\n".join(lines)


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


def explanation_text(document: ExplanationDocument) -> str:
    """An explanation for a person at a terminal."""
    rows = [f"  {row['amount']:>12}  {row['effect']:<10} {row['detail']}" for row in document["effects"]]
    total = [f"  {document['difference']:>12}  in all"] if document["effects"] else []
    return "\n".join([document["sentence"], *rows, *total])
