"""Whether the database behind `up` still answers, and what is done where it does not.

A process that runs is not a database that answers: its socket may be gone, or it hangs. So it is asked with a
query now and then. An embedded server that ended, or answers nobody, is started again; of another's database
it is only said, once, that it is silent, and once that it is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import psycopg

from utility_crm.kit.embedded_server import EmbeddedServer, ServerUnreachable

_LOOK_SECONDS: Final = 1.0
_ASK_SECONDS: Final = 5.0
_SILENT_SECONDS: Final = 30.0
"""A server under heavy load may take its time; one whose socket is gone never answers again."""
_ANSWER_SECONDS: Final = 3
_STARTS: Final = 3


class DatabaseWatch:
    """Called often by the supervisor; looks, and asks, when it is time. `server` is None where `url` names a
    database of somebody else's."""

    def __init__(self, server: EmbeddedServer | None, url: str, say: Callable[[str], None]) -> None:
        self._server = server
        self._url = url
        self._say = say
        self._look_at = 0.0
        self._ask_at = time.monotonic() + _ASK_SECONDS
        self._silent_since: float | None = None
        self._failed_starts = 0

    def tend(self) -> None:
        """Raises ServerUnreachable where the database cannot come back: everything has to stop."""
        now = time.monotonic()
        if now < self._look_at:
            return
        if self._server is not None and self._server.pid() is None:
            self._start_again("The database ended; starting it again")
        elif self._server is not None and not self._server.has_socket():
            self._start_again("The database's socket is gone; starting the database again")
        elif now >= self._ask_at:
            self._ask(now)
        self._look_at = time.monotonic() + _LOOK_SECONDS

    def _ask(self, now: float) -> None:
        problem = silence_of(self._url)
        self._ask_at = time.monotonic() + _ASK_SECONDS
        if problem is None:
            if self._silent_since is not None:
                self._say("The database answers again.")
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now
            self._say(f"The database does not answer: {problem}")
        elif self._server is not None and now - self._silent_since >= _SILENT_SECONDS:
            self._start_again("The database answers nobody; starting it again")

    def _start_again(self, words: str) -> None:
        assert self._server is not None
        if not self._server.data.exists():
            raise ServerUnreachable(f"the database's files in {self._server.data} are gone; everything stops")
        self._say(words)
        try:
            self._server.start_again()
        except ServerUnreachable as error:
            self._failed_starts += 1
            if self._failed_starts == _STARTS:
                raise ServerUnreachable(f"the database does not come back: {error.message}") from error
            self._say(error.message)
        else:
            self._failed_starts = 0
            self._say("The database answers again.")
        self._silent_since = None


def silence_of(url: str) -> str | None:
    """Why nothing answers at an address; None where something does, were it to say that it is full."""
    try:
        with psycopg.connect(url, connect_timeout=_ANSWER_SECONDS, autocommit=True) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        return None if "FATAL" in str(error) else str(error).strip().splitlines()[0]
    return None
