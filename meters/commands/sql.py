"""`meters sql-reader ...`: roles for Grafana and for people with SQL."""

from __future__ import annotations

import typer

from meters.commands.app import app
from meters.sql_readers import READABLE, add_sql_reader, remove_sql_reader
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database

readers = typer.Typer(help="Roles that may look at readings by SQL.", no_args_is_help=True)
app.add_typer(readers, name="sql-reader")


@readers.command("add")
def add(name: str, as_json: AsJson = False) -> None:
    """Make a role that reads the views of readings and nothing else; its password is shown once."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            made = add_sql_reader(session, name)
        document = {"role": made.name, "password": made.password, "reads": list(READABLE)}
        emit(
            document, as_json, lambda: f"{made.name} reads {', '.join(READABLE)}.\nPassword: {made.password}"
        )


@readers.command("remove")
def remove(name: str, as_json: AsJson = False) -> None:
    """Take such a role away."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            remove_sql_reader(session, name)
        emit({"role": name}, as_json, lambda: f"{name} is gone.")
