"""`billing tariffs ...`: tariff files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from billing.actions.tariffs import import_tariff, refused_file
from billing.commands.app import app
from billing.commands.options import TARIFF_HELP
from billing.domain.errors import TariffRefused
from billing.domain.tariffs.json_place import loads
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database

tariffs = typer.Typer(name="tariffs", help="Tariff files.", no_args_is_help=True)
app.add_typer(tariffs)


@tariffs.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help=TARIFF_HELP)],
    correct: Annotated[
        bool, typer.Option("--correct", help="Days already billed too: see billing corrections.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a tariff, or change the days of it that are not billed yet."""
    check_paths([file], as_json)
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        done = import_tariff(session, _document(file), correct=correct, file_name=str(file))
        for note in done.notes:
            sys.stderr.write(f"{file}: {note}\n")
        document = {"tariff": done.code, "outcome": done.outcome}
        emit(document, as_json, lambda: f"{done.code}: {done.outcome}")


def _document(file: Path) -> Any:
    try:
        return loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as fault:
        raise Invalid("tariff", f"The tariff file {file} is not UTF-8 text.", str(file)) from fault
    except TariffRefused as fault:
        raise refused_file(fault, str(file)) from fault
