"""`meters export`."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from meters.commands.app import app
from meters.exporting import FIRST_DAY, LAST_DAY, Exported, Wanted, export
from meters.writing.writers import writers
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database

Codes = Annotated[
    list[str], typer.Option("--service-point", help="Whose readings; may be repeated.", metavar="CODE")
]
Everything = Annotated[bool, typer.Option("--all", help="The readings of every service point.")]
From = Annotated[
    str, typer.Option("--from", help="The first day, in each meter's standard time.", metavar="DAY")
]
To = Annotated[str, typer.Option("--to", help="The last day.", metavar="DAY")]
Name = Annotated[str, typer.Option("--format", help="The file's format.", metavar="|".join(writers()))]
Out = Annotated[
    Path, typer.Option("--out", help="The file; packed if it ends in .gz. An older one is replaced.")
]


@app.command("export")
def export_(
    format_name: Name,
    out: Out,
    codes: Codes = [],  # noqa: B006
    everything: Everything = False,
    first: From = "",
    last: To = "",
    as_json: AsJson = False,
) -> None:
    """Write readings to a file that other systems read, and this one, too: to the same totals."""
    if format_name not in writers():
        raise typer.BadParameter(f"{format_name!r} is none of {', '.join(writers())}", param_hint="--format")
    if bool(codes) == everything:
        raise typer.BadParameter("name service points, or say --all", param_hint="--service-point")
    wanted = Wanted(codes or None, _day(first, "--from") or FIRST_DAY, _day(last, "--to") or LAST_DAY)
    if wanted.first > wanted.last:
        raise typer.BadParameter("it is before --from", param_hint="--to")
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session, put_in_place(out) as opened:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            exported = export(session, writers()[format_name], wanted, utc_now(), opened)
        document = {"export": {"path": str(out), "format": format_name} | exported.document()}
        emit(document, as_json, lambda: exported_text(out, exported))


@contextmanager
def put_in_place(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which stands under its name once the block has ended well, and else not at all. Raises
    Invalid where it cannot be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as plain:
            if path.suffix.lower() == ".gz":
                with gzip.GzipFile(path.stem, "wb", compresslevel=6, fileobj=plain, mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield plain
            plain.flush()
            os.fsync(plain.fileno())
        draft.replace(path)
    except OSError as error:
        raise Invalid("unwritable", f"The file cannot be written: {error.strerror}.", str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def exported_text(path: Path, exported: Exported) -> str:
    """What went into the file, for a person at a terminal."""
    return (
        f"{path}: {exported.readings:,} readings of {exported.channels:,} channels, "
        f"{exported.first_day} to {exported.last_day}"
    )


def _day(words: str, option: str) -> date | None:
    if not words:
        return None
    try:
        return date.fromisoformat(words)
    except ValueError as error:
        raise typer.BadParameter(f"{words!r} is no day like 2026-11-19", param_hint=option) from error
