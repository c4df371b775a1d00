"""`utility-crm network ...`"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from utility_crm.installed import modules
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.module import resolve
from utility_crm.kit.runtime import database
from utility_crm.network.importing import ImportedNetwork, NetworkColumns, import_network

app = typer.Typer(help="The network: its tree, and the weather of its areas.", no_args_is_help=True)


@app.callback()
def network() -> None:
    """The network: its tree, and the weather of its areas."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, docs/network.md")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check everything, write nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the network tree in from a CSV file: whole or not at all, safe to repeat."""
    check_paths([file], as_json)
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            done = import_network(
                session, file.read_bytes(), added=network_columns(), dry_run=dry_run, where=str(file)
            )
        emit(done.document(), as_json, lambda: _words(done, dry_run))
        if done.problems:
            raise typer.Exit(1)


@app.command()
def temperatures(
    file: Annotated[Path, typer.Argument(help="CSV with starts_at and celsius, docs/network.md")],
    area: Annotated[str, typer.Option(help="the area's code, where the file names none")] = "",
    columns: Annotated[
        str, typer.Option(help="the file's own titles: starts_at=DateTime,celsius=Temperature")
    ] = "",
    timezone: Annotated[str, typer.Option(help="whose clock stamps without an offset are")] = "",
    as_json: AsJson = False,
) -> None:
    """Bring an area's temperatures in from a CSV file: whole or not at all, safe to repeat."""
    from utility_crm.network.temperature_file import UNKNOWN, read_temperatures  # with its frames

    told, zone = _pairs(columns), _zone(timezone)
    check_paths([file], as_json)
    with speaking(as_json):
        tables, problems = read_temperatures(file.read_bytes(), told, zone, str(file))
        written = unchanged = 0
        if not problems:
            from utility_crm.network.temperatures import store_temperatures

            with database() as engine, unit_of_work(engine) as session:
                for table in tables:
                    code = table.area or area
                    if not code:
                        raise Invalid(
                            "no_area", "the file names no area; say whose it is with --area", "area"
                        )
                    days = [date.fromordinal(day) for day in table.days.tolist()]
                    values = [
                        [None if milli == UNKNOWN else milli for milli in row]
                        for row in table.millicelsius.tolist()
                    ]
                    stored = store_temperatures(session, code, days, values)
                    written, unchanged = written + stored.written, unchanged + stored.unchanged
        document = {
            "days": written,
            "unchanged": unchanged,
            "problems": [problem.document() for problem in problems],
        }
        lines = [f"line {problem.line}: {problem.message} [{problem.code}]" for problem in problems]
        said = (
            "\n".join([*lines, "Nothing was written."])
            if lines
            else f"{written} days new or changed, {unchanged} the same."
        )
        emit(document, as_json, lambda: said)
        if problems:
            raise typer.Exit(1)


def network_columns() -> list[NetworkColumns]:
    """The columns that installed packages add to the network file."""
    return [resolve(module.network_importing) for module in modules() if module.network_importing]


def _words(done: ImportedNetwork, dry_run: bool) -> str:
    if done.problems:
        lines = [f"line {problem.line}: {problem.message} [{problem.code}]" for problem in done.problems]
        return "\n".join([*lines, f"{len(lines)} problems; nothing was written."])
    verb = "would be" if dry_run else "were"
    return f"{done.nodes} nodes {verb} added or changed, {done.unchanged} rows were the same already."


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    for field, equals, title in pairs:
        if field.strip() not in ("area", "starts_at", "celsius") or not equals or not title.strip():
            words = "write area=TITLE, starts_at=TITLE or celsius=TITLE, with commas between"
            raise typer.BadParameter(words, param_hint="--columns")
    return {field.strip(): title.strip() for field, _equals, title in pairs}


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"there is no time zone {name!r}", param_hint="--timezone") from error
