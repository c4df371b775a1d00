"""`up` as a person meets it: Ctrl-C, `kill -9` of any part, a taken port.

The children are small, everything else is real.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
from free_ports import free_port

from utility_crm.kit import database_watch
from utility_crm.kit.database_watch import silence_of
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.processes import is_running

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).resolve().parents[3]


class Up:
    """A running supervisor."""

    def __init__(self, process: subprocess.Popen[str], home: Path, port: int) -> None:
        self.process = process
        self.port = port
        self.server = EmbeddedServer(home, fast=True)
        self.said: list[str] = []

    def wait_for(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())
            if words in line:
                return
        raise AssertionError(f"never said {words!r}, but {self.said}")

    def web(self) -> int:
        with urlopen(f"http://127.0.0.1:{self.port}/", timeout=120) as answer:
            return int(answer.read())

    def workers(self) -> list[int]:
        try:
            with psycopg.connect(self.server.url()) as connection:
                return [row[0] for row in connection.execute("SELECT process FROM workers")]
        except psycopg.OperationalError:
            return []

    def living_worker(self) -> int | None:
        return next((process for process in self.workers() if is_running(process)), None)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=120)
        self.said += rest.splitlines()
        return self.process.returncode


@contextmanager
def up(home: Path, port: int) -> Iterator[Up]:
    command = [sys.executable, str(PROGRAMS / "run_supervisor.py"), str(home), str(port)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(PROGRAMS)])}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    with process:
        yield Up(process, home, port)
        process.kill()


@pytest.fixture
def port() -> int:
    return free_port()


def test_any_part_may_be_killed_and_ctrl_c_stops_all(
    home: Path, port: int, until: Callable[..., None]
) -> None:
    with up(home, port) as running:
        running.wait_for("serving")
        until(running.living_worker)
        web, worker, database = running.web(), running.living_worker(), running.server.pid()
        assert worker is not None
        assert database is not None

        os.kill(web, signal.SIGKILL)
        assert running.web() != web
        os.kill(worker, signal.SIGKILL)
        until(lambda: running.living_worker() not in (None, worker))
        os.kill(database, signal.SIGKILL)
        until(lambda: running.server.pid() not in (None, database))
        until(running.workers)

        last = (running.web(), running.living_worker(), running.server.pid())
        assert running.interrupt() == 0
        assert running.said[-1] == "Database stopped."
        assert not any(is_running(process) for process in last if process is not None)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_the_next_start_survives_a_killed_supervisor(home: Path, port: int) -> None:
    with up(home, port) as killed:
        killed.wait_for("serving")
        web, database = killed.web(), killed.server.pid()
        killed.process.kill()
    with up(home, port) as running:
        running.wait_for("serving")
        assert running.web() != web
        assert not is_running(web)
        assert running.server.pid() == database
        assert running.interrupt() == 0
        assert running.server.pid() is None


def test_a_taken_port_is_said_and_the_database_not_started(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with up(home, number) as refused:
            refused.wait_for("PORT=")
            assert refused.process.wait(120) == 1
            assert refused.server.pid() is None


def test_a_second_one_in_the_same_home_names_the_first(home: Path, port: int) -> None:
    with up(home, port) as first:
        first.wait_for("serving")
        with up(home, free_port()) as second:
            second.wait_for(f"already running at http://127.0.0.1:{port}")
        assert first.interrupt() == 0


def test_a_database_whose_socket_vanished_is_started_again(
    home: Path, port: int, until: Callable[..., None]
) -> None:
    with up(home, port) as running:
        running.wait_for("serving")
        database, folder = running.server.pid(), running.server.socket_folder
        assert database is not None
        for name in list(folder.iterdir()):
            name.unlink()
        running.wait_for("socket is gone")
        running.wait_for("answers again")
        assert running.server.pid() not in (None, database)
        until(running.workers)
        assert running.interrupt() == 0


def test_a_database_whose_files_are_gone_stops_everything(
    open_folder: Path, port: int, until: Callable[..., None]
) -> None:
    with up(open_folder / "lost", port) as running:
        running.wait_for("serving")
        until(running.living_worker)
        web, worker, database = running.web(), running.living_worker(), running.server.pid()
        assert worker is not None
        assert database is not None
        shutil.rmtree(running.server.data)
        running.wait_for("files")
        assert "everything stops" in running.said[-1]
        assert running.process.wait(120) == 1
        assert not is_running(web) and not is_running(worker)
        # PostgreSQL looks for its files once a minute, and ends itself; the test does not wait for that.
        os.kill(database, signal.SIGQUIT)
        until(lambda: not is_running(database))


def test_silence_is_told_from_an_answer(home: Path) -> None:
    server = EmbeddedServer(home, fast=True).start()
    try:
        assert silence_of(server.url()) is None
        assert silence_of(server.url("nothing_here")) is None, "it says that there is none: an answer"
    finally:
        server.leave()
    assert silence_of(server.url()) is not None


def test_another_ones_database_is_only_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["connection refused", "connection refused", None, None])
    monkeypatch.setattr(database_watch, "silence_of", lambda _url: next(answers))
    monkeypatch.setattr(database_watch, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(database_watch, "_ASK_SECONDS", 0.0)
    said: list[str] = []
    watch = database_watch.DatabaseWatch(None, "postgresql://elsewhere/x", said.append)
    for _ in range(4):
        watch.tend()
    assert said == ["The database does not answer: connection refused", "The database answers again."]
