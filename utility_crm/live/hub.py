"""One process's open pages, and the one connection on which it hears what they are to be told.

The connection belongs to no pool and to no request; an open page costs a queue. After a database that was
away the hub looks for what it missed, so a page that stayed open loses nothing that was committed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from utility_crm.live.actions import CHANNEL

log = logging.getLogger("utility_crm.live")
QUIET_SECONDS: Final = 20.0
"""After so long without a word the connection is tried: a machine that vanished says nothing."""
LONGEST_PAUSE_SECONDS: Final = 5.0
CHECK_SECONDS: Final = 15.0
"""How long a page may go on to be told things after its session ended."""
MOST_WAITING: Final = 200
"""Events a page may be behind; a page that takes none is cut off, and asks for what it missed."""
_MISSED = """
    select id, user_ids, kind, payload from pushes where at > now() - interval '1 minute' order by id
"""
_ONE = "select id, user_ids, kind, payload from pushes where id = %s"


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be told."""

    id: int
    kind: str
    payload: dict[str, Any]


@dataclass(slots=True, eq=False)
class Stream:
    """One open page. None in its queue: it ends here. still: whether its person is signed in yet; asked again
    every CHECK_SECONDS, for all pages in one session."""

    user_id: int
    still: Callable[[Session], bool]
    waiting: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    signed_out: bool = False

    def tell(self, event: Event | None) -> None:
        """Put it into the queue; a full one is emptied and ended."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            while not self.waiting.empty():
                self.waiting.get_nowait()
            self.waiting.put_nowait(None)


class Hub:
    """Hands events to the pages of this process. Everything happens in the server's own event loop.

    It listens from the first page on. Over a test's connection, or while the application is not served, there
    is nothing to listen to: `serving` is false.
    """

    def __init__(self, engine: Engine | Connection) -> None:
        self._engine = engine
        self._address = ""
        if isinstance(engine, Engine):
            plain = engine.url.set(drivername="postgresql")
            self._address = plain.render_as_string(hide_password=False)
        self.serving = False
        self._streams: dict[int, set[Stream]] = {}
        self._listening = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._began = False
        self._told: deque[int] = deque(maxlen=5000)

    def open(self) -> None:
        """From now on pages may come; called where the server's loop runs."""
        self.serving = bool(self._address)

    def end_streams(self) -> None:
        """Let every page go, so that a server that stops need not wait for them."""
        self.serving = False
        for stream in self.streams():
            stream.tell(None)

    async def close(self) -> None:
        """Stop listening."""
        self.end_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def streams(self) -> list[Stream]:
        """All pages that are open now."""
        return [stream for mine in self._streams.values() for stream in mine]

    @contextmanager
    def opened(self, stream: Stream) -> Iterator[None]:
        """The stream is told what is pushed to its person while the block lasts."""
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(self._listen()), loop.create_task(self._check())]
        self._streams.setdefault(stream.user_id, set()).add(stream)
        try:
            yield
        finally:
            left = self._streams[stream.user_id]
            left.discard(stream)
            if not left:
                del self._streams[stream.user_id]

    async def heard(self, seconds: float) -> bool:
        """Whether the database is listened to, after waiting at most so long."""
        try:
            await asyncio.wait_for(self._listening.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def tell(self, event_id: int, user_ids: list[int], kind: str, payload: dict[str, Any]) -> None:
        """Hand an event to its people's pages, once."""
        if event_id in self._told:
            return
        self._told.append(event_id)
        event = Event(event_id, kind, payload)
        for user_id in user_ids:
            for stream in self._streams.get(user_id, ()):
                stream.tell(event)

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for stream in await run_in_threadpool(self._signed_out, self.streams()):
                stream.signed_out = True
                stream.tell(None)

    def _signed_out(self, streams: list[Stream]) -> list[Stream]:
        """Those whose session ended; a database that is away ends nobody's."""
        if not streams:
            return []
        try:
            with Session(self._engine) as session:
                return [stream for stream in streams if not stream.still(session)]
        except SQLAlchemyError:
            return []

    async def _listen(self) -> None:
        pause, away = 0.1, False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._address, autocommit=True, application_name="utility_crm live",
                    connect_timeout=5, keepalives_idle=5, keepalives_interval=2, keepalives_count=3,
                ) as connection:  # fmt: skip
                    await connection.execute(f"listen {CHANNEL}")
                    await self._catch_up(connection)
                    self._listening.set()
                    pause, away = 0.1, False
                    await self._take(connection)
            except (psycopg.Error, OSError) as error:
                if not away:
                    log.warning("live pages hear nothing: %s", " ".join(str(error).split()))
                away = True
            self._listening.clear()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _catch_up(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """What was committed while nobody listened. Pages that open now ask for what they missed themselves,
        so the first time there is nothing to tell."""
        first, self._began = not self._began, True
        rows = await (await connection.execute(_MISSED)).fetchall()
        for row in rows:
            if first:
                self._told.append(row[0])
            else:
                self.tell(*row)

    async def _take(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            notices = [
                json.loads(notice.payload)
                async for notice in connection.notifies(timeout=QUIET_SECONDS, stop_after=1)
            ]
            if not notices:
                await connection.execute("select 1")
            for told in notices:
                if told["payload"] is not None:
                    self.tell(told["id"], told["users"], told["kind"], told["payload"])
                elif row := await (await connection.execute(_ONE, (told["id"],))).fetchone():
                    self.tell(*row)
