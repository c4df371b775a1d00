"""`utility-crm customers ...`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from utility_crm.customers.actions import ImportColumns, Imported, import_customers
from utility_crm.customers.importing.reading import Defaults
from utility_crm.installed import modules
from utility_crm.kit.clock import today_in
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.module import resolve
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

app = typer.Typer(help="Customers and their accounts.", no_args_is_help=True)


@app.callback()
def customers() -> None:
    """Customers and their accounts."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, docs/customers.md")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check everything, write nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring customers in from a CSV file: whole or not at all, safe to repeat."""
    check_paths([file], as_json)
    with speaking(as_json):
        knobs = settings()
        defaults = Defaults(knobs.currency, knobs.country, knobs.timezone)
        with database() as engine, unit_of_work(engine) as session:
            done = import_customers(
                session,
                file.read_bytes(),
                today=today_in(knobs.timezone),
                defaults=defaults,
                added=import_columns(),
                dry_run=dry_run,
                where=str(file),
            )
        emit(done.document(), as_json, lambda: _words(done, dry_run))
        if done.problems:
            raise typer.Exit(1)


def import_columns() -> list[ImportColumns]:
    """The columns that installed packages add to the customer file."""
    return [resolve(module.importing) for module in modules() if module.importing]


def _words(done: Imported, dry_run: bool) -> str:
    if done.problems:
        lines = [f"line {problem.line}: {problem.message} [{problem.code}]" for problem in done.problems]
        return "\n".join([*lines, f"{len(lines)} problems; nothing was written."])
    verb = "would be" if dry_run else "were"
    return (
        f"{done.customers} customers and {done.accounts} accounts {verb} added or changed, "
        f"{done.unchanged} rows were the same already."
    )
