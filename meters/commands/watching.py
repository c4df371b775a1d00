"""`meters watch`."""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated

import psycopg
import typer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from meters.commands.app import app
from meters.commands.options import Columns, FormatName, Profile, Sheet, Timezone, told
from meters.commands.profiles import with_profile
from meters.commands.taking import feed_text
from meters.completeness import refresh
from meters.file_names import readable
from meters.pretended import pretended, today_at
from meters.profiles import asked_with
from meters.watching import Came, Watch
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import CareError
from utility_crm.kit.runtime import database

Folder = Annotated[Path, typer.Argument(help="Where files arrive.", metavar="DIR", file_okay=False)]
Once = Annotated[bool, typer.Option("--once", help="Take what is at rest, and end.")]
Every = Annotated[
    float, typer.Option("--every", min=0.01, max=86_400, help="Seconds from one look to the next.")
]

_log = logging.getLogger(__name__)


@app.command("watch")
def watch_(
    folder: Folder,
    format_name: FormatName = "auto",
    columns: Columns = "",
    timezone: Timezone = "",
    sheet: Sheet = "",
    profile: Profile = "",
    once: Once = False,
    every: Every = 10.0,
    as_json: AsJson = False,
) -> None:
    """Take every file that comes to rest in a folder, once, and move it to `done` or `refused` beside it."""
    how = told(format_name, columns, timezone, sheet)
    if not folder.is_dir():
        raise typer.BadParameter("there is no such folder", param_hint="DIR")
    with speaking(as_json), database() as engine:
        with_profile(engine, profile, how)  # complains at once of one that is none
        watch = Watch(engine, folder, lambda session: asked_with(session, profile, how), feed_text, utc_now)
        watch.finish_reports()
        if once:
            came = _looked_twice(engine, watch, every)
            document = {"feeds": [each.document() for each in came]}
            emit(document, as_json, lambda: "\n".join(map(_words, came)) or f"{folder}: no file at rest")
            if any(each.taken.problems for each in came):
                raise typer.Exit(1)
            return
        with _stopped() as stop:
            _keep_looking(engine, watch, every, as_json, stop)
        sys.stderr.write("The watch has ended.\n")


def _looked_twice(engine: Engine, watch: Watch, every: float) -> list[Came]:
    """What was as it is now a moment ago."""
    came = list(watch.look())
    Event().wait(every)
    came += watch.look()
    _count(engine)
    return came


@contextmanager
def _stopped() -> Iterator[Event]:
    """Set by the first SIGINT or SIGTERM: the file under way is finished, whatever the database is asked just
    then. A second one interrupts. A SIGINT that the shell has us ignore stays ignored."""
    stop = Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    caught = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) != signal.SIG_IGN]
    before = [signal.signal(one, ask) for one in caught]
    try:
        yield stop
    finally:
        for one, handler in zip(caught, before, strict=True):
            signal.signal(one, handler)


def _keep_looking(engine: Engine, watch: Watch, every: float, as_json: bool, stop: Event) -> None:
    """Until somebody stops it. Outlives a database or a folder that is away for a while."""
    away = ""
    while not stop.is_set():
        try:
            came = 0
            for each in watch.look():
                came += 1
                said = json.dumps(each.document(), ensure_ascii=False) if as_json else _words(each)
                sys.stdout.write(said + "\n")
                sys.stdout.flush()
            if came:
                _count(engine)
            away = ""
        except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            away = _said(f"the database is away: {cause}", away)
        except CareError as error:
            away = _said(error.message, away)
        stop.wait(every)


def _said(words: str, before: str) -> str:
    """The words, told unless they were told before."""
    if words != before:
        _log.warning("%s", words)
    return words


def _count(engine: Engine) -> None:
    """Bring completeness up to date, as after any ingest."""
    now = utc_now()
    with unit_of_work(engine) as session:
        refresh(session, today_at(now), pretended(now))


def _words(came: Came) -> str:
    moved = f"\n  now {readable(came.place)}" if came.place else "\n  left where it is"
    return feed_text(str(came.path), came.taken) + moved
