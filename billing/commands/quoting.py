"""`billing quote`: a price without a database."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from billing.commands.app import app
from billing.commands.options import (
    TARIFF_HELP,
    Channels,
    ConnectionKva,
    ConnectionKw,
    Prices,
    TariffTimezone,
    parse_channels,
    parse_connection,
    parse_span,
    parse_zone,
    telling_connection,
)
from billing.domain.rating.quote import LineDocument, QuoteDocument, quote_document
from billing.quoting import price_path, priced_by_files, quote_feed, tariff_from
from meters.commands.options import Columns, Timezone, read_options
from meters.feeds.reading import read_feed
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking


class By(StrEnum):
    """How a quote is split."""

    month = "month"
    year = "year"
    whole = "whole"


@app.command()
def quote(
    tariff: Annotated[Path, typer.Option(help=TARIFF_HELP, metavar="FILE")],
    usage: Annotated[Path, typer.Option(help="A meter file, or a zip of files.", metavar="PATH")],
    columns: Columns = "",
    timezone: Timezone = "",
    channels: Channels = "",
    tariff_timezone: TariffTimezone = "",
    prices: Prices = [],  # noqa: B006
    connection_kw: ConnectionKw = "",
    connection_kva: ConnectionKva = "",
    from_: Annotated[str, typer.Option("--from", help="First local date.", metavar="DATE")] = "",
    to: Annotated[str, typer.Option("--to", help="Date before which the span ends.", metavar="DATE")] = "",
    period: Annotated[By, typer.Option(help="One price a month, a year, or for the whole.")] = By.month,
    as_json: AsJson = False,
) -> None:
    """Say what a tariff would charge for the readings of a file. Needs no database, keeps nothing."""
    options = read_options(columns, timezone)
    zone = parse_zone(tariff_timezone) or timezone or None
    named, (first, last) = parse_channels(channels), parse_span(from_, to)
    connected = parse_connection(connection_kw, connection_kva)
    check_paths([tariff, usage, *(Path(price_path(given)) for given in prices)], as_json)
    with speaking(as_json), telling_connection():
        priced = tariff_from(tariff)
        subject = priced_by_files(priced.tariff, prices, zone)
        feed = read_feed(usage, "auto", options)
        found = quote_feed(
            feed,
            subject,
            channels=named,
            timezone=zone,
            starts_on=first,
            ends_before=last,
            by=period.value,
            connected=connected,
        )
        notes = [f"{tariff}: {note}" for note in priced.notes]
        notes += [f"{usage}: {warning}" for warning in found.warnings]
        for note in notes:
            sys.stderr.write(note + "\n")
        document = quote_document(found.quote, notes)
        emit(document, as_json, lambda: quote_text(document))
    if feed.status != "ok":
        raise typer.Exit(1)


def quote_text(document: QuoteDocument) -> str:
    """A quote for a person at a terminal."""
    rows = [_line_cells(line) for part in document["periods"] for line in part["lines"]]
    label, quantity, unit, price = (max((len(row[at]) for row in rows), default=0) for at in range(4))
    lines = []
    for part in document["periods"]:
        lines.append(f"{part['starts_on']} to {part['ends_before']}  {part['total']}")
        for line in part["lines"]:
            cells = _line_cells(line)
            lines.append(
                f"  {cells[0]:<{label}}  {cells[1]:>{quantity}} {cells[2]:<{unit}}  {cells[3]:>{price}}  "
                f"{line['amount']:>12}"
            )
    usage = document["usage"]
    lines.append(f"{document['currency']} {document['total']}")
    lines.append(f"{usage['readings']:,} readings, {usage['missing']:,} missing and not priced")
    return "\n".join(lines)


def _line_cells(line: LineDocument) -> tuple[str, str, str, str]:
    """Label, with the days of a line that stands for a part of its period, quantity, unit and price."""
    days = ""
    if "starts_on" in line:
        days = f", {line['starts_on']} to {line['ends_before']}"
    if line["charge"] == "tax":
        return line["label"] + days, line["quantity"], line["unit"], f"× {line['price']}"
    return line["label"] + days, line["quantity"], line["unit"], f"at {line['price']}"
