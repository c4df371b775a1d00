"""How a person says on the command line how files are to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meters.asking import Asked, asked
from meters.feeds.format import ReadOptions
from utility_crm.kit.errors import Invalid

Paths = Annotated[list[Path], typer.Argument(help="Files, or zips of files.", metavar="PATH...")]
FormatName = Annotated[
    str, typer.Option("--format", help="auto, or the name of a format.", metavar="auto|NAME")
]
Columns = Annotated[
    str,
    typer.Option(
        help='The file\'s own titles: service_point=LCLid,starts_at=tstp,value="energy(kWh/hh)"',
        metavar="FIELD=TITLE,...",
    ),
]
Timezone = Annotated[
    str, typer.Option("--timezone", help="Whose clock stamps without an offset are.", metavar="Area/City")
]
Sheet = Annotated[
    str, typer.Option(help="Of a workbook; else its first one that is not empty.", metavar="NAME")
]
Profile = Annotated[
    str, typer.Option(help="A saved way to read files (meters profiles); the other options go above it.")
]


def read_options(columns: str, timezone: str, sheet: str = "") -> ReadOptions:
    """What the options say; a usage error (exit 2) where they cannot be understood."""
    asked_for = told("auto", columns, timezone, sheet)
    return ReadOptions(columns=asked_for.columns, zone=asked_for.zone, sheet=asked_for.sheet)


def check_format(name: str) -> None:
    """A usage error for a format nobody reads."""
    told(name, "", "")


def parse_columns(text: str) -> dict[str, str]:
    """FIELD=TITLE pairs between commas; a usage error where they cannot be understood."""
    return dict(told("auto", text, "").columns)


def told(format_name: str, columns: str, timezone: str, sheet: str = "") -> Asked:
    """What the options say; a usage error (exit 2) where they cannot be understood."""
    try:
        return asked(format_name, columns, timezone, sheet)
    except Invalid as error:
        raise typer.BadParameter(error.message, param_hint=f"--{error.where}") from error
