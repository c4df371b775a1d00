"""Taking the files of a folder, one look after the other.

A file is taken by whoever holds its lock in the database (an advisory lock, which ends with its holder), so
that two watchers of a folder never take one twice, on two machines either. What is taken is committed before
the file is moved: after a `kill -9` in between the next look takes the file again, which the ingest knows by
its hash as unchanged, and moves it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from meters.actions import TakenFeed, ingest
from meters.asking import Asked
from meters.file_names import readable
from meters.tables import Feed
from meters.watching.putting_away import put_away, report_on, without_report
from meters.watching.resting import Look, Resting, look_at
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid

_AWAY = ("", "08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE (PostgreSQL, appendix A): no connection, rolled back for others, no resources, locked,
an operator's doing, the machine's fault."""
_TOO_MUCH = ("53200",)
"""Out of memory, by what one transaction wants."""
DONE, REFUSED = "done", "refused"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Came:
    """What became of one file, and where it lies now; it stays in its place where it cannot be read or
    moved."""

    path: Path
    place: Path | None
    taken: TakenFeed

    def document(self) -> dict[str, Any]:
        """As it is reported."""
        moved = {"moved_to": readable(self.place) if self.place else None}
        return self.taken.document(str(self.path)) | moved


class _Changed(Exception):
    """A file was written to while it was read: nothing of it is kept."""


@dataclass(slots=True)
class Watch:
    """One folder. `how` says how its files are to be read, asked anew for each round; `words` tells a person
    what became of a file; `now` is the clock."""

    engine: Engine
    folder: Path
    how: Callable[[Session], Asked]
    words: Callable[[str, TakenFeed], str]
    now: Callable[[], datetime]
    _resting: Resting = field(init=False)
    _left: dict[str, Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._resting = Resting(self.folder)

    def look(self) -> Iterator[Came]:
        """Take every file that is as it was at the look before. Raises Invalid where the folder cannot be
        read, or the way to read files is none."""
        try:
            rested = self._resting.rested()
        except OSError as error:
            words = f"The folder cannot be read: {error.strerror}."
            raise Invalid("no_folder", words, str(self.folder)) from error
        waiting = {name: look for name, look in rested.items() if self._left.get(name) != look}
        if not waiting:
            return
        with unit_of_work(self.engine) as session:
            how = self.how(session)
        for name, look in waiting.items():
            with self._alone(name) as alone:
                came = self._take(self.folder / name, look, how) if alone else None
            if came is not None:
                yield came

    def finish_reports(self) -> None:
        """Write the reports of files that were moved by a watcher which ended before it could."""
        for folder in (self.folder / DONE, self.folder / REFUSED):
            for place in without_report(folder):
                with self._alone(place.name) as alone:
                    if alone:
                        self._report_again(place)

    def _take(self, path: Path, look: Look, how: Asked) -> Came | None:
        """One file, taken and put away; None where it is gone, or was changed meanwhile."""
        with _undisturbed() as calm:
            try:
                with unit_of_work(self.engine) as session:
                    taken = ingest(session, path, how)
                    if look_at(path) != look:
                        raise _Changed
                    calm()  # from the commit to the move nothing but a kill may come between
            except _Changed:
                return None
            except Invalid as error:
                return self._left_alone(path, look, error)
            except (SQLAlchemyError, psycopg.Error, UnicodeError) as error:
                if database_away(error):
                    raise
                if look_at(path) != look:
                    return None
                taken = _not_taken(error)
                calm()
            folder = self.folder / (REFUSED if taken.status == "rejected" else DONE)
            try:
                place = put_away(path, folder)
            except FileNotFoundError:
                return Came(path, None, taken)
            except OSError as error:
                words = f"The file was taken and cannot be moved to {folder.name}: {error.strerror}."
                return self._left_alone(path, look, Invalid("unmovable", words, str(path)))
            came = Came(path, place, taken)
            self._report(came)
            return came

    def _left_alone(self, path: Path, look: Look, error: Invalid) -> Came | None:
        """A file that stays where it is until something about it changes; nothing of one that went away."""
        if look_at(path) is None:
            return None
        self._left[path.name] = look
        problem = {"member": None, "line": None, "code": error.code, "message": error.message}
        return Came(path, None, TakenFeed(None, "rejected", 0, 0, 0, 0, [problem]))

    def _report(self, came: Came) -> None:
        assert came.place is not None, "a report lies beside its file"
        document = came.document() | {"reported_at": self.now().isoformat()}
        try:
            report_on(came.place, document, self.words(str(came.path), came.taken))
        except OSError as error:
            _log.warning("no report beside %s: %s", came.place, error)

    def _report_again(self, place: Path) -> None:
        with place.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        with unit_of_work(self.engine) as session:
            same = select(Feed).where(Feed.sha256 == digest).order_by(Feed.id.desc()).limit(1)
            feed = session.scalar(same)
        if feed is not None:
            self._report(Came(self.folder / place.name, place, _as_taken(feed)))

    @contextmanager
    def _alone(self, name: str) -> Iterator[bool]:
        """Whether no other watcher of this database has the file; nobody else gets it while the block
        lasts."""
        key = int.from_bytes(hashlib.sha256(b"watch " + os.fsencode(name)).digest()[:8], "big", signed=True)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            held = bool(connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": key}))
            try:
                yield held
            finally:
                if held:
                    connection.execute(text("select pg_advisory_unlock(:key)"), {"key": key})


def database_away(error: Exception) -> bool:
    """Whether it is the database that cannot be reached or is busy, and no file is at fault."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = cause.sqlstate or ""
    return state[:2] in _AWAY and state not in _TOO_MUCH


def _not_taken(error: Exception) -> TakenFeed:
    """A file that the database would not have."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).splitlines() or [""]
    words = f"The database refused what is in this file ({type(cause).__name__}: {readable(lines[0][:200])})."
    problem = {"member": None, "line": None, "code": "database_refused", "message": words}
    return TakenFeed(None, "rejected", 0, 0, 0, 0, [problem])


def _as_taken(feed: Feed) -> TakenFeed:
    return TakenFeed(
        feed.id,
        feed.status,
        feed.readings,
        feed.blocks_added,
        feed.blocks_changed,
        feed.blocks_unchanged,
        feed.problems,
    )


@contextmanager
def _undisturbed() -> Iterator[Callable[[], None]]:
    """Gives a call after which this thread's Ctrl-C and SIGTERM wait until the block ends."""
    stops = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    try:
        yield lambda: (signal.pthread_sigmask(signal.SIG_BLOCK, stops), None)[1]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
