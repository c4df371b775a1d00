"""`utility-crm notifications outages ...`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from notifications.outages.reports import Imported, import_reports
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database

app = typer.Typer(help="Times without supply.", no_args_is_help=True)


@app.callback()
def outages() -> None:
    """Times without supply."""


@app.command(name="import")
def import_file(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV; see docs/outages.md")],
    as_json: AsJson = False,
) -> None:
    """Open and move on incidents from a file. The same file again changes nothing."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            done = import_reports(session, path.read_bytes(), utc_now())
        emit(_document(done), as_json, lambda: _words(done))
        if done.problems:
            raise typer.Exit(1)


def _document(done: Imported) -> dict[str, Any]:
    counts = {"opened": done.opened, "changed": done.changed, "unchanged": done.unchanged}
    return counts | {"problems": [one.document() for one in done.problems]}


def _words(done: Imported) -> str:
    lines = [f"{done.opened} opened, {done.changed} changed, {done.unchanged} unchanged."]
    return "\n".join(lines + [f"line {one.line}: {one.message}" for one in done.problems])
