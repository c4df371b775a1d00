"""`billing prices ...`: price series of dynamic tariffs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from billing.actions.prices import PricesImport, import_prices
from billing.commands.app import app
from billing.commands.options import parse_series, parse_zone
from billing.queries.prices import SeriesRow, all_series
from billing.quoting import prices_from
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database

prices = typer.Typer(name="prices", help="Price series of dynamic tariffs.", no_args_is_help=True)
app.add_typer(prices)


@prices.command("import")
def import_(
    series: Annotated[str, typer.Argument(help="The name that tariffs give it.")],
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns starts_at,price.")],
    timezone: Annotated[
        str, typer.Option(help="Whose clock times without an offset go by.", metavar="Area/City")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Take prices in. The same file again changes nothing; what was known before is kept."""
    name, zone = parse_series(series), parse_zone(timezone, "--timezone") or None
    check_paths([file], as_json)
    with speaking(as_json):
        found = prices_from(file, name, zone)
        with database() as engine, unit_of_work(engine) as session:
            done = import_prices(session, found, file_name=file.name)
        document = {
            "series": done.series,
            "outcome": done.outcome,
            "days_added": done.days_added,
            "days_changed": done.days_changed,
            "billed_days": [day.isoformat() for day in done.billed_days],
            "bills": done.bills,
        }
        emit(document, as_json, lambda: import_text(done))


@prices.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the series and the days that they have prices for."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        rows = all_series(session)
        document = [
            {
                "series": row.name,
                "days": row.days,
                "first_day": row.first.isoformat() if row.first else None,
                "last_day": row.last.isoformat() if row.last else None,
                "received_at": row.received_at.isoformat() if row.received_at else None,
            }
            for row in rows
        ]
        emit({"series": document}, as_json, lambda: list_text(rows))


def import_text(done: PricesImport) -> str:
    """An import for a person at a terminal."""
    if done.outcome == "unchanged":
        return f"{done.series}: unchanged"
    text = f"{done.series}: {done.days_added} days added, {done.days_changed} changed"
    if not done.bills:
        return text
    first, last = done.billed_days[0], done.billed_days[-1]
    return (
        f"{text}; {len(done.billed_days)} of the days (from {first} to {last}) are in {done.bills} issued "
        "bills, which stay as they are"
    )


def list_text(rows: list[SeriesRow]) -> str:
    """Series for a person at a terminal."""
    named = [f"{row.name:<32} {row.first} to {row.last}  {row.days:>6} days" for row in rows]
    return "\n".join(named) or "No series is known."
