"""`billing compare`: why one month of a meter file costs other than another. Needs no database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from billing.commands.app import app
from billing.commands.explaining import explanation_text
from billing.commands.options import (
    TARIFF_HELP,
    Channels,
    ConnectionKva,
    ConnectionKw,
    Prices,
    TariffTimezone,
    parse_channels,
    parse_connection,
    parse_month,
    parse_titles,
    parse_zone,
    telling_connection,
)
from billing.comparing import Months, compare_feed, temperatures_from
from billing.quoting import price_path, priced_by_files, tariff_from
from meters.asking import FIELDS
from meters.commands.options import Timezone, told
from meters.feeds.format import ReadOptions
from meters.feeds.reading import read_feed
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking

TEMPERATURE_FIELDS = ("starts_at", "celsius")


@app.command()
def compare(
    tariff: Annotated[Path, typer.Option(help=TARIFF_HELP, metavar="FILE")],
    usage: Annotated[Path, typer.Option(help="A meter file, or a zip of files.", metavar="PATH")],
    before: Annotated[str, typer.Option(help="The month to compare with.", metavar="YYYY-MM")],
    after: Annotated[str, typer.Option(help="The month to explain.", metavar="YYYY-MM")],
    temperature: Annotated[
        Path | None,
        typer.Option(help="A CSV of starts_at and celsius; without it, weather is not told apart."),
    ] = None,
    columns: Annotated[
        str,
        typer.Option(
            help="The files' own titles; a field may be named once for each file: "
            'starts_at=tstp,value="energy(kWh/hh)",starts_at=DateTime,celsius=Temperature',
            metavar="FIELD=TITLE,...",
        ),
    ] = "",
    timezone: Timezone = "",
    channels: Channels = "",
    tariff_timezone: TariffTimezone = "",
    prices: Prices = [],  # noqa: B006
    connection_kw: ConnectionKw = "",
    connection_kva: ConnectionKva = "",
    as_json: AsJson = False,
) -> None:
    """Say why a month of a meter file costs other than another month of it, as `explain` does of bills."""
    titles = parse_titles(columns, (*FIELDS, "celsius"))
    clock = told("auto", "", timezone).zone
    zone = parse_zone(tariff_timezone) or timezone or None
    named, connected = parse_channels(channels), parse_connection(connection_kw, connection_kva)
    months = Months(parse_month(before, "--before"), parse_month(after, "--after"))
    if months.before == months.after:
        raise typer.BadParameter(f"{months.after} is the month of --before", param_hint="--after")
    files = [tariff, usage, *([temperature] if temperature else [])]
    files += [Path(price_path(given)) for given in prices]
    check_paths(files, as_json)
    with speaking(as_json), telling_connection():
        priced = tariff_from(tariff)
        subject = priced_by_files(priced.tariff, prices, zone)
        degrees = None
        if temperature is not None:
            of_file = titles.of(temperature, TEMPERATURE_FIELDS, [usage])
            degrees = temperatures_from(temperature, of_file, timezone or None)
        of_usage = titles.of(usage, FIELDS, [temperature] if temperature else [])
        feed = read_feed(usage, "auto", ReadOptions(columns=of_usage, zone=clock))
        found = compare_feed(
            feed,
            subject,
            months,
            channels=named,
            timezone=zone,
            temperatures=degrees,
            connected=connected,
        )
        for note in priced.notes:
            sys.stderr.write(f"{tariff}: {note}\n")
        for warning in found.warnings:
            sys.stderr.write(f"{usage}: {warning}\n")
        emit(found.document, as_json, lambda: explanation_text(found.document, found.if_asked_on))
    if feed.status != "ok":
        raise typer.Exit(1)
