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
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from utility_crm.kit.postgres_binaries import PostgresBinaries, find_binaries
from utility_crm.kit.processes import is_running, works_in
from utility_crm.kit.server_user import ServerUnreachable, ServerUser, make_home

__all__ = ["EmbeddedServer", "ServerUnreachable", "default_home"]

SUPERUSER: Final = "postgres"
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "60",
    # No replica ever follows this server; with no WAL of their own, tables filled where made load faster.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FAST_SETTINGS: Final[Mapping[str, str]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
}
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
# The bytes a socket's path may have: sun_path is 108 long on Linux, 104 on macOS, with a zero at its end.
_LONGEST_SOCKET_PATH: Final = 103 if sys.platform == "darwin" else 107
# Started in the background by a shell that leaves at once, the server is nobody's child: it can never
# stay behind as our zombie, and outlives whoever started it.
_IN_BACKGROUND: Final = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!'


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
        self.fast = fast
        self.data = self.home / "pg"
        self.socket_folder = _socket_folder(self.home)
        self._user = ServerUser.choose()
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
            self._make_cluster(binaries)
            if self.pid() is None:
                self._start_postgres(binaries)
            self._make_database(database)
        return self

    def url(self, database: str = "utility_crm") -> str:
        """The address of `database`, for psycopg as for SQLAlchemy."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}"

    def pid(self) -> int | None:
        """The number of the running server's first process; None if it does not run."""
        try:
            first_line = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
            pid = int(first_line)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return pid if works_in(pid, self.data) else None

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
            self._stop_postgres()
            return True

    def _open(self, name: str) -> IO[str]:
        try:
            return (self.home / name).open("a", encoding="utf-8")
        except PermissionError as error:
            raise ServerUnreachable(f"{self.home} belongs to another user; set UTILITY_CRM_HOME") from error

    def _make_cluster(self, binaries: PostgresBinaries) -> None:
        if self.data.exists():
            self._check_version(binaries)
            return
        for leftover in self.home.glob("pg.new.*"):  # of a killed initdb, which may still be at it
            shutil.rmtree(leftover, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="pg.new.", dir=self.home))
        self._user.make_private(new)
        command = [str(binaries.program("initdb")), "-D", str(new), "-U", SUPERUSER, "-A", "trust"]
        # The built-in provider sorts the same on every system, and knows letters beyond ASCII.
        command += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.fast:
            command.append("--no-sync")
        made = self._user.run(self._user.with_a_name(command))
        if made.returncode != 0:
            raise ServerUnreachable(self._why_no_cluster(made.stdout))
        new.rename(self.data)

    def _check_version(self, binaries: PostgresBinaries) -> None:
        try:
            major = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise ServerUnreachable(f"{self.data} holds no PostgreSQL cluster; move it away") from None
        if major != binaries.major:
            raise ServerUnreachable(
                f"{self.data} was made by PostgreSQL {major}, this is {binaries.major}: dump and restore it, "
                f"or start over with `make demo-reset`"
            )

    def _why_no_cluster(self, output: str) -> str:
        if self._user.name is None:
            return (
                f"user {self._user.uid} has no entry in /etc/passwd, which initdb wants, and may not borrow "
                f"one; add an entry, or set UTILITY_CRM_DATABASE_URL ({output.strip()[-300:]})"
            )
        return f"initdb failed: {output.strip()[-2000:]}"

    def _start_postgres(self, binaries: PostgresBinaries) -> None:
        """Tries until the remains of a killed server have let go of its memory."""
        give_up_at = time.monotonic() + _START_SECONDS
        while not self._try_postgres(binaries, give_up_at):
            if time.monotonic() > give_up_at:
                raise ServerUnreachable(f"PostgreSQL does not start: {self._end_of_log()}")
            time.sleep(0.2)

    def _try_postgres(self, binaries: PostgresBinaries, give_up_at: float) -> bool:
        # Known not to be ours and alive. PostgreSQL itself would take a zombie, or another process that has
        # the number by now, for a running server. Its shared memory still guards against a real one.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.socket_folder.glob(".s.PGSQL.*"):
            leftover.unlink()
        # On the command line, not in a file: root writes nothing where the server's user could put a link.
        settings = {**_SETTINGS, **(_FAST_SETTINGS if self.fast else {})}
        command = [str(binaries.program("postgres")), "-D", str(self.data)]
        command += ["-k", '"' + str(self.socket_folder).replace('"', '""') + '"']
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = str(self.data / "server.log")
        started = self._user.run(["/bin/sh", "-c", _IN_BACKGROUND, "sh", log, *command])
        if started.returncode != 0:
            raise ServerUnreachable(f"PostgreSQL cannot be started: {started.stdout.strip()[-500:]}")
        pid = int(started.stdout)
        try:
            while is_running(pid) and time.monotonic() < give_up_at:
                if self._is_ready():
                    return True
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            os.kill(pid, signal.SIGINT)
            raise
        return False

    def _is_ready(self) -> bool:
        """The eighth line of postmaster.pid is the server's state."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _make_database(self, database: str) -> None:
        give_up_at = time.monotonic() + _START_SECONDS
        while True:
            try:
                with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                    query = "SELECT 1 FROM pg_database WHERE datname = %s"
                    if connection.execute(query, (database,)).fetchone() is None:
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
                return
            except psycopg.OperationalError as error:
                # A server found running may still be recovering from a crash.
                if time.monotonic() > give_up_at or self.pid() is None:
                    raise ServerUnreachable(f"{error}\n{self._end_of_log()}") from error
                time.sleep(0.1)

    def _stop_postgres(self) -> None:
        pid = self.pid()
        if pid is None:
            return
        # SIGINT is PostgreSQL's fast shutdown: sessions are ended, everything is written. SIGQUIT drops it
        # all and recovers at the next start.
        for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 5.0)):
            os.kill(pid, number)
            give_up_at = time.monotonic() + seconds
            while time.monotonic() < give_up_at:
                if not is_running(pid):
                    return
                time.sleep(_POLL_SECONDS)
        raise ServerUnreachable(f"PostgreSQL (process {pid}) does not stop: {self._end_of_log()}")

    def _end_of_log(self) -> str:
        try:
            return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")[-1500:]
        except FileNotFoundError:
            return "it wrote no log"


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
