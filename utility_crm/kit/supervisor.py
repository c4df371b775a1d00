"""Everything in one command: database, web, clock and delivery, kept alive until Ctrl-C.

The order is the point. The port is bound before anything else, so a taken port is said at once. The database
is up before `before_serving` fills it, and before any child starts. The web process is handed the listening
socket: while it is started again, callers wait in the socket's queue instead of being turned away. Children
are stopped first, the database last.

One supervisor works in a home at a time: it and its children hold `up.lock` together. After a `kill -9` of
the supervisor its children leave by themselves (see `supervised`); the next one waits for them.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Final

from utility_crm.kit.child_process import ChildProcess, Command, Inheritance
from utility_crm.kit.database_watch import DatabaseWatch
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.errors import Conflict
from utility_crm.kit.processes import is_running
from utility_crm.kit.server_user import ServerUser, make_home
from utility_crm.kit.supervised import LEAVE_SECONDS

COMMANDS: Final = (
    Command("web", "utility_crm", ("serve", "--fd", "{fd}")),
    Command("clock", "utility_crm", ("clock",)),
    Command("delivery", "utility_crm", ("deliver",)),
)
_INTERRUPTED: Final = 130
_LOOK_SECONDS: Final = 0.1
_ALONE_SECONDS: Final = 10.0
_QUEUE: Final = 512


@dataclass(frozen=True)
class Supervisor:
    """What to run and whom to tell.

    `server` is the embedded server, or None where `database_url` names another.
    `before_serving` gets the database's address once it answers; `when_serving` the web's address once the
    first page came; `say` gets one line for whatever a person at the terminal should know. The first of the
    `commands` serves.
    """

    home: Path
    host: str
    port: int
    server: EmbeddedServer | None
    database_url: str
    before_serving: Callable[[str], None]
    when_serving: Callable[[str], None]
    say: Callable[[str], None]
    commands: Sequence[Command] = COMMANDS

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def run(self) -> int:
        """Runs until SIGINT or SIGTERM; the exit status: 0, or 130 if stopped before it served.

        Raises `Conflict` for a taken port or home, `ServerUnreachable` where the database cannot run, or
        cannot come back: all else is stopped then.
        """
        with ExitStack() as stack:
            stop = stack.enter_context(_heeding_signals())
            lock = stack.enter_context(self._alone_in_home())
            listener = stack.enter_context(listen(self.host, self.port))
            stack.callback(self._leave_database)
            try:
                url = self._start_database()
                self.before_serving(url)
                stop.interrupts = False
            except KeyboardInterrupt:
                self.say("Stopped before everything was up.")
                return _INTERRUPTED
            self._keep_alive(stop, listener, lock, url)
        return 0

    def _keep_alive(self, stop: _Stop, listener: socket.socket, lock: IO[str], url: str) -> None:
        reading_end, writing_end = os.pipe()
        environment = {"UTILITY_CRM_DATABASE_URL": url, "UTILITY_CRM_HOME": str(self.home)}
        inheritance = Inheritance(listener.fileno(), reading_end, lock.fileno(), environment)
        children = [ChildProcess(command, inheritance, self.say) for command in self.commands]
        served = threading.Event()
        threading.Thread(target=_wait_for_a_page, args=(self.host, self.port, served), daemon=True).start()
        told = False
        watch = DatabaseWatch(self.server, url, self.say)
        # The first child serves, and starts alone: beside the others it would take twice as long.
        all_at = time.monotonic() + _ALONE_SECONDS
        try:
            while not stop.asked:
                for child in children if served.is_set() or time.monotonic() >= all_at else children[:1]:
                    child.tend()
                if served.is_set() and not told:
                    told = True
                    self.when_serving(self.address)
                watch.tend()
                time.sleep(_LOOK_SECONDS)
        finally:
            served.set()
            _stop(children)
            os.close(writing_end)
            os.close(reading_end)

    def _start_database(self) -> str:
        return self.database_url if self.server is None else self.server.start().url()

    def _leave_database(self) -> None:
        if self.server is not None:
            self.say("Database stopped." if self.server.leave() else "Database left to its other users.")

    @contextmanager
    def _alone_in_home(self) -> Iterator[IO[str]]:
        if self.server is None:
            self.home.mkdir(parents=True, exist_ok=True)
        else:
            make_home(self.home, ServerUser.choose())
        with (self.home / "up.lock").open("a+", encoding="utf-8") as lock:
            # The children of a killed supervisor hold the lock until they are gone.
            give_up_at = time.monotonic() + LEAVE_SECONDS + 2
            while not _taken(lock):
                holder, where = _holder(lock)
                if (holder is not None and is_running(holder)) or time.monotonic() > give_up_at:
                    raise Conflict("already_up", f"this is already running at {where} (process {holder})")
                time.sleep(_LOOK_SECONDS)
            lock.truncate(0)
            lock.write(f"{os.getpid()} {self.address}\n")
            lock.flush()
            yield lock
            lock.truncate(0)


@dataclass
class _Stop:
    """Whether to stop. While starting, the first signal breaks off what is done; later ones never do."""

    asked: bool = False
    interrupts: bool = True

    def heed(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        if self.interrupts:
            self.interrupts = False
            raise KeyboardInterrupt


@contextmanager
def _heeding_signals() -> Iterator[_Stop]:
    stop = _Stop()
    before = {number: signal.signal(number, stop.heed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; callers wait in its queue until somebody answers."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_QUEUE)
    except OSError as error:
        listener.close()
        message = (
            f"port {port} on {host} cannot be used ({error.strerror}); choose another with PORT=, as in "
        )
        raise Conflict("port_taken", f"{message}`make demo PORT={port + 1}`") from error
    return listener


def _stop(children: Sequence[ChildProcess]) -> None:
    for child in children:
        child.ask_to_stop()
    give_up_at = time.monotonic() + LEAVE_SECONDS
    for child in children:
        child.wait_until_stopped(give_up_at)


def _wait_for_a_page(host: str, port: int, served: threading.Event) -> None:
    """Any answer will do: the web process is there."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where to ask, not to bind
    while not served.is_set():
        try:
            connection = http.client.HTTPConnection(reachable, port, timeout=60)
            connection.request("GET", "/healthz")
            connection.getresponse().close()
            served.set()
        except (OSError, http.client.HTTPException):
            time.sleep(_LOOK_SECONDS)


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: IO[str]) -> tuple[int | None, str]:
    """Process and address of the supervisor that wrote into the lock last."""
    lock.seek(0)
    number, _, address = lock.read().strip().partition(" ")
    return (int(number) if number.isdecimal() else None), address or "an unknown address"
