"""A PostgreSQL server of our own, with no installation and no port.

    server = EmbeddedServer(default_home(checkout)).start()
    ...connect to server.url()...
    server.leave()

The home folder holds

    pg/         the cluster; made as pg.new.* and renamed, so half an initdb is never taken for one
    run/        the socket, in a folder only the server's user may enter (0700)
    bin/        the programs, when root runs this: its own copy may be closed to the server's user
    pg.lock     held while the server is started or stopped
    pg.users    held shared by everyone who uses the server: a killed process lets go by itself

There is no password: whoever can enter the socket folder is trusted. The server listens on no port, and
never gets a capability, so that a connection is worth no more than the user it runs as.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from utility_crm.kit.postgres_binaries import PostgresBinaries, find_binaries
from utility_crm.kit.postgres_cluster import SUPERUSER, PostgresCluster
from utility_crm.kit.server_user import ServerUnreachable, ServerUser, make_home

__all__ = ["EmbeddedServer", "ServerUnreachable", "default_home"]

_START_SECONDS: Final = 60.0
# The bytes a socket's path may have: sun_path is 108 long on Linux, 104 on macOS, with a zero at its end.
_LONGEST_SOCKET_PATH: Final = 103 if sys.platform == "darwin" else 107


def default_home(checkout: Path) -> Path:
    """Where the server of `checkout` lives unless UTILITY_CRM_HOME says otherwise.

    Root's checkout often lies in a closed folder, so root's server lives under /var/lib.
    """
    checkout = checkout.resolve()
    if os.geteuid() != 0:
        return checkout / ".home"
    return Path("/var/lib/utility_crm") / hashlib.sha256(os.fsencode(checkout)).hexdigest()[:12]


class EmbeddedServer:
    """One user of the server in `home`; several may use it at once, and the last to leave stops it.

    `fast` is for tests: nothing is synced to disk, so a crash of the machine may lose the cluster.
    """

    def __init__(self, home: Path, *, fast: bool = False) -> None:
        self.home = Path(home).resolve()
        self.data = self.home / "pg"
        self.socket_folder = _socket_folder(self.home)
        self._user = ServerUser.choose()
        self._cluster = PostgresCluster(self.data, self.socket_folder, self._user, fast)
        self._users_file: IO[str] | None = None

    def start(self, database: str = "utility_crm") -> EmbeddedServer:
        """Starts the server unless it runs, counts this process among its users, makes `database`.

        Safe to call again, after the server was killed for instance. Raises `ServerUnreachable`.
        """
        make_home(self.home, self._user)
        with self._locked():
            self._enter()
            binaries = find_binaries()
            if self._user.dropped:
                binaries = binaries.copied_to(self.home / "bin")
            self._user.make_private(self.socket_folder)
            self._cluster.make(binaries)
            self._bring_up(binaries, database)
        return self

    def url(self, database: str = "utility_crm") -> str:
        """The address of `database`, for psycopg as for SQLAlchemy."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}"

    def pid(self) -> int | None:
        """The number of the running server's first process; None if it does not run."""
        return self._cluster.pid()

    def has_socket(self) -> bool:
        """Whether anybody could knock; what listens on no port and has no socket is reached by nobody."""
        return (self.socket_folder / ".s.PGSQL.5432").exists()

    def start_again(self, database: str = "utility_crm") -> EmbeddedServer:
        """Stops the server if it still runs, whoever uses it, and starts it. Raises `ServerUnreachable`."""
        with self._locked():
            self._cluster.stop()
        return self.start(database)

    def leave(self) -> bool:
        """Ends this use; True if it was the last one and the server is stopped."""
        if self._users_file is None:
            return False
        with self._locked():
            return self._leave()

    def discard(self) -> None:
        """Stops the server and removes the cluster with everything in it, unless somebody else uses it."""
        make_home(self.home, self._user)
        with self._locked():
            self._enter()
            if not self._leave():
                raise ServerUnreachable(f"the database in {self.home} is in use; stop what uses it first")
            shutil.rmtree(self.data, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._open("pg.lock") as lock_file:
            fcntl.flock(lock_file, fcntl.LOCK_EX)
            yield

    def _enter(self) -> None:
        if self._users_file is None:
            self._users_file = self._open("pg.users")
            fcntl.flock(self._users_file, fcntl.LOCK_SH)

    def _leave(self) -> bool:
        assert self._users_file is not None
        users_file, self._users_file = self._users_file, None
        with users_file:
            fcntl.flock(users_file, fcntl.LOCK_UN)
            try:
                fcntl.flock(users_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self._cluster.stop()
            return True

    def _open(self, name: str) -> IO[str]:
        try:
            return (self.home / name).open("a", encoding="utf-8")
        except PermissionError as error:
            raise ServerUnreachable(f"{self.home} belongs to another user; set UTILITY_CRM_HOME") from error

    def _bring_up(self, binaries: PostgresBinaries, database: str) -> None:
        """Tries until `database` answers.

        The remains of a killed server take a moment to let go of its memory; one found running may be about
        to end, or still be recovering from a crash.
        """
        give_up_at = time.monotonic() + _START_SECONDS
        problem = ""
        while time.monotonic() < give_up_at:
            if self.pid() is not None or self._cluster.try_to_start(binaries, give_up_at):
                try:
                    return self._make_database(database)
                except psycopg.OperationalError as error:
                    problem = str(error)
            time.sleep(0.1)
        raise ServerUnreachable(f"PostgreSQL does not start: {problem}\n{self._cluster.end_of_log()}")

    def _make_database(self, database: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, (database,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))


def _socket_folder(home: Path) -> Path:
    """`home`/run, or a folder of the same privacy under /tmp where that path cannot name a socket.

    /tmp, and not the TMPDIR of the day: every process must come to the same answer. A comma would
    separate two hosts in a connection's address.
    """
    folder = home / "run"
    path = os.fsencode(folder / ".s.PGSQL.5432")
    if len(path) <= _LONGEST_SOCKET_PATH and b"," not in path:
        return folder
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/tmp", f"utility_crm-{os.geteuid()}-{digest}")  # noqa: S108 - checked to be ours and 0700
