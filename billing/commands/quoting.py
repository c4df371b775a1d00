"""`billing quote`: a price without a database."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from billing.commands.app import app
from billing.commands.options import (
    TARIFF_HELP,
    Channels,
    Prices,
    TariffTimezone,
    parse_channels,
    parse_date,
    parse_zone,
)
from billing.domain.rating.quote import quote_document
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
    from_: Annotated[str, typer.Option("--from", help="First local date.", metavar="DATE")] = "",
    to: Annotated[str, typer.Option("--to", help="Date before which the span ends.", metavar="DATE")] = "",
    period: Annotated[By, typer.Option(help="One price a month, a year, or for the whole.")] = By.month,
    as_json: AsJson = False,
) -> None:
    """Say what a tariff would charge for the readings of a file. Needs no database, keeps nothing."""
    options = read_options(columns, timezone)
    zone = parse_zone(tariff_timezone) or timezone or None
    named, first, last = parse_channels(channels), parse_date(from_, "--from"), parse_date(to, "--to")
    check_paths([tariff, usage, *(Path(price_path(given)) for given in prices)], as_json)
    with speaking(as_json):
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
        )
        for note in priced.notes:
            sys.stderr.write(f"{tariff}: {note}\n")
        for warning in found.warnings:
            sys.stderr.write(f"{usage}: {warning}\n")
        document = quote_document(found.quote)
        emit(document, as_json, lambda: quote_text(document))
    if feed.status != "ok":
        raise typer.Exit(1)


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
