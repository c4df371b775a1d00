"""`billing document`: bills as PDF/A."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from billing.commands.app import app
from billing.documents.making import Progress as Told
from billing.documents.making import bills_of_period, document_of, file_name, make_documents
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.kit.runtime import database
from utility_crm.web.words import LANGUAGES


@app.command()
def document(
    out: Annotated[
        Path, typer.Option(help="A file for one bill; a folder for one or for a month.", metavar="FILE|DIR")
    ],
    bill: Annotated[str, typer.Option(help="The bill's number.", metavar="ID")] = "",
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
        raise typer.BadParameter(f"one of {', '.join(LANGUAGES)}", param_hint="--language")
    with speaking(as_json), database() as engine:
        if bill:
            with unit_of_work(engine) as session:
                path = out / file_name(bill) if out.is_dir() else out
                _write(path, document_of(session, bill, language))
            emit({"bill": bill, "file": str(path)}, as_json, lambda: str(path))
            return
        with unit_of_work(engine) as session:
            found = bills_of_period(session, period)
        if not found:
            raise NotFound("bills", f"There are no bills of {period}.", "period")
        with _progress() as told:
            made = make_documents(engine, found, out, language=language, progress=told)
        told_as = {"made": made.made, "unchanged": made.unchanged, "folder": str(made.folder)}
        emit(told_as, as_json, lambda: f"{out}: {made.made} made, {made.unchanged} were there")


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
