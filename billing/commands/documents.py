"""`billing document`, `gather`, `tax-number` and `numbers`: bills as documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from billing.commands.app import app
from billing.commands.options import filled, parse_month
from billing.documents.making import Progress as Told
from billing.documents.making import bills_of_period, document_of, file_name, make_documents
from billing.invoices import SeriesState, number_gaps, number_series
from billing.invoices.gathering import TAG, Gathered, customers_asking, gather_bills
from billing.invoices.tax_identity import customer_numbered, set_tax_number
from utility_crm.kit.clock import today_in
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.web.words import LANGUAGES


@app.command()
def document(
    out: Annotated[
        Path, typer.Option(help="A file for one bill; a folder for one or for a month.", metavar="FILE|DIR")
    ],
    bill: Annotated[
        str,
        typer.Option(help="The number of a bill, a credit note or a consolidated invoice.", metavar="ID"),
    ] = "",
    period: Annotated[
        str, typer.Option(help="Every bill of the month in which the cycles end.", metavar="YYYY-MM")
    ] = "",
    language: Annotated[
        str, typer.Option(help="Another language than the customer's.", metavar="|".join(LANGUAGES))
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Write a bill, or all of a month, as PDF/A-2b. A month goes on where it stopped: what is there stays."""
    if bool(bill) == bool(period):
        raise typer.BadParameter("give either --bill or --period", param_hint="--bill")
    if language and language not in LANGUAGES:
        raise typer.BadParameter(f"there are {', '.join(LANGUAGES)}", param_hint="--language")
    month = parse_month(period, "--period") if period else None
    with speaking(as_json), database() as engine:
        if bill:
            with unit_of_work(engine) as session:
                path = out / file_name(bill) if out.is_dir() else out
                _write(path, document_of(session, bill, language))
            emit({"bill": bill, "file": str(path)}, as_json, lambda: str(path))
            return
        with unit_of_work(engine) as session:
            found = bills_of_period(session, str(month))
        if not found:
            raise NotFound("bills", f"There are no bills of {month}.", "period")
        with _progress() as told:
            made = make_documents(engine, found, out, language=language, progress=told)
        told_as = {"made": made.made, "unchanged": made.unchanged, "folder": str(made.folder)}
        emit(told_as, as_json, lambda: f"{out}: {made.made} made, {made.unchanged} were there")


@app.command()
def gather(
    period: Annotated[str, typer.Option(help="The month of the bills.", metavar="YYYY-MM")],
    customer: Annotated[
        str | None,
        typer.Option(
            help=f"This customer's number; else all tagged {TAG}.", metavar="NUMBER", callback=filled
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the bills that a customer pays on one consolidated invoice. Bills that stand on one stay there."""
    month = str(parse_month(period, "--period"))
    with speaking(as_json), database() as engine:
        known = settings()
        today = known.as_of or today_in(known.timezone)
        with unit_of_work(engine) as session:
            asking = (customer,) if customer else customers_asking(session, month)
        made = []
        for one in asking:
            with unit_of_work(engine) as session:
                made.append(gather_bills(session, one, month, today))
        document = {"invoices": [{"invoice": one.number, "bills": list(one.bills)} for one in made]}
        emit(document, as_json, lambda: _gathered_text(made))


@app.command("tax-number")
def tax_number(
    customer: Annotated[str, typer.Option(help="The customer's number.", metavar="NUMBER", callback=filled)],
    number: Annotated[str, typer.Option(help="A VAT number with its country, or an INN; empty forgets it.")],
    as_json: AsJson = False,
) -> None:
    """Keep the tax number that a customer's invoices state from now on; its check digits are checked."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        read = set_tax_number(session, customer_numbered(session, customer), number)
        kept = read.number if read else ""
        emit({"customer": customer, "tax_number": kept}, as_json, lambda: f"{customer}: {kept or 'none'}")


@app.command()
def numbers(as_json: AsJson = False) -> None:
    """Prove that no series of document numbers has a gap; exit 1 where one has."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found, gaps = number_series(session), number_gaps(session)
        document = {"series": [asdict(one) for one in found], "gaps": [asdict(one) for one in gaps]}
        emit(document, as_json, lambda: _numbers_text(found, gaps))
    if gaps:
        raise typer.Exit(1)


def _numbers_text(found: Sequence[SeriesState], gaps: Sequence[SeriesState]) -> str:
    total = sum(one.documents for one in found)
    lines = [f"{len(found):,} series, {total:,} documents, {len(gaps):,} with a gap"]
    return "\n".join(
        [*lines, *(f"  {one.series} {one.period}: {one.documents} of {one.last_number}" for one in gaps)]
    )


def _gathered_text(made: Sequence[Gathered]) -> str:
    return "\n".join(f"{one.number}: {len(one.bills)} bills" for one in made) or "No bills to gather."


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as fault:
        raise Refused("file", f"The file cannot be written: {fault.strerror}.", str(path)) from fault


@contextmanager
def _progress() -> Iterator[Told | None]:
    """A bar on a terminal, on standard error; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("Documents"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("documents", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
