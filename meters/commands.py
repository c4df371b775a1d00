"""`utility-crm meters ...`"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from meters.feeds.csv_columns import FIELDS
from meters.feeds.format import ReadOptions
from meters.feeds.formats import formats
from meters.feeds.reading import read_feed
from meters.inspection import inspection
from utility_crm.kit.commands import AsJson, emit, speaking

app = typer.Typer(name="meters", help="Meter feeds and readings.", no_args_is_help=True)

_PAIR = re.compile(r'\s*(\w+)\s*=\s*(?:"([^"]*)"|([^,"]*))\s*(?:,|$)')

Paths = Annotated[list[Path], typer.Argument(help="Files, or zips of files.", metavar="PATH...")]
FormatName = Annotated[
    str, typer.Option("--format", help="auto, or the name of a format.", metavar="auto|csv|nem12")
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


@app.callback()
def meters() -> None:
    """Meter feeds and readings."""


@app.command()
def inspect(
    paths: Paths,
    format_name: FormatName = "auto",
    columns: Columns = "",
    timezone: Timezone = "",
    as_json: AsJson = False,
) -> None:
    """Say what is in meter files, and what is wrong with them. Needs no database, keeps nothing."""
    options = read_options(columns, timezone)
    check_format(format_name)
    check_paths(paths, as_json)
    with speaking(as_json):
        document = inspection([read_feed(path, format_name, options) for path in paths])
        emit(document, as_json, lambda: inspection_text(document["files"]))
    if any(file["status"] != "ok" for file in document["files"]):
        raise typer.Exit(1)


def read_options(columns: str, timezone: str) -> ReadOptions:
    """What `--columns` and `--timezone` say; a usage error (exit 2) where they cannot be understood."""
    return ReadOptions(columns=parse_columns(columns), zone=parse_zone(timezone))


def check_format(name: str) -> None:
    """A usage error for a format nobody reads."""
    if name != "auto" and name not in formats():
        raise typer.BadParameter(f"{name!r} is none of auto, {', '.join(formats())}", param_hint="--format")


def check_paths(paths: Sequence[Path], as_json: bool) -> None:
    """Exit 2 before anything is read if a path is no file."""
    for path in paths:
        if path.is_file():
            continue
        message = "This is not a file." if path.exists() else "There is no such file."
        if as_json:
            document = {"error": {"code": "no_such_path", "message": message, "where": str(path)}}
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        else:
            sys.stderr.write(f"{path}: {message}\n")
        raise typer.Exit(2)


def parse_columns(text: str) -> dict[str, str]:
    """FIELD=TITLE pairs between commas; a title with a comma stands in double quotes."""
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None:
            raise typer.BadParameter(
                f"cannot read {text[place:]!r}; write FIELD=TITLE,...", param_hint="--columns"
            )
        if pair[1] not in FIELDS:
            raise typer.BadParameter(f"{pair[1]!r} is none of {', '.join(FIELDS)}", param_hint="--columns")
        found[pair[1]] = pair[2] if pair[2] is not None else pair[3].strip()
        place = pair.end()
    if "starts_at" in found and "ends_at" in found:
        raise typer.BadParameter("give starts_at or ends_at, not both", param_hint="--columns")
    return found


def parse_zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None for none given."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"there is no time zone {name!r}", param_hint="--timezone") from error


def inspection_text(files: Sequence[Mapping[str, Any]]) -> str:
    """The document for a person at a terminal."""
    lines = []
    for file in files:
        lines.append(f"{file['path']}: {file['status']}, {file['format'] or 'format not recognised'}")
        lines.extend(_channel_line(channel) for channel in file["channels"])
        for problem in file["problems"]:
            place = " ".join(
                part
                for part in (problem["member"], f"line {problem['line']}" if problem["line"] else "")
                if part
            )
            lines.append(f"  ! {place + ': ' if place else ''}{problem['message']}")
    return "\n".join(lines)


def _channel_line(channel: Mapping[str, Any]) -> str:
    interval = channel["interval_minutes"]
    minutes = "/".join(map(str, interval)) if isinstance(interval, list) else str(interval)
    quality = ", ".join(f"{count:,} {word}" for word, count in channel["quality"].items())
    amount = f"{channel['total']} {channel['unit'] or '(no unit)'}"
    return (
        f"  {channel['service_point']}  {channel['channel']}  {amount}  every {minutes} min  "
        f"{channel['readings']:,} readings, {channel['missing']:,} missing  "
        f"{channel['starts_at']} to {channel['ends_before']}  ({quality})"
    )
