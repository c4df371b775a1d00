"""One PostgreSQL cluster on disk: made, started, stopped, and whether it runs.

`pg_ctl` is not used: it hands paths to a shell, takes a zombie for a running server, and polls slowly.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from utility_crm.kit.postgres_binaries import PostgresBinaries
from utility_crm.kit.processes import is_running, works_in
from utility_crm.kit.server_user import ServerUnreachable, ServerUser

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
_STOP_SECONDS: Final = 60.0
_KILL_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02
# Started in the background by a shell that leaves at once, the server is nobody's child: it can never
# stay behind as our zombie, and outlives whoever started it.
_IN_BACKGROUND: Final = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!'


@dataclass(frozen=True)
class PostgresCluster:
    """The cluster in `data`, run by `user`, reached through `socket_folder`; `fast` syncs nothing to disk."""

    data: Path
    socket_folder: Path
    user: ServerUser
    fast: bool

    def pid(self) -> int | None:
        """The number of the running server's first process; None if it does not run."""
        try:
            first_line = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
            pid = int(first_line)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return pid if works_in(pid, self.data) else None

    def make(self, binaries: PostgresBinaries) -> None:
        """Makes the cluster unless it is there. The caller holds the home's lock."""
        if self.data.exists():
            self._check_version(binaries)
            return
        for leftover in self.data.parent.glob("pg.new.*"):  # of a killed initdb, which may still be at it
            shutil.rmtree(leftover, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="pg.new.", dir=self.data.parent))
        self.user.make_private(new)
        command = [str(binaries.program("initdb")), "-D", str(new), "-U", SUPERUSER, "-A", "trust"]
        # The built-in provider sorts the same on every system, and knows letters beyond ASCII.
        command += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.fast:
            command.append("--no-sync")
        made = self.user.run(self.user.with_a_name(command))
        if made.returncode != 0:
            raise ServerUnreachable(self._why_not_made(made.stdout))
        new.rename(self.data)

    def try_to_start(self, binaries: PostgresBinaries, give_up_at: float) -> bool:
        """Starts the server; False if it ended again, or is not ready by `give_up_at` (monotonic seconds).

        Only for a cluster whose `pid()` is None.
        """
        # PostgreSQL itself would take a zombie, or another process that has the number by now, for a running
        # server. Its shared memory still guards against a real one.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.socket_folder.glob(".s.PGSQL.*"):
            leftover.unlink()
        log = str(self.data / "server.log")
        started = self.user.run(["/bin/sh", "-c", _IN_BACKGROUND, "sh", log, *self._command_line(binaries)])
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

    def stop(self) -> None:
        """Ends all sessions, writes everything, and waits for the end of it."""
        pid = self.pid()
        if pid is None:
            return
        # SIGINT is PostgreSQL's fast shutdown. SIGQUIT drops everything, to be recovered at the next start.
        for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, _KILL_SECONDS)):
            os.kill(pid, number)
            give_up_at = time.monotonic() + seconds
            while time.monotonic() < give_up_at:
                if not is_running(pid):
                    return
                time.sleep(_POLL_SECONDS)
        raise ServerUnreachable(f"PostgreSQL (process {pid}) does not stop: {self.end_of_log()}")

    def end_of_log(self) -> str:
        """The last the server said."""
        try:
            return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")[-1500:]
        except FileNotFoundError:
            return "it wrote no log"

    def _command_line(self, binaries: PostgresBinaries) -> list[str]:
        # Settings come here, not in a file: root writes nothing where the server's user could put a link.
        settings = {**_SETTINGS, **(_FAST_SETTINGS if self.fast else {})}
        folder = str(self.socket_folder).replace('"', '""')
        command = [str(binaries.program("postgres")), "-D", str(self.data), "-k", f'"{folder}"']
        return command + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _is_ready(self) -> bool:
        """The eighth line of postmaster.pid is the server's state."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

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

    def _why_not_made(self, output: str) -> str:
        if self.user.name is None:
            return (
                f"user {self.user.uid} has no entry in /etc/passwd, which initdb wants, and may not borrow "
                f"one; add an entry, or set UTILITY_CRM_DATABASE_URL ({output.strip()[-300:]})"
            )
        return f"initdb failed: {output.strip()[-2000:]}"
