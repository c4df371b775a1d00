"""`meters inspect` and `meters ingest`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Engine

from meters.actions import TakenFeed, ingest
from meters.asking import Asked
from meters.commands.app import app
from meters.commands.options import (
    Columns,
    FormatName,
    Paths,
    Profile,
    Sheet,
    Timezone,
    check_format,
    read_options,
    told,
)
from meters.commands.profiles import with_profile
from meters.commands.progress import progress
from meters.completeness import refresh
from meters.domain.units import STORED_UNITS
from meters.feeds.format import ReadOptions
from meters.feeds.reading import FeedFile, read_feed
from meters.file_names import readable
from meters.inspection import InspectedFile, inspected
from meters.pretended import pretended, today_at
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database


@app.command()
def inspect(
    paths: Paths,
    format_name: FormatName = "auto",
    columns: Columns = "",
    timezone: Timezone = "",
    sheet: Sheet = "",
    as_json: AsJson = False,
) -> None:
    """Say what is in meter files, and what is wrong with them. Needs no database, keeps nothing."""
    options = read_options(columns, timezone, sheet)
    check_format(format_name)
    check_paths(paths, as_json)
    with speaking(as_json):
        files = [inspected(_read(path, format_name, options)) for path in paths]
        for piece in inspection_json(files) if as_json else inspection_text(files):
            sys.stdout.write(piece)
    if any(file.status != "ok" for file in files):
        raise typer.Exit(1)


def _read(path: Path, format_name: str, options: ReadOptions) -> FeedFile:
    """Raises Invalid where the path cannot be read."""
    try:
        with progress(path) as watch:
            size = path.stat().st_size

            def read_so_far(done: int) -> None:
                if watch is not None:
                    watch("read", min(done, size), size)

            return read_feed(path, format_name, options, read_so_far)
    except OSError as error:
        raise Invalid("unreadable", f"The file cannot be read: {error.strerror}.", str(path)) from error


@app.command("ingest")
def ingest_(
    paths: Paths,
    format_name: FormatName = "auto",
    columns: Columns = "",
    timezone: Timezone = "",
    sheet: Sheet = "",
    profile: Profile = "",
    as_json: AsJson = False,
) -> None:
    """Take meter files in, each whole or in part, and say what became of them. Safe to repeat."""
    how = told(format_name, columns, timezone, sheet)
    check_paths(paths, as_json)
    with speaking(as_json):
        taken = []
        with database() as engine:
            how = with_profile(engine, profile, how)
            for path in paths:
                taken.append((path, _taken(engine, path, how)))
            with unit_of_work(engine) as session:
                now = utc_now()
                refresh(session, today_at(now), pretended(now))
        document = {"feeds": [feed.document(str(path)) for path, feed in taken]}
        emit(document, as_json, lambda: "\n".join(feed_text(str(path), feed) for path, feed in taken))
    if any(feed.problems for _path, feed in taken):
        raise typer.Exit(1)


def _taken(engine: Engine, path: Path, how: Asked) -> TakenFeed:
    """What became of one file; one that cannot be read is refused with its problem, as others were taken or
    will be."""
    try:
        with progress(path) as watch, unit_of_work(engine) as session:
            return ingest(session, path, how, watch=watch)
    except Invalid as error:
        problem = {"member": None, "line": None, "code": error.code, "message": error.message}
        return TakenFeed(None, "rejected", 0, 0, 0, 0, [problem])


_BECAME = {"ok": "taken", "partial": "taken in part", "rejected": "refused", "unchanged": "nothing new"}


def feed_text(path: str, feed: TakenFeed) -> str:
    """What became of one file, for a person at a terminal."""
    kept = "days" if feed.readings else "days or reads"
    came = f"{feed.readings:,} readings; {feed.blocks_added:,} {kept} new, {feed.blocks_changed:,} changed"
    before = f"; this file was taken on {feed.before:%Y-%m-%d %H:%M} UTC" if feed.before else ""
    head = f"{readable(path)}: {_BECAME[feed.status]}, {came}, {feed.blocks_unchanged:,} the same{before}"
    return "\n".join([head, *map(_problem_line, feed.problems)])


def inspection_json(files: Sequence[InspectedFile]) -> Iterator[str]:
    """The document of `meters.inspection.inspection`, piece by piece: a file may have a million channels."""
    for place, file in enumerate(files):
        yield ", " if place else '{"files": ['
        yield json.dumps(file.head(), ensure_ascii=False)[:-1]
        for number, channel in enumerate(file.channels.texts()):
            yield (", " if number else ', "channels": [') + channel
        yield ("], " if len(file.channels) else ', "channels": [], ')
        yield json.dumps(file.tail(), ensure_ascii=False)[1:]
    yield "]}\n"


def inspection_text(files: Sequence[InspectedFile]) -> Iterator[str]:
    """The same for a person at a terminal, line by line."""
    for file in files:
        yield f"{file.path}: {file.status}, {file.format or 'format not recognised'}\n"
        yield from (f"{_channel_line(channel)}\n" for channel in file.channels)
        yield from (f"{_problem_line(problem)}\n" for problem in file.problems)
        yield from (f"  ! {not_kept_words(unit, count)}\n" for unit, count in file.not_kept.items())


def not_kept_words(unit: str, count: int) -> str:
    """What an ingest would say of channels in a unit that is not kept, or in none."""
    channels = "one channel is" if count == 1 else f"{count:,} channels are"
    named = f"in {unit}" if unit else "without a unit"
    return f"{channels} {named}, and would be left out: readings are kept in {', '.join(STORED_UNITS)}"


def _problem_line(problem: Mapping[str, Any]) -> str:
    line = f"line {problem['line']}" if problem["line"] else ""
    place = " ".join(part for part in (problem["member"], line) if part)
    return f"  ! {place + ': ' if place else ''}{problem['message']}"


def _channel_line(channel: Mapping[str, Any]) -> str:
    interval = channel["interval_minutes"]
    minutes = "/".join(map(str, interval)) if isinstance(interval, list) else str(interval)
    quality = ", ".join(f"{count:,} {word}" for word, count in channel["quality"].items())
    every = f"every {minutes} min" if interval else "accumulated"
    amount = f"{channel['total']} {channel['unit'] or '(no unit)'}"
    return (
        f"  {channel['service_point']}  {channel['channel']}  {amount}  {every}  "
        f"{channel['readings']:,} readings, {channel['missing']:,} missing  "
        f"{channel['starts_at']} to {channel['ends_before']}  ({quality})"
    )
