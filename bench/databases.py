"""A database to measure in: an embedded server of its own, synced to disk as in use, gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from utility_crm.kit.database import make_engine
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.migrations import migrate


@contextmanager
def migrated_database() -> Iterator[Engine]:
    """Empty, with the newest tables."""
    # The server may run as another user, who has to reach its home; a short path keeps the socket's legal.
    folder = Path(tempfile.mkdtemp(prefix="ucrm-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        server = EmbeddedServer(folder / "home").start()
        engine = make_engine(server.url())
        try:
            migrate(engine)
            yield engine
        finally:
            engine.dispose()
            server.leave()
    finally:
        shutil.rmtree(folder)


def seconds_of_both(engine: Engine) -> Callable[[], float]:
    """Seconds of processor that this process and the whole database server have taken so far."""
    with engine.connect() as connection:
        backend = connection.scalar(text("select pg_backend_pid()"))
    postmaster = _stat(backend)[1]
    return lambda: time.process_time() + _server_seconds(postmaster)


def seconds_of(process: int) -> float:
    """Seconds of processor that one process has taken so far."""
    return sum(_stat(process)[11:13]) / os.sysconf("SC_CLK_TCK")


def _server_seconds(postmaster: int) -> float:
    """Of the postmaster, of those it has waited for, and of those that are there."""
    ticks = sum(_stat(postmaster)[11:15])
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found = _stat(int(entry.name))
            except OSError:
                continue  # gone meanwhile, and counted with the postmaster
            ticks += sum(found[11:13]) if found[1] == postmaster else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[int]:
    """Numbers of /proc/PID/stat behind the name: [1] is the parent; from [11], user and system ticks, and
    those of children waited for."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [0, *map(int, words[1:20])]
